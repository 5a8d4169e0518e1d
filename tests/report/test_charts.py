"""Charts draw their marks at the positions of the values that they show, and inside their own frame."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from breakout.evaluation.curves import Curve, ScoreHistogram
from breakout.evaluation.importance import FeatureImportance
from breakout.evaluation.metrics import LOG_LOSS, METRICS
from breakout.evaluation.reliability import ReliabilityBin
from breakout.evaluation.resamples import Interval
from breakout.evaluation.slices import SliceMetrics
from breakout.evaluation.thresholds import TopRows
from breakout.leaderboard_files import SeedRow, Spread
from breakout.report.html import ledger_charts, run_charts
from breakout.report.html.charts import (
    Axis,
    Chart,
    below,
    interval_chart,
    round_ticks,
    row_chart,
    tick_pattern,
)
from breakout.report.html.rendering import TEMPLATES, render_page
from breakout.report.html.sweep_charts import draw_heat_map, draw_seeds

AUC = Interval(0.59, 0.55, 0.62, 0)
UNDEFINED = Interval(None, None, None, 9)
BINS = tuple(
    ReliabilityBin(0.1 * k, 0.1 * k + 0.09, 0.1 * k + 0.05, Interval(0.1 * k, 0.0, 0.9, 0), 10) for k in range(5)
)
TOP = (TopRows(0.05, 5, Interval(0.4, 0.3, 0.5, 0), Interval(2.0, 1.5, 2.6, 0)),)
CURVE = Curve((0.0, 0.01, 0.05, 0.5, 1.0), (9.0, 8.0, 2.0, 1.2, 1.0))
UNIT_CURVE = Curve((0.0, 0.5, 1.0), (0.0, 0.7, 1.0))
CHANCE = SliceMetrics(
    "2026-01", 300, 20, 50, 0.17, UNDEFINED, UNDEFINED, Interval(0.5, 0.5, 0.5, 0), UNDEFINED, UNDEFINED
)


def seeds(label: str, *values: float) -> SeedRow:
    """Return the row of a variant that was fitted with one seed for each value."""
    spread = Spread(values, sum(values) / len(values), 0.0, min(values), max(values))
    numbers = tuple(range(len(values)))
    return SeedRow(variant="", label=label, window="january", seeds=numbers, value=spread, evaluation_auc=None)


CHARTS = {
    "verdict": run_charts.draw_verdict_scale(AUC),
    "verdict without interval": run_charts.draw_verdict_scale(Interval(0.8, None, None, 0)),
    "roc": run_charts.draw_roc(UNIT_CURVE, AUC),
    "precision": run_charts.draw_precision_recall(UNIT_CURVE, AUC, 0.18),
    "reliability": run_charts.draw_reliability(BINS, BINS),
    "histogram": run_charts.draw_histogram(ScoreHistogram((0.0, 0.1, 0.2), (3, 1), (9, 2))),
    "months of a model without any skill": run_charts.draw_months([CHANCE], CHANCE.auc),
    "lift": run_charts.draw_lift(CURVE, TOP),
    "heat map": draw_heat_map("map", {(3, 50): 0.44, (4, 50): 0.43, (4, 80): 0.45}, METRICS[LOG_LOSS]),
    "intervals": interval_chart(
        "windows",
        "two rows",
        "AUC",
        [("january", AUC, "blue"), ("a window with a very long name, too long", AUC, "grey")],
        0.5,
    ),
    "seeds": draw_seeds([seeds("depth=3", 0.43, 0.44), seeds("depth=4", 0.43)], "log loss"),
}


def coordinates(chart: Chart) -> Iterator[tuple[float, float]]:
    for mark in chart.marks:
        found = mark.attributes
        if "points" in found:
            yield from (tuple(map(float, pair.split(","))) for pair in str(found["points"]).split())  # type: ignore[misc]
        for x, y in (("x", "y"), ("cx", "cy"), ("x1", "y1"), ("x2", "y2")):
            if x in found:
                yield float(found[x]), float(found[y])


@pytest.mark.parametrize("chart", CHARTS.values(), ids=CHARTS)
def test_every_mark_lies_inside_the_frame(chart: Chart) -> None:
    places = list(coordinates(chart))
    assert len(places) > 5
    assert [place for place in places if not (0 <= place[0] <= chart.width and 0 <= place[1] <= chart.height)] == []


def test_an_axis_is_linear_and_grows_upwards() -> None:
    x, y = Axis(0, 10, 50, 150), Axis(0, 1, 300, 100)
    assert [x.place(value) for value in (0, 5, 10)] == [50, 100, 150]
    assert [y.place(value) for value in (0, 0.25, 1)] == [300, 250, 100]


@given(st.floats(-1e6, 1e6), st.floats(1e-6, 1e6))
def test_ticks_are_round_few_and_inside(low: float, width: float) -> None:
    high = low + width
    if high - low < 1e-9 * max(abs(low), abs(high)):
        return
    ticks = round_ticks(low, high)
    slack = 1e-6 * (high - low) + 1e-9 * max(abs(low), abs(high))
    assert 1 <= len(ticks) <= 7
    assert low - slack <= ticks[0] <= ticks[-1] <= high + slack
    for step in (after - before for before, after in itertools.pairwise(ticks)):
        mantissa = step / 10 ** math.floor(math.log10(step) + 1e-9)
        assert min(abs(mantissa - factor) for factor in (1, 2, 5, 10)) < 1e-3


@pytest.mark.parametrize(
    ("ticks", "pattern"), [([0.0, 0.2], ".1f"), ([0, 5], ".0f"), ([0.005, 0.01], ".3f"), ([0], ".0f")]
)
def test_ticks_have_as_many_decimals_as_they_need(ticks: list[float], pattern: str) -> None:
    assert tick_pattern(ticks) == pattern


def test_a_line_is_cut_where_it_leaves_the_frame() -> None:
    assert below([(0, 4), (1, 2), (2, 1)], 3) == [(0.5, 3), (1, 2), (2, 1)]
    assert below([(0, 1), (1, 2)], 3) == [(0, 1), (1, 2)]
    assert below([(0, 1), (1, 3), (2, 1)], 2) == [(0, 1), (0.5, 2), (1.5, 2), (2, 1)]


def test_long_labels_stand_above_their_rows_and_short_ones_before_them() -> None:
    short = row_chart("a", "a chart of two rows", "title", ["one", "two"], [0, 1])
    long = row_chart("a", "a chart of two rows", "title", ["one", "x" * 40], [0, 1])
    assert short.x.start > long.x.start
    assert long.height > short.height


def test_undefined_figures_are_not_drawn() -> None:
    assert draw_seeds([structs.replace(seeds("depth=3", 0.43), value=None)], "log loss") is None
    with pytest.raises(ValueError, match="undefined"):
        interval_chart("windows", "one row", "AUC", [("january", UNDEFINED, "blue")], 0.5)


def test_figures_without_any_spread_are_drawn() -> None:
    zero = Interval(0.0, 0.0, 0.0, 0)
    one_month = SliceMetrics("2026-01", 3, 1, 1, 0.5, zero, zero, Interval(0.5, 0.5, 0.5, 0), zero, zero)
    undefined_month = replace(one_month, auc=UNDEFINED)
    drawn = [
        run_charts.draw_reliability([ReliabilityBin(0.0, 0.0, 0.0, zero, 5)], None),
        run_charts.draw_histogram(ScoreHistogram((0.0, 0.5), (0,), (3,))),
        run_charts.draw_months([one_month, undefined_month], Interval(0.5, 0.5, 0.5, 0)),
        run_charts.draw_lift(Curve((1.0,), (1.0,)), [replace(TOP[0], lift=UNDEFINED)]),
        run_charts.draw_importance([FeatureImportance("cv_ratio", zero, 0.0, zero, 0.0, adds_nothing=True)]),
        draw_seeds([seeds("depth=3", 0.5)], "log loss"),
    ]
    assert all(chart is not None and chart.marks for chart in drawn)
    assert run_charts.draw_months([undefined_month], AUC) is None


def test_every_colour_of_a_shadow_is_in_the_style_sheet() -> None:
    style = (TEMPLATES / "page.css").read_text(encoding="utf-8")
    assert [colour for colour in ledger_charts.SHADOW_COLOURS if f"--{colour}:" not in style] == []


def test_a_chart_is_one_labelled_element_whose_text_is_escaped() -> None:
    chart = Chart("plot", "what <b>it</b> shows & how", 100, 50, Axis(0, 1, 0, 100), Axis(0, 1, 50, 0))
    chart.write(10, 10, "<script>alert(1)</script>\x1b")
    svg = render_page("chart.svg.j2", chart=chart)
    assert svg.count("<svg") == svg.count("</svg>") == 1
    assert 'aria-label="what &lt;b&gt;it&lt;/b&gt; shows &amp; how"' in svg
    assert "&lt;script&gt;" in svg
    assert "<script" not in svg
    assert "\x1b" not in svg
