"""The types of tables and their cells, which both the terminal and the pages show."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from breakout.evaluation.formatting import HasInterval, format_number, format_range

UNDEFINED = "\N{EN DASH}"


@dataclass(frozen=True)
class Cell:
    """One cell: its text, the value by which a page sorts it, its kind, and the text of its interval.

    A cell with an empty `sort_by` is sorted last. `interval` is "" for a cell without an interval. The kind "code" is
    for text that a user types and for identifiers, such as a setting or a fingerprint. The kind "settings" is for the
    settings of a job; a page shows the `hint` of such a cell when the pointer is over the cell.
    """

    text: str
    sort_by: str
    kind: Literal["text", "number", "code", "settings"] = "text"
    interval: str = ""
    hint: str = ""

    def __str__(self) -> str:
        return f"{self.text} ({self.interval})" if self.interval else self.text


@dataclass(frozen=True)
class Table:
    """Rows of cells under named columns; on a page the first cell of a row is the row's header.

    Row i is highlighted if `chosen[i]` is true; `chosen` may be shorter than `rows`. Only pages use `style`: "prose" is
    for columns of long texts, "stacked" puts each interval below its estimate, and "" changes nothing.
    """

    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    chosen: Sequence[bool] = ()
    style: Literal["", "prose", "stacked"] = ""

    @classmethod
    def from_records(
        cls,
        caption: str,
        records: Sequence[Mapping[str, Cell]],
        chosen: Sequence[bool] = (),
        style: Literal["", "prose", "stacked"] = "",
    ) -> Table:
        """Return a table with one row for each of `records`, which map the name of each column to a cell.

        All records must have the same names in the same order. Without records the table has no columns. Row i is
        highlighted if `chosen[i]` is true. Only pages use `style`: "prose" is for columns of long texts, "stacked" puts
        each interval below its estimate.
        """
        columns = list(records[0]) if records else []
        return cls(caption, columns, [list(record.values()) for record in records], chosen, style)

    def is_chosen(self, row: int) -> bool:
        return row < len(self.chosen) and self.chosen[row]

    def head(self, count: int) -> Table:
        """Return the table with only its first `count` rows."""
        return replace(self, rows=self.rows[:count])

    def without(self, *columns: str) -> Table:
        """Return the table without the named columns; names that the table lacks have no effect."""
        kept = [index for index, column in enumerate(self.columns) if column not in columns]
        rows = [[row[index] for index in kept] for row in self.rows]
        return replace(self, columns=[self.columns[index] for index in kept], rows=rows)


def text(value: object) -> Cell:
    """Return a cell of the kind "text" with the text of a value; a page also sorts the cell by this text."""
    return Cell(str(value), str(value))


def code(value: object) -> Cell:
    """Return a cell with text that a user types or with an identifier, such as a setting or a fingerprint."""
    return Cell(str(value), str(value), "code")


def number(value: float | None, pattern: str = ".3f") -> Cell:
    """Return a cell with a number in the format `pattern`; None and NaN are shown as a dash."""
    if value is None or math.isnan(value):
        return Cell(UNDEFINED, "", "number")
    return Cell(format_number(value, pattern), repr(float(value)), "number")


def interval(value: HasInterval | None, pattern: str = ".3f") -> Cell:
    """Return a cell with an estimate and its interval in the format `pattern`, or a dash if there is no estimate."""
    if value is None or value.estimate is None:
        return number(None)
    estimate = format_number(value.estimate, pattern)
    return Cell(estimate, repr(float(value.estimate)), "number", format_range(value, pattern))
