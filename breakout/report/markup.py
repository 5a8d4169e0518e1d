"""The pieces of a page: plain values go in, escaped HTML comes out; nothing else in the package writes tags by hand."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from breakout.control_characters import strip_control_characters

UNDEFINED = "\N{EN DASH}"
MINUS = "\N{MINUS SIGN}"


@dataclass(frozen=True)
class Cell:
    """One cell of a table: what is shown, and by what its column is sorted ("" stands last)."""

    html: str
    sort_by: str
    is_number: bool = False


def escape(value: object) -> str:
    """Any value as text that is safe between tags and in attributes."""
    return html.escape(strip_control_characters(str(value)), quote=True)


def words(value: object) -> Cell:
    """A cell of text."""
    return Cell(escape(value), str(value))


def code(value: object) -> Cell:
    """A cell of something that is typed or computed: a name, a setting, a fingerprint."""
    joints = escape(value).replace("_", "_<wbr>")  # where a phone may break a long name
    return Cell(f"<code>{joints}</code>", str(value))


def number(value: float | None, pattern: str = "{:.3f}") -> Cell:
    """A cell with a number; a dash where it is undefined."""
    if value is None:
        return Cell(UNDEFINED, "", is_number=True)
    return Cell(escape(told_number(value, pattern)), repr(float(value)), is_number=True)


def interval(record: Mapping[str, Any] | None, pattern: str = "{:.3f}") -> Cell:
    """A cell with an estimate and the interval beside it, as metrics.json holds them."""
    if record is None or record["estimate"] is None:
        return Cell(UNDEFINED, "", is_number=True)
    return Cell(told_interval(record, pattern), repr(float(record["estimate"])), is_number=True)


def told_number(value: float, pattern: str = "{:.3f}") -> str:
    """A number by a format pattern, with a true minus sign."""
    return pattern.format(value).replace("-", MINUS)


def told_interval(record: Mapping[str, Any], pattern: str = "{:.3f}") -> str:
    """An estimate and its interval as HTML; "undefined" where there is no estimate."""
    if record["estimate"] is None:
        return "undefined"
    estimate = escape(told_number(record["estimate"], pattern))
    if record["low"] is None:
        return estimate
    low, high = told_number(record["low"], pattern), told_number(record["high"], pattern)
    return f'{estimate} <span class="ci">({escape(low)} to {escape(high)})</span>'


def table(
    caption: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[Cell]],
    *,
    chosen: Sequence[bool] = (),
    is_prose: bool = False,
    is_stacked: bool = False,
) -> str:
    """A table that sorts by its headings; the first cell of a row names it. Empty without rows.

    `chosen` marks rows; `is_prose` lets the cells break into lines, for values longer than a number; `is_stacked` sets
    intervals below their estimates, for tables of many.
    """
    if not rows:
        return ""
    # The first row decides: the cells of a column are of one kind.
    heads = "".join(
        f'<th scope="col"{_number_class(cell)}><button type="button">{escape(column)}</button></th>'
        for column, cell in zip(columns, rows[0], strict=True)
    )
    marks = [*chosen, *[False] * (len(rows) - len(chosen))]
    body = "".join(_row(row, is_chosen) for row, is_chosen in zip(rows, marks, strict=True))
    label, style = escape(caption), f"sortable{' prose' if is_prose else ''}{' stacked' if is_stacked else ''}"
    return (
        f'<div class="scroll" role="region" tabindex="0" aria-label="{label}"><table class="{style}">'
        f"<caption><span>{label}</span></caption><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _row(cells: Sequence[Cell], is_chosen: bool) -> str:
    name, *rest = cells
    data = "".join(f'<td{_number_class(cell)} data-sort="{escape(cell.sort_by)}">{cell.html}</td>' for cell in rest)
    mark = ' class="chosen"' if is_chosen else ""
    head = f'<th scope="row"{_number_class(name)} data-sort="{escape(name.sort_by)}">{name.html}</th>'
    return f"<tr{mark}>{head}{data}</tr>"


def _number_class(cell: Cell) -> str:
    return ' class="num"' if cell.is_number else ""


def tiles(figures: Mapping[str, str]) -> str:
    """A few headline figures; names and HTML."""
    items = [f'<div class="tile"><dt>{escape(name)}</dt><dd>{value}</dd></div>' for name, value in figures.items()]
    return f'<dl class="tiles">{"".join(items)}</dl>'


def figure(svg: str, title: str, caption: str, *, is_wide: bool = False) -> str:
    """A drawing with a caption below it."""
    style = ' class="wide"' if is_wide else ""
    return f"<figure{style}>{svg}<figcaption><b>{escape(title)}.</b> {escape(caption)}</figcaption></figure>"


def plots(figures: Sequence[str]) -> str:
    """Drawings side by side where there is room."""
    return f'<div class="plots">{"".join(figures)}</div>' if figures else ""


def paragraph(text: str, style: str = "") -> str:
    """A paragraph of plain text."""
    return f'<p class="{style}">{escape(text)}</p>' if style else f"<p>{escape(text)}</p>"


def folded(summary: str, body: str) -> str:
    """Something long that opens on demand; on paper it is open."""
    return f"<details><summary>{escape(summary)}</summary>{body}</details>"


def preformatted(text: str) -> str:
    """Text to be read or copied as it stands."""
    return f"<pre><code>{escape(text)}</code></pre>"
