"""Two hundred simulated seasons of bets in each of three worlds, whose figures docs/prices.md states."""

from __future__ import annotations

import numpy as np
import pytest

from breakout.market.backtest import Backtest, run_backtest
from tests.market.markets import LIMITS, parameters, simulate_season

pytestmark = pytest.mark.benchmark
SEASONS = 200


def test_a_true_model_has_yields_that_cover_the_truth() -> None:
    covered = []
    for seed in range(SEASONS):
        season = simulate_season(seed, noise_model=0.0, noise_market=0.3)
        found, bets = run_backtest(season.matched(), LIMITS, parameters(500))
        true_yield = float((bets["stake"] * season.true_values(bets)).sum() / bets["stake"].sum())
        covered.append(found.returns.total_yield.holds(true_yield))
    share = float(np.mean(covered))
    print(f"the model is the truth: 95 % intervals hold the true yield in {share:.1%} of {SEASONS} seasons")
    assert share > 0.95 - 3 * np.sqrt(0.95 * 0.05 / SEASONS)


def test_a_noisy_model_returns_less_than_it_claims() -> None:
    found = [_backtest(seed, 0.3, 0.3).returns for seed in range(SEASONS)]
    gaps = np.array([(one.total_yield.estimate or 0.0) - (one.claimed or 0.0) for one in found])
    said = np.mean([one.shortfall.high is not None and one.shortfall.high < 0 for one in found])
    print(
        f"truth plus noise: yield less claim {gaps.mean():+.3f}, below 0 in {np.mean(gaps < 0):.1%}, said in {said:.1%}"
    )
    assert (gaps < 0).all()
    assert said > 0.95


def test_no_edge_is_shown_over_the_truth() -> None:
    found = [_backtest(seed, 0.3, 0.0) for seed in range(SEASONS)]
    silent = np.mean([not one.has_edge for one in found])
    staked = np.mean([one.returns.n_bets > 0 for one in found])
    print(f"the market is the truth: no edge shown in {silent:.1%}; any bet at all in {staked:.1%}")
    assert silent >= 0.95


def _backtest(seed: int, noise_model: float, noise_market: float) -> Backtest:
    season = simulate_season(seed, noise_model=noise_model, noise_market=noise_market)
    return run_backtest(season.matched(), LIMITS, parameters(500))[0]
