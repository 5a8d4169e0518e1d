"""The metrics of a model and of a betting market on the same lines, for metrics.json and backtest.json.

A line is a bookmaker's number of points.
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
    """The weight of the model in an average of model and market, fitted on the lines of all dates before `start`.

    A line is a bookmaker's number of points. The average has the log odds (1 - weight) * (log odds of the market) +
    weight * (log odds of the model).

    `interval.estimate` is the weight. `interval` is None if there are too few lines or dates before `start` (see
    MIN_LINES and MIN_DATES in `market.stacking`).
    """

    start: str
    n_lines: int
    n_dates: int
    interval: Interval | None

    @property
    def blend(self) -> float:
        """The model's weight in the average of model and market, limited to 0..1; 0 if no weight was fitted."""
        estimate = None if self.interval is None else self.interval.estimate
        return 0.0 if estimate is None else min(max(estimate, 0.0), 1.0)


@dataclass(frozen=True)
class MarketMetrics:
    """The metrics of a model, of the betting market and of their stack on the same lines.

    A line is a bookmaker's number of points. The stack is the weighted average of model and market in log odds. All
    three predict the probability of more points than the line, given no push (exactly as many points). Only one line of
    each player and game is used: the line whose market probability is nearest to 1/2.

    - `n_pushes`: the number of lines that were left out because of a push.
    - `over_rate`: the fraction of lines that the scored points exceeded.
    - `metrics`: log loss, Brier score and AUC of "model", "market", "stacked" and "coin" (1/2 for each line).
    - `differences`: for "model" and "stacked", each metric minus the market's metric.
    - `reliability`: for "model" and "market", in bins of the probability: the mean probability of more points than the
      line, and the fraction of lines with more points.
    - `weight`: the model's weight in the stack, fitted on all of these lines. The stacked probabilities do not
      use `weight`.
    - `weights`: the model's weight for each month, fitted on earlier months. If no weight was fitted for a month, the
      stacked probability is the market's.

    `weight` and each of `weights` have an interval only if they are fitted on enough dates and lines (see MIN_DATES and
    MIN_LINES in `market.stacking`).
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
        """Whether the interval of `weight` lies above 0; False if there is no interval."""
        return self.weight.low is not None and self.weight.low > 0.0
