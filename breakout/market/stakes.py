"""The worth of a bet: expected value, probabilities shrunk towards the market, and Kelly stakes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from breakout.evaluation.rows import FloatArray
from breakout.models.base import logit


@dataclass(frozen=True)
class StakeLimits:
    """The rules of staking: the share `kelly` of the Kelly fraction, at most `max_stake` of the bank.

    A bet needs an expected value of at least `min_edge` per unit staked, at the shrunk probability.
    """

    kelly: float
    max_stake: float
    min_edge: float


def expected_value(probability: FloatArray, price: FloatArray) -> FloatArray:
    """Return the expected profit per unit staked, probability * price - 1, given no push."""
    return np.asarray(probability * price - 1.0)


def shrink(ours: FloatArray, market: FloatArray, weight: float | FloatArray) -> FloatArray:
    """Return the probability whose log odds are `weight` of the way from the market's to ours.

    The arguments have one shape or are numbers; 0 is the market's probability, 1 is ours.
    """
    log_odds = logit(market) + weight * (logit(ours) - logit(market))
    return np.asarray(1.0 / (1.0 + np.exp(-log_odds)))


def kelly_fraction(probability: FloatArray, price: FloatArray) -> FloatArray:
    """Return the share of the bank that maximises its expected logarithm (Kelly 1956); 0 for an unfavourable bet.

    It is (p b - (1 - p)) / b with b = price - 1.
    """
    gain = price - 1.0
    return np.asarray(np.maximum((probability * gain - (1.0 - probability)) / gain, 0.0))


def stake_of(probability: FloatArray, price: FloatArray, limits: StakeLimits) -> FloatArray:
    """Return the stake as a share of the bank; 0 below the minimum edge."""
    stake = np.minimum(limits.kelly * kelly_fraction(probability, price), limits.max_stake)
    return np.asarray(np.where(expected_value(probability, price) >= limits.min_edge, stake, 0.0))
