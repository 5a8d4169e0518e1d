"""The types of a table and its cells, which the terminal and the page both show."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from breakout.evaluation.formatting import HasInterval, format_number, format_range

UNDEFINED = "\N{EN DASH}"


@dataclass(frozen=True)
class Cell:
    """One cell: its text, the text of the interval beside it, and the value by which a column is sorted.

    A cell whose `sort_by` is empty is sorted last. The kind "code" is for a text to type or a computed identifier, such
    as a setting or a fingerprint; "settings" is for the settings of a job. The page shows `hint` when the pointer is
    over a cell of the kind "settings".
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

    Row i is highlighted if `chosen[i]` is true. `style` concerns the page only: "prose" is for columns of longer texts;
    "stacked" puts each interval below its estimate.
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
        """Return a table of rows that map the name of each column to a cell.

        All rows have the same names in the same order. Without rows the table has no columns.
        """
        columns = list(records[0]) if records else []
        return cls(caption, columns, [list(record.values()) for record in records], chosen, style)

    def is_chosen(self, row: int) -> bool:
        return row < len(self.chosen) and self.chosen[row]

    def head(self, count: int) -> Table:
        """Return the table with only its first `count` rows."""
        return replace(self, rows=self.rows[:count])

    def without(self, *columns: str) -> Table:
        """Return the table without some of its columns, for an output that is too narrow for them."""
        kept = [index for index, column in enumerate(self.columns) if column not in columns]
        rows = [[row[index] for index in kept] for row in self.rows]
        return replace(self, columns=[self.columns[index] for index in kept], rows=rows)


def text(value: object) -> Cell:
    """Return a cell of text."""
    return Cell(str(value), str(value))


def code(value: object) -> Cell:
    """Return a cell with a text to type or a computed identifier: a name, a setting, a fingerprint."""
    return Cell(str(value), str(value), "code")


def number(value: float | None, pattern: str = ".3f") -> Cell:
    """Return a cell with a number; a dash if it is None or NaN."""
    if value is None or math.isnan(value):
        return Cell(UNDEFINED, "", "number")
    return Cell(format_number(value, pattern), repr(float(value)), "number")


def interval(value: HasInterval | None, pattern: str = ".3f") -> Cell:
    """Return a cell with an estimate and its interval; a dash if the estimate is undefined."""
    if value is None or value.estimate is None:
        return number(None)
    estimate = format_number(value.estimate, pattern)
    return Cell(estimate, repr(float(value.estimate)), "number", format_range(value, pattern))
