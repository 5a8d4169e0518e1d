"""The worth of a bet: expected value, probabilities shrunk towards the market, and Kelly stakes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from breakout.evaluation.rows import FloatArray
from breakout.models.base import logit


@dataclass(frozen=True)
class StakeLimits:
    """The rules of staking: the share `kelly` of the Kelly fraction, at most `max_stake` of the bank.

    Nothing is staked if the expected profit per unit staked is below `min_edge`, computed from the model's probability
    after `shrink` has moved it towards the market's.
    """

    kelly: float
    max_stake: float
    min_edge: float


def expected_value(probability: FloatArray, price: FloatArray) -> FloatArray:
    """Return the expected profit per unit staked, probability * price - 1, given no push."""
    return np.asarray(probability * price - 1.0)


def shrink(ours: FloatArray, market: FloatArray, weight: float | FloatArray) -> FloatArray:
    """Return the model's probability, moved towards the market's on the scale of log odds.

    A weight of 0 gives the market's probability, 1 the model's (`ours`). Arrays have the same shape.
    """
    log_odds = logit(market) + weight * (logit(ours) - logit(market))
    return np.asarray(1.0 / (1.0 + np.exp(-log_odds)))


def kelly_fraction(probability: FloatArray, price: FloatArray) -> FloatArray:
    """Return the stake, as a share of the bank, that maximises the expected logarithm of the bank (Kelly 1956).

    It is (p b - (1 - p)) / b with b = price - 1, and 0 if that is negative.
    """
    gain = price - 1.0
    return np.asarray(np.maximum((probability * gain - (1.0 - probability)) / gain, 0.0))


def stake_of(probability: FloatArray, price: FloatArray, limits: StakeLimits) -> FloatArray:
    """Return the stake as a share of the bank, within `limits`; 0 if the expected value is below `limits.min_edge`."""
    stake = np.minimum(limits.kelly * kelly_fraction(probability, price), limits.max_stake)
    return np.asarray(np.where(expected_value(probability, price) >= limits.min_edge, stake, 0.0))
