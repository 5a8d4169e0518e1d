"""Expected values of bets, the weighted average of the model's and the market's probability, and Kelly stakes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from breakout.evaluation.rows import FloatArray
from breakout.models.base import logit


@dataclass(frozen=True)
class StakeLimits:
    """The settings that limit a stake.

    - `kelly`: the fraction of the Kelly stake (see `kelly_fraction`) that is staked.
    - `max_stake`: the largest stake, as a fraction of the bank.
    - `min_edge`: the lowest expected profit per unit staked; below it the stake is 0.
    """

    kelly: float
    max_stake: float
    min_edge: float


def expected_value(probability: FloatArray, price: FloatArray) -> FloatArray:
    """Return the expected profit per unit staked, probability * price - 1, with decimal prices.

    The profit and `probability` are conditional on no push (exactly as many points as the line).
    """
    return np.asarray(probability * price - 1.0)


def shrink(ours: FloatArray, market: FloatArray, weight: float | FloatArray) -> FloatArray:
    """Average the model's and the market's probability in log odds; return the average as a probability (n,).

    If `weight` is 0, the result is the market's probability; if it is 1, the model's (`ours`).
    """
    log_odds = logit(market) + weight * (logit(ours) - logit(market))
    return np.asarray(1.0 / (1.0 + np.exp(-log_odds)))


def kelly_fraction(probability: FloatArray, price: FloatArray) -> FloatArray:
    """Return the stake that maximises the expected logarithm of the bank, as a fraction of the bank (Kelly 1956).

    The stake is (p b - (1 - p)) / b with p = probability of winning and b = price - 1, and 0 if that is negative.
    Prices are decimal and above 1.
    """
    gain = price - 1.0
    return np.asarray(np.maximum((probability * gain - (1.0 - probability)) / gain, 0.0))


def stake_of(probability: FloatArray, price: FloatArray, limits: StakeLimits) -> FloatArray:
    """Return the stake as a fraction of the bank: `limits.kelly` times the Kelly stake, at most `limits.max_stake`.

    The stake is 0 if the expected profit per unit staked is below `limits.min_edge`, or if the probability or price is
    NaN.
    """
    stake = np.minimum(limits.kelly * kelly_fraction(probability, price), limits.max_stake)
    return np.asarray(np.where(expected_value(probability, price) >= limits.min_edge, stake, 0.0))
