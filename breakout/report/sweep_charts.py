"""The drawings of a sweep's page: plain figures in, inline SVG in the page's own colours out.

Written by hand: a sweep's page is part of the sweep's time, and matplotlib alone takes longer to import than this page
to write.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from breakout.report.markup import escape, told_number

_LINE = 24  # height of one line of an interval plot
_CELL = (92, 44)
_WIDTH, _LABEL = 590, 240  # of a plot in lines, and of its labels where they stand before the lines
_SHORT, _LONG = 30, 76  # letters that fit before a line, and above it


def heat_map(cells: Mapping[tuple[int, int], float], *, higher_is_better: bool, metric: str) -> str:
    """Depth downwards, iterations to the right; the better the darker, every cell with its number."""
    depths, iterations = sorted({depth for depth, _ in cells}), sorted({count for _, count in cells})
    low, high = min(cells.values()), max(cells.values())
    left, top = 62, 40
    parts = [_text(left + _CELL[0] * len(iterations) / 2, 14, "iterations", "middle", "muted")]
    parts.append(_text(0, top - 8, "depth", "start", "muted"))
    for column, count in enumerate(iterations):
        parts.append(_text(left + _CELL[0] * (column + 0.5), top - 8, str(count), "middle"))
    for line, depth in enumerate(depths):
        y = top + _CELL[1] * line
        parts.append(_text(left - 12, y + _CELL[1] / 2 + 5, str(depth), "end"))
        for column, count in enumerate(iterations):
            value = cells.get((depth, count))
            if value is not None:
                share = 0.5 if high == low else (value - low) / (high - low)
                parts += _cell(left + _CELL[0] * column, y, value, share if higher_is_better else 1 - share)
    width, height = left + _CELL[0] * len(iterations) + 4, top + _CELL[1] * len(depths) + 4
    alt = f"{metric} on validation by depth and iterations, from {low:.4f} to {high:.4f}"
    return _svg(width, height, alt, parts)


def _cell(x: float, y: float, value: float, goodness: float) -> list[str]:
    """A cell whose colour says how good it is among the others; its number says how much that is."""
    opacity = 0.08 + 0.5 * goodness
    box = f'<rect x="{x + 1:g}" y="{y + 1:g}" width="{_CELL[0] - 2}" height="{_CELL[1] - 2}" rx="3"'
    return [
        f'{box} fill="var(--blue)" fill-opacity="{opacity:.3f}"/>',
        _text(x + _CELL[0] / 2, y + _CELL[1] / 2 + 5, told_number(value, "{:.4f}"), "middle"),
    ]


def interval_plot(
    rows: Sequence[tuple[str, Mapping[str, Any], str]], *, metric: str, line_at: float | None = None
) -> str:
    """One line a row (label, interval, colour variable): a dot at the estimate, a bar over its interval."""
    known = [row for row in rows if row[1]["estimate"] is not None]
    if not known:
        return ""
    figures = [figure for _, interval, _ in known for figure in _ends(interval)]
    axis = _Axis([label for label, _, _ in known], figures, line_at)
    parts = axis.frame(metric, "{:.2f}")
    if line_at is not None:
        parts.append(_rule(axis.place(line_at), 4, axis.bottom, "muted", dash="4 3"))
    for line, (_, interval, colour) in enumerate(known):
        y, (low, high) = axis.line(line), _ends(interval)
        parts.append(
            f'<line x1="{axis.place(low):.1f}" x2="{axis.place(high):.1f}" y1="{y}" y2="{y}" '
            f'stroke="var(--{colour})" stroke-width="3" stroke-opacity=".55"/>'
        )
        parts.append(f'<circle cx="{axis.place(interval["estimate"]):.1f}" cy="{y}" r="4.5" fill="var(--{colour})"/>')
    first = known[0][1]["estimate"]
    return _svg(_WIDTH, axis.bottom + 40, f"{metric} of {len(known)} rows, the first {first:.3f}", parts)


def strip_plot(rows: Sequence[tuple[str, Sequence[float]]], *, metric: str) -> str:
    """One line a row (label, values): a dot for every value, a stroke at their mean."""
    axis = _Axis([label for label, _ in rows], [value for _, values in rows for value in values], None)
    parts = axis.frame(metric, "{:.3f}")
    for line, (_, values) in enumerate(rows):
        y = axis.line(line)
        parts += [
            f'<circle cx="{axis.place(value):.1f}" cy="{y}" r="4.5" fill="var(--blue)" fill-opacity=".45"/>'
            for value in values
        ]
        parts.append(_rule(axis.place(sum(values) / len(values)), y - 9, y + 9, "ink"))
    return _svg(_WIDTH, axis.bottom + 40, f"{metric} of {len(rows)} recipes, one dot a seed", parts)


class _Axis:
    """The lines of a plot with their labels, and its horizontal axis with about five round ticks.

    Labels stand before their lines; if one is too long for that, all stand above them.
    """

    def __init__(self, labels: Sequence[str], values: Sequence[float], also: float | None) -> None:
        self._labels, self._is_above = labels, max(map(len, labels)) > _SHORT
        low, high = min([*values, *([also] if also is not None else [])]), max(values)
        margin = 0.04 * (high - low) or 0.01
        self._low, self._high = low - margin, high + margin
        self._left = 10 if self._is_above else _LABEL
        self._height = 2 * _LINE - 6 if self._is_above else _LINE
        self.bottom = self._height * len(labels) + 8

    def place(self, value: float) -> float:
        """Where a value lies from left to right."""
        share = (value - self._low) / (self._high - self._low)
        return self._left + (_WIDTH - 20 - self._left) * share

    def line(self, line: int) -> int:
        """Where a line lies from top to bottom."""
        return self._height * (line + 1) - 6

    def frame(self, metric: str, pattern: str) -> list[str]:
        """Ticks, labels and the name of the axis."""
        step = _round_step((self._high - self._low) / 4)
        first = int(self._low / step) + (1 if self._low > 0 else 0)
        ticks = [index * step for index in range(first, int(self._high / step) + 1)]
        parts = [_tick(self.place(tick), self.bottom, told_number(tick, pattern)) for tick in ticks]
        for line, label in enumerate(self._labels):
            y = self.line(line)
            where = (0, y - 14, label, "start") if self._is_above else (_LABEL - 10, y + 5, label, "end")
            parts.append(_text(*where))
        middle = (self._left + _WIDTH - 20) / 2
        return [*parts, _text(middle, self.bottom + 34, metric, "middle", "muted")]


def _ends(interval: Mapping[str, Any]) -> tuple[float, float]:
    estimate = float(interval["estimate"])
    if interval["low"] is None:
        return estimate, estimate
    return float(interval["low"]), float(interval["high"])


def _round_step(step: float) -> float:
    size = 1.0
    while size > step:
        size /= 10
    return next(size * factor for factor in (5, 2, 1) if size * factor <= step)


def _tick(x: float, bottom: float, label: str) -> str:
    return _rule(x, 4, bottom, "line") + _text(x, bottom + 16, label, "middle", "muted")


def _rule(x: float, top: float, bottom: float, colour: str, dash: str = "") -> str:
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    return f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{top:g}" y2="{bottom:g}" stroke="var(--{colour})"{dashes}/>'


def _text(x: float, y: float, words: str, anchor: str, colour: str = "ink") -> str:
    shown = words if len(words) <= _LONG else f"{words[: _LONG - 1]}…"
    title = f"<title>{escape(words)}</title>" if shown != words else ""
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="var(--{colour})" font-size="12"'
    return f"<text {place}>{title}{escape(shown)}</text>"


def _svg(width: float, height: float, alt: str, parts: Sequence[str]) -> str:
    told = escape(alt)
    head = f'<svg role="img" aria-label="{told}" viewBox="0 0 {width:g} {height:g}" style="max-width:{width:g}px">'
    return f"{head}<title>{told}</title>{''.join(parts)}</svg>"
