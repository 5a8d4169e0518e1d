"""Charts of lines, dots, boxes and text, which the template `chart.svg.j2` writes as SVG.

A colour is the name of a CSS variable. Its value in `page.css` differs between light screens, dark screens and paper,
so the SVG of a chart is the same for all three.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from breakout.evaluation.formatting import HasInterval, format_number, true_minus

# Lengths are in SVG units (units of the SVG view box). The page scales a chart to the width of its column. On a screen
# 390 px wide, an SVG unit is 0.8 px in a chart of width SQUARE[0] and 0.7 px in one of width WIDE. So text of height
# FONT is at least 8 px high there.
FONT, LETTER = 12, 7.2  # the height of text and the width that is reserved for one letter, in SVG units
SQUARE = (440, 316)  # the width and height, in SVG units, of a chart with two numeric axes
WIDE = 540  # the width, in SVG units, of a chart with one row for each label
# The heights, in SVG units, of two kinds of rows: the label is left of the marks, or it is above them.
ROW_HEIGHT, ROW_BELOW_LABEL = 24, 42
SHORT_LABEL = 30  # if one label of a row chart has more letters, all its labels are above their rows, else left of them
LONG_LABEL = 76  # text with more letters is cut to this number of letters

Point = tuple[float, float]


@dataclass(frozen=True)
class Mark:
    """One SVG element: its tag name, its attributes, and its text, which is None for an element without text."""

    shape: str
    attributes: dict[str, str | float]
    text: str | None = None


@dataclass(frozen=True)
class Axis:
    """A linear scale that maps the values `low` to `high` onto the positions `start` to `end`, in SVG units."""

    low: float
    high: float
    start: float
    end: float

    def place(self, value: float) -> float:
        """Return the position of a value, rounded to a tenth of an SVG unit.

        A value outside `low`..`high` has a position outside the axis. ZeroDivisionError if `low` equals `high`.
        """
        share = (value - self.low) / (self.high - self.low)
        return round(self.start + (self.end - self.start) * share, 1)


@dataclass
class Chart:
    """A chart with two axes; each method adds marks (lines, dots, areas or text).

    `write`, `write_upwards`, `rule` and `legend` take positions in SVG units; the other methods take values on the
    axes. Widths, radii and shifts are always in SVG units. `name` is the chart's attribute `data-chart` in the page.
    `alt` describes the chart for readers who cannot see it.
    """

    name: str
    alt: str
    width: float
    height: float
    x: Axis
    y: Axis
    is_wide: bool = False
    marks: list[Mark] = field(default_factory=list)

    def line(self, points: Iterable[Point], colour: str, *, width: float = 1.2, is_dashed: bool = False) -> None:
        """Draw a line through points, which are values on the axes; `width` is in SVG units."""
        attributes = {**self._stroke(colour, width), "points": self._path(points), "fill": "none"}
        if is_dashed:
            attributes["stroke-dasharray"] = "4 3"
        self.marks.append(Mark("polyline", attributes))

    def area(self, points: Iterable[Point], colour: str, opacity: float) -> None:
        """Fill the polygon whose corners are `points`: pairs (x, y) of values on the two axes, in data units."""
        fill = {"fill": f"var(--{colour})", "points": self._path(points)}
        self.marks.append(Mark("polygon", {**fill, "fill-opacity": round(opacity, 3)}))

    def dot(self, x: float, y: float, colour: str, *, radius: float = 4, opacity: float = 1.0) -> None:
        """Draw a dot at values on the axes; `radius` is in SVG units."""
        place = {"cx": self.x.place(x), "cy": self.y.place(y), "r": radius}
        self.marks.append(Mark("circle", {**place, "fill": f"var(--{colour})", "fill-opacity": opacity}))

    def bar(self, low: Point, high: Point, colour: str, *, width: float = 1.6) -> None:
        """Draw a straight bar, such as an interval, between two points, which are values on the axes."""
        self.line([low, high], colour, width=width)

    def horizontal_interval(self, y: float, interval: HasInterval, colour: str) -> None:
        """Draw an estimate as a dot and its interval as a horizontal bar, at the value `y` of the y axis.

        Without an interval only the dot is drawn. ValueError if the estimate is undefined.
        """
        low, high = ends(interval)
        self.bar((low, y), (high, y), colour, width=2.6)
        self.dot(estimate_of(interval), y, colour, radius=4.5)

    def vertical_interval(self, x: float, interval: HasInterval, colour: str) -> None:
        """Draw an estimate as a dot and its interval as a vertical bar, at the value `x` of the x axis.

        Without an interval only the dot is drawn. ValueError if the estimate is undefined.
        """
        low, high = ends(interval)
        self.bar((x, low), (x, high), colour)
        self.dot(x, estimate_of(interval), colour)

    def label(
        self, x: float, y: float, text: str, anchor: str = "middle", colour: str = "ink", shift: Point = (0, 0)
    ) -> None:
        """Write text at the values (x, y) on the axes, moved by `shift` in SVG units.

        `anchor` is the part of the text that is at the point: "start", "middle" or "end".
        """
        self.write(self.x.place(x) + shift[0], self.y.place(y) + shift[1], text, anchor, colour)

    def write(self, x: float, y: float, text: str, anchor: str = "middle", colour: str = "ink") -> None:
        """Write text at the position (x, y) in SVG units, vertically centred on `y`.

        `anchor` is the part of the text that is at `x`: "start", "middle" or "end". Text of more than LONG_LABEL
        letters is cut and ends in an ellipsis.
        """
        shown = text if len(text) <= LONG_LABEL else f"{text[: LONG_LABEL - 1]}…"
        place: dict[str, str | float] = {"x": round(x, 1), "y": round(y + 0.35 * FONT, 1), "text-anchor": anchor}
        self.marks.append(Mark("text", {**place, "fill": f"var(--{colour})", "font-size": FONT}, shown))

    def write_upwards(self, x: float, y: float, text: str) -> None:
        """Write text that reads from bottom to top, centred on the position (x, y) in SVG units."""
        self.write(x, y, text)
        self.marks[-1].attributes["transform"] = f"rotate(-90 {round(x, 1)} {round(y, 1)})"

    def rule(self, x1: float, y1: float, x2: float, y2: float, colour: str = "line") -> None:
        """Draw a thin straight line from (x1, y1) to (x2, y2), both positions in SVG units."""
        place = {"x1": round(x1, 1), "y1": round(y1, 1), "x2": round(x2, 1), "y2": round(y2, 1)}
        self.marks.append(Mark("line", {**self._stroke(colour, 1), **place}))

    def legend(self, entries: Sequence[tuple[str, str]], x: float, y: float) -> None:
        """Write (name, colour) entries below one another, each after a box of its colour.

        The first entry is at the position (x, y) in SVG units.
        """
        for line, (name, colour) in enumerate(entries):
            self.marks.append(Mark("rect", {"x": x, "y": y + 17 * line - 4, "width": 18, "height": 7, "rx": 2}))
            self.marks[-1].attributes["fill"] = f"var(--{colour})"
            self.write(x + 24, y + 17 * line, name, "start")

    def _path(self, points: Iterable[Point]) -> str:
        return " ".join(f"{self.x.place(x):g},{self.y.place(y):g}" for x, y in points)

    def _stroke(self, colour: str, width: float) -> dict[str, str | float]:
        return {"stroke": f"var(--{colour})", "stroke-width": width}


def round_ticks(low: float, high: float) -> list[float]:
    """Return at most 6 round values from `low` to `high`, in steps of 1, 2 or 5 times a power of ten.

    ValueError unless `low` is less than `high`.
    """
    power = 10.0 ** math.floor(math.log10((high - low) / 6))
    step = next(power * factor for factor in (1, 2, 5, 10, 20) if (high - low) / (power * factor) < 6)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(index * step, 12) for index in range(first, last + 1)]


def tick_pattern(ticks: Sequence[float]) -> str:
    """Return a format specification, such as ".2f", with as many decimals as the distance between the ticks needs.

    For a single tick, its value takes the place of the distance. Without ticks the result is ".0f".
    """
    step = ticks[1] - ticks[0] if len(ticks) > 1 else ticks[0] if ticks else 1.0
    return f".{max(0, -math.floor(math.log10(abs(step) or 1.0) + 1e-9))}f"


def format_ticks(ticks: Sequence[float], *, is_percent: bool = False) -> list[str]:
    """Return the labels of ticks: as whole per cent if `is_percent`, else as numbers.

    The numbers have as many decimals as the distance between the ticks needs.
    """
    pattern = ".0%" if is_percent else tick_pattern(ticks)
    return [true_minus(format_number(tick, pattern)) for tick in ticks]


def square_chart(
    name: str,
    alt: str,
    x: tuple[str, float, float],
    y: tuple[str, float, float],
    *,
    percent: str = "",
    x_labels: Sequence[str] | None = None,
) -> Chart:
    """Return an empty chart with a grid and two titled axes.

    `x` and `y` are (title, low, high) of the axes, with low less than high. `percent` names the axes with labels in per
    cent: "", "x", "y" or "xy". If `x_labels` is given, these texts label the values 0, 1, 2, ... of the x axis. The x
    axis then has no numbers and no vertical grid lines. `name` identifies the chart in its page; `alt` describes the
    chart for readers who cannot see it.
    """
    width, height = SQUARE
    y_ticks = round_ticks(y[1], y[2])
    y_labels = format_ticks(y_ticks, is_percent="y" in percent)
    left = 30 + LETTER * max(map(len, y_labels))
    chart = Chart(name, alt, width, height, Axis(x[1], x[2], left, width - 18), Axis(y[1], y[2], height - 46, 10))
    for tick, label in zip(y_ticks, y_labels, strict=True):
        place = chart.y.place(tick)
        chart.rule(left, place, chart.x.end, place)
        chart.write(left - 6, place, label, "end")
    x_ticks = round_ticks(x[1], x[2]) if x_labels is None else range(len(x_labels))
    for tick, label in zip(x_ticks, x_labels or format_ticks(x_ticks, is_percent="x" in percent), strict=True):
        place = chart.x.place(tick)
        if x_labels is None:
            chart.rule(place, chart.y.start, place, chart.y.end)
        chart.write(place, chart.y.start + 13, label)
    chart.rule(left, chart.y.start, chart.x.end, chart.y.start, "muted")
    chart.rule(left, chart.y.start, left, chart.y.end, "muted")
    chart.write((left + chart.x.end) / 2, height - 11, x[0])
    chart.write_upwards(10, (chart.y.start + chart.y.end) / 2, y[0])
    return chart


def row_chart(
    name: str,
    alt: str,
    title: str,
    labels: Sequence[str],
    values: Iterable[float],
    *,
    legend: Sequence[tuple[str, str]] = (),
) -> Chart:
    """Return an empty chart with one row for each label, from top to bottom, and an x axis that includes all `values`.

    Row i is at the value i of the y axis. `title` is that of the x axis. `legend` holds (name, colour) entries, which
    are written above the rows. `name` identifies the chart in its page; `alt` describes the chart for readers who
    cannot see it. ValueError if `labels` or `values` is empty.
    """
    known = list(values)
    margin = 0.04 * (max(known) - min(known)) or 0.01
    low, high = min(known) - margin, max(known) + margin
    is_above = max(map(len, labels)) > SHORT_LABEL
    left = 10.0 if is_above else 14 + LETTER * max(map(len, labels))
    row = ROW_BELOW_LABEL if is_above else ROW_HEIGHT
    top = 8 + (22 if legend else 0)
    bottom = top + row * len(labels)
    # `first` is the position of the marks of row 0: the middle of the row, or lower if the label is above the marks.
    first = top + row * (0.72 if is_above else 0.5)
    y = Axis(0, 1, first, first + row)
    chart = Chart(name, alt, WIDE, bottom + 44, Axis(low, high, left, WIDE - 16), y, is_wide=True)
    ticks = round_ticks(low, high)
    for tick, label in zip(ticks, format_ticks(ticks), strict=True):
        place = chart.x.place(tick)
        chart.rule(place, top, place, bottom)
        chart.write(place, bottom + 12, label, colour="muted")
    chart.rule(left, bottom, WIDE - 16, bottom, "muted")
    for index, label in enumerate(labels):
        if is_above:
            chart.write(0, chart.y.place(index) - 20, label, "start")
        else:
            chart.write(left - 8, chart.y.place(index), label, "end")
    chart.write((left + WIDE - 16) / 2, bottom + 32, title)
    for place, entry in enumerate(legend):
        chart.legend([entry], left + 110 * place, 12)
    return chart


def interval_chart(
    name: str, alt: str, title: str, rows: Sequence[tuple[str, HasInterval, str]], reference: float
) -> Chart:
    """Return a chart of estimates with their intervals: one row for each (label, interval, colour) of `rows`.

    A dashed line marks the value `reference` of the x axis, whose title is `title`. `name` identifies the chart in its
    page; `alt` describes the chart for readers who cannot see it. ValueError if `rows` is empty or an estimate is
    undefined.
    """
    values = [reference, *(end for _, interval, _ in rows for end in ends(interval))]
    chart = row_chart(name, alt, title, [label for label, _, _ in rows], values)
    chart.line([(reference, -0.5), (reference, len(rows) - 0.5)], "muted", is_dashed=True)
    for place, (_, interval, colour) in enumerate(rows):
        chart.horizontal_interval(place, interval, colour)
    return chart


def estimate_of(interval: HasInterval) -> float:
    """Return the estimate of an interval; ValueError if the estimate is undefined."""
    if interval.estimate is None:
        raise ValueError("an undefined figure cannot be drawn")
    return interval.estimate


def ends(interval: HasInterval) -> tuple[float, float]:
    """Return the two ends of an interval, or the estimate twice if the ends are undefined.

    ValueError if the estimate is undefined too.
    """
    if interval.low is None or interval.high is None:
        return estimate_of(interval), estimate_of(interval)
    return interval.low, interval.high


def below(points: Sequence[Point], limit: float) -> list[Point]:
    """Return the part of a line at or below y = `limit`; the line is given and returned as points (x, y).

    The points where the line crosses the limit are added. `points` must not be empty.
    """
    cut: list[Point] = []
    for before, after in zip([points[0], *points], points, strict=False):
        if (before[1] > limit) != (after[1] > limit):
            share = (limit - before[1]) / (after[1] - before[1])
            cut.append((before[0] + share * (after[0] - before[0]), limit))
        if after[1] <= limit:
            cut.append(after)
    return cut
