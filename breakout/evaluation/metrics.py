"""Metrics of probabilities (n,) in [0, 1] against labels (n,) of 0 and 1, and the table of their titles and units.

A metric is None where it is undefined. Functions that take an ArrayLike raise ValueError for labels other than 0 and 1,
for probabilities outside [0, 1], or if the lengths differ.

The results equal the results of scikit-learn up to rounding. The formulas are written in numpy because importing
`sklearn.metrics` takes 1.5 seconds, more than a job of a sweep.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from breakout.evaluation.rows import FloatArray, check_rows


@dataclass(frozen=True)
class Metric:
    """One metric of probabilities: its title, its unit ("" for a pure number), and which direction is better."""

    title: str
    unit: str
    higher_is_better: bool


AUC, AVERAGE_PRECISION, LOG_LOSS, BRIER, ECE = "auc", "average_precision", "log_loss", "brier", "ece"

# The metrics by their key in metrics.json.
METRICS = {
    AUC: Metric("AUC", "", higher_is_better=True),
    AVERAGE_PRECISION: Metric("average precision", "", higher_is_better=True),
    LOG_LOSS: Metric("log loss", "nats a game", higher_is_better=False),
    BRIER: Metric("Brier score", "", higher_is_better=False),
    ECE: Metric("calibration error", "", higher_is_better=False),
}


def has_both_classes(y: FloatArray) -> bool:
    return bool(y.size) and 0.0 < float(y.mean()) < 1.0


def count_flagged(y: FloatArray, p: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the distinct probabilities, descending, and for each the number of rows and breakouts at or above it.

    All three arrays have the shape (distinct probabilities,). `y` is 1 for a breakout, else 0.
    """
    descending = np.argsort(-p, kind="stable")
    lasts = np.flatnonzero(np.diff(p[descending], append=-1.0))  # the last row of each group of equal probabilities
    return p[descending][lasts], lasts.astype(np.float64) + 1.0, np.cumsum(y[descending])[lasts]


def area_under_roc(y: ArrayLike, p: ArrayLike) -> float | None:
    """Return the area under the ROC curve, by the trapezoidal rule; None unless both labels occur.

    The area is the probability that a breakout has a higher probability than a game without one. A tie counts half
    (Hanley and McNeil 1982).
    """
    labels, probabilities = check_rows(y, p)
    if not has_both_classes(labels):
        return None
    _, flagged, hits = count_flagged(labels, probabilities)
    true_positives, false_positives = (np.concatenate(([0.0], counts)) for counts in (hits, flagged - hits))
    concordant = float(np.trapezoid(true_positives, false_positives))
    return concordant / float(true_positives[-1] * false_positives[-1])


def average_precision(y: ArrayLike, p: ArrayLike) -> float | None:
    """Return the average of the precision at each distinct probability; None unless both labels occur.

    Each precision is weighted by the increase of recall at its probability. The average equals scikit-learn's
    `average_precision_score`, which does not interpolate.
    """
    labels, probabilities = check_rows(y, p)
    if not has_both_classes(labels):
        return None
    _, flagged, hits = count_flagged(labels, probabilities)
    return float(np.sum(np.diff(hits, prepend=0.0) * hits / flagged) / hits[-1])


def row_log_losses(y: FloatArray, p: FloatArray) -> FloatArray:
    """Return each row's log loss (negative log likelihood of its label) in nats, shape (n,).

    Probabilities nearer to 0 or 1 than the float64 epsilon are set to that distance, as in scikit-learn. So a certain
    but wrong prediction has a loss of 36 nats instead of infinity.
    """
    epsilon = float(np.finfo(np.float64).eps)
    inner = np.clip(p, epsilon, 1.0 - epsilon)
    return -np.where(y == 1.0, np.log(inner), np.log1p(-inner))


def row_brier_scores(y: FloatArray, p: FloatArray) -> FloatArray:
    """Return the squared difference between probability and label of each row, shape (n,)."""
    return np.square(p - y)


def log_loss(y: ArrayLike, p: ArrayLike) -> float | None:
    """Return the mean negative log likelihood in nats a row; None if there are no rows."""
    labels, probabilities = check_rows(y, p)
    return float(row_log_losses(labels, probabilities).mean()) if labels.size else None


def brier_score(y: ArrayLike, p: ArrayLike) -> float | None:
    """Return the mean squared difference between probability and label (Brier 1950); None if there are no rows."""
    labels, probabilities = check_rows(y, p)
    return float(row_brier_scores(labels, probabilities).mean()) if labels.size else None
