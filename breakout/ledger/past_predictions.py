"""Past predictions for a backtest, from a run or from the ledger (the record of served predictions).

A prediction has a ladder (P(points >= k) for k = 1, 2, ...) and the time of the newest information behind it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from breakout import settings
from breakout.bundle.manifest import MANIFEST_FILE
from breakout.errors import ConfigurationError, DataError
from breakout.ledger.grading import GRADED, GRADING_COLUMNS, grade_counted
from breakout.ledger.opening import open_ledger
from breakout.ledger.shadows import find_predicting_bundle
from breakout.market.matching import information_times, read_points
from breakout.production.bundle_gate import find_bundle, with_cutoff
from breakout.production.bundle_names import resolve_bundle
from breakout.production.recipe import seedless_recipe
from breakout.runs import STATUS_FILE
from breakout.runs.record import read_completed_run

if TYPE_CHECKING:
    from breakout.bundle.folder import Bundle
    from breakout.runs.record import RunRecord
    from breakout.settings import BacktestConfig
    from breakout.warehouse.base import Warehouse

PREDICTION_COLUMNS = ["game_date", "game_id", "player_lookup", "ladder", "known_at"]


@dataclass(frozen=True, eq=False)
class PastPredictions:
    """Predictions for games that are over, one for each player and game.

    - `frame`: has PREDICTION_COLUMNS. The column ladder has P(points >= k) for k = 1, 2, .... The column known_at is
      the time (UTC) of the newest information that the prediction may have used.
    - `source`: where the predictions come from, as a text for messages: `the run in FOLDER` or `the ledger's ROLE`.
    - `contracts`: the fingerprints of the models' contracts (definitions of features and label).
    - `recipes`: the distinct recipes of the models (the contract, and the settings without seed, dates and paths). None
      if a model's bundle is missing.
    - `has_absent`: whether the rows may contain players who did not play.
    """

    frame: pd.DataFrame
    source: str
    contracts: tuple[str, ...]
    recipes: tuple[dict[str, Any], ...] | None
    has_absent: bool

    def between(self, start: date | None, end: date | None) -> PastPredictions:
        """Return the predictions for game dates from `start` to `end`, both inclusive; None sets no limit.

        DataError if there are no predictions for these dates.
        """
        days = self.frame["game_date"]
        inside = self.frame[days.between(start or days.min(), end or days.max())]
        if inside.empty:
            raise DataError(
                f"{self.source} has predictions of {days.min()} to {days.max()}, none from {start or 'the first'} to "
                f"{end or 'the last'}."
            )
        return replace(self, frame=inside.reset_index(drop=True))


def read_predictions(config: BacktestConfig, warehouse: Warehouse, today: date) -> PastPredictions:
    """Return the past predictions of the run `config.run`, or of the ledger if `config.run` is None.

    Only predictions for game dates from `config.start` to `config.end` are returned; None sets no limit. For the
    ledger, results of games up to `today` are read.

    ConfigurationError if the model of the run predicts no ladder (P(points >= k) for each k), if `config.run` names
    both a run and another file or folder, or if this version refuses the settings of a bundle. DataError if there are
    no such predictions, if the run is missing, not completed or damaged, or if the ledger, a bundle or the warehouse
    cannot be read.
    """
    found = (
        read_ledger(config, warehouse, today)
        if config.run is None
        else read_run_predictions(config.run, config.paths.outputs)
    )
    return found.between(config.start, config.end)


def read_run_predictions(given: str, outputs: str | Path) -> PastPredictions:
    """Return the evaluation predictions of a completed run; for a walk-forward run, the predictions of every fold.

    `given` is the folder of a run, the name of a training run (its newest completed run), or `latest` (the newest
    completed training run of any name).

    ConfigurationError if the model predicts no ladder (P(points >= k) for each k), if `given` names both a run and
    another file or folder, or if this version refuses the settings of the bundle. DataError if there is no such run, or
    if the run is not completed, is damaged or has no bundle.
    """
    folder = resolve_bundle(given, outputs)
    folder = folder.parent if folder.name == "bundle" else folder
    if not (folder / STATUS_FILE).is_file():
        raise DataError(f"{given} is no run: it holds no {STATUS_FILE}; give the folder of a run, latest, or its name.")
    run = read_completed_run(folder)
    bundle = _bundle_of(run)
    availability = bundle.features.availability if bundle.contract.has_reports else None
    rows = run.predictions()
    if "ladder" not in rows:
        raise ConfigurationError(
            f"the run in {folder} predicts no distribution of points; train one with model=points."
        )
    rows = rows[rows["split"] == "evaluation"]
    frame = rows.assign(known_at=information_times(rows["game_date"], availability))[PREDICTION_COLUMNS]
    return PastPredictions(
        frame=frame.reset_index(drop=True),
        source=f"the run in {folder}",
        contracts=(bundle.contract.fingerprint,),
        recipes=(seedless_recipe(bundle),),
        has_absent=False,
    )


def _bundle_of(run: RunRecord) -> Bundle:
    """Return the bundle that a run trained, or that a run of `breakout evaluate` evaluated.

    An evaluated bundle is returned with the cutoff of the run (the time after which injury reports are ignored).
    """
    if isinstance(run.config, settings.EvaluateConfig):
        return with_cutoff(find_bundle(run.config.bundle), run.config.availability)
    if not (run.folder / "bundle" / MANIFEST_FILE).is_file():
        raise DataError(f"the run in {run.folder} has no bundle, so it is not known what its model knew when.")
    return find_bundle(run.folder / "bundle")


def read_ledger(config: BacktestConfig, warehouse: Warehouse, today: date) -> PastPredictions:
    """Return the predictions of the models in the role `config.role`, from the ledger.

    A prediction is returned if it has a ladder (P(points >= k) for each k) and its game was played, even without the
    player. Predictions made at or after tip-off are left out. If several models predicted a player on one date, only
    the earliest prediction is returned. Results of games up to `today` are read.

    Predictions for all dates are returned. The fields `contracts` and `recipes` describe only the models that predicted
    games from `config.start` to `config.end`.

    DataError if there are no such predictions, if the warehouse or a file of the ledger cannot be read, or if a bundle
    is damaged. ConfigurationError if this version refuses the settings of a bundle.
    """
    part = open_ledger(config.ledger, config.paths.outputs).read_entries((*GRADING_COLUMNS, "ladder", "contract"))
    if part.damaged:
        raise DataError(f"{' '.join(part.damaged)} A backtest needs all entries; restore the file, or delete it.")
    entries = part.rows.to_pandas()
    graded = grade_counted(entries[entries["role"] == config.role], warehouse, config.ledger, today)
    counted = ladder_predictions(graded)
    if counted.empty:
        raise DataError(
            f"the ledger below {config.paths.outputs} holds no graded entries of {config.role} with a distribution of "
            "points; predict with a registered model=points, or name a run with run=NAME."
        )
    days = counted["game_date"]
    used = counted[days.between(config.start or days.min(), config.end or days.max())]
    return PastPredictions(
        frame=counted[PREDICTION_COLUMNS],
        source=f"the ledger's {config.role}",
        contracts=tuple(sorted(used["contract"].unique())),
        recipes=_recipes_of(used, Path(config.paths.outputs)),
        has_absent=True,
    )


def _recipes_of(entries: pd.DataFrame, outputs: Path) -> tuple[dict[str, Any], ...] | None:
    """Return the recipes (settings without dates and paths) of the models in `entries`, for `PastPredictions.recipes`.

    They are read from the bundles below `outputs`; None if a bundle is missing.
    """
    recipes: list[dict[str, Any]] = []
    for fingerprint, run_id in entries[["bundle", "run_id"]].drop_duplicates().itertuples(index=False):
        bundle = find_predicting_bundle(fingerprint, run_id, outputs)
        if bundle is None:
            return None
        if seedless_recipe(bundle) not in recipes:
            recipes.append(seedless_recipe(bundle))
    return tuple(recipes)


def ladder_predictions(graded: pd.DataFrame) -> pd.DataFrame:
    """Return the predictions of `graded` that have a ladder and the outcome `breakout`, `no` or `void`.

    A ladder is P(points >= k) for each k. If several models predicted a player on one date, only the earliest
    prediction is returned. The column known_at is the time of the newest information behind the prediction. If known_at
    is missing or before 05:00 US Eastern of the game date, it is set to that time.
    """
    has_ladder = graded["ladder"].notna() & graded["outcome"].isin((*GRADED, "void"))
    counted = graded[has_ladder].sort_values("predicted_at", kind="stable")
    counted = counted.drop_duplicates(["game_date", "player_lookup"]).reset_index(drop=True)
    mornings = information_times(counted["game_date"], None)
    known = pd.to_datetime(counted["known_at"], utc=True)
    return counted.assign(known_at=known.where(known > mornings, mornings))


def check_results(past: PastPredictions, warehouse: Warehouse) -> None:
    """Raise DataError if the warehouse lacks the points of a player and game that a run predicted.

    Missing points mean that the run has read another warehouse. Predictions from the ledger are not checked, because
    some of the players may not have played.
    """
    if past.has_absent:
        return
    days = past.frame["game_date"]
    played = read_points(warehouse, days.min(), days.max())
    keys = ["game_id", "player_lookup"]
    missing = past.frame[~pd.MultiIndex.from_frame(past.frame[keys]).isin(pd.MultiIndex.from_frame(played[keys]))]
    if len(missing):
        example = missing.iloc[0]
        raise DataError(
            f"{warehouse.describe()} lacks {len(missing):,} of the {len(past.frame):,} results that {past.source} "
            f"predicted, for example {example['player_lookup']} in {example['game_id']}; give the run's own warehouse."
        )
