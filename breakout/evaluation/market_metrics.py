"""The metrics of a model and of a betting market on the same lines (bookmakers' numbers of points).

metrics.json and backtest.json contain these metrics.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from breakout.evaluation.intervals import PairedDifference
from breakout.evaluation.reliability import ReliabilityBin
from breakout.evaluation.resamples import Interval

OURS, MARKET, STACKED, COIN = "model", "market", "stacked", "coin"


@dataclass(frozen=True)
class StackWeight:
    """The weight of the model in its average with the market, fitted on the lines of all dates before the date `start`.

    A line is a bookmaker's number of points. The average has the log odds (1 - weight) * (log odds of the market) +
    weight * (log odds of the model). `interval` is the weight with its interval, which resamples game dates. `interval`
    is None if there are fewer than 20 dates or fewer than 300 lines (MIN_DATES and MIN_LINES of `market.stacking`).
    """

    start: str
    n_lines: int
    n_dates: int
    interval: Interval | None

    @property
    def blend(self) -> float:
        """The model's weight in its average with the market, limited to 0..1; 0 if no weight was fitted."""
        estimate = None if self.interval is None else self.interval.estimate
        return 0.0 if estimate is None else min(max(estimate, 0.0), 1.0)


@dataclass(frozen=True)
class MarketMetrics:
    """The metrics of a model, of the betting market and of their stack (weighted mean in log odds) on the same lines.

    A line is a bookmaker's number of points. Only the main line of each player and game is used: the line with a market
    probability nearest to 1/2. The model, the market and the stack predict the probability of more points than the
    line, given no push. A push is a game with exactly as many points as the line. Every interval resamples game dates.

    - `metrics` maps "model", "market", "stacked" and "coin" (1/2 for each line) to log loss, Brier score and AUC.
    - `differences` maps "model" and "stacked" to their metrics minus the market's.
    - `weights` contains the model's weight in the stack for each month, fitted on earlier months only. Until a weight
      can be fitted, the stacked probability is the market's.
    - `weight` is the model's weight fitted on all of these lines; the stacked probabilities use `weights`. It has no
      interval if there are fewer than 20 dates or 300 lines (MIN_DATES and MIN_LINES of `market.stacking`).
    """

    n_lines: int
    n_dates: int
    n_pushes: int
    over_rate: Interval
    metrics: Mapping[str, Mapping[str, Interval]]
    differences: Mapping[str, Mapping[str, PairedDifference]]
    reliability: Mapping[str, tuple[ReliabilityBin, ...]]
    weight: Interval
    weights: tuple[StackWeight, ...]

    @property
    def has_weight(self) -> bool:
        """Whether the interval of the model's weight in the stack lies above 0; False if there is no interval."""
        return self.weight.low is not None and self.weight.low > 0.0
