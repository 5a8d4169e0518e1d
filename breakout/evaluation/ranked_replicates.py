"""Metrics that depend on the ranking of all rows, in every resample (a bootstrap draw of game dates).

A resample contains the rows of a date as often as it drew the date. The functions weight rows instead of repeating
them, which changes the results only by rounding.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from breakout.evaluation.resamples import DateResamples, divide
from breakout.evaluation.rows import EQUALITY_TOLERANCE, FloatArray, IntArray, group_ties

# The number of weights (resamples * rows) that are computed at once. Larger arrays exceed a processor's cache.
CHUNK_ELEMENTS = 100_000


@dataclass(frozen=True)
class RankedReplicates:
    """Average precision, calibration error (ECE) and hit rates in each resample (a bootstrap draw of game dates).

    - `average_precision`, `ece` (resamples,): NaN in a resample in which the metric is undefined.
    - `top_hit_rate` (resamples, fractions): the breakout rate of each top fraction of the rows by probability.
    """

    average_precision: FloatArray
    ece: FloatArray
    top_hit_rate: FloatArray


@dataclass(frozen=True)
class _RunningSums:
    """For each group of equal probabilities, weighted sums over all rows with a lower probability.

    The weight of a row is how often a resample contains the row. Each array has the shape (resamples, groups + 1); the
    groups have ascending probabilities. The last column contains the sums over all rows.

    - `rows`: the sum of the weights.
    - `breakouts`: the weighted sum of the labels.
    - `residuals`: the weighted sum of label minus probability.
    """

    rows: FloatArray
    breakouts: FloatArray
    residuals: FloatArray


def concordant_pairs_by_date(y: FloatArray, p: FloatArray, resamples: DateResamples) -> FloatArray:
    """Return the number of concordant pairs of rows for each pair of dates, a matrix A of shape (dates, dates).

    A pair consists of a breakout and a game without a breakout. The pair is concordant if the breakout has the higher
    probability; a tie counts half. A[d, e] counts the concordant pairs with the breakout on date d and the other game
    on date e.

    Let w[d] be how often a resample contains date d. The resample has w @ A @ w concordant pairs. The AUC is
    this number divided by the number of all pairs.
    """
    is_breakout = y == 1.0
    # Sorted only for speed: searchsorted() is several times as fast if the values to look up are in ascending order.
    ascending = np.argsort(p[is_breakout])
    breakout_p, breakout_date = p[is_breakout][ascending], resamples.date_index[is_breakout][ascending]
    other_p, other_date = p[~is_breakout], resamples.date_index[~is_breakout]
    pairs = np.zeros((resamples.n_dates, resamples.n_dates))
    for date in range(resamples.n_dates):
        others = np.sort(other_p[other_date == date])
        below, not_above = (others.searchsorted(breakout_p, side) for side in ("left", "right"))
        pairs[:, date] = np.bincount(breakout_date, (below + not_above) / 2.0, resamples.n_dates)
    return pairs


def replicate_auc_of_pairs(pairs: FloatArray, y: FloatArray, resamples: DateResamples) -> FloatArray:
    """Return the AUC in each resample, shape (resamples,); NaN if all labels of a resample are equal.

    `pairs` is the matrix that `concordant_pairs_by_date` returns for the same rows and resamples.
    """
    concordant = np.einsum("rd,rd->r", resamples.weights @ pairs, resamples.weights)
    breakouts = resamples.sums(y)
    return divide(concordant, breakouts * (resamples.row_counts - breakouts))


def replicate_ranked(
    y: FloatArray, p: FloatArray, resamples: DateResamples, n_bins: int, top_fractions: Sequence[float] = ()
) -> RankedReplicates:
    """Compute average precision, calibration error (ECE) and hit rates in each resample.

    Each of `top_fractions` gets a hit rate: the breakout rate of that top fraction of the rows by probability. Every
    resample gets its own `n_bins` bins for ECE, as a new set of games would. Average precision is NaN if all labels of
    a resample are equal. Every metric is NaN if a resample has no rows.
    """
    ties = group_ties(p)
    dates, label = resamples.date_index[ties.order], y[ties.order]
    columns = np.stack([np.ones_like(label), label, label - p[ties.order]])
    step = max(1, CHUNK_ELEMENTS // max(label.size, 1))
    chunks = []
    for start in range(0, resamples.weights.shape[0], step):
        weights = resamples.weights[start : start + step, dates]
        sums = _RunningSums(*(_sum_below(weights * column, ties.edges) for column in columns))
        chunks.append((_average_precision(sums), _calibration_error(sums, n_bins), _top_hit_rates(sums, top_fractions)))
    precision, ece, top = zip(*chunks, strict=True)
    return RankedReplicates(np.concatenate(precision), np.concatenate(ece), np.concatenate(top))


def top_row_counts(fraction: float | FloatArray, n_rows: FloatArray) -> FloatArray:
    """Return the number of rows, rounded up, in the top `fraction` of `n_rows` rows, element by element."""
    return np.asarray(np.ceil(fraction * n_rows - EQUALITY_TOLERANCE), dtype=np.float64)


def _sum_below(values: FloatArray, edges: IntArray) -> FloatArray:
    """Return the sums of `values` (r, n) over the columns before each position in `edges` (e,), shape (r, e)."""
    sums = np.zeros((values.shape[0], values.shape[1] + 1))
    np.cumsum(values, axis=1, out=sums[:, 1:])
    return sums[:, edges]


def _average_precision(sums: _RunningSums) -> FloatArray:
    total_breakouts, total_rows = sums.breakouts[:, -1:], sums.rows[:, -1:]
    gained = np.diff(sums.breakouts, axis=1)
    hits, flagged = total_breakouts - sums.breakouts[:, :-1], total_rows - sums.rows[:, :-1]
    # If a resample has no row at or above a probability, `gained` and `flagged` are 0 there. A divisor of 1 then gives
    # 0 instead of 0 / 0.
    average = divide(np.sum(gained * hits / np.maximum(flagged, 1.0), axis=1), total_breakouts[:, 0])
    return np.where(total_breakouts[:, 0] == total_rows[:, 0], np.nan, average)


def _calibration_error(sums: _RunningSums, n_bins: int) -> FloatArray:
    """Return the calibration error (ECE) in each resample, by the binning rule of the module `reliability`."""
    total = sums.rows[:, -1]
    doubled_middles = sums.rows[:, :-1] + sums.rows[:, 1:]
    # The middle position of a group of equal probabilities decides the group's bin. The doubled middle is a whole
    # number, so the boundaries can be rounded up, and the comparison is exact.
    boundaries = np.ceil(2.0 * total[:, np.newaxis] * np.arange(1, n_bins) / n_bins)
    cuts = np.zeros((total.size, n_bins + 1), dtype=np.int64)
    cuts[:, -1] = doubled_middles.shape[1]
    for number, (middles, limits) in enumerate(zip(doubled_middles, boundaries, strict=True)):
        cuts[number, 1:-1] = middles.searchsorted(limits)
    gaps = np.diff(np.take_along_axis(sums.residuals, cuts, axis=1), axis=1)
    return divide(np.abs(gaps).sum(axis=1), total)


def _top_hit_rates(sums: _RunningSums, top_fractions: Sequence[float]) -> FloatArray:
    """Return the breakout rate of each top fraction of the rows by probability, shape (resamples, fractions).

    If only part of a group of equal probabilities is in a fraction, each row of that part counts with the group's
    breakout rate.
    """
    total = sums.rows[:, -1:]
    wanted = top_row_counts(np.asarray(top_fractions, dtype=np.float64), total)
    below = [np.interp(*one) for one in zip(total - wanted, sums.rows, sums.breakouts, strict=True)]
    return divide(sums.breakouts[:, -1:] - np.asarray(below).reshape(wanted.shape), wanted)
