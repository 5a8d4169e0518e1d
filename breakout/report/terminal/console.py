"""The console on which tables and styled lines are printed, without interpreting markup in values."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Column
from rich.table import Table as RichTable
from rich.text import Text

from breakout.report.tables import UNDEFINED, Cell, Table
from breakout.safe_text import printable

WIDTH_OF_A_PIPE = 120  # the number of columns if the output is not a terminal; the default of rich is 80


class PlainConsole(Console):
    """A rich console that does not interpret markup and emoji codes in strings, and prints them as `printable` does.

    Styles are set by `styled`, never by tags inside a text, because a player or an experiment may be named `[/red]`.
    """

    def __init__(self, width: int | None = None) -> None:
        super().__init__(markup=False, emoji=False, highlight=False, width=width)

    def render_str(self, text: str, **options: Any) -> Text:
        return super().render_str(printable(text), **options)

    def on_broken_pipe(self) -> None:
        """Raise BrokenPipeError, which the command line handles; rich by itself would exit with 1."""
        raise BrokenPipeError

    def print_place(self, name: str, place: object) -> None:
        """Print a name and a path or a command on one line, which is never wrapped, so that it can be copied."""
        self.print(f"{name}: {place}", soft_wrap=True)

    def print_warning(self, text: object) -> None:
        """Print a text after the word "warning"."""
        self.print(styled("warning", "yellow", f": {text}"))

    def print_table(self, table: Table) -> None:
        """Print a table unless it has no rows; chosen rows are bold and marked with a star.

        The first column, which names the rows, is wrapped last.
        """
        if not table.rows:
            return
        first, *others = table.columns
        printed = titled_table(table.caption, Column(first, no_wrap=True), *others)
        for index, row in enumerate(table.rows):
            cells = list(map(format_cell, row))
            if table.is_chosen(index):
                cells[0] += "*"
            printed.add_row(*cells, style="bold" if table.is_chosen(index) else None)
        self.print(printed)


def console() -> PlainConsole:
    """Return a console on standard output; if that is not a terminal, the console has 120 columns."""
    screen = PlainConsole()
    return screen if screen.is_terminal else PlainConsole(WIDTH_OF_A_PIPE)


def styled(value: object, style: str, after: object = "") -> Text:
    """Return a value in one style, followed by text without a style; `printable` makes both safe to print."""
    return Text.assemble((printable(str(value)), style), printable(str(after)))


def titled_table(title: str, *columns: str | Column) -> RichTable:
    """Return a table without rows, with a left-aligned title; without a title if the text is empty."""
    return RichTable(*columns, title=title or None, title_justify="left")


def format_cell(cell: Cell) -> str:
    """Return the text of a cell; in a number's cell a dash for an undefined value is written as a hyphen.

    The ends of an interval without signs are joined by a hyphen instead of " to ", so that a narrow column breaks the
    line before the interval and not inside it.
    """
    if cell.kind != "number":
        return str(cell)
    interval = cell.interval if cell.interval.startswith(("+", "-")) else cell.interval.replace(" to ", "-")
    text = f"{cell.text} ({interval})" if interval else cell.text
    return text.replace(UNDEFINED, "-")
