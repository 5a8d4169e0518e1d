"""Charts of lines, dots, boxes and text, which the template `chart.svg.j2` writes as SVG.

A colour is the name of a CSS variable, such as `blue`. The stylesheet `page.css` sets its value for light screens, dark
screens and paper.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from breakout.evaluation.formatting import HasInterval, format_number, true_minus

# Lengths are in SVG units (units of the SVG view box). The page scales a chart to the width of its column. On a phone
# 390 px wide, an SVG unit is 0.7 or 0.8 px, so text of height FONT is still at least 8 px high.
FONT, LETTER = 12, 7.2  # the height of text, and the width that is reserved for one letter
SQUARE = (440, 316)  # the width and height of a chart with two numeric axes
WIDE = 540  # the width of a chart with one row for each label
# The height of a row is ROW_HEIGHT if its label is left of its marks, and ROW_BELOW_LABEL if its label is above them.
ROW_HEIGHT, ROW_BELOW_LABEL = 24, 42
SHORT_LABEL = 30  # if a label has more letters than this, all labels of its chart are above their rows
LONG_LABEL = 76  # longer text is cut to this number of letters

Point = tuple[float, float]


@dataclass(frozen=True)
class Mark:
    """One SVG element. `shape` is the tag name; `text` is None for an element without text."""

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
        """Return the position of a value, rounded to a tenth of an SVG unit."""
        share = (value - self.low) / (self.high - self.low)
        return round(self.start + (self.end - self.start) * share, 1)


@dataclass
class Chart:
    """A chart with two axes. Its methods add marks: lines, dots, areas and text.

    Most methods take values on the axes. `write`, `write_upwards`, `rule` and `legend` take positions in SVG units.
    Widths, radii and shifts are always in SVG units.

    - `name`: the attribute `data-chart` of the chart in the page.
    - `alt`: a description for readers who cannot see the chart.
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
        attributes = {**self._stroke(colour, width), "points": self._path(points), "fill": "none"}
        if is_dashed:
            attributes["stroke-dasharray"] = "4 3"
        self.marks.append(Mark("polyline", attributes))

    def area(self, points: Iterable[Point], colour: str, opacity: float) -> None:
        fill = {"fill": f"var(--{colour})", "points": self._path(points)}
        self.marks.append(Mark("polygon", {**fill, "fill-opacity": round(opacity, 3)}))

    def dot(self, x: float, y: float, colour: str, *, radius: float = 4, opacity: float = 1.0) -> None:
        place = {"cx": self.x.place(x), "cy": self.y.place(y), "r": radius}
        self.marks.append(Mark("circle", {**place, "fill": f"var(--{colour})", "fill-opacity": opacity}))

    def bar(self, low: Point, high: Point, colour: str, *, width: float = 1.6) -> None:
        self.line([low, high], colour, width=width)

    def horizontal_interval(self, y: float, interval: HasInterval, colour: str) -> None:
        """Draw an estimate as a dot and its interval as a horizontal bar, at the value `y` of the y axis.

        ValueError if the estimate is undefined.
        """
        low, high = ends(interval)
        self.bar((low, y), (high, y), colour, width=2.6)
        self.dot(estimate_of(interval), y, colour, radius=4.5)

    def vertical_interval(self, x: float, interval: HasInterval, colour: str) -> None:
        """Draw an estimate as a dot and its interval as a vertical bar, at the value `x` of the x axis.

        ValueError if the estimate is undefined.
        """
        low, high = ends(interval)
        self.bar((x, low), (x, high), colour)
        self.dot(x, estimate_of(interval), colour)

    def label(
        self, x: float, y: float, text: str, anchor: str = "middle", colour: str = "ink", shift: Point = (0, 0)
    ) -> None:
        """Write text at the values (x, y) on the axes, moved by `shift` in SVG units.

        `anchor` is the part of the text that lies at this point: "start", "middle" or "end".
        """
        self.write(self.x.place(x) + shift[0], self.y.place(y) + shift[1], text, anchor, colour)

    def write(self, x: float, y: float, text: str, anchor: str = "middle", colour: str = "ink") -> None:
        """Write text at the position (x, y) in SVG units, vertically centred on `y`.

        `anchor` is the part of the text that lies at `x`: "start", "middle" or "end". Text longer than LONG_LABEL
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
        """Write one line for each (name, colour) entry: a box of the colour, then the name.

        The first line is at the position (x, y) in SVG units.
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
    """Return a format specification, such as ".2f", with the decimals that the distance between the ticks needs."""
    step = ticks[1] - ticks[0] if len(ticks) > 1 else ticks[0] if ticks else 1.0
    return f".{max(0, -math.floor(math.log10(abs(step) or 1.0) + 1e-9))}f"


def format_ticks(ticks: Sequence[float], *, is_percent: bool = False) -> list[str]:
    """Return the labels of ticks: whole per cent if `is_percent`, else numbers in the format of `tick_pattern`."""
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

    - `name`: identifies the chart in its page.
    - `alt`: describes the chart for readers who cannot see it.
    - `x`, `y`: (title, low, high) of each axis, with low less than high.
    - `percent`: the axes with labels in per cent: "", "x", "y" or "xy".
    - `x_labels`: texts for the values 0, 1, 2, ... of the x axis. They replace its numbers and the vertical grid lines.
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
    """Return an empty chart with one row for each label, from top to bottom; row i is at the value i of the y axis.

    The x axis includes all `values`. ValueError if `labels` or `values` is empty.

    - `name`: identifies the chart in its page.
    - `alt`: describes the chart for readers who cannot see it.
    - `title`: the title of the x axis.
    - `legend`: (name, colour) entries, written above the rows.
    """
    known = list(values)
    margin = 0.04 * (max(known) - min(known)) or 0.01
    low, high = min(known) - margin, max(known) + margin
    is_above = max(map(len, labels)) > SHORT_LABEL
    left = 10.0 if is_above else 14 + LETTER * max(map(len, labels))
    row = ROW_BELOW_LABEL if is_above else ROW_HEIGHT
    top = 8 + (22 if legend else 0)
    bottom = top + row * len(labels)
    # The marks of the first row are in the middle of the row, or lower if the label is above them.
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
    """Return a chart of estimates and intervals: one row for each (label, interval, colour) in `rows`.

    A dashed line marks the value `reference` of the x axis. ValueError if `rows` is empty or an estimate is undefined.

    - `name`: identifies the chart in its page.
    - `alt`: describes the chart for readers who cannot see it.
    - `title`: the title of the x axis.
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
    """Return the points of a line at or below y = `limit`, and the points where the line crosses the limit.

    `points` must not be empty.
    """
    cut: list[Point] = []
    for before, after in zip([points[0], *points], points, strict=False):
        if (before[1] > limit) != (after[1] > limit):
            share = (limit - before[1]) / (after[1] - before[1])
            cut.append((before[0] + share * (after[0] - before[0]), limit))
        if after[1] <= limit:
            cut.append(after)
    return cut
