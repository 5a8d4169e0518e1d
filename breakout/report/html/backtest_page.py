"""A backtest as one self-contained page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from breakout.artifacts import save_text
from breakout.report import backtest_tables
from breakout.report.html.market_charts import draw_market_calibration, draw_yield
from breakout.report.html.rendering import render_page

if TYPE_CHECKING:
    from breakout.market.backtest import BacktestRecord

PAGE = "report.html"


def write_backtest_page(record: BacktestRecord, folder: Path) -> Path:
    """Write the page into the folder of a backtest and return its path."""
    path = folder / PAGE
    save_text(render_backtest(record), path)
    return path


def render_backtest(record: BacktestRecord) -> str:
    """Return the HTML page of a backtest."""
    found = record.backtest
    return render_page(
        "backtest.html.j2",
        title="Against the price",
        record=record,
        backtest=found,
        market=found.market,
        returns=found.returns,
        tables=backtest_tables,
        calibration=draw_market_calibration(found.market) if found.market else None,
        curve=draw_yield(found.returns.curve, found.confidence),
    )
