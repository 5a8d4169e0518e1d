"""The metrics of a model and of a betting market on the same lines, as metrics.json and backtest.json contain them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from breakout.evaluation.intervals import PairedDifference
from breakout.evaluation.reliability import ReliabilityBin
from breakout.evaluation.resamples import Interval

OURS, MARKET, STACKED, COIN = "model", "market", "stacked", "coin"


@dataclass(frozen=True)
class StackWeight:
    """The weight of the model beside the market, fitted on the lines of all dates before the date `start`.

    The stacked probability has the log odds (1 - weight) * (log odds of the market) + weight * (log odds of the model).
    `interval` is the weight with its interval, which resamples dates. It is None with fewer than 20 dates or 300 lines
    (MIN_DATES and MIN_LINES of `market.stacking`).
    """

    start: str
    n_lines: int
    n_dates: int
    interval: Interval | None

    @property
    def blend(self) -> float:
        """The weight limited to 0..1, as the stacked probability uses it; 0 if no weight was fitted."""
        estimate = None if self.interval is None else self.interval.estimate
        return 0.0 if estimate is None else min(max(estimate, 0.0), 1.0)


@dataclass(frozen=True)
class MarketMetrics:
    """The metrics of a model, of the market and of both stacked, on the main line of each player and game.

    The main line is the one whose market probability is nearest to 1/2. The model, the market and both stacked predict
    the probability of more points than the line, given no push. A push is a game with exactly as many points as the
    line. Every interval resamples game dates.

    - `metrics` maps "model", "market", "stacked" and "coin" (1/2 for each line) to log loss, Brier score and AUC.
    - `differences` maps "model" and "stacked" to their metrics minus the market's.
    - `weights` contains the weight for each month, fitted on earlier months only. Until a weight can be fitted, the
      stacked probability is the market's.
    - `weight` is fitted on all of these lines, so stakes on them are not computed from it. It has no interval with
      fewer than 20 dates or 300 lines (MIN_DATES and MIN_LINES of `market.stacking`).
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
        """Whether the interval of `weight` lies above 0: the model improves on the market. False without interval."""
        return self.weight.low is not None and self.weight.low > 0.0
