"""The review of the ledger (the record of served predictions): outcomes, changes of outcomes, and scores."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pandas as pd
import pyarrow as pa

from breakout.errors import DataError
from breakout.evaluation.metrics import LOG_LOSS
from breakout.evaluation.run_metrics import METRICS_FILE, read_metrics
from breakout.experiment.evaluating import evaluation_parameters
from breakout.ledger.against_price import LedgerMarket, compare_ledger_with_market
from breakout.ledger.entries import end_of_day
from breakout.ledger.grading import GRADING_COLUMNS, Which, grade_counted
from breakout.ledger.opening import open_ledger
from breakout.ledger.scoreboard import ModelScore, build_scoreboard
from breakout.runs.names import RUNS

if TYPE_CHECKING:
    from datetime import date, datetime

    from breakout.evaluation.resamples import Interval
    from breakout.settings import DailyConfig, GradeConfig
    from breakout.warehouse.base import Warehouse


@dataclass(frozen=True)
class LedgerReview:
    """The state of the ledger after its predictions were graded.

    - `graded`: one prediction for each player, game and model between the two dates of the review: the first or the
      last that was made before tip-off, as `which` says. Predictions made at or after tip-off are used only if there
      are no others. The columns are GRADING_COLUMNS, outcome, points and reason. If prices are configured, there is
      also ladder (P(points >= k) for k = 1, 2, ...).
    - `scoreboard`, `market`: computed from `graded`; `market` is empty if no prices are configured.
    - `overdue`: the number of pending rows of `graded` with a game date that ended more than `grade.max_age_hours` ago.
    - `changes`: the outcomes that the review added to the history of grades, for predictions of all dates.
    - `corrections`: all rows of the history that replaced an earlier outcome.
    - `damaged`: a sentence for each file that could not be read.
    """

    graded: pd.DataFrame
    scoreboard: tuple[ModelScore, ...]
    market: LedgerMarket
    changes: pa.Table
    corrections: pd.DataFrame
    overdue: int
    damaged: tuple[str, ...]
    which: Which

    def failures(self, fail_on: tuple[str, ...]) -> tuple[str, ...]:
        """Return a sentence for each condition in `fail_on` that is met.

        - `calibration`: a model that was in production is biased beyond chance (the interval of its mean probability
          minus its breakout rate does not contain 0).
        - `stale`: results of predicted games are overdue.

        KeyError for any other condition.
        """
        production = [score for score in self.scoreboard if score.role == "production"]
        biased = [score.name for score in production if score.is_calibrated is False]
        found = {
            "calibration": f"production is biased beyond chance: {', '.join(biased)}." if biased else "",
            "stale": f"{self.overdue} entries wait for results that are overdue." if self.overdue else "",
        }
        return tuple(found[limit] for limit in fail_on if found[limit])


def review_ledger(
    warehouse: Warehouse,
    config: GradeConfig | DailyConfig,
    now: datetime,
    dates: tuple[date | None, date | None] = (None, None),
) -> LedgerReview:
    """Grade all predictions in the ledger, add new and changed outcomes to its history, and score the models.

    `dates` are the first and the last game date that are scored, both inclusive; None sets no limit. A damaged file of
    the ledger is left out and named in the result.

    DataError if the warehouse, the ledger or the prices cannot be read, if the history cannot be written, if a price is
    invalid, or if most players with prices did not play on the date of the price. ConfigurationError if the prices are
    in BigQuery and a setting of the warehouse is malformed.
    """
    ledger = open_ledger(config.ledger, config.paths.outputs)
    entries = ledger.read_entries((*GRADING_COLUMNS, *(("ladder",) if config.prices.is_given else ())))
    today = now.astimezone(ZoneInfo(config.ledger.timezone)).date()
    graded = grade_counted(entries.rows.to_pandas(), warehouse, config.ledger, today)
    update = ledger.update_grades(graded, now)
    history = pa.concat_tables([update.before.rows, update.changes]).to_pandas()
    days = graded["game_date"]
    inside = graded[days.between(dates[0] or days.min(), dates[1] or days.max())]
    parameters = evaluation_parameters(config.evaluation, config.seed)
    return LedgerReview(
        graded=inside,
        scoreboard=build_scoreboard(
            inside, parameters, _promises(inside, Path(config.paths.outputs)), config.ledger.which
        ),
        market=compare_ledger_with_market(inside, warehouse, config, parameters),
        changes=update.changes,
        corrections=history[history["was"].notna()],
        overdue=_count_overdue(inside, config, now),
        damaged=(*entries.damaged, *update.before.damaged),
        which=config.ledger.which,
    )


def _count_overdue(graded: pd.DataFrame, config: GradeConfig | DailyConfig, now: datetime) -> int:
    pending = graded.loc[graded["outcome"] == "pending", "game_date"]
    limit = timedelta(hours=config.grade.max_age_hours)
    return sum(now - end_of_day(day, config.ledger.timezone) > limit for day in pending)


def _promises(graded: pd.DataFrame, outputs: Path) -> dict[str, Interval | None]:
    """Return the log loss, with its interval, in the evaluation of each bundle's training run, by fingerprint.

    The value is None if the run is missing, is damaged, or had no evaluation.
    """
    runs = graded.drop_duplicates("bundle").set_index("bundle")["run_id"]
    return {str(bundle): _promise(str(run_id), outputs) for bundle, run_id in runs.items()}


def _promise(run_id: str, outputs: Path) -> Interval | None:
    for path in (outputs / RUNS).glob(f"*/{run_id}/{METRICS_FILE}"):
        try:
            evaluation = read_metrics(path.parent).evaluation
        except DataError:
            continue  # treat a damaged run as one without metrics
        return None if evaluation is None else evaluation.metrics[LOG_LOSS]
    return None
