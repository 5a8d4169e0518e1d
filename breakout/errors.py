"""The errors a user can meet: each carries one or two sentences and the exit code that ends the program.

The sentences say what is wrong, where, and the remedy.
"""

from __future__ import annotations


class BreakoutError(Exception):
    """Base of every error that is told in a sentence instead of a traceback."""

    exit_code: int = 1


class GateError(BreakoutError):
    """A gate said no: a refused contract, drift, an audit finding, a failed promotion, a failed job of a sweep."""

    exit_code = 1


class ConfigurationError(BreakoutError):
    """What was asked for cannot be: an unknown key, a value out of bounds, options that contradict each other."""

    exit_code = 2


class DataError(BreakoutError):
    """The source tables, a bundle or a run folder are missing, damaged or not what they should be."""

    exit_code = 3
