"""The removal of the margin against bisection and against the package penaltyblog, and conversions of odds."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from breakout.market.odds import Margin, american_to_decimal, remove_margin

# Probabilities of over by penaltyblog 1.13.1, by over and under price: multiplicative, power, shin.
PENALTYBLOG = {
    (1.5, 2.65): (0.6385542168674698, 0.6478008163415974, 0.6446540880501351),
    (3.4, 1.33): (0.28118393234672306, 0.26570901467853725, 0.2711189739050043),
    (1.05, 11.0): (0.9128630705394192, 0.9432825093841798, 0.9307359307359309),
    (2.1, 1.8): (0.46153846153846156, 0.4597216064084428, 0.46031746031722337),
}
METHODS: tuple[Margin, ...] = ("multiplicative", "power", "shin")


def random_markets(count: int = 10_000) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    probability, margin = rng.uniform(0.03, 0.97, count), rng.uniform(0.001, 0.15, count)
    over, under = probability * (1 + margin), (1 - probability) * (1 + margin)
    return 1 / np.clip(over, 0.01, 0.995), 1 / np.clip(under, 0.01, 0.995)


def bisect(excess: Callable[[np.ndarray], np.ndarray], low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Return where a falling function is 0, element by element."""
    for _ in range(200):
        middle = (low + high) / 2
        is_above = excess(middle) > 0
        low, high = np.where(is_above, middle, low), np.where(is_above, high, middle)
    return low


def by_power(over: np.ndarray, under: np.ndarray) -> np.ndarray:
    k = bisect(lambda k: over**-k + under**-k - 1, np.zeros_like(over), np.full_like(over, 400.0))
    return np.asarray(over**-k)


def by_shin(over: np.ndarray, under: np.ndarray) -> np.ndarray:
    """Return Shin's probability of over by his general formula, solved for the share of informed bets."""
    inverse = np.stack([1 / over, 1 / under])
    total = inverse.sum(axis=0)

    def probabilities(z: np.ndarray) -> np.ndarray:
        return np.asarray((np.sqrt(z**2 + 4 * (1 - z) * inverse**2 / total) - z) / (2 * (1 - z)))

    z = bisect(lambda z: probabilities(z).sum(axis=0) - 1, np.zeros_like(total), np.full_like(total, 0.9))
    return np.asarray(probabilities(z)[0])


def test_the_margin_is_removed_as_by_the_defining_equations_on_10_000_markets() -> None:
    over, under = random_markets()
    oracles = {"multiplicative": under / (over + under), "power": by_power(over, under), "shin": by_shin(over, under)}
    for method in METHODS:
        np.testing.assert_allclose(remove_margin(over, under, method), oracles[method], rtol=0, atol=1e-9)


@pytest.mark.parametrize(("prices", "expected"), PENALTYBLOG.items())
def test_the_margin_is_removed_as_by_penaltyblog(prices: tuple[float, float], expected: tuple[float, ...]) -> None:
    over, under = (np.array([price]) for price in prices)
    found = [float(remove_margin(over, under, method)[0]) for method in METHODS]
    assert found == pytest.approx(expected, rel=0, abs=1e-9)


@pytest.mark.parametrize("method", METHODS)
def test_the_probabilities_of_both_sides_sum_to_one_also_below_a_margin_of_zero(method: Margin) -> None:
    over, under = np.array([1.91, 2.05, 1.2, 2.0]), np.array([1.91, 2.0, 6.5, 2.0])
    found = remove_margin(over, under, method) + remove_margin(under, over, method)
    assert found == pytest.approx(1.0, abs=1e-12)


def test_a_missing_side_has_no_market_probability() -> None:
    missing = np.array([np.nan])
    assert all(np.isnan(remove_margin(np.array([1.9]), missing, method)[0]) for method in METHODS)


def test_american_odds_become_decimal() -> None:
    found = american_to_decimal(np.array([150.0, -200.0, 100.0, -100.0, -110.0, np.nan]))
    assert found[:5] == pytest.approx([2.5, 1.5, 2.0, 2.0, 1 + 100 / 110])
    assert np.isnan(found[5])
