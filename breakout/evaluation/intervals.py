"""Metrics with intervals, and differences between two models, from bootstrap draws of game dates (resamples)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from breakout.evaluation import metrics, reliability
from breakout.evaluation.metrics import ECE, METRICS
from breakout.evaluation.ranked_replicates import (
    RankedReplicates,
    concordant_pairs_by_date,
    replicate_auc_of_pairs,
    replicate_ranked,
)
from breakout.evaluation.resamples import DateResamples, Interval
from breakout.evaluation.rows import FloatArray, check_rows

PAIRED_METRICS = ("auc", "log_loss", "brier")


@dataclass(frozen=True)
class MetricReplicates:
    """The metrics of a model, by name, on all rows and in every resample (a bootstrap draw of game dates).

    - `estimates`: the values on all rows; None where a metric is undefined.
    - `replicates`: the values in the resamples, each of shape (resamples,); NaN where a metric is undefined.
    """

    estimates: Mapping[str, float | None]
    replicates: Mapping[str, FloatArray]

    def intervals(self, resamples: DateResamples) -> dict[str, Interval]:
        """Return each metric with its interval; the calibration error ECE has an estimate but no interval.

        `resamples` must be the draws on which the metrics were computed.

        Resampling biases ECE upwards. This was measured with 60 calibrated models on 1,500 games of 26 dates. ECE in
        the resamples was 1.4 times the estimate on average, and 10 % of the intervals did not contain their estimate.
        """
        found = {name: resamples.interval(self.estimates[name], self.replicates[name]) for name in self.estimates}
        return {name: Interval(one.estimate, None, None, 0) if name == ECE else one for name, one in found.items()}


@dataclass(frozen=True)
class PairedDifference:
    """The difference between two models in one metric, candidate minus reference, on the same rows.

    - `candidate`, `reference`: the values of the metric; None if undefined.
    - `difference`: the interval is computed over resamples (bootstrap draws of game dates) that both models share.
    - `share_better`: the fraction of resamples in which the candidate is strictly better. Resamples in which the metric
      is undefined are left out. None if no resample is left.
    """

    metric: str
    candidate: float | None
    reference: float | None
    difference: Interval
    share_better: float | None
    higher_is_better: bool


def replicate_paired_metrics(
    y: ArrayLike, p: ArrayLike, resamples: DateResamples, beside: Mapping[str, FloatArray] | None = None
) -> MetricReplicates:
    """Compute AUC, log loss and Brier score on all rows and in every resample (a bootstrap draw of game dates).

    `beside` maps names of additional metrics to their values by row (n,). The result also contains the means of these
    values. If there are no rows, every estimate (value on all rows) is None. The estimate of AUC is also None if all
    labels are equal.

    ValueError if `check_rows` refuses `y` and `p`.
    """
    labels, probabilities = check_rows(y, p)
    rows = {
        "log_loss": metrics.row_log_losses(labels, probabilities),
        "brier": metrics.row_brier_scores(labels, probabilities),
        **(beside or {}),
    }
    means = {name: float(values.mean()) if values.size else None for name, values in rows.items()}
    replicated_means = dict(zip(rows, resamples.means(np.stack(list(rows.values()))), strict=True))
    pairs = concordant_pairs_by_date(labels, probabilities, resamples)
    n_pairs = float(labels.sum() * (1.0 - labels).sum())
    auc = float(pairs.sum()) / n_pairs if n_pairs else None
    replicated_auc = replicate_auc_of_pairs(pairs, labels, resamples)
    return MetricReplicates({"auc": auc, **means}, {"auc": replicated_auc, **replicated_means})


def replicate_metrics(
    y: ArrayLike,
    p: ArrayLike,
    resamples: DateResamples,
    *,
    ece_bins: int,
    ranked: RankedReplicates | None = None,
) -> MetricReplicates:
    """Compute AUC, average precision, log loss, Brier score and ECE on all rows and in every resample.

    ECE is the calibration error over `ece_bins` bins. `ranked` is the result of `replicate_ranked` for these rows,
    resamples and bins; if `ranked` is None, the result is computed here. ValueError as in `bootstrap_metrics`.
    """
    labels, probabilities = check_rows(y, p)
    paired = replicate_paired_metrics(labels, probabilities, resamples)
    ranked = ranked or replicate_ranked(labels, probabilities, resamples, ece_bins)
    precision = metrics.average_precision(labels, probabilities)
    ece = reliability.expected_calibration_error(labels, probabilities, ece_bins)
    estimates = {**paired.estimates, "average_precision": precision, "ece": ece}
    replicates = {**paired.replicates, "average_precision": ranked.average_precision, "ece": ranked.ece}
    return MetricReplicates({name: estimates[name] for name in METRICS}, replicates)


def bootstrap_metrics(y: ArrayLike, p: ArrayLike, resamples: DateResamples, *, ece_bins: int) -> dict[str, Interval]:
    """Return AUC, average precision, log loss, Brier score and ECE by name; all except ECE have an interval.

    ECE is the calibration error over `ece_bins` bins. An undefined metric has the estimate None. ValueError for fewer
    than one bin, or if `check_rows` refuses the labels `y` (n,) and the probabilities `p` (n,).
    """
    return replicate_metrics(y, p, resamples, ece_bins=ece_bins).intervals(resamples)


def paired_differences(
    y: ArrayLike,
    p_candidate: ArrayLike,
    p_reference: ArrayLike,
    resamples: DateResamples,
) -> dict[str, PairedDifference]:
    """Return the differences in AUC, log loss and Brier score, candidate minus reference, by metric.

    `y` and both probabilities have the shape (n,). ValueError if `check_rows` refuses them.
    """
    candidate = replicate_paired_metrics(y, p_candidate, resamples)
    reference = replicate_paired_metrics(y, p_reference, resamples)
    return differences_of(candidate, reference, resamples)


def differences_of(
    candidate: MetricReplicates, reference: MetricReplicates, resamples: DateResamples
) -> dict[str, PairedDifference]:
    """Return the differences in AUC, log loss and Brier score, candidate minus reference, by metric.

    The metrics of both models must have been computed on the same rows and the same `resamples`. A difference has the
    estimate None if the metric of a model is undefined.
    """
    return {name: _difference(name, candidate, reference, resamples) for name in PAIRED_METRICS}


def _difference(
    name: str, candidate: MetricReplicates, reference: MetricReplicates, resamples: DateResamples
) -> PairedDifference:
    first, second = candidate.estimates[name], reference.estimates[name]
    estimate = None if first is None or second is None else first - second
    replicates = candidate.replicates[name] - reference.replicates[name]
    higher_is_better = METRICS[name].higher_is_better
    gains = replicates if higher_is_better else -replicates
    defined = gains[~np.isnan(gains)]
    share_better = float(np.mean(defined > 0.0)) if defined.size else None
    interval = resamples.interval(estimate, replicates)
    return PairedDifference(name, first, second, interval, share_better, higher_is_better)
