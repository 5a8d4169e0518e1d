"""Plain lines on standard output and standard error. The module does not import rich, which takes long to import."""

from __future__ import annotations

import logging
import os
import shutil
import sys
import textwrap
from contextlib import contextmanager
from typing import TYPE_CHECKING

from breakout.safe_text import PrintableFormatter, printable

if TYPE_CHECKING:
    from collections.abc import Iterator


def prepare_output() -> None:
    """Make it safe to print any text on standard output and standard error.

    A character that the stream's encoding does not have is written as `?` instead of raising UnicodeEncodeError.
    Warnings that `logging` prints because there is no handler pass through `printable`.
    """
    if logging.lastResort is not None:
        logging.lastResort.setFormatter(PrintableFormatter())
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)  # Streams of tests and notebooks may not have this method.
        if reconfigure is not None:
            reconfigure(errors="replace")


def flush_output() -> None:
    """Flush standard output; BrokenPipeError if the reader has closed the pipe."""
    if sys.stdout is not None:  # It is None if the shell closed it, as in `breakout features >&-`.
        sys.stdout.flush()


def discard_output() -> None:
    """Redirect to the null device those of standard output and standard error whose reader has closed the pipe.

    Without this, the flush that Python does at exit would fail.
    """
    null = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BrokenPipeError:
            os.dup2(null, stream.fileno())
        except (AttributeError, OSError, ValueError):  # ValueError: the stream is closed, so it is not flushed at exit
            continue


def terminal_width() -> int | None:
    """Return the number of columns of the terminal; None if standard output is not a terminal."""
    is_terminal = sys.stdout is not None and sys.stdout.isatty()
    return shutil.get_terminal_size().columns if is_terminal else None


@contextmanager
def log_on_stderr(*, is_on: bool) -> Iterator[None]:
    """Print the log messages of the block on standard error as well, if `is_on`."""
    if not is_on:
        yield
        return
    handler = logging.StreamHandler()
    handler.setFormatter(PrintableFormatter("%(asctime)s %(levelname)s %(message)s"))
    logging.getLogger().addHandler(handler)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(handler)


def print_line(text: object = "", *, end: str = "\n", flush: bool = False) -> None:
    """Print text on standard output, without control characters and with secrets in addresses masked."""
    print(printable(str(text)), end=end, flush=flush)


def print_entry(text: str, indent: int) -> None:
    """Print one line of text; a terminal gets it wrapped at words, with further lines indented by `indent` spaces."""
    width = terminal_width()
    print_line(text if width is None else wrap_entry(text, width, indent))


def wrap_entry(text: str, width: int, indent: int) -> str:
    """Return one line of text in lines of at most `width`, broken at spaces; a longer word has a line of its own."""
    further = " " * indent
    return textwrap.fill(text, width, subsequent_indent=further, break_long_words=False, break_on_hyphens=False)


def print_error(text: object) -> None:
    """Print text on standard error, without control characters and with secrets in addresses masked."""
    print(printable(str(text)), file=sys.stderr)
