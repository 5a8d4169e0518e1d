"""The charts of a sweep's page, from its leaderboard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from breakout.evaluation.formatting import HasInterval, format_number
from breakout.report.html.charts import Axis, Chart, ends, estimate_of, row_chart

CELL = (92, 44)  # the width and height of a cell of a heat map, in units of the drawing


def draw_heat_map(name: str, cells: Mapping[tuple[int, int], float], metric: Any) -> Chart:
    """Draw a heat map of a metric by depth (rows) and iterations (columns); a darker cell is better.

    `cells` maps (depth, iterations) to the value.
    """
    depths, iterations = sorted({depth for depth, _ in cells}), sorted({count for _, count in cells})
    low, high = min(cells.values()), max(cells.values())
    alt = f"{metric.title} on validation by depth and iterations, from {low:.4f} to {high:.4f}"
    left, top = 62, 40
    width, height = CELL[0] * len(iterations), CELL[1] * len(depths)
    x, y = Axis(0, len(iterations), left, left + width), Axis(0, len(depths), top, top + height)
    chart = Chart(name, alt, left + width + 4, top + height + 4, x, y)
    chart.write(left + width / 2, 10, "iterations", colour="muted")
    chart.write(0, top - 12, "depth", "start", "muted")
    for column, count in enumerate(iterations):
        chart.label(column + 0.5, 0, str(count), shift=(0, -12))
    for line, depth in enumerate(depths):
        chart.label(0, line + 0.5, str(depth), "end", shift=(-12, 0))
    for (depth, count), value in cells.items():
        column, line = iterations.index(count), depths.index(depth)
        share = 0.5 if high == low else (value - low) / (high - low)
        opacity = 0.08 + 0.5 * (share if metric.higher_is_better else 1 - share)
        corners = [(column, line), (column + 0.97, line), (column + 0.97, line + 0.95), (column, line + 0.95)]
        chart.area(corners, "blue", opacity)
        chart.label(column + 0.48, line + 0.48, format_number(value, ".4f"))
    return chart


def draw_intervals(rows: Sequence[tuple[str, HasInterval, str]]) -> Chart | None:
    """Draw an AUC and its interval for each row (label, interval, colour), and a line at 0.5; None without any AUC."""
    known = [row for row in rows if row[1].estimate is not None]
    if not known:
        return None
    alt = f"AUC on evaluation games of {len(known)} rows, the first {known[0][1].estimate:.3f}"
    values = [0.5, *(value for _, interval, _ in known for value in ends(interval))]
    chart = row_chart("windows", alt, "AUC on evaluation games", [label for label, _, _ in known], values)
    chart.line([(0.5, -0.5), (0.5, len(known) - 0.5)], "muted", is_dashed=True)
    for line, (_, interval, colour) in enumerate(known):
        low, high = ends(interval)
        chart.bar((low, line), (high, line), colour, width=3)
        chart.dot(estimate_of(interval), line, colour, radius=4.5)
    return chart


def draw_seeds(rows: Sequence[tuple[str, Sequence[float]]], metric: str) -> Chart:
    """Draw a row for each recipe (label, values by seed): one dot for each value, and a stroke at their mean."""
    alt = f"validation {metric} of {len(rows)} recipes, one dot a seed"
    values = [value for _, row in rows for value in row]
    chart = row_chart("seeds", alt, f"validation {metric}", [label for label, _ in rows], values)
    for line, (_, row) in enumerate(rows):
        for value in row:
            chart.dot(value, line, "blue", radius=4.5, opacity=0.45)
        mean = sum(row) / len(row)
        chart.bar((mean, line - 0.22), (mean, line + 0.22), "ink")
    return chart
