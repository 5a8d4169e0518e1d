"""The choice of bets among priced betting lines, and their settlement.

A bet pushes if the player scores exactly the line, and is void if he does not play. Both results return the stake.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from breakout.evaluation.market_metrics import StackWeight
from breakout.market.lines import PLAYER_GAME
from breakout.market.stacking import Weights, weights_on
from breakout.market.stakes import StakeLimits, expected_value, shrink, stake_of

SIDES = ("over", "under")
RESULTS = ("won", "lost", "push", "void")
BET_COLUMNS = [
    *PLAYER_GAME,
    "player_full_name",
    "line",
    "side",
    "book",
    "price",
    "ours",
    "market",
    "probability",
    "claimed",
    "expected_value",
    "stake",
    "stake_low",
    "stake_high",
    "closing_value",
    "points",
]


def line_dates(lines: pd.DataFrame) -> np.ndarray:
    """Return the game date of each row of a table of lines or bets as datetime64[D], shape (n,)."""
    return np.asarray(lines["game_date"].to_numpy().astype("datetime64[D]"))


def list_offers(lines: pd.DataFrame, weights: Weights, limits: StakeLimits) -> pd.DataFrame:
    """Return one row, with BET_COLUMNS, for each priced side (over or under) of each betting line.

    Prices are decimal odds. Stakes are fractions of the bank. All probabilities are conditional on no push (exactly as
    many points as the line).

    - `ours`, `market`: the model's and the market's probability of the side.
    - `probability`: `market` and `ours`, averaged in log odds. The weight of `ours` is `weights.stake`, from 0
      (`market` alone) to 1 (`ours` alone).
    - `claimed`: the expected profit per unit staked if `ours` is true.
    - `expected_value`: the expected profit per unit staked if `probability` is true.
    - `stake`: 0 if there is no market probability, if the weight is 0, or if `expected_value` is below
      `limits.min_edge`.
    - `stake_low`: the stake if the weight were `weights.low`, but at most `stake`.
    - `stake_high`: the stake if the weight were `weights.high`, but at least `stake`.
    - `closing_value`: price * (the market's closing probability of the side) - 1. NaN if the line has no closing
      probability, or if the price of the row is a closing price or has no time.
    """
    has_weight = np.broadcast_to(weights.stake, len(lines)) > 0.0
    sides = []
    for side in SIDES:
        offers = lines.rename(columns={f"{side}_price": "price", f"{side}_book": "book"}).assign(side=side)
        is_under = side == "under"
        for name in ("ours", "market", "closing"):
            offers[name] = 1.0 - lines[name] if is_under else lines[name]
        price, ours, market = (offers[name].to_numpy("float64") for name in ("price", "ours", "market"))
        probability = shrink(ours, market, weights.stake)
        stakes = [
            np.where(has_weight, stake_of(shrink(ours, market, weight), price, limits), 0.0) for weight in weights
        ]
        offers = offers.assign(
            probability=probability,
            claimed=expected_value(ours, price),
            expected_value=expected_value(probability, price),
            stake=stakes[0],
            stake_low=np.minimum(stakes[0], stakes[1]),
            stake_high=np.maximum(stakes[0], stakes[2]),
            closing_value=expected_value(offers["closing"].to_numpy("float64"), price),
        )
        offers.loc[offers[f"{side}_is_closing"].eq(True), "closing_value"] = np.nan
        sides.append(offers)
    both = pd.concat(sides, ignore_index=True)
    return both.loc[both["price"].notna(), BET_COLUMNS].reset_index(drop=True)


def choose_bets(lines: pd.DataFrame, weights: tuple[StackWeight, ...], limits: StakeLimits) -> pd.DataFrame:
    """Return the settled bets on these lines, with BET_COLUMNS, result and profit, sorted by date, game and player.

    A player has at most one bet a game. A weight says how much the model counts beside the market (0: not at all). The
    stake of a bet is computed from the weight with the latest start date up to the game date. The stake is 0 if there
    is no such weight, or if the weight's confidence interval does not lie above 0.
    """
    bets = select_stakes(list_offers(lines, weights_on(line_dates(lines), weights), limits))
    return settle(bets.sort_values(PLAYER_GAME).reset_index(drop=True))


def select_stakes(offers: pd.DataFrame) -> pd.DataFrame:
    """Return the offers to bet on, with scaled stakes; the rows keep their index in `offers`.

    For each player and game, only the offer with the largest stake above 0 is returned, because several bets would
    depend on the same points. If the stakes of a date sum to more than the bank, they are scaled down to the bank.
    """
    staked = offers[offers["stake"] > 0.0]
    order = ["stake", "expected_value", "line", "side"]
    best = staked.sort_values(order, ascending=[False, False, True, True], kind="stable")
    bets = best.drop_duplicates(PLAYER_GAME)
    scale = np.maximum(bets.groupby("game_date")["stake"].transform("sum"), 1.0)
    return bets.assign(**{name: bets[name] / scale for name in ("stake", "stake_low", "stake_high")})


def settle(bets: pd.DataFrame) -> pd.DataFrame:
    """Return the bets with two more columns: result (won, lost, push or void) and profit (a fraction of the bank).

    A bet is void if its points are NaN, and a push if its points equal the line. Both have a profit of 0.
    """
    points, line = bets["points"].to_numpy("float64"), bets["line"].to_numpy("float64")
    sign = np.where(bets["side"] == "over", 1.0, -1.0)
    with np.errstate(invalid="ignore"):
        difference = sign * (points - line)
    cases = [np.isnan(points), difference > 0.0, difference < 0.0]
    result = np.select(cases, ["void", "won", "lost"], default="push")
    factor = np.select([result == "won", result == "lost"], [bets["price"].to_numpy("float64") - 1.0, -1.0], 0.0)
    return bets.assign(result=result, profit=bets["stake"] * factor)
