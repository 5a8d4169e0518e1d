"""Tests of the rows that compare jobs with the market in a leaderboard."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from breakout.evaluation.market_metrics import MARKET, OURS
from breakout.market.baseline import evaluate_market
from breakout.sweeps.leaderboard import compare_lines
from tests.market.markets import parameters, simulate_season


def result(number: int, market: Any) -> Any:
    return SimpleNamespace(number=number, metrics=SimpleNamespace(market=market))


def test_the_market_is_one_row_before_the_jobs_that_were_compared_with_it() -> None:
    lines = [simulate_season(1, noise_model=0.2, noise_market=0.3, dates=40, games=10).lines] * 2
    lines[1] = lines[0].assign(ours=0.5)
    first, second = (evaluate_market(one, parameters()) for one in lines)
    assert first is not None
    rows = compare_lines(cast("Any", [result(0, first), result(1, second), result(2, None)]))
    assert [row.job for row in rows] == [None, 0, 1]
    assert rows[0].metrics == first.metrics[MARKET]
    assert rows[1].metrics == first.metrics[OURS]
    assert rows[1].difference == first.differences[OURS]["log_loss"].difference
    assert rows[0].weight is None
    assert rows[2].metrics["auc"].estimate == pytest.approx(0.5)
