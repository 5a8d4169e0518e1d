"""The ranks of jobs that were validated on the same rows, and the jobs that are tied with the best.

Jobs are ranked by the optimized metric on the validation rows (the latest training rows). A job is tied with the best
job if the confidence interval of the difference of their metrics contains 0. Confidence intervals come from a bootstrap
over game dates, with the same resamples for all jobs.

The best of many jobs is partly the best by chance. The intervals are therefore wide enough to hold for all pairs of
jobs at once. A job that differs from the best job only in the seed is always tied with it. Most sweeps end in a tie;
then the simplest of the tied jobs should be chosen.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from breakout import settings
from breakout.evaluation.intervals import replicate_paired_metrics
from breakout.evaluation.metrics import METRICS
from breakout.evaluation.ranked_replicates import replicate_ranked
from breakout.evaluation.resamples import DateResamples, Interval, draw_date_resamples
from breakout.models.kinds import KINDS
from breakout.threads import one_blas_thread

if TYPE_CHECKING:
    from collections.abc import Sequence

    from breakout.sweeps.results import CompletedJob

ROUNDING = 1e-12  # A standard error up to this size comes from the rounding of sums, and counts as 0.


@dataclass(frozen=True)
class Standing:
    """The rank of a job.

    - `value`: the job's metric with its confidence interval.
    - `difference`: the job's metric minus the best job's, with an interval that holds for all pairs of jobs at once.
      None if either metric is undefined.
    - `is_tied`: true for the best job and for each job that is tied with it. If no job has a defined metric, all are
      tied.
    """

    job: CompletedJob
    rank: int
    value: Interval
    difference: Interval | None
    is_tied: bool


@one_blas_thread()
def rank_jobs(jobs: Sequence[CompletedJob], metric: str) -> list[Standing]:
    """Return the rank of each job by a metric, the best job first.

    Jobs with equal metrics are sorted by `simplicity`; jobs without a defined metric come last. `jobs` contains at
    least one job, and all jobs were validated on the same rows.
    """
    sign = -1.0 if METRICS[metric].higher_is_better else 1.0

    def order(job: CompletedJob) -> tuple[Any, ...]:
        value = job.validation.metrics[metric]
        return (value is None, sign * (value or 0.0), simplicity(job), job.number)

    draws = _draw(jobs[0])
    ranked = sorted(jobs, key=order)
    values = [job.validation.metrics[metric] for job in ranked]
    replicates = [_replicates(job, metric, draws) for job in ranked]
    width = critical_width(list(zip(values, replicates, strict=True)), draws.confidence)
    standings = []
    for rank, (job, value, own) in enumerate(zip(ranked, values, replicates, strict=True), 1):
        difference = None
        if value is not None and values[0] is not None:
            shift = own - replicates[0]
            difference = _widened(draws.interval(value - values[0], shift), shift, width)
        is_same_but_seed = _without_seed(job) == _without_seed(ranked[0])
        is_tied = is_same_but_seed or values[0] is None or (difference is not None and _is_tie(difference))
        standings.append(Standing(job, rank, draws.interval(value, own), difference, is_tied))
    return standings


def critical_width(jobs: Sequence[tuple[float | None, np.ndarray]], confidence: float) -> float:
    """Return a half-width, in standard errors, for intervals of the differences between all pairs of jobs.

    With this half-width, the intervals hold for all pairs at once with probability `confidence`. The half-width is the
    `confidence` quantile of a max statistic (Westfall and Young, 1993). The statistic of a resample is the largest
    deviation of a difference from its estimate, in standard errors.

    `jobs` contains each job's metric, and the metric's values in the resamples, shape (resamples,). Jobs whose metric
    is None are ignored. The half-width is 0 if no two jobs differ.
    """
    values = np.array([value for value, _ in jobs if value is not None])
    if values.size < 2:
        return 0.0
    replicates = np.stack([found for value, found in jobs if value is not None])
    centred = replicates - values[:, np.newaxis]
    largest = np.zeros(centred.shape[1])
    for first in range(values.size - 1):
        shifts = centred[first + 1 :] - centred[first]
        errors = _standard_error(shifts)
        shifts = np.abs(shifts[errors > 0.0]) / errors[errors > 0.0, np.newaxis]
        if len(shifts):
            largest = np.fmax(largest, np.fmax.reduce(shifts))
    return float(np.quantile(largest, confidence))


def _standard_error(replicates: np.ndarray) -> np.ndarray:
    """Return the standard deviation along the last axis, ignoring NaN.

    The result is 0 if the standard deviation is at most ROUNDING, or if all values are NaN.
    """
    is_defined = ~np.isnan(replicates)
    found = np.std(replicates, axis=-1, where=is_defined)
    return np.asarray(np.where(is_defined.any(axis=-1) & (found > ROUNDING), found, 0.0))


def _widened(interval: Interval, replicates: np.ndarray, width: float) -> Interval:
    """Return `interval` with a half-width of `width` standard errors around its estimate.

    The standard error is the standard deviation of `replicates`. An interval without bounds is returned unchanged.
    """
    if interval.low is None or interval.estimate is None:
        return interval
    half = width * float(_standard_error(replicates))
    return Interval(interval.estimate, interval.estimate - half, interval.estimate + half, interval.n_undefined)


def _without_seed(job: CompletedJob) -> str:
    return settings.fingerprint(replace(job.config, seed=0))


def _is_tie(difference: Interval) -> bool:
    return difference.low is None or difference.holds(0.0)


def simplest(standings: Sequence[Standing]) -> CompletedJob:
    """Return the job with the simplest model among the best job and the jobs tied with it.

    Of equally simple jobs, the job with the best rank is returned.
    """
    tied = [standing for standing in standings if standing.is_tied]
    return min(tied, key=lambda standing: (*simplicity(standing.job), standing.rank)).job


def simplicity(job: CompletedJob) -> tuple[float, ...]:
    """Return a sort key that is smaller for a simpler model.

    The key compares the kind of model first (in the order of `KINDS`), then the number of features, then the number of
    leaves of all trees.
    """
    model = job.config.model
    leaves = float(job.metrics.model.figures.get("trees", 0.0)) * 2.0 ** int(getattr(model, "depth", 0))
    return (list(KINDS).index(model.kind), len(job.config.features.names), leaves)


def _draw(job: CompletedJob) -> DateResamples:
    return draw_date_resamples(
        job.part("validation", "game_date"),
        bootstrap_resamples=job.config.evaluation.bootstrap_resamples,
        seed=job.config.seed,
        confidence=job.config.evaluation.confidence,
    )


def _replicates(job: CompletedJob, metric: str, draws: DateResamples) -> np.ndarray:
    """Return the metric of the job's validation rows in each bootstrap resample, shape (resamples,)."""
    label = job.part("validation", "is_breakout").astype("float64")
    probability = job.part("validation", "probability")
    if metric in ("ece", "average_precision"):
        ranked = replicate_ranked(label, probability, draws, job.config.evaluation.ece_bins)
        return np.asarray(getattr(ranked, metric))
    return np.asarray(replicate_paired_metrics(label, probability, draws).replicates[metric])
