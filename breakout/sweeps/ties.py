"""Which jobs cannot be told apart: jobs judged on the same rows in, a rank and the difference to the best of each out.

Ranked by the optimized metric on the validation part. A job is tied with the best if the interval of their difference,
from resamples of whole game dates drawn for both together, holds 0. Of many jobs the best is partly so by luck, so a
tie is the rule and the simplest of the tied is the choice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from breakout.evaluation.intervals import replicate_paired_metrics
from breakout.evaluation.metrics import HIGHER_IS_BETTER
from breakout.evaluation.ranked_replicates import replicate_ranked
from breakout.evaluation.resamples import DateResamples, Interval, draw_date_resamples
from breakout.models.kinds import KINDS
from breakout.threads import one_blas_thread

if TYPE_CHECKING:
    from collections.abc import Sequence

    from breakout.sweeps.results import JobResult

_KINDS = tuple(KINDS)  # from simple to complicated


@dataclass(frozen=True)
class Standing:
    """A job among those judged on the same rows; `difference` is the job minus the best, None of an undefined one."""

    result: JobResult
    rank: int
    value: Interval
    difference: Interval | None
    is_tied: bool


@one_blas_thread()
def rank_jobs(results: Sequence[JobResult], metric: str) -> list[Standing]:
    """The standings, best first; jobs whose metric is undefined stand last."""
    draws = _draw(results[0])
    sign = -1.0 if HIGHER_IS_BETTER[metric] else 1.0
    values = [_estimate(result, metric) for result in results]
    order = sorted(
        range(len(results)),
        key=lambda i: (values[i] is None, sign * (values[i] or 0.0), simplicity(results[i]), results[i].number),
    )
    replicates = {index: _replicates(results[index], metric, draws) for index in order}
    best = order[0]
    standings = []
    for rank, index in enumerate(order, 1):
        value, difference = values[index], None
        if value is not None and values[best] is not None:
            shift = replicates[index] - replicates[best]
            difference = draws.interval(value - (values[best] or 0.0), shift)
        interval = draws.interval(value, replicates[index])
        is_tied = index == best or (difference is not None and _is_tie(difference))
        standings.append(Standing(results[index], rank, interval, difference, is_tied))
    return standings


def simplest(standings: Sequence[Standing]) -> Standing:
    """Of those tied with the best, the one with the simplest model."""
    return min((one for one in standings if one.is_tied), key=lambda one: (*simplicity(one.result), one.rank))


def simplicity(result: JobResult) -> tuple[float, ...]:
    """Small for simple: the kind of model, its features, the leaves of its trees."""
    metrics, model = result.metrics or {}, result.settings["model"]
    kind = str(model["kind"])
    trees = float(metrics.get("model", {}).get("trees", 0.0))
    features = len(result.settings["features"]["names"])
    return (_KINDS.index(kind) if kind in _KINDS else len(_KINDS), features, trees * 2.0 ** model.get("depth", 0))


def _is_tie(difference: Interval) -> bool:
    """Without an interval nothing tells them apart."""
    return difference.low is None or difference.holds(0.0)


def _draw(result: JobResult) -> DateResamples:
    """The draws of game dates, by the evaluation's own numbers."""
    numbers: dict[str, Any] = result.settings["evaluation"]
    return draw_date_resamples(
        result.part("validation", "game_date"),
        bootstrap_resamples=numbers["bootstrap_resamples"],
        seed=result.settings["seed"],
        confidence=numbers["confidence"],
    )


def _estimate(result: JobResult, metric: str) -> float | None:
    value = (result.metrics or {})["validation"]["metrics"][metric]
    return None if value is None else float(value)


def _replicates(result: JobResult, metric: str, draws: DateResamples) -> np.ndarray:
    label = result.part("validation", "is_breakout").astype("float64")
    probability = result.part("validation", "probability")
    if metric in ("ece", "average_precision"):
        ranked = replicate_ranked(label, probability, draws, result.settings["evaluation"]["ece_bins"])
        return np.asarray(getattr(ranked, metric))
    return np.asarray(replicate_paired_metrics(label, probability, draws).replicates[metric])
