"""Figures that depend on the whole ranking, replicated under date weights without repeating a single row.

In: labels (n,), probabilities (n,), date resamples. Out: arrays (resamples,) that equal, to rounding, what
the plain formulas give on rows repeated as often as their date was drawn.

AUC needs no pass over rows per resample: with A[d, e] the concordant pairs of date d's breakouts and date e's
other games, a resample with weights w has w A w concordant pairs. Average precision, ECE and the hits among
the top rows need running sums along the ranking, made in chunks that stay within the processor's cache.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import DTypeLike

from breakout.evaluation.resamples import DateResamples, divide
from breakout.evaluation.rows import EQUALITY_TOLERANCE, FloatArray, IntArray, group_ties

CHUNK_ELEMENTS = 100_000
# Up to so many dates a matrix product is faster than running sums over the rows; measured with 26 and 480.
FEW_DATES = 100
DATES_AT_ONCE = 32  # of other games whose running counts are kept: more take longer with few rows and with many


def concordant_pairs_by_date(y: FloatArray, p: FloatArray, resamples: DateResamples) -> FloatArray:
    """Return A (dates, dates): breakouts of date d ranked above other games of date e, ties counting half."""
    is_breakout = y == 1.0
    by_date = np.argsort(resamples.date_index[is_breakout], kind="stable")
    breakout_p, breakout_date = p[is_breakout][by_date], resamples.date_index[is_breakout][by_date]
    other_p, other_date = p[~is_breakout], resamples.date_index[~is_breakout]
    starts = np.flatnonzero(np.diff(breakout_date, prepend=-1))
    pairs = np.zeros((resamples.n_dates, resamples.n_dates))
    for first in range(0, resamples.n_dates, DATES_AT_ONCE):
        dates = np.arange(first, min(first + DATES_AT_ONCE, resamples.n_dates))
        is_near = (other_date >= first) & (other_date <= dates[-1])
        below = _others_below(breakout_p, other_p[is_near], other_date[is_near] - first, dates.size)
        pairs[breakout_date[starts, np.newaxis], dates] = np.add.reduceat(below, starts, axis=0)
    return pairs


def _others_below(breakout_p: FloatArray, other_p: FloatArray, other_date: IntArray, n_dates: int) -> FloatArray:
    """Return how many other games of each date stand below each breakout, (breakouts, dates), ties counting half."""
    order = np.argsort(other_p)
    counts = np.zeros((order.size + 1, n_dates))
    counts[np.arange(1, order.size + 1), other_date[order]] = 0.5
    np.cumsum(counts, axis=0, out=counts)
    below, not_above = (other_p[order].searchsorted(breakout_p, side) for side in ("left", "right"))
    return np.asarray(counts[below] + counts[not_above])


def replicate_auc_of_pairs(pairs: FloatArray, y: FloatArray, resamples: DateResamples) -> FloatArray:
    """Return each resample's AUC from the concordant pairs (dates, dates), NaN where a class is missing."""
    concordant = np.einsum("rd,rd->r", resamples.weights @ pairs, resamples.weights)
    breakouts = resamples.sums(y)
    return divide(concordant, breakouts * (resamples.row_counts - breakouts))


def replicate_auc(y: FloatArray, p: FloatArray, resamples: DateResamples) -> FloatArray:
    """Return the AUC of each resample (resamples,), NaN where one class is missing."""
    return replicate_auc_of_pairs(concordant_pairs_by_date(y, p, resamples), y, resamples)


@dataclass(frozen=True)
class RankedReplicates:
    """Average precision and ECE (resamples,), hit rates of the top rows (resamples, fractions)."""

    average_precision: FloatArray
    ece: FloatArray
    top_hit_rate: FloatArray


@dataclass(frozen=True)
class _Ranking:
    """Date, residual and label of the rows (n,) in ascending order of probability, and the edges of their ties.

    `hit_groups` are the groups that hold a breakout.
    """

    date_index: IntArray
    residual: FloatArray
    label: FloatArray
    edges: IntArray
    hit_groups: IntArray

    @property
    def hit_edges(self) -> IntArray:
        """Where breakouts are summed up to: between two of these none is added."""
        return np.append(self.edges[self.hit_groups], self.edges[-1])


@dataclass(frozen=True)
class _RunningSums:
    """Weighted counts of rows below each tie group and below the end, of shape (chunk, groups + 1).

    Those of breakouts stand below each group that holds one and below the end: (chunk, hit groups + 1). Sums of
    residuals are made where they are asked for: below groups (chunk, places), in the same shape.
    """

    rows: FloatArray
    breakouts: FloatArray
    residuals_below: Callable[[IntArray], FloatArray]

    @property
    def total_rows(self) -> FloatArray:
        return np.asarray(self.rows[:, -1], dtype=np.float64)

    @property
    def total_breakouts(self) -> FloatArray:
        return np.asarray(self.breakouts[:, -1], dtype=np.float64)


def replicate_ranked(
    y: FloatArray, p: FloatArray, resamples: DateResamples, n_bins: int, top_fractions: Sequence[float] = ()
) -> RankedReplicates:
    """Replicate average precision, ECE over `n_bins` and the hit rate of each top fraction.

    Resamples without a breakout have no average precision (NaN), those without rows no figure at all. ECE bins
    are made anew in every resample, as they would be on a new set of games.
    """
    ties = group_ties(p)
    label = y[ties.order]
    hit_groups = np.flatnonzero(np.add.reduceat(label, ties.edges[:-1]))
    ranking = _Ranking(resamples.date_index[ties.order], label - p[ties.order], label, ties.edges, hit_groups)
    chunks = [_figures(sums, hit_groups, n_bins, top_fractions) for sums in _running_sums(ranking, resamples)]
    precision, ece, top = zip(*chunks, strict=True)
    return RankedReplicates(np.concatenate(precision), np.concatenate(ece), np.concatenate(top))


def _running_sums(ranking: _Ranking, resamples: DateResamples) -> Iterator[_RunningSums]:
    is_short = resamples.n_dates <= FEW_DATES
    # Counts are whole numbers, and twice a count is compared: single precision holds them exactly, at half the cost.
    is_exact = 2.0 * resamples.row_counts.max() < 2.0 ** np.finfo(np.float32).nmant
    counted = np.float32 if is_exact else np.float64
    if is_short:
        sum_up = _summing_by_product(ranking, resamples.n_dates, counted)
    else:
        sum_up = _summing_along_rows(ranking, counted)
    step = max(1, CHUNK_ELEMENTS // (ranking.date_index.size + 1))
    for start in range(0, resamples.weights.shape[0], step):
        yield sum_up(resamples.weights[start : start + step])


def _summing_by_product(ranking: _Ranking, n_dates: int, counted: DTypeLike) -> Callable[[FloatArray], _RunningSums]:
    """Sum within each date once, then over dates by a matrix product: the faster way while dates are few."""

    def below(values: FloatArray, edges: IntArray) -> FloatArray:
        by_date = np.zeros((n_dates, values.size))
        by_date[ranking.date_index, np.arange(values.size)] = values
        return _cumulate(by_date)[:, edges]

    rows: FloatArray = below(np.ones_like(ranking.label), ranking.edges).astype(counted, order="C")
    breakouts: FloatArray = below(ranking.label, ranking.hit_edges).astype(counted, order="C")
    residuals = np.ascontiguousarray(below(ranking.residual, ranking.edges).T)

    def sum_up(weights: FloatArray) -> _RunningSums:
        drawn: FloatArray = weights.astype(counted)
        return _RunningSums(
            drawn @ rows,
            drawn @ breakouts,
            lambda groups: np.asarray((residuals[groups] @ weights[:, :, np.newaxis])[:, :, 0]),
        )

    return sum_up


def _summing_along_rows(ranking: _Ranking, counted: DTypeLike) -> Callable[[FloatArray], _RunningSums]:
    """Give every row its date's weight and sum along the rows: work and memory do not grow with the dates."""
    label: FloatArray = ranking.label.astype(counted)

    def sum_up(weights: FloatArray) -> _RunningSums:
        drawn: FloatArray = weights.astype(counted).take(ranking.date_index, axis=1)
        residuals = _cumulate(drawn * ranking.residual)
        return _RunningSums(
            _cumulate(drawn).take(ranking.edges, axis=1),
            _cumulate(drawn * label).take(ranking.hit_edges, axis=1),
            lambda groups: np.take_along_axis(residuals, ranking.edges[groups], axis=1),
        )

    return sum_up


def _cumulate(values: FloatArray) -> FloatArray:
    """Return running sums along the last axis with a leading 0, of shape (chunk, n + 1)."""
    sums = np.empty((values.shape[0], values.shape[1] + 1), values.dtype)
    sums[:, 0] = 0.0
    np.cumsum(values, axis=1, out=sums[:, 1:])
    return sums


def _figures(
    sums: _RunningSums, hit_groups: IntArray, n_bins: int, top_fractions: Sequence[float]
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return average precision and ECE (chunk,) and hit rates (chunk, fractions)."""
    total = sums.total_rows[:, np.newaxis]
    # Doubled middles are whole numbers: boundaries rounded up to whole numbers keep the comparison exact.
    boundaries = np.ceil(2.0 * total * np.arange(1, n_bins) / n_bins)
    wanted = top_row_counts(np.asarray(top_fractions, dtype=np.float64), total)
    # Counts are whole numbers, so the first beyond a place is the first to reach the next one.
    aims = np.concatenate([boundaries / 2.0, total - wanted + 1.0], axis=1)
    reached = _first_reaching(sums.rows, aims.astype(sums.rows.dtype))
    return (
        _average_precision(sums, hit_groups),
        _calibration_error(sums, boundaries, reached[:, : n_bins - 1]),
        _top_hit_rates(sums, hit_groups, wanted, reached[:, n_bins - 1 :]),
    )


def _first_reaching(ascending: FloatArray, aims: FloatArray) -> IntArray:
    """Return in each row the first positions at which the sums are at least the aims, of the latter's shape."""
    first = np.empty(aims.shape, dtype=np.int64)
    for number, (sums, wanted) in enumerate(zip(ascending, aims, strict=True)):
        first[number] = sums.searchsorted(wanted)
    return first


def _average_precision(sums: _RunningSums, hit_groups: IntArray) -> FloatArray:
    # A probability that no breakout has adds no recall, so only the groups that hold one are visited.
    gained = np.diff(sums.breakouts, axis=1)
    hits = sums.breakouts[:, -1:] - sums.breakouts[:, :-1]
    flagged = sums.rows[:, -1:] - sums.rows.take(hit_groups, axis=1)
    # Where nobody is flagged nothing is gained either, so the divisor does not matter there.
    steps = np.multiply(gained, hits, dtype=np.float64) / np.maximum(flagged, 1.0)
    has_one_class = sums.total_breakouts == sums.total_rows
    average = divide(np.sum(steps, axis=1), sums.total_breakouts)
    return np.where(has_one_class, np.nan, average)


def _calibration_error(sums: _RunningSums, boundaries: FloatArray, after: IntArray) -> FloatArray:
    """Return ECE over bins of equal mass; `after` are the first groups below which all rows of a boundary lie."""
    before = np.maximum(after - 1, 0)  # half of this group lies below the boundary: only its middle can reach it
    reaches = np.take_along_axis(sums.rows, before, 1) + np.take_along_axis(sums.rows, after, 1) >= boundaries
    cuts = np.zeros((boundaries.shape[0], boundaries.shape[1] + 2), dtype=np.int64)
    cuts[:, 1:-1] = np.where(reaches, before, after)
    cuts[:, -1] = sums.rows.shape[1] - 1
    gaps = np.diff(sums.residuals_below(cuts), axis=1)
    return divide(np.abs(gaps).sum(axis=1), sums.total_rows)


def top_row_counts(fraction: float | FloatArray, n_rows: FloatArray) -> FloatArray:
    """Return how many rows the top `fraction` of `n_rows` is: rounded up, so that it is never none."""
    return np.asarray(np.ceil(fraction * n_rows - EQUALITY_TOLERANCE), dtype=np.float64)


def _top_hit_rates(sums: _RunningSums, hit_groups: IntArray, wanted: FloatArray, beyond: IntArray) -> FloatArray:
    """Return hit rates (chunk, fractions) of the `wanted` top rows, which begin before the groups `beyond`.

    A tie across the cut gives its expectation over random orders.
    """
    places = sums.total_rows[:, np.newaxis] - wanted
    groups = np.minimum(beyond, sums.rows.shape[1] - 1) - 1
    start, end = (_doubles(sums.rows, groups + step) for step in (0, 1))
    low, high = (_doubles(sums.breakouts, hit_groups.searchsorted(groups + step)) for step in (0, 1))
    below = low + divide((high - low) * (places - start), end - start)
    return divide(sums.total_breakouts[:, np.newaxis] - below, wanted)


def _doubles(values: FloatArray, columns: IntArray) -> FloatArray:
    return np.take_along_axis(values, columns, axis=1).astype(np.float64)
