"""The points of the plots: ROC, precision-recall, lift and the histogram of probabilities.

A curve has at most 200 points (`MAX_POINTS`), including the first and the last point of the full curve.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from breakout.evaluation.metrics import count_flagged, has_both_classes
from breakout.evaluation.rows import FloatArray, IntArray, check_rows
from breakout.evaluation.thresholds import expected_hits

MAX_POINTS = 200
HISTOGRAM_BINS = 30

Points = tuple[float, ...]


@dataclass(frozen=True)
class Curve:
    """The points (x[i], y[i]) of one curve, such as the ROC curve."""

    x: Points
    y: Points


@dataclass(frozen=True)
class ScoreHistogram:
    """The number of breakouts and of other games in each bin of probabilities.

    Bin i spans `edges[i]` to `edges[i + 1]`, so `edges` has one element more than the counts.
    """

    edges: Points
    breakouts: tuple[int, ...]
    others: tuple[int, ...]


@dataclass(frozen=True)
class Curves:
    """The curves and the histogram of one model's probabilities.

    A curve is None if all labels are equal. Otherwise the values x and y are

    - `roc`: false positive rate, true positive rate;
    - `precision_recall`: recall, precision;
    - `lift`: the number k divided by the number of all rows, and the lift of the k rows with the highest probabilities.
      The lift is the breakout rate of these k rows divided by the breakout rate of all rows.
    """

    roc: Curve | None
    precision_recall: Curve | None
    lift: Curve | None
    score_histogram: ScoreHistogram


def build_curves(y: ArrayLike, p: ArrayLike) -> Curves:
    """Return the ROC, precision-recall and lift curves and the histogram of `p` (n,) for the labels `y` (n,)."""
    labels, probabilities = check_rows(y, p)
    if not labels.size:
        raise ValueError("no rows to draw curves of")
    histogram = _score_histogram(labels, probabilities)
    if not has_both_classes(labels):
        return Curves(None, None, None, histogram)
    _, flagged, hits = count_flagged(labels, probabilities)
    return Curves(
        roc=_thinned(_from_zero((flagged - hits) / (flagged[-1] - hits[-1])), _from_zero(hits / hits[-1])),
        precision_recall=_thinned(hits / hits[-1], hits / flagged),
        lift=_lift_curve(labels, probabilities),
        score_histogram=histogram,
    )


def _lift_curve(y: FloatArray, p: FloatArray) -> Curve:
    """Return the lift (y) of the k rows with the highest probabilities against k divided by the number of rows (x)."""
    counts = 1.0 + _thinned_positions(y.size).astype(np.float64)
    lift = expected_hits(y, p, counts) / counts / float(y.mean())
    return Curve(_points(counts / y.size), _points(lift))


def _score_histogram(y: FloatArray, p: FloatArray) -> ScoreHistogram:
    """Return the histogram over HISTOGRAM_BINS bins of equal width, from the lowest to the highest probability."""
    edges = np.histogram_bin_edges(p, bins=HISTOGRAM_BINS)
    breakouts, others = (np.histogram(p[y == value], bins=edges)[0] for value in (1.0, 0.0))
    return ScoreHistogram(_points(edges), tuple(breakouts.tolist()), tuple(others.tolist()))


def _from_zero(values: FloatArray) -> FloatArray:
    return np.concatenate(([0.0], values))


def _thinned(x: FloatArray, y: FloatArray) -> Curve:
    kept = _thinned_positions(x.size)
    return Curve(_points(x[kept]), _points(y[kept]))


def _thinned_positions(size: int) -> IntArray:
    return np.unique(np.linspace(0, size - 1, min(size, MAX_POINTS)).round().astype(np.int64))


def _points(values: FloatArray) -> Points:
    return tuple(values.tolist())
