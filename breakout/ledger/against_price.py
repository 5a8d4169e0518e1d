"""The comparison of the models in the ledger (the record of served predictions) with the betting market.

The comparison uses the lines of the configured prices. A line is a bookmaker's number of points for a player; bets are
placed on more points (over) or on fewer (under).
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
    """The metrics of one model in one role, and those of the betting market, on the same lines.

    A line is a bookmaker's number of points for a player. One line of each player and game counts: the line whose
    market probability is nearest to 1/2. `n_lines` counts those that have a result. `metrics` is None if there are
    fewer than MIN_GRADED such lines. `role` is production, shadow (a challenger scored beside production) or other.
    """

    role: str
    bundle: str
    name: str
    n_lines: int
    metrics: MarketMetrics | None


@dataclass(frozen=True)
class LedgerMarket:
    """The comparison with the betting market of every model in the ledger (the record of served predictions).

    `scores` has one element for each model and role. `warnings` are sentences about the quotes (offers of prices) that
    were not used.
    """

    scores: tuple[MarketScore, ...]
    warnings: tuple[str, ...]


def compare_ledger_with_market(
    graded: pd.DataFrame,
    warehouse: Warehouse,
    config: GradeConfig | DailyConfig,
    parameters: EvaluationParameters,
) -> LedgerMarket:
    """Compare each model in the ledger with the betting market, separately for each role (such as production).

    `graded` has the entries (predictions in the ledger) with their outcomes, as `grading.grade_counted` returns them,
    and the column ladder (P(points >= k) for k = 1, 2, ...). Entries with a ladder are compared if they are graded
    (breakout or no) or void (the player did not play the game on its date). A model without such entries is left out.
    The result is empty if `config` has no prices or `graded` has no rows.

    DataError if the warehouse or the prices cannot be read, if a price is invalid, or if most players with prices did
    not play on the date of the price. ConfigurationError if the warehouse of a price table cannot be opened.
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
