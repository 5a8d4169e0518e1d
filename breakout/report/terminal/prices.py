"""Terminal output for a model against bookmakers' prices: a backtest on past games, and one day's offers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from breakout.evaluation.metrics import METRICS
from breakout.report import REPORT_FILE
from breakout.report import price_tables as tables
from breakout.report.terminal.console import console, styled

if TYPE_CHECKING:
    from pathlib import Path

    from breakout.market.backtest import BacktestRecord
    from breakout.production.slate_prices import PricedSlate

# The columns of `market_table` that a narrow terminal leaves out.
OPTIONAL_METRICS = tuple(METRICS[name].title for name in ("brier", "auc"))


def print_backtest(record: BacktestRecord, folder: Path) -> None:
    """Print a backtest (bets on past games at recorded prices) and the paths of its folder and report.

    The output has the verdict, the steps from price quotes to bets with their counts, the metrics of model and market,
    and the bets' returns. Metrics and returns are left out if there are none.
    """
    out, found = console(), record.backtest
    out.print(styled("against the price", "bold", f": {tables.describe_verdict(found)}"))
    for note in tables.list_notes(found):
        out.print_warning(note)
    out.print_table(tables.funnel_table(found))
    if found.market is not None:
        out.print_table(tables.market_table(found.market), OPTIONAL_METRICS)
        out.print_table(tables.weight_table(found.market))
    if found.returns.n_bets:
        out.print_table(tables.returns_table(found.returns))
        for sentence in (tables.describe_claims(found), tables.describe_needed(found.returns)):
            out.print(sentence)
    out.print(tables.DISCLAIMERS[0])
    out.print_place("backtest", folder)
    out.print_place("report", folder / REPORT_FILE)


def print_prices(priced: PricedSlate) -> None:
    """Print the offers of bets on one day's games with their expected values, and with stakes if there is an edge.

    There is an edge if the settings name a backtest that placed bets and in which the model improves on the market by
    more than chance.
    """
    out = console()
    out.print(styled("prices", "bold", f": {tables.describe_weight(priced)}"))
    for note in tables.list_slate_notes(priced):
        out.print_warning(note)
    out.print_table(tables.offer_table(priced), ("shrunk", "market", "model", "book"))
    out.print(tables.DISCLAIMERS[0])
