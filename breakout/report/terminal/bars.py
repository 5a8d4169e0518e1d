"""Progress bars and progress lines on the terminal."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from breakout.report.terminal.console import PlainConsole, console
from breakout.safe_text import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class _LatestMessage(logging.Handler):
    """A log handler that shows the latest log message on the line of a progress task.

    If the logger has no other handler, this handler also prints warnings above the line. Without any handler,
    `logging` itself would print them.
    """

    def __init__(self, out: PlainConsole, progress: Progress, task: TaskID, name: str) -> None:
        super().__init__(logging.INFO)
        self._out, self._progress, self._task, self._name = out, progress, task, name

    def emit(self, record: logging.LogRecord) -> None:
        message = printable(record.getMessage())
        self._progress.update(self._task, description=f"{self._name}: {message}"[: self._out.width - 12])
        if record.levelno >= logging.WARNING and len(logging.getLogger(record.name).handlers) == 1:
            self._out.print_warning(message)


@contextmanager
def progress_line(name: str) -> Iterator[None]:
    """Show the elapsed time and the latest log message on one line, which disappears at the end of the block.

    Inside the block the level of the logger `breakout` is INFO. If standard output is no terminal, nothing happens.
    """
    out = console()
    if not out.is_terminal:
        yield
        return
    columns = (SpinnerColumn(), TimeElapsedColumn(), TextColumn("{task.description}", markup=False))
    log = logging.getLogger("breakout")
    level = log.level
    with Progress(*columns, console=out, transient=True) as progress:
        handler = _LatestMessage(out, progress, progress.add_task(name, total=None), name)
        log.addHandler(handler)
        log.setLevel(logging.INFO)
        try:
            yield
        finally:
            log.removeHandler(handler)
            log.setLevel(level)


@contextmanager
def audit_bar() -> Iterator[Callable[[object], None]]:
    """Show a progress bar of an audit; each call of the yielded function advances the bar by one date.

    If standard output is not a terminal, nothing is shown.
    """
    out = console()
    with Progress(console=out, transient=True, disable=not out.is_terminal) as progress:
        bar = progress.add_task("dates recomputed", total=None)
        yield lambda _: progress.advance(bar)


@contextmanager
def job_bar(out: PlainConsole, done: int, total: int) -> Iterator[Callable[[int, str], None]]:
    """Show a progress bar of a sweep's jobs, with the elapsed time and the time left.

    `total` is the number of jobs, `done` the number of jobs that are finished already. The yielded function takes the
    new number of finished jobs, and a note to show at the end of the bar.
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
