"""The ranks of jobs that were validated on the same rows, and the jobs that are tied with the best.

Jobs are ranked by the optimized metric on the validation part. A job is tied with the best if the confidence
interval of their difference holds 0; the interval comes from the same resamples of whole game dates for both jobs. The
best of many jobs is partly the best by chance, so most sweeps end in a tie, and the simplest of the tied jobs should be
chosen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from breakout.evaluation.intervals import replicate_paired_metrics
from breakout.evaluation.metrics import METRICS
from breakout.evaluation.ranked_replicates import replicate_ranked
from breakout.evaluation.resamples import DateResamples, Interval, draw_date_resamples
from breakout.models.kinds import KINDS
from breakout.threads import one_blas_thread

if TYPE_CHECKING:
    from collections.abc import Sequence

    from breakout.settings import ExperimentConfig
    from breakout.sweeps.results import JobResult


@dataclass(frozen=True)
class Standing:
    """The rank of a job.

    `difference` is its metric minus the best job's, None if either is undefined.
    """

    result: JobResult
    rank: int
    value: Interval
    difference: Interval | None
    is_tied: bool


@one_blas_thread()
def rank_jobs(results: Sequence[JobResult], metric: str) -> list[Standing]:
    """Return the jobs with their ranks, the best first; jobs whose metric is undefined come last."""
    draws = _draw(results[0])
    sign = -1.0 if METRICS[metric].higher_is_better else 1.0
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
    """Return the job with the simplest model among those tied with the best."""
    return min((one for one in standings if one.is_tied), key=lambda one: (*simplicity(one.result), one.rank))


def simplicity(result: JobResult) -> tuple[float, ...]:
    """Return a sort key that is smaller for a simpler model: by its kind, its features, the leaves of its trees."""
    config, metrics = result.found.config, result.found.metrics
    kind = config.model.kind
    leaves = float(metrics.model.figures.get("trees", 0.0)) * 2.0 ** _depth(config)
    return (list(KINDS).index(kind), len(config.features.names), leaves)


def _depth(config: ExperimentConfig) -> int:
    return int(getattr(config.model, "depth", 0))


def _is_tie(difference: Interval) -> bool:
    """Return whether the interval of two jobs' difference holds 0; without an interval they count as tied."""
    return difference.low is None or difference.holds(0.0)


def _draw(result: JobResult) -> DateResamples:
    """Return the resamples of validation dates that the evaluation of the job draws."""
    numbers = result.found.config.evaluation
    return draw_date_resamples(
        result.part("validation", "game_date"),
        bootstrap_resamples=numbers.bootstrap_resamples,
        seed=result.found.config.seed,
        confidence=numbers.confidence,
    )


def _estimate(result: JobResult, metric: str) -> float | None:
    return result.found.validation.metrics[metric]


def _replicates(result: JobResult, metric: str, draws: DateResamples) -> np.ndarray:
    label = result.part("validation", "is_breakout").astype("float64")
    probability = result.part("validation", "probability")
    if metric in ("ece", "average_precision"):
        ranked = replicate_ranked(label, probability, draws, result.found.config.evaluation.ece_bins)
        return np.asarray(getattr(ranked, metric))
    return np.asarray(replicate_paired_metrics(label, probability, draws).replicates[metric])
