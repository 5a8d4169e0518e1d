"""Tables and cells, which both the terminal and the HTML pages show."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from breakout.evaluation.formatting import HasInterval, format_number, format_range

UNDEFINED = "\N{EN DASH}"


@dataclass(frozen=True)
class Cell:
    """One cell of a table.

    - `sort_by`: the value by which an HTML page sorts the rows; rows with "" come last.
    - `kind`: "code" is for text that a user types and for identifiers; "settings" is for the settings of a job.
    - `interval`: the confidence interval of the cell's number, as text; "" if it has none.
    - `hint`: the text that a page shows when the pointer is over a cell of the kind "settings".
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

    - `chosen`: row i is highlighted if `chosen[i]` is true; `chosen` may be shorter than `rows`.
    - `style`: used by pages only. "prose" is for columns of long texts; "stacked" puts each interval below its
      estimate.
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
        """Return a table with one row for each record; a record maps the name of each column to a cell.

        All records must have the same names in the same order. If there is no record, the table has no columns.
        """
        columns = list(records[0]) if records else []
        return cls(caption, columns, [list(record.values()) for record in records], chosen, style)

    def is_chosen(self, row: int) -> bool:
        return row < len(self.chosen) and self.chosen[row]

    def head(self, count: int) -> Table:
        return replace(self, rows=self.rows[:count])

    def without(self, *columns: str) -> Table:
        """Return the table without the named columns; unknown names have no effect."""
        kept = [index for index, column in enumerate(self.columns) if column not in columns]
        rows = [[row[index] for index in kept] for row in self.rows]
        return replace(self, columns=[self.columns[index] for index in kept], rows=rows)


def text(value: object) -> Cell:
    """Return a cell that shows `value` as text; an HTML page sorts rows by the same text."""
    return Cell(str(value), str(value))


def code(value: object) -> Cell:
    """Return a cell with text that a user types or with an identifier, such as a setting or a fingerprint."""
    return Cell(str(value), str(value), "code")


def number(value: float | None, pattern: str = ".3f") -> Cell:
    """Return a cell with a number in the format `pattern`; a dash for None and NaN."""
    if value is None or math.isnan(value):
        return Cell(UNDEFINED, "", "number")
    return Cell(format_number(value, pattern), repr(float(value)), "number")


def interval(value: HasInterval | None, pattern: str = ".3f") -> Cell:
    """Return a cell with an estimate and its interval in the format `pattern`, or a dash if there is no estimate."""
    if value is None or value.estimate is None:
        return number(None)
    estimate = format_number(value.estimate, pattern)
    return Cell(estimate, repr(float(value.estimate)), "number", format_range(value, pattern))
