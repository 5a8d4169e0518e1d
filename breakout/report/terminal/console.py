"""The console on which tables and styled lines are printed, without interpreting markup in values."""

from __future__ import annotations

import re
import textwrap
from typing import Any

from rich.console import Console
from rich.table import Column
from rich.table import Table as RichTable
from rich.text import Text

from breakout.report.tables import UNDEFINED, Cell, Table
from breakout.safe_text import printable

WIDTH_OF_A_PIPE = 120  # the number of columns if the output is not a terminal; the default of rich is 80

OTHER_COLUMNS = 54  # the width of a leaderboard's columns beside the settings, with borders


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

        The first column, which names the rows, is wrapped last. Settings are wrapped so that OTHER_COLUMNS characters
        are left to the other columns. A word that is too long for its column is folded; rich would cut it by default.
        """
        if not table.rows:
            return
        first, *others = zip(table.columns, table.rows[0], strict=True)
        columns = [Column(name, overflow="fold", no_wrap=cell.kind == "settings") for name, cell in others]
        printed = titled_table(table.caption, Column(first[0], no_wrap=True), *columns)
        for index, row in enumerate(table.rows):
            cells = [self._format(cell) for cell in row]
            if table.is_chosen(index):
                cells[0] += "*"
            printed.add_row(*cells, style="bold" if table.is_chosen(index) else None)
        self.print(printed)

    def _format(self, cell: Cell) -> str:
        return (
            _wrap_settings(cell.text, max(self.width - OTHER_COLUMNS, 20))
            if cell.kind == "settings"
            else format_cell(cell)
        )


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


def _wrap_settings(settings: str, width: int) -> str:
    """Return settings in lines of at most `width`, broken between settings; a longer setting is broken at commas."""
    line_end = re.compile(rf".{{1,{width}}}$|.{{1,{width - 1}}},|.{{1,{width}}}")
    lines = textwrap.wrap(settings, width, break_long_words=False, break_on_hyphens=False)
    return "\n".join(part for line in lines for part in line_end.findall(line))


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
