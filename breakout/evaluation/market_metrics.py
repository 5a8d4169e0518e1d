"""The metrics of a model beside the prices of a market, as metrics.json and backtest.json hold them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from breakout.evaluation.intervals import PairedDifference
from breakout.evaluation.reliability import ReliabilityBin
from breakout.evaluation.resamples import Interval

OURS, MARKET, STACKED, COIN = "model", "market", "stacked", "coin"


@dataclass(frozen=True)
class StackWeight:
    """The weight of the model beside the market, fitted on the lines of all dates before `start`.

    The stacked probability has the log odds (1 - weight) * market + weight * model. `interval` holds the weight and its
    interval, which resamples dates. It is None with fewer than `market.stacking.MIN_DATES` dates or MIN_LINES lines.
    """

    start: str
    n_lines: int
    n_dates: int
    interval: Interval | None

    @property
    def blend(self) -> float:
        """The weight limited to 0..1, as the stacked probability uses it; 0 if nothing was fitted."""
        estimate = None if self.interval is None else self.interval.estimate
        return 0.0 if estimate is None else min(max(estimate, 0.0), 1.0)


@dataclass(frozen=True)
class MarketMetrics:
    """The metrics of the probability of more points than a line, given no push, on each main line.

    A player has one main line a game. A push is a game with exactly as many points as the line. `metrics` maps the
    source of the probability (model, market, stacked, or coin: 1/2 for each line) to its log loss, Brier score and AUC.
    `differences` are those of "model" and "stacked" minus the market; every interval resamples game dates. `weights`
    holds the weight used in each month, fitted on earlier months only (see StackWeight); until one can be fitted, the
    stacked probability is the market's. `weight` is fitted on all lines, so no stake on these dates is computed from
    it. It has no interval if dates or lines are too few.
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
        """Whether the interval of the weight lies above 0: the model adds something to the market's probability."""
        return self.weight.low is not None and self.weight.low > 0.0
