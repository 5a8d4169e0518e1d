"""The returns of settled bets: profit, yield (profit per unit staked), drawdown and closing-line value."""

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
    """The number, profit and yield (profit per unit staked) of all bets won or lost up to a game date.

    `profit` is a fraction of the bank. `cumulative_yield` has no interval on the first date.
    """

    game_date: str
    n_bets: int
    profit: float
    cumulative_yield: Interval


@dataclass(frozen=True)
class Returns:
    """The returns of settled bets, with intervals from a bootstrap over game dates.

    The bank neither grows nor shrinks with the results. Pushed bets (exactly as many points as the line) and void bets
    (the player did not play) return their stakes. Such bets count only in `n_bets`, `results`, `n_closing` and
    `closing_value`.

    - `results`: the number of bets by result: won, lost, push or void.
    - `staked`, `profit`: sums, as fractions of the bank.
    - `total_yield`: profit / staked.
    - `hit_rate`: won / (won + lost).
    - `claimed`: the expected profit per unit staked if the model's own probabilities are true.
    - `expected`: the expected profit per unit staked if the probabilities behind the stakes (averages of model and
      market) are true.
    - `shortfall`: the yield minus `claimed`.
    - `drawdown`: the largest fall of the cumulative profit from an earlier value, measured after each game date, as a
      fraction of the bank.
    - `n_closing`: the number of bets on lines that have a closing probability (the market's, from closing prices). Bets
      at a closing price, or at a price of unknown time, are left out.
    - `closing_value`: the mean of price * (closing probability) - 1 over these bets.
    - `bets_needed`: how many bets are needed until the interval of the yield excludes 0, if the yield and its variation
      stay as observed. None if the bets won or lost are of one date only, or if the yield is 0.

    If no bet was won or lost, `curve` is empty, and `claimed`, `expected`, `bets_needed` and the estimates of
    `total_yield`, `hit_rate` and `shortfall` are None.
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
    """Return the profit, yield, hit rate and other returns of settled bets, a result of `market.bets.settle`."""
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
    """Return the sum of `numerator` divided by the sum of `denominator`, both (n,) over bets, with an interval."""
    sums = resamples.sums(np.stack([numerator, denominator]))
    return resamples.interval(float(numerator.sum() / denominator.sum()), divide(sums[0], sums[1]))


def _bets_needed(
    n_bets: int, found: Interval, resamples: DateResamples, profit: FloatArray, stake: FloatArray, confidence: float
) -> int | None:
    """Return how many bets are needed until the interval of the yield (profit per unit staked) excludes 0.

    The number is n * (z * s / yield)^2, where s is the standard error of the yield of n bets, and z the quantile of the
    normal distribution at (1 + confidence) / 2. `found` is the yield of the n bets. None if the bets are of fewer than
    two dates, or if the yield is 0.
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
    days, place = np.unique(dates, return_inverse=True)
    by_date = [np.bincount(place, values, len(days)) for values in (profit, stake, np.ones(len(stake)))]
    profits, stakes, counts = (np.cumsum(values) for values in by_date)
    replicates = divide(*(np.cumsum(resamples.weights * values, axis=1) for values in by_date[:2]))
    return tuple(
        CurvePoint(
            str(day),
            int(counts[row]),
            float(profits[row]),
            # The values are cumulative. The first ones are of a single date, and all resamples of one date have the
            # same yield. So the first date has no interval.
            resamples.interval(float(profits[row] / stakes[row]), replicates[:, row])
            if row
            else Interval(float(profits[0] / stakes[0]), None, None, 0),
        )
        for row, day in enumerate(days)
    )
