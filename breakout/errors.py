"""The errors that a command reports to the user, each with a message and an exit code.

A message says in one or two sentences what is wrong, where, and how to correct it.
"""

from __future__ import annotations

import difflib
import errno
import os
from collections.abc import Iterable

# The remedy for an error of the operating system, by its number (errno).
REMEDIES = {
    errno.ENOSPC: "free space there, or choose another place",
    errno.EDQUOT: "free space there, or choose another place",
    errno.EFBIG: "raise the limit on the size of files, which `ulimit -f` shows",
    errno.EMFILE: "raise the limit on open files, which `ulimit -n` shows",
    errno.ENFILE: "raise the limit on open files, which `ulimit -n` shows",
    errno.ENAMETOOLONG: "choose a shorter name",
    errno.ELOOP: "remove the symbolic link that leads back to itself",
    errno.ENOMEM: "free memory",
}


class BreakoutError(Exception):
    """The base class of the errors that a command reports by a message instead of a traceback.

    `exit_code` is the exit code of the command.
    """

    exit_code: int = 1


class GateError(BreakoutError):
    """A failed check, such as a refused promotion, drifted features or a result that was not reproduced.

    Another example is a bundle whose contract (the definition of features and label) differs from the installed one.
    """

    exit_code = 1


class ConfigurationError(BreakoutError):
    """An error in what the user typed or configured, such as an unknown key or values that contradict each other."""

    exit_code = 2


class DataError(BreakoutError):
    """The error for a table, bundle (a saved model), run or file that is missing, damaged or not as expected.

    A lack of memory or disk space is a DataError too.
    """

    exit_code = 3


class NoGamesError(DataError):
    """The error for a window of dates that has no game, although the tables are correct."""


def nearest_name(name: str, known: Iterable[str], cutoff: float = 0.6) -> str | None:
    """Return the known name that is most similar to `name`, for messages with "did you mean".

    None if no known name has a similarity of at least `cutoff`, on a scale from 0 to 1.
    """
    found = difflib.get_close_matches(name, list(known), n=1, cutoff=cutoff)
    return found[0] if found else None


def system_sentence(what: str, error: OSError, otherwise: str = "choose another place") -> str:
    """Return a message made of `what`, the reason of the operating system, and a remedy.

    For example, "FILE cannot be written" becomes "FILE cannot be written (File name too long); choose a shorter name."
    `otherwise` is the remedy for errors that REMEDIES lacks.
    """
    reason = str(error) if error.errno is None else os.strerror(error.errno)
    return f"{what} ({reason}); {REMEDIES.get(error.errno or 0, otherwise)}."


def as_breakout_error(error: BaseException) -> BreakoutError | None:
    """Return the BreakoutError that describes an error to the user; None for a fault of the program.

    A BreakoutError is returned unchanged. An error that the user can remedy becomes a DataError, such as a lack of
    memory or disk space, too many open files, or a path without permission.
    """
    if isinstance(error, BreakoutError):
        return error
    if isinstance(error, MemoryError) or (isinstance(error, ImportError) and "failed to map segment" in str(error)):
        return DataError(
            "there is not enough memory: use a shorter window or fewer features, fewer workers at a time, "
            "or a machine with more memory."
        )
    if isinstance(error, RuntimeError) and str(error).startswith("Symlink loop"):  # raised by pathlib in Python < 3.13
        return DataError(f"{error}: {REMEDIES[errno.ELOOP]}.")
    if isinstance(error, FileNotFoundError) and "temporary directory" in str(error):
        return DataError(
            "there is no temporary folder that can be written: set TMPDIR to one, such as TMPDIR=/tmp, "
            "and free space there."
        )
    if isinstance(error, OSError) and error.errno in (*REMEDIES, errno.EROFS, errno.EACCES, errno.EPERM):
        return DataError(system_sentence(f"{error.filename or 'a file'} cannot be used", error))
    return None
