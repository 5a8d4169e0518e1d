"""The backtest of the bets that a model would have placed on past betting lines, and its file backtest.json."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from breakout.artifacts import json_ready, load_typed, save_json
from breakout.errors import DataError
from breakout.evaluation.market_metrics import MarketMetrics
from breakout.market.baseline import evaluate_market
from breakout.market.bets import choose_bets, list_offers
from breakout.market.returns import Returns, measure_returns
from breakout.market.stacking import Weights

if TYPE_CHECKING:
    import pandas as pd

    from breakout.evaluation.resamples import EvaluationParameters
    from breakout.market.lines import MatchedLines
    from breakout.market.stakes import StakeLimits

BACKTESTS = "backtests"  # the name of the folder of all backtests, below `paths.outputs`
BACKTEST_FILE = "backtest.json"
BETS_FILE = "bets.parquet"
# Increase this number when a key of backtest.json is renamed, removed or changes its meaning.
BACKTEST_SCHEMA_VERSION = 1
OURS_ALONE = Weights(1.0, 1.0, 1.0)


@dataclass(frozen=True)
class Backtest:
    """A backtest: the counts from quotes to bets, the comparison with the market, and the returns of the bets.

    A line is a number of points on which bookmakers offer bets. A quote is one offer of prices for a line. The two
    sides of a line are over and under. A line has a market probability if a book quotes both sides. The edge of a side
    is the expected profit per unit staked. The main line of a player is the one nearest to an even chance.

    - `funnel`: the number of quotes, lines, sides or bets that is left after each step; the key names the unit. The
      edge is computed by the model's probability alone.
    - `left_out`: the number of unused quotes, by reason.
    - `unknown_names`: texts about the quoted names that match no player.
    - `n_untimed`: the number of used quotes without a time.
    - `n_unknown_tip_off`: the number of used quotes that have a time, in games without a known tip-off.
    - `n_one_sided`: the number of lines without a market probability.
    - `market`: the comparison of the model with the market, on main lines; None if none of them was won or lost.
    - `confidence`: the confidence of all intervals except those in `market.weights`.
    """

    funnel: dict[str, int]
    left_out: dict[str, int]
    unknown_names: tuple[str, ...]
    n_untimed: int
    n_unknown_tip_off: int
    n_one_sided: int
    market: MarketMetrics | None
    returns: Returns
    confidence: float

    @property
    def has_edge(self) -> bool:
        """Whether a bet was placed and the model improves on the market beyond chance.

        The model improves on the market if the interval of its weight in the fitted average of the two lies above 0.
        """
        return self.market is not None and self.market.has_weight and self.returns.n_bets > 0

    @property
    def is_overclaimed(self) -> bool:
        """Whether the bets return less than the model claimed, and by more than chance.

        True if the interval of `returns.shortfall` (the yield minus the yield that the model claimed) lies below 0.
        False if there is no interval, for example if all bets are of one date.
        """
        return self.returns.shortfall.high is not None and self.returns.shortfall.high < 0.0


@dataclass(frozen=True)
class BacktestRecord:
    """The content of backtest.json: a backtest with its predictions, prices and settings.

    - `source`: the origin of the predictions: `the run in FOLDER` or `the ledger's ROLE`.
    - `prices`: the file or table of prices.
    - `contracts`: the fingerprints of the models' contracts (definitions of features and label).
    - `start`, `end`: the first and the last game date of the predictions, as ISO 8601.
    - `margin`, `kelly`, `max_stake`, `min_edge`: settings of the group `prices`.
    - `recipes`: the distinct recipes of the models (the contract, and the settings without seed, dates and paths). None
      if a model's bundle was missing, or if an earlier version wrote the file.

    The backtest fits a weight of the model against the market. The weight is valid only for models with these contracts
    and recipes.
    """

    source: str
    prices: str
    contracts: tuple[str, ...]
    start: str
    end: str
    n_predictions: int
    margin: str
    kelly: float
    max_stake: float
    min_edge: float
    backtest: Backtest
    recipes: tuple[dict[str, Any], ...] | None = None
    schema_version: int = BACKTEST_SCHEMA_VERSION


def run_backtest(
    matched: MatchedLines, limits: StakeLimits, parameters: EvaluationParameters
) -> tuple[Backtest, pd.DataFrame]:
    """Return the backtest of matched betting lines, and a table of its settled bets.

    The stakes of a month use the model's weight (0: market alone, 1: model alone) that is fitted on earlier months.
    """
    lines = matched.lines
    market = evaluate_market(lines, parameters)
    bets = choose_bets(lines, market.weights if market else (), limits)
    full = list_offers(lines, OURS_ALONE, limits)
    funnel = {
        "quotes": matched.n_quotes,
        "used quotes": matched.n_quotes - sum(matched.left_out.values()),
        "lines": len(lines),
        "lines with a market probability": len(lines) - matched.n_one_sided,
        "sides above the minimum edge": int((full["claimed"] >= max(limits.min_edge, 0.0)).sum()),
        "bets": len(bets),
    }
    found = Backtest(
        funnel=funnel,
        left_out=matched.left_out,
        unknown_names=matched.unknown_names,
        n_untimed=matched.n_untimed,
        n_unknown_tip_off=matched.n_unknown_tip_off,
        n_one_sided=matched.n_one_sided,
        market=market,
        returns=measure_returns(bets, parameters),
        confidence=parameters.confidence,
    )
    return found, bets


def save_backtest(record: BacktestRecord, folder: Path) -> None:
    """Write backtest.json into a folder; DataError if it cannot be written."""
    save_json(json_ready(record), folder / BACKTEST_FILE)


def load_backtest(folder: Path) -> BacktestRecord:
    """Read the backtest.json of a folder; DataError if it is missing, damaged or of a newer version."""
    record = load_typed(folder / BACKTEST_FILE, BacktestRecord)
    if record.schema_version > BACKTEST_SCHEMA_VERSION:
        raise DataError(f"{folder / BACKTEST_FILE} was written by a newer version; install that one.")
    return record
