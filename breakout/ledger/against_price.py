"""The entries of the ledger beside prices: their ladders as predictions, and the market as a row of the scoreboard."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from breakout.ledger.grading import GRADED
from breakout.ledger.scoreboard import MIN_GRADED
from breakout.market.baseline import evaluate_market
from breakout.market.matching import information_time, match_prices

if TYPE_CHECKING:
    from breakout.evaluation.market_metrics import MarketMetrics
    from breakout.evaluation.resamples import EvaluationParameters
    from breakout.settings import DailyConfig, GradeConfig
    from breakout.warehouse.base import Warehouse

PREDICTION_COLUMNS = ["game_date", "game_id", "player_lookup", "ladder", "known_at"]


@dataclass(frozen=True)
class MarketScore:
    """One model in one role beside the market, on the lines of its graded entries.

    `metrics` is None with fewer than MIN_GRADED decided lines; `n_lines` is their number.
    """

    role: str
    bundle: str
    name: str
    n_lines: int
    metrics: MarketMetrics | None


@dataclass(frozen=True)
class LedgerMarket:
    """The models of the ledger beside the market, and warnings about quotes that are not used."""

    scores: tuple[MarketScore, ...]
    warnings: tuple[str, ...]


def ladder_predictions(graded: pd.DataFrame) -> pd.DataFrame:
    """Return the graded and void entries that have a ladder as predictions: PREDICTION_COLUMNS and the other columns.

    `known_at` becomes the newest information behind the entry, which is at least the morning of the game date. Of
    several entries for a player and date, as two models in production made them, the first counts.
    """
    has_ladder = graded["ladder"].notna() & graded["outcome"].isin((*GRADED, "void"))
    counted = graded[has_ladder].sort_values("predicted_at", kind="stable")
    counted = counted.drop_duplicates(["game_date", "player_lookup"]).reset_index(drop=True)
    mornings = pd.Series(pd.to_datetime([information_time(day, None) for day in counted["game_date"]], utc=True))
    known = pd.to_datetime(counted["known_at"], utc=True)
    return counted.assign(known_at=known.where(known > mornings, mornings))


def compare_ledger_with_market(
    graded: pd.DataFrame,
    warehouse: Warehouse,
    config: GradeConfig | DailyConfig,
    parameters: EvaluationParameters,
) -> LedgerMarket:
    """Compare every model and role among graded entries, which have the column ladder, with the configured prices.

    Nothing is compared without prices. DataError for prices that cannot be used.
    """
    if not config.prices.is_given or graded.empty:
        return LedgerMarket((), ())
    scores: list[MarketScore] = []
    warnings: dict[str, None] = {}
    for (role, bundle), rows in graded.groupby(["role", "bundle"], sort=True):
        predictions = ladder_predictions(rows)
        if predictions.empty:
            continue
        matched = match_prices(config.prices, config.warehouse, warehouse, predictions)
        metrics = evaluate_market(matched.lines, parameters)
        n_lines = 0 if metrics is None else metrics.n_lines
        shown = metrics if n_lines >= MIN_GRADED else None
        scores.append(MarketScore(str(role), str(bundle), str(rows["name"].iloc[-1]), n_lines, shown))
        warnings |= dict.fromkeys(matched.describe_left_out())
    return LedgerMarket(tuple(scores), tuple(warnings))
