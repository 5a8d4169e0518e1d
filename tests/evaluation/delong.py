"""DeLong's variance of the AUC, a cross-check of the date bootstrap for independent rows.

The structural components of DeLong, DeLong and Clarke-Pearson (1988) are computed from midranks in O(n log n) (Sun and
Xu 2014). The method assumes independent rows, but games of one date are dependent.
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

    z and the p-value test an AUC against 0.5 and a difference against 0. With fewer than two rows in a class, all
    fields but the estimate are None. z and the p-value are also None if the standard error is 0 but the estimate is not
    the tested value.
    """

    estimate: float
    standard_error: float | None
    low: float | None
    high: float | None
    z: float | None
    p_value: float | None


def midranks(scores: FloatArray) -> FloatArray:
    """Return the ranks (n,) of scores from 1; equal scores share the mean of their ranks."""
    _, group, counts = np.unique(scores, return_inverse=True, return_counts=True)
    last_place = np.cumsum(counts)
    middle_place = last_place - (counts - 1) / 2.0
    return np.asarray(middle_place[group], dtype=np.float64)


def structural_components(y: FloatArray, scores: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return two arrays of shares, with the shapes (breakouts,) and (other games,).

    The first contains for each breakout the share of other games with a lower score. The second contains for each other
    game the share of breakouts with a higher score. Ties count half. The mean of either array is the AUC.
    """
    is_breakout = y == 1.0
    overall = midranks(scores)
    n_breakouts = int(is_breakout.sum())
    n_others = y.size - n_breakouts
    of_breakouts = (overall[is_breakout] - midranks(scores[is_breakout])) / n_others
    of_others = 1.0 - (overall[~is_breakout] - midranks(scores[~is_breakout])) / n_breakouts
    return of_breakouts, of_others


def delong_auc(y: ArrayLike, scores: ArrayLike, *, confidence: float) -> DelongEstimate | None:
    """Return the AUC with DeLong's interval, not limited to 0..1; None with one class."""
    labels = check_labels(y)
    if not has_both_classes(labels):
        return None
    of_breakouts, of_others = structural_components(labels, _check_scores(scores, labels.size))
    return _estimate(of_breakouts, of_others, tested=0.5, confidence=confidence)


def delong_difference(
    y: ArrayLike, scores_candidate: ArrayLike, scores_reference: ArrayLike, *, confidence: float
) -> DelongEstimate | None:
    """Return the candidate's AUC minus the reference's, with DeLong's paired test; None with one class."""
    labels = check_labels(y)
    if not has_both_classes(labels):
        return None
    candidate = structural_components(labels, _check_scores(scores_candidate, labels.size))
    reference = structural_components(labels, _check_scores(scores_reference, labels.size))
    # The variance of the components' differences includes their covariance, so no covariance matrix is needed.
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
