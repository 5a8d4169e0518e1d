"""Hit rate and lift of the highest-ranked games.

The top fraction is rounded up to whole rows. Where rows of equal probability are partly within it, their hits are
counted in expectation: as many of them as fit, at their own breakout rate. So the order of rows does not matter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from breakout.evaluation.ranked_replicates import RankedReplicates, replicate_ranked, top_row_counts
from breakout.evaluation.resamples import DateResamples, Interval, divide
from breakout.evaluation.rows import FloatArray, check_rows, group_ties


@dataclass(frozen=True)
class TopRows:
    """The top `fraction` of games: their number, their breakout rate, and its ratio to that of all games (lift)."""

    fraction: float
    count: int
    hit_rate: Interval
    lift: Interval


def expected_hits(y: FloatArray, p: FloatArray, counts: FloatArray) -> FloatArray:
    """Return the expected breakouts among the top `counts` rows, of the shape of `counts`."""
    ties = group_ties(p)
    breakouts_below = np.concatenate(([0.0], np.cumsum(y[ties.order])))[ties.edges]
    below = np.interp(p.size - counts, ties.edges.astype(np.float64), breakouts_below)
    return np.asarray(y.sum() - below)


def top_rows(
    y: ArrayLike,
    p: ArrayLike,
    resamples: DateResamples,
    fractions: Sequence[float],
    ranked: RankedReplicates | None = None,
) -> tuple[TopRows, ...]:
    """Return hit rate and lift of each top fraction with intervals; lift is None if there is no breakout.

    `ranked` are the ranked replicates of the same rows and fractions, if they are already computed.
    """
    labels, probabilities = check_rows(y, p)
    ranked = ranked or replicate_ranked(labels, probabilities, resamples, 1, fractions)
    base_rate, base_rates = float(labels.mean()), resamples.means(labels)
    records = []
    for column, fraction in enumerate(fractions):
        count = float(top_row_counts(fraction, np.asarray(float(labels.size))))
        hit_rate = float(expected_hits(labels, probabilities, np.asarray(count))) / count
        hit_rates = ranked.top_hit_rate[:, column]
        lift = resamples.interval(hit_rate / base_rate if base_rate else None, divide(hit_rates, base_rates))
        records.append(TopRows(fraction, int(count), resamples.interval(hit_rate, hit_rates), lift))
    return tuple(records)
