"""The decision threshold, precision and recall of flagged games, and hit rate and lift of the highest-ranked games.

A game is flagged if its probability is at or above the threshold. The threshold is chosen on the validation part (the
latest training rows). The precision on these rows is too high, because they decided the threshold. So reports give the
precision on the evaluation window.

A top fraction contains the games with the highest probabilities; their number is rounded up. The hit rate of a top
fraction is its breakout rate. The lift is the hit rate divided by the breakout rate of all games.

A group of equal probabilities may be only partly in the top fraction. Each row of that part then counts with the
breakout rate of the group. So the order of the rows does not matter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from breakout.evaluation.metrics import count_flagged
from breakout.evaluation.ranked_replicates import top_row_counts
from breakout.evaluation.resamples import DateResamples, Interval, divide
from breakout.evaluation.rows import EQUALITY_TOLERANCE, BoolArray, FloatArray, check_rows, group_ties

# "best_f1" occurs only in files of earlier versions. If no threshold reached the target precision, those versions chose
# the threshold with the best F1.
ThresholdRule = Literal["target_precision", "best_f1"]


@dataclass(frozen=True)
class ThresholdChoice:
    """The chosen threshold, and the rule that chose it.

    A game is flagged if its probability is at least the threshold. `precision`, `f1` and `flagged` (the number of
    flagged rows) refer to the `n_rows` rows on which the threshold was chosen.
    """

    threshold: float
    rule: ThresholdRule
    target_precision: float
    min_flagged: int
    precision: float
    f1: float
    flagged: int
    n_rows: int


@dataclass(frozen=True)
class ThresholdRow:
    """The games flagged at one threshold (at or above that probability), with their precision, recall and F1.

    - `precision`: its estimate is None if no game is flagged.
    - `recall`: None if there is no breakout.
    - `f1`: None if there is neither a flagged game nor a breakout.
    - `hits`: the number of flagged games that were breakouts.
    """

    threshold: float
    is_chosen: bool
    precision: Interval
    recall: float | None
    f1: float | None
    share_flagged: float
    flagged: int
    hits: int


def choose_threshold(
    y: ArrayLike, p: ArrayLike, *, target_precision: float, min_flagged: int
) -> ThresholdChoice | None:
    """Return the lowest threshold that flags at least `min_flagged` rows with at least the target precision.

    A row is flagged if its probability is at or above the threshold. Candidates are the values among the probabilities
    `p` (n,). None if no candidate qualifies. ValueError if there are no rows, or if `check_rows` refuses `y` and `p`.
    """
    labels, probabilities = check_rows(y, p)
    if not labels.size:
        raise ValueError("no rows to choose a threshold on")
    scores, flagged, hits = count_flagged(labels, probabilities)
    is_precise = hits >= target_precision * flagged - EQUALITY_TOLERANCE
    qualified = np.flatnonzero(is_precise & (flagged >= min_flagged))
    if not qualified.size:
        return None
    lowest = qualified[-1]
    return ThresholdChoice(
        threshold=float(scores[lowest]),
        rule="target_precision",
        target_precision=target_precision,
        min_flagged=min_flagged,
        precision=float(hits[lowest] / flagged[lowest]),
        f1=float(2.0 * hits[lowest] / (flagged[lowest] + hits[-1])),
        flagged=int(flagged[lowest]),
        n_rows=labels.size,
    )


def threshold_row(
    y: ArrayLike, p: ArrayLike, threshold: float, resamples: DateResamples, *, is_chosen: bool = False
) -> ThresholdRow:
    """Return precision (with an interval), recall, F1 and the fraction of flagged rows at one threshold."""
    labels, probabilities = check_rows(y, p)
    if not labels.size:
        raise ValueError("no rows to report a threshold on")
    is_flagged = probabilities >= threshold
    flagged, hits, breakouts = int(is_flagged.sum()), int(labels[is_flagged].sum()), int(labels.sum())
    return ThresholdRow(
        threshold=threshold,
        is_chosen=is_chosen,
        precision=_precision(labels, is_flagged, resamples),
        recall=hits / breakouts if breakouts else None,
        f1=2.0 * hits / (flagged + breakouts) if flagged + breakouts else None,
        share_flagged=flagged / labels.size,
        flagged=flagged,
        hits=hits,
    )


def _precision(labels: FloatArray, is_flagged: BoolArray, resamples: DateResamples) -> Interval:
    if not is_flagged.any():
        return Interval(None, None, None, n_undefined=resamples.weights.shape[0])
    return resamples.subset(is_flagged).mean_interval(labels[is_flagged])


def threshold_table(
    y: ArrayLike, p: ArrayLike, resamples: DateResamples, *, thresholds: Sequence[float], chosen: float | None
) -> tuple[ThresholdRow, ...]:
    """Return a row with precision, recall and F1 for each threshold, ascending.

    `chosen` is the chosen threshold, or None. The table also contains a row for `chosen`; `is_chosen` is true
    in this row.
    """
    wanted = sorted({*thresholds} | ({chosen} if chosen is not None else set()))
    return tuple(threshold_row(y, p, value, resamples, is_chosen=value == chosen) for value in wanted)


@dataclass(frozen=True)
class TopRows:
    """The games in the top `fraction` by probability.

    - `count`: the number of games.
    - `hit_rate`: the breakout rate of these games.
    - `lift`: the hit rate divided by the breakout rate of all games. Its estimate is None if there is no breakout.
    """

    fraction: float
    count: int
    hit_rate: Interval
    lift: Interval


def expected_hits(y: FloatArray, p: FloatArray, counts: FloatArray) -> FloatArray:
    """Return the expected number of breakouts among the k rows with the highest probabilities, for each k in `counts`.

    A group of equal probabilities may be only partly among the k rows. Each row of that part then counts with the
    breakout rate of the group.
    """
    ties = group_ties(p)
    breakouts_below = np.concatenate(([0.0], np.cumsum(y[ties.order])))[ties.edges]
    below = np.interp(p.size - counts, ties.edges.astype(np.float64), breakouts_below)
    return np.asarray(y.sum() - below)


def top_rows(
    y: ArrayLike,
    p: ArrayLike,
    resamples: DateResamples,
    fractions: Sequence[float],
    top_hit_rates: FloatArray,
) -> tuple[TopRows, ...]:
    """Return hit rate and lift, with intervals, of each top fraction of the rows by probability.

    `top_hit_rates` (resamples, fractions) contains the hit rates that `replicate_ranked` computes for the same rows and
    fractions. There must be a row, and the fractions must be above 0.
    """
    labels, probabilities = check_rows(y, p)
    base_rate, base_rates = float(labels.mean()), resamples.means(labels)
    records = []
    for column, fraction in enumerate(fractions):
        count = float(top_row_counts(fraction, np.asarray(float(labels.size))))
        hit_rate = float(expected_hits(labels, probabilities, np.asarray(count))) / count
        hit_rates = top_hit_rates[:, column]
        lift = resamples.interval(hit_rate / base_rate if base_rate else None, divide(hit_rates, base_rates))
        records.append(TopRows(fraction, int(count), resamples.interval(hit_rate, hit_rates), lift))
    return tuple(records)
