"""The e-process against an independent implementation, against hand-computed values, and on simulated seasons."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from breakout.evaluation.eprocess import BETTER_FROM, compare_sequentially, daily_differences, e_values
from tests.evaluation.seasons import daily_z_test_says_better, simulate_seasons

# comparecast 1.0.0 (Choe and Ramdas): eprocess_expm(x, vs=cumsum((x - centres) ** 2), c=1.0, v_opt=10.0).
COMPARECAST = [
    ([0.138, 0.06, 0.292, 0.131, -0.061, 0.208], [1.063314387, 1.094506397, 1.226632012, 1.303839115, 1.260796987]),
    ([-0.138, -0.06, -0.292, -0.131, -0.061], [0.92746129, 0.89889214, 0.77370727, 0.72900304, 0.70750389]),
]
COMPARECAST_STEEP = {9: 5.99924902, 19: 45.98693489, 29: 422.41459107, 39: 3998.9872451}


@pytest.mark.parametrize(("quotients", "expected"), COMPARECAST)
def test_e_values_are_those_of_comparecast(quotients: list[float], expected: list[float]) -> None:
    assert e_values(quotients)[:5] == pytest.approx(expected, rel=1e-7)


def test_steadily_positive_differences_give_the_e_values_of_comparecast() -> None:
    found = e_values([0.6, 0.4, 0.8] * 14)
    assert {index: found[index] for index in COMPARECAST_STEEP} == pytest.approx(COMPARECAST_STEEP, rel=1e-8)


def test_an_e_value_does_not_fall_to_zero_where_its_tail_is_too_small_for_a_float() -> None:
    found = e_values([-1.0, 0.3] * 2000)
    assert found.min() > 0.0
    assert found[-1] < 0.5


@given(st.lists(st.floats(-1.0, 3.0), min_size=2, max_size=30), st.integers(1, 29))
def test_an_e_value_depends_on_no_later_date(quotients: list[float], cut: int) -> None:
    assert e_values(quotients)[:cut].tolist() == e_values(quotients[:cut])[:cut].tolist()


def test_daily_differences_are_those_computed_by_hand() -> None:
    dates = np.array(["2026-01-06", "2026-01-05", "2026-01-05"], dtype="datetime64[D]")
    days = daily_differences([1, 0, 1], [0.4, 0.1, 0.3], [0.2, 0.2, 0.001], dates)
    assert [str(day) for day in days.dates] == ["2026-01-05", "2026-01-06"]
    # 0.001 is clipped to 0.01. On the first date: no breakout at 0.1 against 0.2, a breakout at 0.3 against 0.01.
    first = (math.log(0.9 / 0.8) + math.log(0.3 / 0.01)) / 2
    assert days.gain.tolist() == pytest.approx([first, math.log(0.4 / 0.2)])
    worst = (math.log(0.2 / 0.1) + math.log(0.99 / 0.7)) / 2
    assert days.greatest_loss.tolist() == pytest.approx([worst, math.log(0.8 / 0.6)])
    assert days.quotients[1] == pytest.approx(math.log(2) / math.log(0.8 / 0.6))


@given(
    st.lists(
        st.tuples(st.booleans(), st.floats(0, 1), st.floats(0, 1), st.integers(0, 3)),
        min_size=1,
        max_size=30,
    )
)
def test_no_quotient_lies_below_minus_one(rows: list[tuple[bool, float, float, int]]) -> None:
    y, ours, theirs, days = (np.array(column) for column in zip(*rows, strict=True))
    found = daily_differences(y.astype(float), ours, theirs, days.astype("datetime64[D]"))
    assert found.quotients.min() >= -1.0 - 1e-9


def test_two_equal_models_leave_the_e_value_at_one_and_nothing_is_said() -> None:
    dates = np.arange(50).astype("datetime64[D]")
    found = compare_sequentially(np.arange(50) % 2, np.full(50, 0.3), np.full(50, 0.3), dates)
    assert found.e_value == pytest.approx(1.0)
    assert found.better_since is None
    assert compare_sequentially([], [], [], np.array([], dtype="datetime64[D]")).e_value == 1.0


def test_better_dates_from_the_first_morning_on_which_the_limit_was_reached() -> None:
    y = np.tile([1.0, 0.0], 60)
    ours, theirs = np.where(y == 1.0, 0.6, 0.1), np.full(120, 0.3)
    found = compare_sequentially(y, ours, theirs, np.repeat(np.arange(60), 2).astype("datetime64[D]"))
    first = int(np.flatnonzero(found.e_values >= BETTER_FROM)[0])
    assert found.better_since == np.datetime64(first, "D")
    assert found.e_values[first - 1] < BETTER_FROM


def test_of_simulated_seasons_few_say_better_of_equal_models_and_half_of_a_better_one() -> None:
    equal = simulate_seasons(150, noise_challenger=0.37, noise_reference=0.37, seed=1)
    assert np.mean((e_values(equal.quotients) >= BETTER_FROM).any(axis=1)) <= 0.05
    assert np.mean(daily_z_test_says_better(equal.gain)) > 0.15  # a test that is not made for daily looks
    gained = simulate_seasons(150, noise_challenger=0.0, noise_reference=0.37, seed=2)
    assert gained.gain.mean() == pytest.approx(0.01, abs=0.001)
    assert np.mean((e_values(gained.quotients) >= BETTER_FROM).any(axis=1)) > 0.7
