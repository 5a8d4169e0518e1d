"""The slate of one day as one self-contained page."""

from __future__ import annotations

from breakout.bundle.folder import Bundle
from breakout.production.slate import Slate
from breakout.production.slate_prices import PricedSlate
from breakout.report import backtest_tables, slate_tables
from breakout.report.html.rendering import render_page


def render_slate(slate: Slate, bundle: Bundle, priced: PricedSlate | None = None) -> str:
    """Return the HTML page of a slate, with its prices if there are any."""
    return render_page(
        "slate.html.j2",
        title=f"Slate of {slate.day}",
        slate=slate,
        bundle=bundle,
        tables=slate_tables,
        priced=priced,
        price_tables=backtest_tables,
    )
