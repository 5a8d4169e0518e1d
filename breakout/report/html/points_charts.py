"""The charts of predicted distributions of points: the PIT histogram, examples of games, and reliability at lines.

PIT is the probability integral transform. A line is a bookmaker's number of points.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from breakout.evaluation.points_metrics import Fan, LineReliability, PitHistogram
from breakout.report.html.charts import Chart, row_chart, square_chart
from breakout.report.html.run_charts import draw_reliability


def draw_pit(pit: PitHistogram) -> Chart:
    """Draw the histogram of the probability integral transform (PIT) of the points scored.

    If the predicted distributions are calibrated, all bins are about as high as the dashed line.
    """
    bins, flat = len(pit.shares), 1 / len(pit.shares)
    alt = f"PIT histogram: shares from {min(pit.shares):.3f} to {max(pit.shares):.3f}; flat is {flat:.3f}"
    chart = square_chart("pit", alt, ("PIT", 0, 1), ("share of games", 0, 1.15 * max(*pit.shares, flat)))
    for number, share in enumerate(pit.shares):
        left, right = number / bins, (number + 1) / bins
        chart.area([(left, 0), (left, share), (right, share), (right, 0)], "blue", 0.3)
    chart.line([(0, flat), (1, flat)], "ink", is_dashed=True)
    return chart


def draw_fans(fans: Sequence[Fan]) -> Chart:
    """Draw the predicted and the scored points of each game.

    The prediction is drawn as its median and its central 50 % and 90 % intervals. ValueError if `fans` is empty.
    """
    chart = row_chart(
        "fans",
        "predicted points of " + ", ".join(f"{fan.player_lookup} (scored {fan.points})" for fan in fans),
        "points",
        [fan.player_lookup for fan in fans],
        [value for fan in fans for value in (*fan.quantiles, fan.points, 0)],
        legend=[("predicted", "blue"), ("scored", "orange")],
    )
    for row, fan in enumerate(fans):
        lowest, low, middle, high, highest = fan.quantiles
        chart.bar((lowest, row), (highest, row), "blue")
        chart.bar((low, row), (high, row), "blue", width=6)
        chart.dot(middle, row, "ink", radius=3)
        chart.dot(fan.points, row, "orange")
    return chart


def draw_line(line: LineReliability) -> Chart:
    """Draw how reliable the predicted probability is that a player exceeds a bookmaker's line.

    The fraction of games with more points is drawn against the mean probability, for each bin of probabilities.
    """
    chart = draw_reliability(line.reliability, rate="share with more points")
    return replace(chart, name=f"line-{line.line:g}".replace(".", "-"), alt=f"over {line.line:g} points, {chart.alt}")
