"""The market as a baseline of an evaluation: its metrics, and its warnings if nothing can be compared."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from breakout.errors import DataError
from breakout.experiment.market_baseline import MarketComparison, compare_with_market, read_price_files
from breakout.settings.composition import compose
from tests.builders import History, day
from tests.market.markets import parameters

LADDER = np.clip(1.0 - np.arange(1, 61) / 30.0, 1e-4, 1.0)


@cache
def default_settings() -> Any:
    return compose("train", [])


def compare(ladder: np.ndarray | None, prices: Path | None = None) -> MarketComparison:
    """Compare a prediction of one game, in which Ann scored 20, with the prices of a file."""
    history = History()
    history.plays(10, 20)
    keys = pd.DataFrame({"game_date": [day(10)], "game_id": [f"{day(10):%Y%m%d}_NYK_BOS"], "player_lookup": ["ann"]})
    rows: Any = SimpleNamespace(keys=keys)
    parts: Any = [SimpleNamespace(ladder=ladder)]
    config = default_settings()
    if prices is not None:
        config = replace(config, prices=replace(config.prices, file=str(prices)))
    quotes = read_price_files(config.prices, config.warehouse)
    with history.open() as warehouse:
        return compare_with_market(config, warehouse, parts, rows, parameters(), None, quotes)


def write(folder: Path, player: str) -> Path:
    path = folder / "prices.csv"
    path.write_text(f"game_date,player_lookup,line,over_price,under_price\n{day(10)},{player},14.5,2,2\n", "utf-8")
    return path


def test_nothing_is_said_without_prices() -> None:
    assert compare(LADDER[None, :]) == MarketComparison(None, ())


def test_a_model_without_a_ladder_is_not_compared_and_the_run_says_so(tmp_path: Path) -> None:
    found = compare(None, write(tmp_path, "ann"))
    assert found.metrics is None
    assert "predicts no distribution of points" in found.warnings[0]


def test_a_line_is_compared(tmp_path: Path) -> None:
    found = compare(LADDER[None, :], write(tmp_path, "ann"))
    assert found.metrics is not None
    assert found.metrics.metrics["model"]["log_loss"].estimate == pytest.approx(-np.log(0.5))  # P(points >= 15) = 1/2
    assert found.metrics.weight.low is None  # A single line is too few for an interval.


def test_names_that_match_nobody_are_warned_of(tmp_path: Path) -> None:
    found = compare(LADDER[None, :], write(tmp_path, "anna"))
    assert found.metrics is None
    assert any("anna" in warning for warning in found.warnings)


def test_a_price_file_is_refused_before_the_fit(tmp_path: Path) -> None:
    config: Any = compose("train", [f"prices={tmp_path / 'absent.csv'}"])
    with pytest.raises(DataError, match=r"absent.csv"):
        read_price_files(config.prices, config.warehouse)
