"""The metrics of distributions of points against hand-computed values, and on simulated wrong distributions."""

from __future__ import annotations

import numpy as np
import pytest

from breakout.evaluation.points_metrics import build_pit, evaluate_points, quantiles_of, score_crps
from breakout.evaluation.resamples import draw_date_resamples

STEPS = np.arange(1, 61)


def simulate(spread: float, n: int = 6000) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return ladders of rounded normal points with the standard deviation `spread`, scored points, and dates.

    The standard deviation of the scored points is 6, so the ladders are right only if `spread` is 6.
    """
    from scipy.stats import norm

    generator = np.random.default_rng(0)
    mean = generator.uniform(18, 24, n)
    points = np.maximum(np.rint(generator.normal(mean, 6)), 0)
    ladder = norm.sf((STEPS - 0.5 - mean[:, None]) / spread)
    dates = np.datetime64("2026-01-01") + np.arange(n) // 40
    return ladder, points, dates


def test_the_crps_is_the_sum_of_squared_distances_over_the_steps() -> None:
    ladder = np.array([[1.0, 0.5, 0.25, 0.0]])
    # scored 2: (1-1)^2 + (0.5-1)^2 + 0.25^2 + 0; scored 6: 0 + 0.5^2 + 0.75^2 + 1, and 2 steps beyond the ladder
    assert score_crps(ladder, np.array([2.0])) == pytest.approx([0.3125])
    assert score_crps(ladder, np.array([6.0])) == pytest.approx([3.8125])


def test_a_quantile_is_the_least_number_that_is_not_exceeded_with_its_probability() -> None:
    ladder = np.array([[0.9, 0.6, 0.5, 0.1, 0.0]])
    assert [quantiles_of(ladder, level)[0] for level in (0.05, 0.4, 0.5, 0.9, 0.95)] == [0, 1, 2, 3, 4]


def test_the_pit_of_one_game_is_spread_over_the_probability_of_its_points() -> None:
    ladder = np.array([[0.8, 0.45, 0.0]])  # P(0) = 0.2, P(1) = 0.35, P(2) = 0.45
    pit = build_pit(ladder, np.array([1.0]), np.array([0]))
    expected = [0, 0, 0.1, 0.1, 0.1, 0.05, 0, 0, 0, 0]
    assert pit.shares == pytest.approx(tuple(np.array(expected) / 0.35))
    assert (pit.statistic, pit.p_value) == (None, None)


@pytest.mark.parametrize(("spread", "is_right"), [(6.0, True), (5.0, False), (7.2, False)])
def test_the_pit_test_and_the_coverage_find_a_wrong_spread(spread: float, is_right: bool) -> None:
    ladder, points, dates = simulate(spread)
    draws = draw_date_resamples(dates, bootstrap_resamples=200, seed=1, confidence=0.95)
    found = evaluate_points(ladder, points, np.full(len(points), 21.0), {"same": ladder}, draws, bins=10)
    assert found.pit.p_value is not None
    assert (found.pit.p_value > 0.01) == is_right
    for part in found.coverage:
        assert part.share.holds(part.probability) == is_right, part
    assert found.baselines["same"].skill.estimate == 0
    assert [line.share.holds(line.mean_probability) for line in found.lines][2] or not is_right


def test_dates_whose_games_move_together_do_not_make_the_pit_test_reject() -> None:
    generator = np.random.default_rng(3)
    ladder = np.broadcast_to(1 - STEPS / 60.0, (4000, 60))
    dates = np.arange(4000) // 10
    rejected = 0
    for _ in range(60):
        common = generator.random(400)[dates]  # all ten games of a date score the same
        rejected += (build_pit(ladder, np.floor(common * 60), dates).p_value or 0) < 0.05
    assert rejected <= 9, "a test that took games for independent would reject nearly always"
