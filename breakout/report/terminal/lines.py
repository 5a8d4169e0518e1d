"""Plain lines on standard output and standard error, without rich, so that importing this module takes no time."""

from __future__ import annotations

import logging
import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from breakout.safe_text import PrintableFormatter, printable

if TYPE_CHECKING:
    from collections.abc import Iterator


def prepare_output() -> None:
    """Prepare both streams, and the warnings of commands without a log, for any text.

    A character that the stream's encoding lacks is written as `?` instead of raising UnicodeEncodeError.
    """
    if logging.lastResort is not None:
        logging.lastResort.setFormatter(PrintableFormatter())
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)  # the stream of a test or a notebook may have none
        if reconfigure is not None:
            reconfigure(errors="replace")


def flush_output() -> None:
    """Write what is buffered for standard output; BrokenPipeError if the reader has closed the pipe."""
    if sys.stdout is not None:  # None where the shell closed it: `breakout features >&-`
        sys.stdout.flush()


def discard_output() -> None:
    """Redirect standard output to the null device after the reader has closed the pipe.

    Python flushes the buffer again at exit, which would fail.
    """
    null = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (BrokenPipeError, ValueError):
            os.dup2(null, stream.fileno())
        except (AttributeError, OSError):
            continue


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
    """Print text on standard output, without control characters."""
    print(printable(str(text)), end=end, flush=flush)


def print_error(text: object) -> None:
    """Print text on standard error, without control characters."""
    print(printable(str(text)), file=sys.stderr)
