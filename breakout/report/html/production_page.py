"""The model in production and the history of promotions as one self-contained page."""

from __future__ import annotations

from breakout.bundle.manifest import load_manifest
from breakout.production.registry import Registry
from breakout.report import production_tables
from breakout.report.html.rendering import render_page


def render_production(registry: Registry) -> str:
    """Return the HTML page of a registry; DataError if its history or the bundle in production is damaged."""
    history = registry.history()
    current = registry.current()
    promotion = next(
        (event for event in reversed(history) if event.action == "promoted" and event.bundle == current), None
    )
    return render_page(
        "production.html.j2",
        title="Production",
        manifest=None if current is None else load_manifest(registry.bundle_folder(current)),
        promotion=promotion,
        history=history,
        tables=production_tables,
    )
