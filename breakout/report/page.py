"""A run's report as one self-contained HTML page that opens offline."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

from breakout.artifacts import load_json, save_text

if TYPE_CHECKING:
    from pathlib import Path


def write_page(folder: Path) -> Path:
    """Write report.html from the run's own files and return its path."""
    metrics = load_json(folder / "metrics.json")
    evaluation = metrics["evaluation"]
    verdict = f"{evaluation['verdict']['level']}: {evaluation['verdict']['reason']}" if evaluation else "Not evaluated"
    body = f"<h1>{html.escape(folder.parent.name)}</h1><p>{html.escape(verdict)}</p>"
    save_text(f"<!doctype html><meta charset=utf-8><title>breakout run</title>{body}", folder / "report.html")
    return folder / "report.html"
