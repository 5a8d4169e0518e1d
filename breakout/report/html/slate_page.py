"""The slate of one day as one self-contained page."""

from __future__ import annotations

from breakout.bundle import Bundle
from breakout.production.slate import Slate
from breakout.report import slate_tables
from breakout.report.html.rendering import render_page


def render_slate(slate: Slate, bundle: Bundle) -> str:
    """Return the HTML page of a slate."""
    return render_page("slate.html.j2", title=f"Slate of {slate.day}", slate=slate, bundle=bundle, tables=slate_tables)
