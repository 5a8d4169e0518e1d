"""Progress bars; nothing is drawn if the output is not a terminal."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from breakout.report.terminal.console import PlainConsole, console

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextmanager
def audit_bar() -> Iterator[Callable[[object], None]]:
    """Show a bar while dates are recomputed; the yielded function advances it by one date."""
    out = console()
    with Progress(console=out, transient=True, disable=not out.is_terminal) as progress:
        bar = progress.add_task("dates recomputed", total=None)
        yield lambda _: progress.advance(bar)


@contextmanager
def job_bar(out: PlainConsole, done: int, total: int) -> Iterator[Callable[[int, str], None]]:
    """Show a bar with the time left while jobs run.

    The yielded function sets the number of finished jobs and the note beside the bar.
    """
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left", markup=False),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}", markup=False),
    )
    with Progress(*columns, console=out, transient=True) as progress:
        bar = progress.add_task("sweep", total=total, completed=done, note="")

        def update(done: int, note: str) -> None:
            progress.update(bar, completed=done, note=note)

        yield update
