"""The scoreboard: metrics of each model's graded predictions (those whose outcome is `breakout` or `no`).

The metrics can be compared with the log loss of a constant probability (the breakout rate) and with the log loss in the
model's evaluation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from breakout.evaluation import metrics
from breakout.evaluation.eprocess import SequentialComparison, compare_sequentially
from breakout.evaluation.intervals import replicate_paired_metrics
from breakout.evaluation.reliability import ReliabilityBin, reliability_table
from breakout.ledger.grading import GRADED, OUTCOMES, choose_counted

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from breakout.evaluation.resamples import EvaluationParameters, Interval
    from breakout.ledger.grading import Which

GAME = ["game_date", "game_id", "player_lookup"]
# The fewest graded predictions from which metrics are computed. A breakout rate of 0.18 in 100 predictions has a
# standard error of 0.04.
MIN_GRADED = 100


@dataclass(frozen=True)
class WeekScore:
    """The log loss of a model's graded predictions in one week; `week` is the date of the Monday."""

    week: np.datetime64
    n_graded: int
    log_loss: Interval


@dataclass(frozen=True)
class Scores:
    """The metrics of one model's graded predictions, with intervals from a bootstrap over game dates.

    - `bias`: the mean probability minus the breakout rate.
    - `base_rate_log_loss`: the log loss if every probability were the breakout rate of these predictions. No other
      constant has a lower log loss.
    - `log_loss_gain`: `base_rate_log_loss` minus the model's log loss; positive if the model is better.
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
    """The metrics of a model in one role, and its number of predictions by outcome.

    - `role`: production, shadow (a challenger) or other.
    - `counts`: the number of predictions by outcome.
    - `scores`: None if fewer than MIN_GRADED predictions are graded, that is, have the outcome `breakout` or `no`.
    - `promise`: the log loss, with its interval, on the evaluation games of the training run; None if not known.
    - `against_production`: the comparison of a shadow with production, on the games that both predicted; None for other
      roles.
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
        """Whether the log loss of the graded predictions lies within the interval of `promise`.

        `promise` is the log loss in the evaluation. None if either log loss, or the interval, is missing.
        """
        if self.scores is None or self.promise is None or self.promise.low is None:
            return None
        realised = self.scores.log_loss.estimate
        return None if realised is None else self.promise.holds(realised)

    @property
    def is_calibrated(self) -> bool | None:
        """Whether the interval of the bias (mean probability minus breakout rate) contains 0.

        None if there is no interval: too few predictions are graded, or all of them are of one game date.
        """
        if self.scores is None or self.scores.bias.low is None:
            return None
        return self.scores.bias.holds(0.0)


def build_scoreboard(
    graded: pd.DataFrame, parameters: EvaluationParameters, promises: Mapping[str, Interval | None], which: Which
) -> tuple[ModelScore, ...]:
    """Return a score for each model and each of its roles: production first, then shadows, then others.

    `graded` is a result of `grading.grade_counted`. `promises` maps the fingerprint of a bundle to the log loss in the
    evaluation of the bundle's training run. Scores of one role are sorted by the last game date. Shadows are compared
    with one prediction of production for each player and game: the first or the last, as `which` says.
    """
    # The model in production can change during a day. A game then has predictions by both models.
    production = choose_counted(_in(graded, "production"), which, GAME)
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
    """Compare the graded predictions of a shadow (a challenger) with the predictions of production.

    The comparison uses the games that both predicted. `production` has one prediction for each player and game.
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
    """Return the log loss of each week (Monday to Sunday) that has predictions, oldest first.

    `y`, `p` and `dates` are labels, probabilities and game dates, shape (n,).
    """
    # The dates are shifted by three days, because the weeks of numpy begin on Thursdays.
    mondays = (dates + 3).astype("datetime64[W]").astype("datetime64[D]") - 3
    losses = metrics.row_log_losses(y, p)
    weeks = []
    for monday in np.unique(mondays):
        inside = mondays == monday
        resamples = parameters.draw(dates[inside])
        interval = resamples.mean_interval(losses[inside])
        weeks.append(WeekScore(monday, int(inside.sum()), interval))
    return tuple(weeks)
