"""The weight of the model beside the market: its maximum likelihood, its interval, and the dates it is fitted on."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from breakout.evaluation.metrics import log_loss
from breakout.market.bets import line_dates
from breakout.market.stacking import MIN_DATES, fit_weight, stack, walk_weights, weight_of_all, weights_on
from breakout.market.stakes import shrink
from tests.market.markets import parameters, simulate_season

SEASON = simulate_season(3, noise_model=0.3, noise_market=0.3, dates=100, games=15)
LINES = SEASON.lines
IS_OVER = (LINES["points"] > LINES["line"]).to_numpy().astype("float64")
OURS, MARKET, DATES = LINES["ours"].to_numpy(), LINES["market"].to_numpy(), line_dates(LINES)


def best_weight(rows: np.ndarray) -> float:
    def loss(weight: float) -> float:
        return float(log_loss(IS_OVER[rows], shrink(OURS[rows], MARKET[rows], weight)) or 0.0)

    return float(minimize_scalar(loss, bounds=(-3, 4), method="bounded", options={"xatol": 1e-9}).x)


def test_the_weight_has_the_least_log_loss() -> None:
    found = fit_weight(IS_OVER, OURS, MARKET, DATES, parameters())
    assert found.estimate == pytest.approx(best_weight(np.arange(len(DATES))), abs=1e-5)


def test_the_interval_is_that_of_refits_on_resampled_dates() -> None:
    drawn = parameters(60)
    resamples = drawn.draw(DATES)
    refits = [
        best_weight(np.repeat(np.arange(len(DATES)), w[resamples.date_index].astype(int))) for w in resamples.weights
    ]
    low, high = np.quantile(refits, [0.025, 0.975])
    found = fit_weight(IS_OVER, OURS, MARKET, DATES, drawn)
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.02 * (high - low))


def test_a_model_that_repeats_the_market_has_no_weight() -> None:
    assert fit_weight(IS_OVER, MARKET, MARKET, DATES, parameters()).estimate is None


def test_a_month_knows_the_results_of_earlier_months_only() -> None:
    weights = walk_weights(IS_OVER, OURS, MARKET, DATES, parameters())
    later = np.datetime64("2026-01-01") <= DATES
    changed = walk_weights(np.where(later, 1 - IS_OVER, IS_OVER), OURS, MARKET, DATES, parameters())
    assert [one.start for one in weights] == ["2025-11-01", "2025-12-01", "2026-01-01", "2026-02-01"]
    assert changed[:3] == weights[:3]
    assert changed[3] != weights[3]


def test_nothing_is_staked_before_enough_dates() -> None:
    few = np.datetime64("2025-11-20") > DATES  # one date fewer than needed before December
    rows = few | (np.datetime64("2025-12-01") == DATES)
    assert len(np.unique(DATES[few])) == MIN_DATES - 1
    weights = walk_weights(IS_OVER[rows], OURS[rows], MARKET[rows], DATES[rows], parameters())
    assert [one.interval for one in weights] == [None, None]
    assert np.max(weights_on(DATES[rows], weights).high) == 0.0


def test_the_stack_is_the_market_until_a_weight_is_fitted() -> None:
    weights = walk_weights(IS_OVER, OURS, MARKET, DATES, parameters())
    stacked = stack(OURS, MARKET, DATES, weights)
    november = np.datetime64("2025-12-01") > DATES
    assert stacked[november] == pytest.approx(MARKET[november])
    january = DATES.astype("datetime64[M]") == np.datetime64("2026-01")
    assert stacked[january] == pytest.approx(shrink(OURS, MARKET, weights[2].blend)[january])


def test_many_looks_widen_each_interval() -> None:
    december = walk_weights(IS_OVER, OURS, MARKET, DATES, parameters(400))[1].interval
    before = np.datetime64("2025-12-01") > DATES
    alone = fit_weight(IS_OVER[before], OURS[before], MARKET[before], DATES[before], parameters(400))
    assert december is not None
    assert december.low is not None
    assert alone.low is not None
    assert december.low < alone.low


def test_a_weight_of_few_dates_has_no_interval() -> None:
    few = np.datetime64("2025-11-20") > DATES
    found = weight_of_all(IS_OVER[few], OURS[few], MARKET[few], DATES[few], parameters())
    assert found.estimate is not None
    assert found.low is None
