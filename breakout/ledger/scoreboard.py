"""The scoreboard: metrics of each model's graded entries (predictions with the outcome breakout or no).

The metrics are shown beside those of the base rate (the breakout rate as every probability) and of the model's own
evaluation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from breakout.evaluation import metrics
from breakout.evaluation.eprocess import SequentialComparison, compare_sequentially
from breakout.evaluation.intervals import replicate_paired_metrics
from breakout.evaluation.reliability import ReliabilityBin, reliability_table
from breakout.ledger.grading import GRADED, OUTCOMES

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from breakout.evaluation.resamples import EvaluationParameters, Interval

GAME = ["game_date", "game_id", "player_lookup"]
# The fewest graded entries from which metrics are computed. A breakout rate of 0.18 in 100 entries has a standard error
# of 0.04.
MIN_GRADED = 100


@dataclass(frozen=True)
class WeekScore:
    """The log loss of a model's graded entries (predictions with a result) in one week, Monday to Sunday.

    `week` is the date of the Monday, and `n_graded` the number of the entries.
    """

    week: np.datetime64
    n_graded: int
    log_loss: Interval


@dataclass(frozen=True)
class Scores:
    """The metrics of one model's graded entries (predictions with the outcome breakout or no).

    Intervals are computed from resamples (bootstrap draws of game dates). `bias` is the mean probability minus the
    breakout rate. `base_rate_log_loss` is the log loss if every entry had the breakout rate of these entries as its
    probability; no other constant probability has a lower log loss. `log_loss_gain` is `base_rate_log_loss` minus the
    model's log loss; a positive gain means that the model is better.
    """

    breakout_rate: Interval
    auc: Interval
    log_loss: Interval
    brier: Interval
    bias: Interval
    base_rate_log_loss: float
    log_loss_gain: Interval
    reliability: tuple[ReliabilityBin, ...]
    weeks: tuple[WeekScore, ...]


@dataclass(frozen=True)
class ModelScore:
    """The metrics of a model and its number of entries by outcome, in one role: production, shadow or other.

    An entry is a served prediction; a graded one has the outcome breakout or no. `scores` is None if there are fewer
    than MIN_GRADED graded entries. `promise` is the log loss on the evaluation games of the run that trained the model;
    None if this log loss is not known. `against_production` compares a shadow (a challenger scored beside production)
    with production on the games that both predicted; None for any role but shadow.
    """

    role: str
    bundle: str
    name: str
    first_date: str
    last_date: str
    counts: Mapping[str, int]
    scores: Scores | None
    promise: Interval | None
    against_production: SequentialComparison | None

    @property
    def n_graded(self) -> int:
        return sum(self.counts[outcome] for outcome in GRADED)

    @property
    def keeps_promise(self) -> bool | None:
        """Whether the log loss of the graded entries (predictions with a result) is within the interval of `promise`.

        `promise` is the log loss on the evaluation games of the training run. None if there are too few graded entries
        for a log loss, if `promise` is None, or if `promise` has no interval.
        """
        if self.scores is None or self.promise is None or self.promise.low is None:
            return None
        realised = self.scores.log_loss.estimate
        return None if realised is None else self.promise.holds(realised)

    @property
    def is_calibrated(self) -> bool | None:
        """Whether the interval of the bias (mean probability minus breakout rate) contains 0.

        The bias is that of the graded entries (predictions with a result). None if there are too few graded entries for
        a bias, or if all of them are of one game date, because there is then no interval.
        """
        if self.scores is None or self.scores.bias.low is None:
            return None
        return self.scores.bias.holds(0.0)


def build_scoreboard(
    graded: pd.DataFrame, parameters: EvaluationParameters, promises: Mapping[str, Interval | None]
) -> tuple[ModelScore, ...]:
    """Return a score for each model and each of its roles in `graded`: production first, then shadows, then others.

    A shadow is a challenger scored beside production. `graded` has the outcome of each entry (served prediction), as
    `grading.grade_counted` returns it; the result is empty if `graded` has no rows. `promises` maps the fingerprint of
    a bundle (a saved model) to the log loss of its evaluation in training. A bundle that is not in `promises` gets the
    promise None. Scores of one role are sorted by the last game date.
    """
    production = _in(graded, "production")
    scored = []
    for (role, bundle), rows in graded.groupby(["role", "bundle"], sort=True):
        counts = rows["outcome"].value_counts()
        scored.append(
            ModelScore(
                role=str(role),
                bundle=str(bundle),
                name=str(rows["name"].iloc[-1]),
                first_date=str(rows["game_date"].min()),
                last_date=str(rows["game_date"].max()),
                counts={outcome: int(counts.get(outcome, 0)) for outcome in OUTCOMES},
                scores=_score(_in(rows, str(role)), parameters),
                promise=promises.get(str(bundle)),
                against_production=_against(_in(rows, "shadow"), production) if role == "shadow" else None,
            )
        )
    order = ("production", "shadow", "other")
    return tuple(sorted(scored, key=lambda score: (order.index(score.role), score.last_date, score.bundle)))


def _in(graded: pd.DataFrame, role: str) -> pd.DataFrame:
    return graded[(graded["role"] == role) & graded["outcome"].isin(GRADED)]


def _against(shadow: pd.DataFrame, production: pd.DataFrame) -> SequentialComparison:
    """Compare the graded predictions of a shadow (a challenger scored beside production) with those of production.

    The comparison uses the games that both predicted. `production` may hold the predictions of several models in turn.
    Without such games the comparison has no dates and an e-value (evidence that the shadow is better) of 1.
    """
    both = shadow.merge(production[[*GAME, "probability"]], on=GAME, suffixes=("", "_production"))
    return compare_sequentially(_labels(both), both["probability"], both["probability_production"], _dates(both))


def _labels(rows: pd.DataFrame) -> np.ndarray:
    return (rows["outcome"] == "breakout").to_numpy(dtype="float64")


def _dates(rows: pd.DataFrame) -> np.ndarray:
    return rows["game_date"].to_numpy().astype("datetime64[D]")


def _score(rows: pd.DataFrame, parameters: EvaluationParameters) -> Scores | None:
    if len(rows) < MIN_GRADED:
        return None
    y, p, dates = _labels(rows), rows["probability"].to_numpy(), _dates(rows)
    resamples = parameters.draw(dates)
    constant = metrics.row_log_losses(y, np.full(len(y), y.mean()))
    gain = constant - metrics.row_log_losses(y, p)
    beside = {"rate": y, "bias": p - y, "gain": gain}
    found = replicate_paired_metrics(y, p, resamples, beside).intervals(resamples)
    return Scores(
        breakout_rate=found["rate"],
        auc=found["auc"],
        log_loss=found["log_loss"],
        brier=found["brier"],
        bias=found["bias"],
        base_rate_log_loss=float(constant.mean()),
        log_loss_gain=found["gain"],
        reliability=reliability_table(y, p, resamples, parameters.ece_bins),
        weeks=_weeks(y, p, dates, parameters),
    )


def _weeks(y: np.ndarray, p: np.ndarray, dates: np.ndarray, parameters: EvaluationParameters) -> tuple[WeekScore, ...]:
    """Return the log loss of each week (Monday to Sunday) that has rows, in the order of the weeks.

    `y`, `p` and `dates` are labels, probabilities and game dates, shape (n,). The dates are shifted by three days to
    find the Mondays, because the weeks of numpy begin on Thursdays.
    """
    mondays = (dates + 3).astype("datetime64[W]").astype("datetime64[D]") - 3
    losses = metrics.row_log_losses(y, p)
    weeks = []
    for monday in np.unique(mondays):
        inside = mondays == monday
        resamples = parameters.draw(dates[inside])
        interval = resamples.mean_interval(losses[inside])
        weeks.append(WeekScore(monday, int(inside.sum()), interval))
    return tuple(weeks)
