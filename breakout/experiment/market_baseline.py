"""The market as a baseline of an evaluation, if prices are configured."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from breakout.market.baseline import evaluate_market
from breakout.market.matching import information_time, match_prices
from breakout.market.quotes import read_prices

if TYPE_CHECKING:
    from collections.abc import Sequence

    from breakout.dataset import Dataset
    from breakout.evaluation.market_metrics import MarketMetrics
    from breakout.evaluation.resamples import EvaluationParameters
    from breakout.evaluation.run_metrics import RunMetrics
    from breakout.experiment.evaluating import ScoredRows
    from breakout.settings import AvailabilityConfig, EvaluateConfig, ExperimentConfig, PricesConfig, WarehouseConfig
    from breakout.warehouse.base import Warehouse

logger = logging.getLogger("breakout")


@dataclass(frozen=True)
class MarketComparison:
    """The metrics of a model beside the market, and warnings about prices that were not used.

    `metrics` is None if there are no prices, if no line has both a market probability and a result, or if the model
    predicts no distribution of points.
    """

    metrics: MarketMetrics | None
    warnings: tuple[str, ...]


def check_price_files(prices: PricesConfig, warehouse_config: WarehouseConfig) -> None:
    """Raise DataError for price files that cannot be used, so that a run refuses them before its fit."""
    if prices.file is not None:
        read_prices(prices, warehouse_config, date.min, date.max)


def compare_with_market(
    config: ExperimentConfig | EvaluateConfig,
    warehouse: Warehouse,
    parts: Sequence[ScoredRows],
    rows: Dataset,
    parameters: EvaluationParameters,
    availability: AvailabilityConfig | None,
) -> MarketComparison:
    """Compare the ladders of all parts in order with the configured prices, and log the warnings.

    `availability` has the cutoff up to which the features read injury reports; None if they read none. DataError for
    prices that cannot be used.
    """
    if not config.prices.is_given:
        return MarketComparison(None, ())
    ladders = [part.ladder for part in parts if part.ladder is not None]
    if not ladders:
        return _warn(None, ("prices are not used: the model predicts no distribution of points, as model=points does",))
    times = {day: information_time(day, availability) for day in rows.keys["game_date"].unique()}
    predictions = rows.keys.assign(
        ladder=list(np.concatenate(ladders)), known_at=pd.to_datetime(rows.keys["game_date"].map(times), utc=True)
    )
    matched = match_prices(config.prices, config.warehouse, warehouse, predictions)
    metrics = evaluate_market(matched.lines, parameters)
    none = () if metrics else ("prices are not used: no line has a market probability and a result",)
    return _warn(metrics, (*matched.describe_left_out(), *none))


def _warn(metrics: MarketMetrics | None, warnings: tuple[str, ...]) -> MarketComparison:
    for warning in warnings:
        logger.warning("%s", warning)
    return MarketComparison(metrics, warnings)


def with_market(metrics: RunMetrics, market: MarketComparison) -> RunMetrics:
    """Return the metrics of a run with those of its comparison with the market, and its warnings."""
    return replace(metrics, market=market.metrics, warnings=(*metrics.warnings, *market.warnings))
