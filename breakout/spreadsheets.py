"""CSV text that spreadsheets must not execute: they read a cell that begins with = + - @ as a formula."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from breakout.control_characters import printable

if TYPE_CHECKING:
    import pandas as pd

T = TypeVar("T")

FORMULA_STARTS = ("=", "+", "-", "@", "\t")


def escape_formula(value: T) -> T | str:
    """Return text without control characters, and with an apostrophe before what would be read as a formula.

    Any other value is returned as it is.

    The apostrophe is what spreadsheets themselves use to mark text: https://owasp.org/www-community/attacks/CSV_Injection
    """
    if not isinstance(value, str):
        return value
    text = printable(value)
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def format_csv(frame: pd.DataFrame) -> str:
    """Return a table without its index as CSV text in which no cell is a formula."""
    text = frame.select_dtypes(exclude=["number", "bool", "datetime"])
    return str(
        frame.assign(**{str(name): column.map(escape_formula) for name, column in text.items()}).to_csv(index=False)
    )
