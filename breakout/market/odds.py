"""Prices as decimal odds, and the probabilities that remain when the bookmaker's margin is removed."""

from __future__ import annotations

from typing import Literal

import numpy as np

from breakout.evaluation.rows import FloatArray

Margin = Literal["multiplicative", "power", "shin"]

# The number of Newton steps for the exponent k of `power` (a^k + b^k = 1). They converge quadratically, so about ten
# would be enough.
_NEWTON_STEPS = 60


def american_to_decimal(odds: FloatArray) -> FloatArray:
    """Return American odds (n,) as decimal odds: +150 is 2.5, -200 is 1.5. NaN stays NaN, and 0 becomes infinity."""
    with np.errstate(divide="ignore"):
        return np.where(odds > 0, 1.0 + odds / 100.0, 1.0 + 100.0 / np.abs(odds))


def remove_margin(over: FloatArray, under: FloatArray, margin: Margin) -> FloatArray:
    """Return the market's probability of more points than the line (n,), from the decimal prices of both sides.

    `over` is the price of more points, `under` the price of fewer. Prices are above 1, or NaN for a missing side; the
    result is then NaN. The probability is conditional on no push (exactly as many points as the line).

    With a = 1/over and b = 1/under, the methods are
    - `multiplicative`: a / (a + b).
    - `power`: a^k, with k such that a^k + b^k = 1 (Clarke, Kovalchik and Ingram 2017).
    - `shin`: assumes that some of the bettors know the result (Shin 1993). With two outcomes the solution is (1 + a -
      b) / 2 (Jullien and Salanié 1994).
    """
    a, b = 1.0 / over, 1.0 / under
    if margin == "power":
        return _remove_by_power(a, b)
    return np.asarray(a / (a + b) if margin == "multiplicative" else (1.0 + a - b) / 2.0)


def _remove_by_power(over: FloatArray, under: FloatArray) -> FloatArray:
    # `over` and `under` are 1 / price. Newton's method finds the k with over^k + under^k = 1. The sum is convex and
    # falls as k grows, so steps that start from a k below the solution never exceed it.
    k = np.where(over + under > 1.0, 1.0, 0.0)
    log_over, log_under = np.log(over), np.log(under)
    for _ in range(_NEWTON_STEPS):
        powered_over, powered_under = np.exp(k * log_over), np.exp(k * log_under)
        k = k - (powered_over + powered_under - 1.0) / (powered_over * log_over + powered_under * log_under)
    return np.asarray(np.exp(k * log_over))
