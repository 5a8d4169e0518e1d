"""The points of the plots: ROC, precision-recall, lift and the histogram of scores.

A curve has at most `MAX_POINTS` points, among them its ends. ROC, precision-recall and lift are None with one class.
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
    """The points (x, y) of one curve; `Curves` defines the axes."""

    x: Points
    y: Points


@dataclass(frozen=True)
class ScoreHistogram:
    """The numbers of breakouts and of other games in each bin of probability.

    Bin i reaches from `edges[i]` to `edges[i + 1]`, so `edges` has one more element than the counts.
    """

    edges: Points
    breakouts: tuple[int, ...]
    others: tuple[int, ...]


@dataclass(frozen=True)
class Curves:
    """All curves of one model.

    A point (x, y) of `roc` is (false positive rate, true positive rate), of `precision_recall` (recall, precision), and
    of `lift` (share of the top rows, lift).
    """

    roc: Curve | None
    precision_recall: Curve | None
    lift: Curve | None
    score_histogram: ScoreHistogram


def build_curves(y: ArrayLike, p: ArrayLike) -> Curves:
    """Return all curves of one model; ValueError without rows, or if `check_rows` refuses them."""
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
    """Return the lift of the k rows with the highest probabilities (y axis) by their share k / n of all rows (x axis).

    Lift is the breakout rate of the k rows divided by that of all rows. If only some of the rows with equal
    probabilities are among the k, their expected number of breakouts is counted. The labels must hold a breakout.
    """
    counts = 1.0 + _thinned_positions(y.size).astype(np.float64)
    lift = expected_hits(y, p, counts) / counts / float(y.mean())
    return Curve(_points(counts / y.size), _points(lift))


def _score_histogram(y: FloatArray, p: FloatArray) -> ScoreHistogram:
    """Return the counts by class in bins of equal width between the lowest and the highest probability.

    If all probabilities are equal, the bins reach from 1/2 below them to 1/2 above.
    """
    edges = np.histogram_bin_edges(p, bins=HISTOGRAM_BINS)
    breakouts, others = (np.histogram(p[y == value], bins=edges)[0] for value in (1.0, 0.0))
    return ScoreHistogram(_points(edges), tuple(breakouts.tolist()), tuple(others.tolist()))


def _from_zero(values: FloatArray) -> FloatArray:
    return np.concatenate(([0.0], values))


def _thinned(x: FloatArray, y: FloatArray) -> Curve:
    kept = _thinned_positions(x.size)
    return Curve(_points(x[kept]), _points(y[kept]))


def _thinned_positions(size: int) -> IntArray:
    """Return at most `MAX_POINTS` evenly spread positions, among them the first and the last."""
    return np.unique(np.linspace(0, size - 1, min(size, MAX_POINTS)).round().astype(np.int64))


def _points(values: FloatArray) -> Points:
    return tuple(values.tolist())
