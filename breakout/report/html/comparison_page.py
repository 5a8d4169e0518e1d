"""A comparison of two bundles as one self-contained page."""

from __future__ import annotations

from breakout.evaluation.metrics import BRIER, LOG_LOSS
from breakout.production.head_to_head import HeadToHead
from breakout.report import comparison_tables
from breakout.report.html.charts import Chart, ends, estimate_of, row_chart
from breakout.report.html.rendering import render_page
from breakout.report.html.run_charts import draw_reliability


def render_comparison(compared: HeadToHead) -> str:
    """Return the HTML page of a comparison."""
    return render_page(
        "comparison.html.j2",
        title=f"{compared.candidate.manifest.name} against {compared.production.manifest.name}",
        compared=compared,
        comparison=compared.comparison,
        tables=comparison_tables,
        differences=_draw_differences(compared),
        draw_reliability=draw_reliability,
    )


def _draw_differences(compared: HeadToHead) -> Chart | None:
    """Return a chart of the differences in log loss and Brier score, which share a scale; None without intervals."""
    slices = compared.comparison.slices["month"]
    rows = [("all games", compared.comparison.differences), *((part.label, part.differences) for part in slices)]
    found = [
        (f"{label}, {name}", differences[key].difference, colour)
        for label, differences in rows
        for key, name, colour in ((LOG_LOSS, "log loss", "blue"), (BRIER, "Brier score", "orange"))
        if differences[key].difference.low is not None
    ]
    if not found:
        return None
    values = [0.0, *(end for _, interval, _ in found for end in ends(interval))]
    alt = "Candidate minus production in log loss and Brier score, for all games and for each month."
    chart = row_chart(
        "differences", alt, "candidate minus production; less is better", [row[0] for row in found], values
    )
    chart.line([(0.0, -0.5), (0.0, len(found) - 0.5)], "muted", is_dashed=True)
    for row, (_, interval, colour) in enumerate(found):
        low, high = ends(interval)
        chart.bar((low, row), (high, row), colour, width=2)
        chart.dot(estimate_of(interval), row, colour)
    return chart
