"""Two thousand simulated seasons of 160 mornings: how often and when the e-process says "better"."""

from __future__ import annotations

import numpy as np
import pytest

from breakout.evaluation.eprocess import BETTER_FROM, e_values
from tests.evaluation.seasons import Seasons, daily_z_test_says_better, simulate_seasons

pytestmark = pytest.mark.benchmark
SEASONS = 2000


def mornings_until_better(seasons: Seasons) -> np.ndarray:
    """Return the number of mornings until each season says "better", infinity if it never does; shape (seasons,)."""
    reached = e_values(seasons.quotients) >= BETTER_FROM
    return np.where(reached.any(axis=1), reached.argmax(axis=1) + 1.0, np.inf)


def test_equally_good_models_are_called_better_in_at_most_five_seasons_of_a_hundred() -> None:
    for noise in (0.1, 0.37):
        equal = simulate_seasons(SEASONS, noise_challenger=noise, noise_reference=noise, seed=1)
        said = np.mean(np.isfinite(mornings_until_better(equal)))
        by_z_test = np.mean(daily_z_test_says_better(equal.gain))
        print(f"noise {noise}: better in {said:.2%} of {SEASONS} seasons; by a z-test every morning {by_z_test:.1%}")
        assert said <= 0.05
        assert by_z_test > 0.2


def test_a_gain_of_a_hundredth_is_called_better_within_the_documented_time() -> None:
    gained = simulate_seasons(SEASONS, noise_challenger=0.0, noise_reference=0.37, seed=2)
    times = mornings_until_better(gained)
    share, median = np.mean(np.isfinite(times)), float(np.median(times))
    print(f"gain {gained.gain.mean():.4f}: better in {share:.0%} of seasons, median after {median:.0f} mornings")
    assert abs(gained.gain.mean() - 0.01) < 0.0005
    assert 105 <= median <= 125
