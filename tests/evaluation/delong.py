"""DeLong's variance of the AUC, a cross-check of the date bootstrap where rows are independent.

The structural components of DeLong, DeLong and Clarke-Pearson (1988), found from midranks in
O(n log n) as by Sun and Xu (2014). It takes rows as independent, which games of one night are not.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike

from breakout.evaluation.metrics import has_both_classes
from breakout.evaluation.rows import FloatArray, check_labels


@dataclass(frozen=True)
class DelongEstimate:
    """An AUC, or a difference of two, with its standard error, interval, z and two-sided p-value.

    z and p-value test an AUC against 0.5 and a difference against 0. All but the estimate are None with fewer
    than two rows in a class; z and p-value are None where the standard error is 0 but the estimate is not the
    tested value.
    """

    estimate: float
    standard_error: float | None
    low: float | None
    high: float | None
    z: float | None
    p_value: float | None


def midranks(scores: FloatArray) -> FloatArray:
    """Return 1-based ranks (n,) in which equal scores share the mean of their places."""
    _, group, counts = np.unique(scores, return_inverse=True, return_counts=True)
    last_place = np.cumsum(counts)
    middle_place = last_place - (counts - 1) / 2.0
    return np.asarray(middle_place[group], dtype=np.float64)


def structural_components(y: FloatArray, scores: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return each breakout's share of other games below it, each other game's share of breakouts above it.

    Shapes (breakouts,) and (other games,); ties count half. The mean of either is the AUC.
    """
    is_breakout = y == 1.0
    overall = midranks(scores)
    n_breakouts = int(is_breakout.sum())
    n_others = y.size - n_breakouts
    of_breakouts = (overall[is_breakout] - midranks(scores[is_breakout])) / n_others
    of_others = 1.0 - (overall[~is_breakout] - midranks(scores[~is_breakout])) / n_breakouts
    return of_breakouts, of_others


def delong_auc(y: ArrayLike, scores: ArrayLike, *, confidence: float) -> DelongEstimate | None:
    """Return the AUC with DeLong's interval, not cut at 0 or 1; None with one class."""
    labels = check_labels(y)
    if not has_both_classes(labels):
        return None
    of_breakouts, of_others = structural_components(labels, _check_scores(scores, labels.size))
    return _estimate(of_breakouts, of_others, tested=0.5, confidence=confidence)


def delong_difference(
    y: ArrayLike, scores_candidate: ArrayLike, scores_reference: ArrayLike, *, confidence: float
) -> DelongEstimate | None:
    """Return the candidate's AUC minus the reference's with DeLong's paired test; None with one class."""
    labels = check_labels(y)
    if not has_both_classes(labels):
        return None
    candidate = structural_components(labels, _check_scores(scores_candidate, labels.size))
    reference = structural_components(labels, _check_scores(scores_reference, labels.size))
    # The components' differences carry their covariance with them: no covariance matrix is needed.
    return _estimate(candidate[0] - reference[0], candidate[1] - reference[1], tested=0.0, confidence=confidence)


def _check_scores(scores: ArrayLike, n_rows: int) -> FloatArray:
    values = np.asarray(scores, dtype=np.float64)
    if values.shape != (n_rows,) or not np.isfinite(values).all():
        raise ValueError(f"scores must be {n_rows} finite numbers, one a label")
    return values


def _estimate(of_breakouts: FloatArray, of_others: FloatArray, *, tested: float, confidence: float) -> DelongEstimate:
    estimate = float(of_breakouts.mean())
    if min(of_breakouts.size, of_others.size) < 2:
        return DelongEstimate(estimate, None, None, None, None, None)
    variance = of_breakouts.var(ddof=1) / of_breakouts.size + of_others.var(ddof=1) / of_others.size
    error = math.sqrt(float(variance))
    margin = NormalDist().inv_cdf((1.0 + confidence) / 2.0) * error
    z, p_value = _normal_test(estimate - tested, error)
    return DelongEstimate(estimate, error, estimate - margin, estimate + margin, z, p_value)


def _normal_test(distance: float, error: float) -> tuple[float | None, float | None]:
    if error > 0.0:
        return distance / error, math.erfc(abs(distance / error) / math.sqrt(2.0))
    return (0.0, 1.0) if distance == 0.0 else (None, None)
