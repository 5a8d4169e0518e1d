"""Simulated seasons of 160 dates with 33 games each, predicted by two models whose log odds have random errors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from breakout.evaluation.eprocess import CLIPPED
from breakout.evaluation.rows import FloatArray

MORNINGS, GAMES = 160, 33


@dataclass(frozen=True)
class Seasons:
    """The challenger's gain and greatest possible loss on each date, both of shape (seasons, dates)."""

    gain: FloatArray
    greatest_loss: FloatArray

    @property
    def quotients(self) -> FloatArray:
        return self.gain / self.greatest_loss


def simulate_seasons(count: int, *, noise_challenger: float, noise_reference: float, seed: int) -> Seasons:
    """Simulate `count` seasons; the noises are the standard deviations of the models' errors in log odds."""
    rng = np.random.default_rng(seed)
    parts = [_simulate(rng, noise_challenger, noise_reference) for _ in range(count)]
    return Seasons(*(np.stack(columns) for columns in zip(*parts, strict=True)))


def _simulate(rng: np.random.Generator, challenger: float, reference: float) -> tuple[FloatArray, FloatArray]:
    shape = (MORNINGS, GAMES)
    odds = np.log(0.18 / 0.82) + 0.45 * rng.standard_normal(shape)
    is_breakout = rng.random(shape) < _probability(odds)
    ours, theirs = (
        np.clip(_probability(odds + noise * rng.standard_normal(shape)), *CLIPPED) for noise in (challenger, reference)
    )
    if_breakout, if_not = np.log(ours / theirs), np.log((1 - ours) / (1 - theirs))
    return np.where(is_breakout, if_breakout, if_not).mean(axis=1), -np.minimum(if_breakout, if_not).mean(axis=1)


def _probability(odds: FloatArray) -> FloatArray:
    return np.asarray(1.0 / (1.0 + np.exp(-odds)))


def daily_z_test_says_better(gains: FloatArray) -> np.ndarray:
    """Return, of shape (seasons,), whether a z-test that is repeated on every date ever finds the challenger better.

    The test is one-sided, at the level of 5 %, and begins with the tenth date.
    """
    counts = np.arange(1, gains.shape[1] + 1)
    means = np.cumsum(gains, axis=1) / counts
    variances = np.cumsum(gains**2, axis=1) / counts - means**2
    z = means / np.sqrt(np.maximum(variances, 1e-12) / np.maximum(counts - 1, 1))
    return np.asarray((z[:, 9:] > 1.645).any(axis=1))
