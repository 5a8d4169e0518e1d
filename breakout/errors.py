"""The errors that a command reports to the user, each with a message and an exit code.

The message states in one or two sentences what is wrong, where, and the remedy.
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

    `exit_code` is the exit code of a command that such an error ends.
    """

    exit_code: int = 1


class GateError(BreakoutError):
    """A failed check, such as a refused promotion or a result that was not reproduced.

    Other examples are drift (changed distributions of features), and a model whose contract (the definition of features
    and label) is not the installed one.
    """

    exit_code = 1


class ConfigurationError(BreakoutError):
    """An error in what the user typed or configured, such as an unknown key or values that contradict each other."""

    exit_code = 2


class DataError(BreakoutError):
    """The error that a table, bundle (a saved model), run or file is missing, damaged or not as expected.

    A lack of memory or disk space is such an error too.
    """

    exit_code = 3


class NoGamesError(DataError):
    """The error that the tables have no game in a window of dates, although the tables are correct."""


def nearest_name(name: str, known: Iterable[str], cutoff: float = 0.6) -> str | None:
    """Return the known name that is most similar to `name`, for messages with "did you mean".

    None if no known name has a similarity, from 0 to 1, of at least `cutoff`.
    """
    found = difflib.get_close_matches(name, list(known), n=1, cutoff=cutoff)
    return found[0] if found else None


def system_sentence(what: str, error: OSError, otherwise: str = "choose another place") -> str:
    """Return a message: `what`, such as "FILE cannot be written", the operating system's reason, and a remedy.

    `otherwise` is the remedy if REMEDIES (remedies by error number) has none for the error.
    """
    reason = str(error) if error.errno is None else os.strerror(error.errno)
    return f"{what} ({reason}); {REMEDIES.get(error.errno or 0, otherwise)}."


def as_breakout_error(error: BaseException) -> BreakoutError | None:
    """Return the BreakoutError that describes an error to the user; None if the error is a fault of the program.

    A BreakoutError is returned unchanged. An error that the machine causes becomes a DataError, because a user can
    remove the cause. Such causes are too little memory or disk space, too many open files, and a path without
    permission.
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
