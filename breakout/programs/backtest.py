"""The command `breakout backtest`, which simulates bets on past games from predicted points and from prices.

The command writes a folder with a record of the backtest, the bets and an HTML page.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from breakout.artifacts import json_digest, json_ready, save_parquet
from breakout.errors import ConfigurationError
from breakout.experiment.evaluating import evaluation_parameters
from breakout.ledger.past_predictions import check_results, read_predictions
from breakout.market.backtest import BACKTESTS, BETS_FILE, BacktestRecord, run_backtest, save_backtest
from breakout.market.matching import match_prices
from breakout.market.quotes import read_prices
from breakout.market.stakes import StakeLimits
from breakout.report.html.pages import write_backtest_page
from breakout.report.terminal.bars import progress_line
from breakout.report.terminal.prices import print_backtest
from breakout.runs import open_run
from breakout.warehouse.opening import open_for

if TYPE_CHECKING:
    from breakout.settings import BacktestConfig


def run(config: BacktestConfig) -> int:
    """Match past predictions with prices, simulate the bets, write and print the results; return the exit code.

    The exit code is 0 even if the bets make no profit. ConfigurationError if no prices are configured, or if the model
    predicts no distribution of points. DataError if the predictions or the prices are missing or damaged.
    """
    prices = config.prices
    if not prices.is_given:
        raise ConfigurationError("prices are required and not given; add for example prices=prices.csv.")
    limits = StakeLimits(prices.kelly, prices.max_stake, prices.min_edge)
    parent = Path(config.paths.outputs) / BACKTESTS / config.name
    with progress_line("backtest"), open_for(config, "backtest") as warehouse:
        today = datetime.now(UTC).astimezone(ZoneInfo(config.ledger.timezone)).date()
        past = read_predictions(config, warehouse, today)
        check_results(past, warehouse)
        days = past.frame["game_date"]
        quotes = read_prices(prices, config.warehouse, days.min(), days.max())
        matched = match_prices(quotes, prices.margin, warehouse, past.frame)
        found, bets = run_backtest(matched, limits, evaluation_parameters(config.evaluation, config.seed))
    record = BacktestRecord(
        source=past.source,
        prices=str(prices.file or prices.table),
        contracts=past.contracts,
        start=str(days.min()),
        end=str(days.max()),
        n_predictions=len(past.frame),
        margin=prices.margin,
        kelly=prices.kelly,
        max_stake=prices.max_stake,
        min_edge=prices.min_edge,
        backtest=found,
        recipes=past.recipes,
    )
    # The name of the folder ends with a digest of the record, because the fingerprint of the settings ignores the run
    # and the prices.
    fingerprint = json_digest(json_ready(record))[:16]
    with open_run(parent, config, "backtest", fingerprint=fingerprint) as opened:
        save_backtest(record, opened.folder)
        save_parquet(bets, opened.folder / BETS_FILE)
        write_backtest_page(record, opened.folder)
    print_backtest(record, opened.folder)
    return 0
