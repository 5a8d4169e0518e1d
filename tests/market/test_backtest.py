"""Backtests: their figures against a plain computation in pandas, and their verdicts on simulated seasons."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pandas as pd
import pytest

from breakout.evaluation.market_metrics import MARKET, OURS
from breakout.evaluation.metrics import area_under_roc, brier_score, log_loss
from breakout.market.backtest import Backtest, run_backtest
from breakout.market.returns import measure_returns
from tests.market.markets import LIMITS, Season, parameters, simulate_season


@cache
def backtest(seed: int, noise_model: float, noise_market: float) -> tuple[Season, Backtest, pd.DataFrame]:
    season = simulate_season(seed, noise_model=noise_model, noise_market=noise_market, dates=120, games=25)
    return season, *run_backtest(season.matched(), LIMITS, parameters())


def with_pushes_and_voids() -> pd.DataFrame:
    """Return bets of which some pushed, some are void, and half have a closing value."""
    _, _, bets = backtest(1, 0.2, 0.3)
    return bets.assign(
        closing_value=np.where(np.arange(len(bets)) % 2 == 0, np.sin(np.arange(len(bets))) / 10, np.nan),
        result=np.where(
            np.arange(len(bets)) % 17 == 0, "push", np.where(np.arange(len(bets)) % 23 == 1, "void", bets["result"])
        ),
    )


def test_returns_agree_with_a_plain_computation_in_pandas() -> None:
    bets, drawn = with_pushes_and_voids(), parameters(300)
    found = measure_returns(bets, drawn)
    decided = bets[bets["result"].isin(["won", "lost"])].copy()
    decided["profit"] = decided["stake"] * np.where(decided["result"] == "won", decided["price"] - 1, -1)
    by_date = decided.groupby("game_date")[["profit", "stake"]].sum()
    assert found.profit == pytest.approx(by_date["profit"].sum())
    assert found.staked == pytest.approx(by_date["stake"].sum())
    assert found.total_yield.estimate == pytest.approx(by_date["profit"].sum() / by_date["stake"].sum())
    assert found.hit_rate.estimate == pytest.approx((decided["result"] == "won").mean())
    cumulative = pd.concat([pd.Series([0.0]), by_date["profit"].cumsum()])
    assert found.drawdown == pytest.approx((cumulative.cummax() - cumulative).max())
    # The interval: draw as many dates as there are, with replacement, and take quantiles of the yields.
    drawn_dates = np.random.default_rng(42).integers(len(by_date), size=(300, len(by_date)))
    sums = [by_date.iloc[places].sum() for places in drawn_dates]
    yields = pd.Series([one["profit"] / one["stake"] for one in sums])
    assert found.total_yield.low == pytest.approx(yields.quantile(0.025))
    assert found.total_yield.high == pytest.approx(yields.quantile(0.975))
    assert found.n_closing == bets["closing_value"].notna().sum()
    assert found.closing_value.estimate == pytest.approx(bets["closing_value"].mean())
    needed = len(decided) * (1.959963984540054 * yields.std() * found.staked / found.profit) ** 2
    assert found.bets_needed == math.ceil(needed)
    assert found.results == bets["result"].value_counts().reindex(["won", "lost", "push", "void"]).to_dict()


def test_the_curve_ends_at_the_totals() -> None:
    found = measure_returns(with_pushes_and_voids(), parameters(300))
    assert found.curve[-1].profit == pytest.approx(found.profit)
    assert found.curve[-1].cumulative_yield.estimate == pytest.approx(found.total_yield.estimate)
    assert found.curve[-1].cumulative_yield.high == pytest.approx(found.total_yield.high)
    assert found.curve[0].cumulative_yield.low is None  # one date alone has no interval


def test_no_bets_have_no_yield_rather_than_one_of_0() -> None:
    _, found, bets = backtest(1, 0.3, 0.0)
    assert bets.empty
    assert found.returns.total_yield.estimate is None
    assert found.returns.bets_needed is None


def test_bets_without_a_decision_still_have_a_closing_line_value() -> None:
    bets = with_pushes_and_voids()
    undecided = bets[bets["result"].isin(("push", "void"))]
    found = measure_returns(undecided, parameters(300))
    closing = undecided["closing_value"].dropna()
    assert len(closing) > 0
    assert (found.staked, found.n_closing) == (0.0, len(closing))
    assert found.closing_value.estimate == pytest.approx(closing.mean())


def test_the_market_is_evaluated_on_the_same_lines() -> None:
    season, found, _ = backtest(1, 0.2, 0.3)
    assert found.market is not None
    is_over = (season.lines["points"] > season.lines["line"]).to_numpy().astype("float64")
    for name, column in ((OURS, "ours"), (MARKET, "market")):
        p, metrics = season.lines[column].to_numpy(), found.market.metrics[name]
        assert metrics["log_loss"].estimate == pytest.approx(log_loss(is_over, p))
        assert metrics["brier"].estimate == pytest.approx(brier_score(is_over, p))
        assert metrics["auc"].estimate == pytest.approx(area_under_roc(is_over, p))
    difference = found.market.differences[OURS]["log_loss"]
    assert difference.difference.estimate == pytest.approx(
        (log_loss(is_over, season.lines["ours"]) or 0) - (log_loss(is_over, season.lines["market"]) or 0)
    )


def test_a_true_model_finds_an_edge_and_returns_what_it_claimed() -> None:
    for seed in range(4):
        season, found, bets = backtest(seed, 0.0, 0.3)
        assert found.has_edge
        assert not found.is_overclaimed
        true_yield = float((bets["stake"] * season.true_values(bets)).sum() / bets["stake"].sum())
        assert found.returns.claimed == pytest.approx(true_yield, abs=1e-9)
        low, high = found.returns.total_yield.low, found.returns.total_yield.high
        assert low is not None
        assert high is not None
        assert low - 0.5 * (high - low) < true_yield < high + 0.5 * (high - low)


def test_a_noisy_model_returns_less_than_it_claimed() -> None:
    for seed in range(4):
        _, found, _ = backtest(seed, 0.3, 0.3)
        assert found.returns.claimed is not None
        assert found.returns.total_yield.estimate is not None
        assert found.returns.total_yield.estimate < found.returns.claimed
        assert found.is_overclaimed


def test_no_edge_is_shown_over_a_market_that_knows_the_truth() -> None:
    for seed in range(4):
        _, found, bets = backtest(seed, 0.3, 0.0)
        assert not found.has_edge
        assert bets.empty


def test_a_bet_on_a_player_who_did_not_play_returns_its_stake() -> None:
    season, _, bets = backtest(1, 0.0, 0.3)
    absent = set(bets["player_lookup"].tail(20))
    points = season.lines["points"].mask(season.lines["player_lookup"].isin(absent))
    found, again = run_backtest(
        Season(season.lines.assign(points=points), season.truth).matched(), LIMITS, parameters()
    )
    void = again[again["result"] == "void"]
    assert set(void["player_lookup"]) == absent
    assert (void["profit"] == 0.0).all()
    decided = again[again["result"] != "void"]
    assert found.returns.results["void"] == 20
    assert found.returns.staked == pytest.approx(decided["stake"].sum())
