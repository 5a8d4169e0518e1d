"""The choice and settlement of bets on hand-made lines."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest

from breakout.evaluation.market_metrics import StackWeight
from breakout.evaluation.resamples import Interval
from breakout.market.backtest import OURS_ALONE
from breakout.market.bets import choose_bets, list_offers, settle
from tests.market.markets import LIMITS

DAY = date(2026, 1, 5)
FULL = (StackWeight("2026-01-01", 1000, 60, Interval(1.0, 0.5, 1.5, 0)),)
HOLDS_0 = (StackWeight("2026-01-01", 1000, 60, Interval(0.6, -0.1, 1.3, 0)),)


def line(player: str = "ann", **changed: Any) -> dict[str, Any]:
    """Return a line of 14.5 points at equal prices; the model's probability of over is 60 %."""
    known = {
        "game_date": DAY,
        "game_id": "20260105_NYK_BOS",
        "player_lookup": player,
        "player_full_name": player.title(),
        "line": 14.5,
        "ours": 0.6,
        "push": 0.0,
        "market": 0.5,
        "over_price": 2.0,
        "under_price": 2.0,
        "over_book": "a",
        "under_book": "b",
        "over_is_closing": False,
        "under_is_closing": False,
        "closing": np.nan,
        "is_main": True,
        "points": 20.0,
    }
    return known | changed


def lines(*rows: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame(list(rows))


def test_a_bet_is_the_side_with_an_edge_at_its_own_price_and_book() -> None:
    bets = choose_bets(lines(line(), line("bob", ours=0.4, under_price=2.2)), FULL, LIMITS)
    assert bets[["player_lookup", "side", "book", "price"]].to_numpy().tolist() == [
        ["ann", "over", "a", 2.0],
        ["bob", "under", "b", 2.2],
    ]
    assert bets["expected_value"].tolist() == pytest.approx([0.2, 0.6 * 2.2 - 1])


def test_nothing_is_staked_where_the_interval_of_the_weight_holds_0() -> None:
    assert choose_bets(lines(line()), HOLDS_0, LIMITS).empty


def test_a_stake_has_the_stakes_of_its_weights_interval() -> None:
    (bet,) = choose_bets(lines(line(ours=0.52)), FULL, LIMITS).to_dict("records")
    chance = 1 / (1 + np.exp(-0.5 * np.log(0.52 / 0.48)))  # halfway to the market in log odds
    assert bet["stake"] == pytest.approx(0.25 * (2 * 0.52 - 1))
    assert bet["stake_low"] == pytest.approx(0.25 * (2 * chance - 1))
    assert bet["stake_high"] == pytest.approx(bet["stake"])  # a weight above 1 counts as 1


def test_alternate_lines_of_a_player_are_one_bet() -> None:
    alternates = lines(line(), line(line=17.5, ours=0.5, market=0.4, over_price=2.3), line(line=19.5, ours=0.31))
    bets = choose_bets(alternates, FULL, LIMITS)
    offers = list_offers(alternates, OURS_ALONE, LIMITS)
    assert len(bets) == 1
    assert bets["stake"].item() == offers["stake"].max()


def test_a_side_without_a_price_is_not_offered() -> None:
    offers = list_offers(lines(line(under_price=np.nan)), OURS_ALONE, LIMITS)
    assert offers["side"].tolist() == ["over"]


def test_a_line_without_a_market_probability_is_not_staked() -> None:
    offers = list_offers(lines(line(market=np.nan)), OURS_ALONE, LIMITS)
    assert offers["claimed"].tolist() == pytest.approx([0.2, -0.2])
    assert offers["stake"].tolist() == [0.0, 0.0]


def test_stakes_of_a_date_never_exceed_the_bank() -> None:
    many = lines(*(line(f"p{number}", ours=0.9) for number in range(60)))  # 60 stakes of 2 %
    assert choose_bets(many, FULL, LIMITS)["stake"].sum() == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("side", "whole", "points", "result", "profit"),
    [
        ("over", 15.0, 16.0, "won", 0.015),
        ("over", 15.0, 15.0, "push", 0.0),
        ("over", 15.0, 14.0, "lost", -0.01),
        ("under", 15.0, 14.0, "won", 0.015),
        ("under", 15.0, 15.0, "push", 0.0),
        ("under", 14.5, 15.0, "lost", -0.01),
        ("over", 14.5, np.nan, "void", 0.0),
    ],
)
def test_bets_settle(side: str, whole: float, points: float, result: str, profit: float) -> None:
    bets = pd.DataFrame({"side": [side], "line": [whole], "points": [points], "price": [2.5], "stake": [0.01]})
    settled = settle(bets)
    assert settled["result"].item() == result
    assert settled["profit"].item() == pytest.approx(profit)


def test_the_closing_value_is_the_price_at_the_closing_probability() -> None:
    offers = list_offers(lines(line(closing=0.55), line("bob", closing=0.55, over_is_closing=True)), OURS_ALONE, LIMITS)
    values = offers.set_index(["player_lookup", "side"])["closing_value"]
    assert values["ann", "over"] == pytest.approx(0.1)
    assert values["ann", "under"] == pytest.approx(-0.1)
    assert np.isnan(values["bob", "over"])  # the price is itself the close
