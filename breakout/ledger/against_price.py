"""The comparison of the ledger's models with the betting market, on the lines of the configured prices.

A line is a number of points for a player; bets are placed on more points (over) or on fewer (under).
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
    """The metrics of one model in one role and of the market, on the same lines.

    `n_lines` counts these lines, those of `market.baseline.scored_lines`: the main line of each player and game, if it
    has a market probability and a result. `metrics` is None if there are fewer than `scoreboard.MIN_GRADED` of them.
    """

    role: str
    bundle: str
    name: str
    n_lines: int
    metrics: MarketMetrics | None


@dataclass(frozen=True)
class LedgerMarket:
    """The scores of the ledger's models against the market, and sentences about quotes that are not used."""

    scores: tuple[MarketScore, ...]
    warnings: tuple[str, ...]


def compare_ledger_with_market(
    graded: pd.DataFrame,
    warehouse: Warehouse,
    config: GradeConfig | DailyConfig,
    parameters: EvaluationParameters,
) -> LedgerMarket:
    """Compare each model with the market on the lines of the configured prices, separately for each role of the model.

    `graded` is a result of `grading.grade_counted` that includes the column ladder. Graded and void entries with a
    ladder are compared; a model without such entries is left out. The result is empty if `config` has no prices.
    DataError if the warehouse cannot be read, or if `quotes.read_prices` or `matching.match_prices` refuses the prices.
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
