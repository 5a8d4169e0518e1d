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
    """The weight fitted on the lines of all dates before `start`, and its interval, which resamples dates.

    `interval` is None with fewer than MIN_DATES dates or MIN_LINES lines.
    """

    start: str
    n_lines: int
    n_dates: int
    interval: Interval | None

    @property
    def blend(self) -> float:
        """The estimate within 0..1, with which the stack is evaluated; 0 if nothing was fitted."""
        estimate = None if self.interval is None else self.interval.estimate
        return 0.0 if estimate is None else min(max(estimate, 0.0), 1.0)


@dataclass(frozen=True)
class MarketMetrics:
    """The probabilities of more points than a line, given no push, on the main line of each player and game.

    `metrics` has log loss, Brier score and AUC by the name of the source of probabilities: model, market, stacked and
    coin (1/2 for each line). `differences` are those of the model and of the stack minus the market; every interval
    resamples game dates. The stack has the market's probability until a weight is fitted. `weight` is the weight of the
    model fitted on all lines, without an interval if they are too few; it sizes no stake of these dates. `weights` are
    those by month, from earlier months only.
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
