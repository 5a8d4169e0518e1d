"""Metrics within slices (parts of the rows, such as a month), with intervals over bootstrap draws of game dates.

Dates are drawn once, from the dates of all rows, and every slice uses these draws. About one in twenty 95 % intervals
does not contain the true value. So one of many slices may differ by chance.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from numpy.typing import ArrayLike

from breakout.evaluation.intervals import PairedDifference, paired_differences, replicate_paired_metrics
from breakout.evaluation.resamples import DateResamples, Interval
from breakout.evaluation.rows import BoolArray, FloatArray, check_rows
from breakout.evaluation.slice_labels import SliceLabels


@dataclass(frozen=True)
class SliceMetrics:
    """The metrics of one slice (a part of the rows, such as a month).

    `calibration_gap` is the mean probability minus the breakout rate.
    """

    label: str
    n_rows: int
    n_dates: int
    n_breakouts: int
    mean_probability: float
    breakout_rate: Interval
    calibration_gap: Interval
    auc: Interval
    log_loss: Interval
    brier: Interval


@dataclass(frozen=True)
class SliceDifference:
    """The differences between two models, candidate minus reference, within one slice (such as a month), by metric."""

    label: str
    n_rows: int
    n_dates: int
    differences: Mapping[str, PairedDifference]


def evaluate_slices(
    y: ArrayLike, p: ArrayLike, resamples: DateResamples, labels: SliceLabels
) -> tuple[SliceMetrics, ...]:
    """Return the metrics of each slice (such as a month) that contains a row, in the order `labels.order`.

    `resamples` are the bootstrap draws of game dates for all rows.
    """
    truth, probabilities = check_rows(y, p)
    return tuple(
        _slice_metrics(label, truth[is_member], probabilities[is_member], resamples.subset(is_member))
        for label, is_member in _members(labels, truth.size)
    )


def compare_slices(
    y: ArrayLike,
    p_candidate: ArrayLike,
    p_reference: ArrayLike,
    resamples: DateResamples,
    labels: SliceLabels,
) -> tuple[SliceDifference, ...]:
    """Return the differences, candidate minus reference, in each slice (such as a month) that contains a row.

    The slices are in the order `labels.order`. `resamples` are the bootstrap draws of game dates for all rows.
    """
    truth, candidate = check_rows(y, p_candidate)
    _, reference = check_rows(y, p_reference)
    differences = []
    for label, is_member in _members(labels, truth.size):
        drawn = resamples.subset(is_member)
        paired = paired_differences(truth[is_member], candidate[is_member], reference[is_member], drawn)
        differences.append(SliceDifference(label, int(is_member.sum()), drawn.n_dates, paired))
    return tuple(differences)


def _members(labels: SliceLabels, n_rows: int) -> tuple[tuple[str, BoolArray], ...]:
    if labels.values.shape != (n_rows,):
        raise ValueError(f"slice labels of shape {labels.values.shape} do not match {n_rows} rows")
    return labels.members


def _slice_metrics(label: str, truth: FloatArray, probabilities: FloatArray, resamples: DateResamples) -> SliceMetrics:
    beside = {"breakout_rate": truth, "calibration_gap": probabilities - truth}
    metrics = replicate_paired_metrics(truth, probabilities, resamples, beside).intervals(resamples)
    return SliceMetrics(
        label=label,
        n_rows=truth.size,
        n_dates=resamples.n_dates,
        n_breakouts=int(truth.sum()),
        mean_probability=float(probabilities.mean()),
        **metrics,
    )
