"""The comparison of the models in the ledger with the betting market, on the lines of the configured prices.

The ledger is the record of served predictions. A line is a number of points on which bookmakers offer bets.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from breakout.ledger.past_predictions import ladder_predictions
from breakout.ledger.scoreboard import MIN_GRADED
from breakout.market.baseline import evaluate_market
from breakout.market.matching import match_prices
from breakout.market.quotes import read_prices

if TYPE_CHECKING:
    from breakout.evaluation.market_metrics import MarketMetrics
    from breakout.evaluation.resamples import EvaluationParameters
    from breakout.settings import DailyConfig, GradeConfig
    from breakout.warehouse.base import Warehouse


@dataclass(frozen=True)
class MarketScore:
    """The metrics of one model in one role, and of the betting market, on the same lines.

    - `role`: production, shadow (a challenger) or other.
    - `n_lines`: the number of main lines with a result. The main line of a player and game is the line with a
      market probability nearest to 1/2.
    - `metrics`: None if `n_lines` is below MIN_GRADED.
    """

    role: str
    bundle: str
    name: str
    n_lines: int
    metrics: MarketMetrics | None


@dataclass(frozen=True)
class LedgerMarket:
    """The comparison of every model in the ledger with the betting market.

    `scores` has one element for each model and role (production, shadow or other). `warnings` are sentences about the
    unused prices.
    """

    scores: tuple[MarketScore, ...]
    warnings: tuple[str, ...]


def compare_ledger_with_market(
    graded: pd.DataFrame,
    warehouse: Warehouse,
    config: GradeConfig | DailyConfig,
    parameters: EvaluationParameters,
) -> LedgerMarket:
    """Compare each model in the ledger with the betting market, separately for each role (production, shadow or other).

    `graded` is a result of `grading.grade_counted`, with the column ladder (P(points >= k) for k = 1, 2, ...). Only
    predictions that have a ladder and the outcome `breakout`, `no` or `void` are used. The result is empty if no model
    has such predictions, or if `config` has no prices.

    DataError if the warehouse or the prices cannot be read, if a price is invalid, or if most players with prices did
    not play on the date of the price. ConfigurationError if the prices are in BigQuery and a setting of the warehouse
    is malformed.
    """
    if not config.prices.is_given or graded.empty:
        return LedgerMarket((), ())
    by_model = {
        (str(role), str(bundle)): (str(rows["name"].iloc[-1]), ladder_predictions(rows))
        for (role, bundle), rows in graded.groupby(["role", "bundle"], sort=True)
    }
    days = pd.concat([predictions["game_date"] for _, predictions in by_model.values()])
    if days.empty:
        return LedgerMarket((), ())
    quotes = read_prices(config.prices, config.warehouse, days.min(), days.max())
    scores: list[MarketScore] = []
    warnings: dict[str, None] = {}
    for (role, bundle), (name, predictions) in by_model.items():
        if predictions.empty:
            continue
        matched = match_prices(quotes, config.prices.margin, warehouse, predictions)
        metrics = evaluate_market(matched.lines, parameters)
        n_lines = 0 if metrics is None else metrics.n_lines
        shown = metrics if n_lines >= MIN_GRADED else None
        scores.append(MarketScore(role, bundle, name, n_lines, shown))
        warnings |= dict.fromkeys(matched.describe_left_out())
    return LedgerMarket(tuple(scores), tuple(warnings))
