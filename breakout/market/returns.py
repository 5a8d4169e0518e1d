"""The returns of settled bets: profit, yield, drawdown and closing-line value, with intervals.

The yield is the profit per unit staked.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from breakout.evaluation.resamples import DateResamples, EvaluationParameters, Interval, divide
from breakout.evaluation.rows import FloatArray
from breakout.market.bets import RESULTS, line_dates

if TYPE_CHECKING:
    import pandas as pd

NO_INTERVAL = Interval(None, None, None, 0)


@dataclass(frozen=True)
class CurvePoint:
    """The state after a game date: the number of bets won or lost so far, their profit and their yield.

    `profit` is in shares of the bank. `cumulative_yield` is the profit divided by the sum of the stakes; it has no
    interval on the first date.
    """

    game_date: str
    n_bets: int
    profit: float
    cumulative_yield: Interval


@dataclass(frozen=True)
class Returns:
    """The returns of settled bets; every interval comes from resamples (bootstrap draws of game dates).

    `n_bets` counts all bets, and `results` the bets by result: won, lost, push (exactly as many points as the line) or
    void (the player did not play). Pushed and void bets return their stakes. They count only in `n_bets`, `results`,
    `n_closing` and `closing_value`. If no bet was won or lost, the estimates of the yield, the hit rate and the
    shortfall are None, and `curve` is empty.

    - `profit` and `staked` are in shares of the starting bank, which neither grows nor shrinks with the results.
    - `total_yield` is profit / staked, and `hit_rate` is won / (won + lost).
    - `claimed` is the mean expected profit per unit staked, weighted by stake, at the model's own probability.
      `expected` is the same mean at the probability that the stakes use, between the model's and the market's. Both
      are None if no bet was won or lost.
    - `shortfall` is the yield (`total_yield`) minus `claimed`.
    - `drawdown` is the largest fall of the cumulative profit below an earlier value, in shares of the bank, measured
      after each game date.
    - `closing_value` is the mean of price * (the market's closing probability) - 1 over `n_closing` bets: those whose
      line has a closing price, and whose own price has a time and is no closing price.
    - `bets_needed` is the number of bets from which the interval of the yield would not contain 0, if the yield and its
      variation stay as observed. It is None if the bets won or lost are of fewer than two dates, or if the yield is 0.
    """

    n_bets: int
    results: dict[str, int]
    staked: float
    profit: float
    total_yield: Interval
    hit_rate: Interval
    claimed: float | None
    expected: float | None
    shortfall: Interval
    drawdown: float
    n_closing: int
    closing_value: Interval
    bets_needed: int | None
    curve: tuple[CurvePoint, ...]


def measure_returns(bets: pd.DataFrame, parameters: EvaluationParameters) -> Returns:
    """Return the profit, yield, hit rate and other returns of settled bets, with intervals by game date.

    `bets` is a result of `market.bets.settle`. If no bet was won or lost, for example without rows, profit and stakes
    are 0 and the ratios are None.
    """
    results = {name: int((bets["result"] == name).sum()) for name in RESULTS}
    decided = bets[bets["result"].isin(("won", "lost"))]
    stake, profit = (decided[name].to_numpy("float64") for name in ("stake", "profit"))
    closed = bets[bets["closing_value"].notna()]
    closing_value = NO_INTERVAL
    if len(closed):
        closing_value = parameters.draw(line_dates(closed)).mean_interval(closed["closing_value"].to_numpy("float64"))
    undecided = Returns(
        n_bets=len(bets),
        results=results,
        staked=0.0,
        profit=0.0,
        total_yield=NO_INTERVAL,
        hit_rate=NO_INTERVAL,
        claimed=None,
        expected=None,
        shortfall=NO_INTERVAL,
        drawdown=0.0,
        n_closing=len(closed),
        closing_value=closing_value,
        bets_needed=None,
        curve=(),
    )
    if decided.empty:
        return undecided
    resamples = parameters.draw(line_dates(decided))
    is_won: FloatArray = np.asarray(decided["result"] == "won", dtype="float64")
    claims = stake * decided["claimed"].to_numpy("float64")
    total_yield = _ratio(profit, stake, resamples)
    curve = _curve(profit, stake, line_dates(decided), resamples)
    heights = np.array([0.0, *(point.profit for point in curve)])
    return replace(
        undecided,
        staked=float(stake.sum()),
        profit=float(profit.sum()),
        total_yield=total_yield,
        hit_rate=_ratio(is_won, np.ones(len(decided)), resamples),
        claimed=float(claims.sum() / stake.sum()),
        expected=float((stake * decided["expected_value"]).sum() / stake.sum()),
        shortfall=_ratio(profit - claims, stake, resamples),
        drawdown=float((np.maximum.accumulate(heights) - heights).max()),
        bets_needed=_bets_needed(len(decided), total_yield, resamples, profit, stake, parameters.confidence),
        curve=curve,
    )


def _ratio(numerator: FloatArray, denominator: FloatArray, resamples: DateResamples) -> Interval:
    """Return the sum of `numerator` divided by the sum of `denominator`, both (n,) over bets, with its interval.

    The interval comes from the resamples (bootstrap draws of game dates).
    """
    sums = resamples.sums(np.stack([numerator, denominator]))
    return resamples.interval(float(numerator.sum() / denominator.sum()), divide(sums[0], sums[1]))


def _bets_needed(
    n_bets: int, found: Interval, resamples: DateResamples, profit: FloatArray, stake: FloatArray, confidence: float
) -> int | None:
    """Return the number of bets from which the interval of the yield (profit per unit staked) would not contain 0.

    It is n * (z * s / yield)^2: s is the standard error of the yield of n bets, and z the quantile of the normal
    distribution at (1 + confidence) / 2. `found` is the yield of the n bets. The result is None if the bets are of
    fewer than two dates, or if the yield is 0.
    """
    from scipy.special import ndtri

    if not found.estimate or resamples.n_dates < 2:
        return None
    sums = resamples.sums(np.stack([profit, stake]))
    error = float(np.nanstd(divide(sums[0], sums[1]), ddof=1))
    z = float(ndtri(0.5 + confidence / 2.0))
    return math.ceil(n_bets * (z * error / found.estimate) ** 2)


def _curve(
    profit: FloatArray, stake: FloatArray, dates: np.ndarray, resamples: DateResamples
) -> tuple[CurvePoint, ...]:
    """Return the number of bets, the profit and the yield (profit per unit staked) up to each game date.

    The interval at a date uses the resamples (bootstrap draws of game dates) of the whole backtest, but only the dates
    up to this one. The first date has no interval.
    """
    days, place = np.unique(dates, return_inverse=True)
    by_date = [np.bincount(place, values, len(days)) for values in (profit, stake, np.ones(len(stake)))]
    profits, stakes, counts = (np.cumsum(values) for values in by_date)
    replicates = divide(*(np.cumsum(resamples.weights * values, axis=1) for values in by_date[:2]))
    return tuple(
        CurvePoint(
            str(day),
            int(counts[row]),
            float(profits[row]),
            # The first date has no interval: every resample of one date has the same yield.
            resamples.interval(float(profits[row] / stakes[row]), replicates[:, row])
            if row
            else Interval(float(profits[0] / stakes[0]), None, None, 0),
        )
        for row, day in enumerate(days)
    )
