"""Tests of the width of the intervals that decide which jobs are tied with the best."""

from __future__ import annotations

import numpy as np
import pytest

from breakout.sweeps.ranking import critical_width


def replicates_of(values: np.ndarray, rng: np.random.Generator) -> list[tuple[float | None, np.ndarray]]:
    """Return jobs whose metrics have a standard error of 1, each with its metric and 300 replicates."""
    return [(value, value + rng.normal(size=300)) for value in values.tolist()]


def test_among_twenty_equal_jobs_a_difference_beyond_the_width_is_rare() -> None:
    rng = np.random.default_rng(1)
    beyond, uncorrected = 0, 0
    for _ in range(200):
        values = rng.normal(size=20)  # equally good jobs, which differ by chance alone
        spread = (values.max() - values.min()) / np.sqrt(2.0)
        beyond += spread > critical_width(replicates_of(values, rng), 0.95)
        uncorrected += spread > 1.96
    assert beyond <= 20  # 10 of 200 are expected; 20 is three standard errors more
    assert uncorrected > 150


def test_two_jobs_have_the_width_of_a_single_interval() -> None:
    rng = np.random.default_rng(2)
    jobs = [(0.0, rng.normal(size=20_000)), (1.0, 1.0 + rng.normal(size=20_000))]
    assert critical_width(jobs, 0.95) == pytest.approx(1.96, abs=0.04)


def test_jobs_that_are_equal_or_undefined_add_nothing() -> None:
    rng = np.random.default_rng(3)
    one, two = replicates_of(np.array([0.0, 1.0]), rng)
    undefined = (None, np.full(300, np.nan))
    assert critical_width([one, two, undefined], 0.95) == critical_width([one, two], 0.95)
    assert critical_width([one, one], 0.95) == critical_width([one], 0.95) == 0.0
