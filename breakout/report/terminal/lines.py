"""Plain lines on standard output and standard error, printed without the library rich, which takes long to import."""

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
    """Set up standard output, standard error and `logging` so that any text can be printed safely.

    A character that the encoding of a stream lacks is written as `?`. While no log handler is set up, `logging`
    prints warnings without control characters and with secrets in URLs masked.
    """
    if logging.lastResort is not None:
        logging.lastResort.setFormatter(PrintableFormatter())
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)  # Streams of tests and notebooks may lack this method.
        if reconfigure is not None:
            reconfigure(errors="replace")


def flush_output() -> None:
    """Flush standard output; BrokenPipeError if the reader closed the pipe."""
    if sys.stdout is not None:  # sys.stdout is None if the shell closed it, as in `breakout features >&-`.
        sys.stdout.flush()


def discard_output() -> None:
    """Redirect standard output and standard error to the null device if their readers have closed the pipe.

    Otherwise the flush that Python does at exit would fail.
    """
    null = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BrokenPipeError:
            os.dup2(null, stream.fileno())
        except (AttributeError, OSError, ValueError):  # Skip a stream that is None, not writable, or closed.
            continue


def terminal_width() -> int | None:
    """Return the number of columns of the terminal; None if standard output is not a terminal."""
    is_terminal = sys.stdout is not None and sys.stdout.isatty()
    return shutil.get_terminal_size().columns if is_terminal else None


@contextmanager
def log_on_stderr(*, is_on: bool) -> Iterator[None]:
    """Print the log messages of the block on standard error too, if `is_on`."""
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


def print_line(text: object = "", *, flush: bool = False) -> None:
    """Print text on standard output, without control characters and with secrets in URLs masked."""
    print(printable(str(text)), flush=flush)


def print_entry(text: str, indent: int) -> None:
    """Print text as one line; on a terminal, wrap the text and indent all lines but the first."""
    width = terminal_width()
    print_line(text if width is None else wrap_entry(text, width, indent))


def wrap_entry(text: str, width: int, indent: int) -> str:
    """Break text at spaces into lines of at most `width` characters; a longer word gets a line of its own.

    All lines but the first are indented by `indent` spaces.
    """
    further = " " * indent
    return textwrap.fill(text, width, subsequent_indent=further, break_long_words=False, break_on_hyphens=False)


def print_error(text: object) -> None:
    """Print text on standard error, without control characters and with secrets in URLs masked."""
    print(printable(str(text)), file=sys.stderr)
