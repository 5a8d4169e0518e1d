"""The console that prints tables and styled lines, and interprets no markup in values."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from typing import Any

from rich.cells import cell_len
from rich.console import Console
from rich.table import Column
from rich.table import Table as RichTable
from rich.text import Text

from breakout.report.tables import UNDEFINED, Cell, Table
from breakout.safe_text import printable

WIDTH_OF_A_PIPE = 120  # the width of the output, in characters, if it is not a terminal; the default of rich is 80

OTHER_COLUMNS = 54  # the width in characters, with borders, that a column of settings leaves to all other columns


class PlainConsole(Console):
    """A rich console that interprets no markup or emoji codes, removes control characters, and masks secrets in URLs.

    Styles are set by `styled`, never by tags inside a text, because a player or an experiment may be named `[/red]`.
    """

    def __init__(self, width: int | None = None) -> None:
        super().__init__(markup=False, emoji=False, highlight=False, width=width)

    def render_str(self, text: str, **options: Any) -> Text:
        return super().render_str(printable(text), **options)

    def on_broken_pipe(self) -> None:
        """Raise BrokenPipeError, which the command line catches; rich would end the process with exit code 1."""
        raise BrokenPipeError

    def print_place(self, name: str, place: object) -> None:
        """Print a name and a path or command on one line; the line is never wrapped, so that it can be copied."""
        self.print(f"{name}: {place}", soft_wrap=True)

    def print_warning(self, text: object) -> None:
        self.print(styled("warning", "yellow", f": {text}"))

    def print_table(self, table: Table, optional: Sequence[str] = ()) -> None:
        """Print a table unless it has no rows; the rows in `table.chosen` are bold and marked with a star.

        If a word does not fit into its column, the columns named in `optional` are left out one after another, in this
        order, until every word fits. The first column is never wrapped, because it names the rows. A column of job
        settings is wrapped so that OTHER_COLUMNS characters in all remain for the other columns.
        """
        if not table.rows:
            return
        widths = self._column_widths(table)
        for name in optional:
            if widths is None:
                table = table.without(name)
                widths = self._column_widths(table)
        columns = [
            Column(
                name,
                overflow="fold" if index else "ellipsis",
                no_wrap=is_unwrapped(table, index),
                width=widths[index] if widths else None,
            )
            for index, name in enumerate(table.columns)
        ]
        printed = titled_table(table.caption, *columns)
        for index, row in enumerate(table.rows):
            cells = [self._format(cell) for cell in row]
            if table.is_chosen(index):
                cells[0] += "*"
            printed.add_row(*cells, style="bold" if table.is_chosen(index) else None)
        self.print(printed)

    def _column_widths(self, table: Table) -> list[int] | None:
        """Return the width of each column without borders, in characters; None if the words of the table do not fit.

        If the table is too wide, columns are narrowed, the widest first. No column gets narrower than its longest word.
        """
        marks = ["*" * table.is_chosen(place) for place in range(len(table.rows))]
        texts = [
            [name, *(self._format(row[index]) + mark for row, mark in zip(table.rows, marks, strict=True))]
            for index, name in enumerate(table.columns)
        ]
        texts = [[printable(text).expandtabs() for text in column] for column in texts]
        widths = [max(cell_len(line) for text in column for line in text.split("\n")) for column in texts]
        least = [
            widths[index] if is_unwrapped(table, index) else max(map(cell_len, " ".join(column).split()), default=0)
            for index, column in enumerate(texts)
        ]
        room = self.width - 3 * len(widths) - 1  # A column needs a border and two spaces; one more border ends the row.
        if sum(least) > room:
            return None
        while sum(widths) > room:
            widest = max(range(len(widths)), key=lambda index: (widths[index] > least[index], widths[index]))
            widths[widest] -= 1
        return widths

    def _format(self, cell: Cell) -> str:
        return (
            _wrap_settings(cell.text, max(self.width - OTHER_COLUMNS, 20))
            if cell.kind == "settings"
            else format_cell(cell)
        )


def is_unwrapped(table: Table, index: int) -> bool:
    """Return whether rich must not wrap a column.

    This is true of the first column, and of a column of settings, because `_format` breaks settings into lines itself.
    """
    return index == 0 or table.rows[0][index].kind == "settings"


def console() -> PlainConsole:
    """Return a console on standard output; its width is WIDTH_OF_A_PIPE if standard output is not a terminal."""
    screen = PlainConsole()
    return screen if screen.is_terminal else PlainConsole(WIDTH_OF_A_PIPE)


def styled(value: object, style: str, after: object = "") -> Text:
    """Return `value` in a style, followed by `after` without a style.

    Control characters are removed from both, and secrets in URLs are masked.
    """
    return Text.assemble((printable(str(value)), style), printable(str(after)))


def titled_table(title: str, *columns: str | Column) -> RichTable:
    """Return an empty table with a left-aligned title, or without a title if `title` is empty."""
    return RichTable(*columns, title=title or None, title_justify="left")


def _wrap_settings(settings: str, width: int) -> str:
    """Return settings (KEY=VALUE texts between spaces) broken into lines of at most `width` characters.

    Lines end between settings. A setting longer than a line is broken after a comma, or else anywhere.
    """
    line_end = re.compile(rf".{{1,{width}}}$|.{{1,{width - 1}}},|.{{1,{width}}}")
    lines = textwrap.wrap(settings, width, break_long_words=False, break_on_hyphens=False)
    return "\n".join(part for line in lines for part in line_end.findall(line))


def format_cell(cell: Cell) -> str:
    """Return the text of a cell for the terminal; the dash of an undefined number is written as a hyphen.

    If the ends of an interval have no + or - sign, a hyphen joins them: "0.61 (0.58-0.64)". This interval contains no
    space, so a narrow column breaks the line before the interval, not inside it.
    """
    if cell.kind != "number":
        return str(cell)
    interval = cell.interval if cell.interval.startswith(("+", "-")) else cell.interval.replace(" to ", "-")
    text = f"{cell.text} ({interval})" if interval else cell.text
    return text.replace(UNDEFINED, "-")
