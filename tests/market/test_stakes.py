"""Stakes: Kelly's formula against a numerical maximum, shrinking, and limits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from breakout.market.stakes import expected_value, kelly_fraction, shrink, stake_of
from tests.market.markets import LIMITS

CHANCES, PRICES = st.floats(0.02, 0.98), st.floats(1.05, 20)


@given(CHANCES, PRICES)
def test_kelly_is_its_formula(chance: float, price: float) -> None:
    gain = price - 1
    formula = (chance * gain - (1 - chance)) / gain
    found = float(kelly_fraction(np.array([chance]), np.array([price]))[0])
    assert found == pytest.approx(max(formula, 0.0), abs=1e-12)


@given(CHANCES, PRICES, st.floats(0, 0.99))
def test_no_other_fraction_has_a_higher_expected_logarithm(chance: float, price: float, other: float) -> None:
    def growth(fraction: float) -> float:
        return float(chance * np.log1p(fraction * (price - 1)) + (1 - chance) * np.log1p(-fraction))

    best = float(kelly_fraction(np.array([chance]), np.array([price]))[0])
    assert growth(best) >= growth(other) - 1e-12


@given(CHANCES, CHANCES, st.floats(0, 1))
def test_a_shrunk_probability_lies_between_the_market_and_the_model(ours: float, market: float, weight: float) -> None:
    found = float(shrink(np.array([ours]), np.array([market]), weight)[0])
    assert min(ours, market) - 1e-12 <= found <= max(ours, market) + 1e-12


def test_weights_of_0_and_1_are_the_market_and_the_model() -> None:
    ours, market = np.array([0.7]), np.array([0.4])
    assert shrink(ours, market, 0.0) == pytest.approx(market)
    assert shrink(ours, market, 1.0) == pytest.approx(ours)


def test_the_stake_is_a_share_of_kelly_within_its_limits() -> None:
    chance, price = np.array([0.55, 0.9, 0.5, 0.53]), np.array([2.0, 2.0, 1.9, 2.0])
    assert expected_value(chance, price) == pytest.approx([0.1, 0.8, -0.05, 0.06])
    assert stake_of(chance, price, replace(LIMITS, max_stake=0.05)) == pytest.approx([0.025, 0.05, 0.0, 0.015])
    assert stake_of(chance, price, replace(LIMITS, min_edge=0.08)) == pytest.approx([0.02, 0.02, 0.0, 0.0])
