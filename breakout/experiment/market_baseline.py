"""The bookmakers' market as a baseline of an evaluation, if prices are configured."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from breakout.market.baseline import evaluate_market
from breakout.market.matching import information_times, match_prices
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
    """The comparison of a model with the bookmakers' market, and warnings about prices that were not used.

    `metrics` is None if

    - no prices are configured,
    - the model predicts no distribution of points, or
    - no line (a bookmaker's number of points) has both a market probability and a result.
    """

    metrics: MarketMetrics | None
    warnings: tuple[str, ...]


def read_price_files(prices: PricesConfig, warehouse_config: WarehouseConfig) -> pd.DataFrame | None:
    """Return the prices of the configured price file; None if no file is configured.

    A run calls this function before its fit, to fail early. A BigQuery table of prices is not read here but by
    `compare_with_market`, and only for the dates of the predictions. DataError if the file cannot be used.
    """
    return None if prices.file is None else read_prices(prices, warehouse_config, date.min, date.max)


def compare_with_market(
    config: ExperimentConfig | EvaluateConfig,
    warehouse: Warehouse,
    parts: Sequence[ScoredRows],
    rows: Dataset,
    parameters: EvaluationParameters,
    availability: AvailabilityConfig | None,
    quotes: pd.DataFrame | None,
) -> MarketComparison:
    """Compare the predicted distributions of points with the configured prices, and log the warnings.

    - `parts`: one element for each fold (window) of a walk forward, and one element for any other run.
    - `rows`: the rows of all parts in order.
    - `availability`: the settings of the cutoff (the time up to which injury reports are used); None if no feature
      reads injury reports.
    - `quotes`: the result of `read_price_files`. None means that the prices are read from the configured table.

    DataError if prices cannot be used or read. ConfigurationError if the warehouse of the table cannot be opened.
    """
    if not config.prices.is_given:
        return MarketComparison(None, ())
    ladders = [part.ladder for part in parts if part.ladder is not None]
    if not ladders:
        return _log_comparison(
            None, ("prices are not used: the model predicts no distribution of points, as model=points does",)
        )
    known_at = information_times(rows.keys["game_date"], availability)
    predictions = rows.keys.assign(ladder=list(np.concatenate(ladders)), known_at=known_at)
    if quotes is None:
        days = predictions["game_date"]
        quotes = read_prices(config.prices, config.warehouse, days.min(), days.max())
    matched = match_prices(quotes, config.prices.margin, warehouse, predictions)
    metrics = evaluate_market(matched.lines, parameters)
    none = () if metrics else ("prices are not used: no line has a market probability and a result",)
    return _log_comparison(metrics, (*matched.describe_left_out(), *none))


def _log_comparison(metrics: MarketMetrics | None, warnings: tuple[str, ...]) -> MarketComparison:
    for warning in warnings:
        logger.warning("%s", warning)
    return MarketComparison(metrics, warnings)


def with_market(metrics: RunMetrics, market: MarketComparison) -> RunMetrics:
    """Return a copy of `metrics` with the metrics and warnings of `market`."""
    return replace(metrics, market=market.metrics, warnings=(*metrics.warnings, *market.warnings))
