"""The report of a failed command: a message on standard error and an exit code; no large library is imported."""

from __future__ import annotations

import os
import traceback

from breakout.errors import as_breakout_error
from breakout.report.terminal.lines import print_error

# The user's value is read when this module is imported, because `hydra_environment` sets the variable to 1 later.
WANTS_TRACEBACK = os.environ.get("HYDRA_FULL_ERROR") == "1"


def print_failure(error: BaseException, prefix: str = "") -> int:
    """Print an error and its notes on standard error, each line after `prefix`, and return the exit code.

    The exit code is 1 for a fault of the program, else the code of the matching BreakoutError. The traceback is printed
    too if the environment variable HYDRA_FULL_ERROR is 1.
    """
    if WANTS_TRACEBACK:
        traceback.print_exception(error)
    known = as_breakout_error(error)
    for line in (str(known or describe_fault(error)), *getattr(error, "__notes__", ())):
        print_error(f"breakout: {prefix}{line}")
    return 1 if known is None else known.exit_code


def describe_fault(error: BaseException) -> str:
    message = " ".join(str(error).split())
    advice = "" if WANTS_TRACEBACK else " HYDRA_FULL_ERROR=1 shows the traceback."
    return f"unexpected {type(error).__name__}: {message or 'no message'}.{advice}"
