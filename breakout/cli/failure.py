"""How a failure ends: an exception in, sentences on stderr and an exit code out. Imports nothing heavy."""

from __future__ import annotations

import os
import traceback

from breakout.errors import BreakoutError
from breakout.report.terminal.lines import print_error

# Read once, before Hydra's own use of the variable is switched on.
WANTS_TRACEBACK = os.environ.get("HYDRA_FULL_ERROR") == "1"


def tell(error: BaseException, prefix: str = "") -> int:
    """Print what happened, and what the error carries with it as notes; the traceback only on request."""
    if WANTS_TRACEBACK:
        traceback.print_exception(error)
    for line in (sentence(error), *getattr(error, "__notes__", ())):
        print_error(f"breakout: {prefix}{line}")
    return error.exit_code if isinstance(error, BreakoutError) else 1


def sentence(error: BaseException) -> str:
    if isinstance(error, BreakoutError):
        return str(error)
    told = " ".join(str(error).split())
    advice = "" if WANTS_TRACEBACK else " HYDRA_FULL_ERROR=1 shows the traceback."
    return f"unexpected {type(error).__name__}: {told or 'no message'}.{advice}"
