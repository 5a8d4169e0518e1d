"""The formatting of numbers and intervals, the same in every report, table and message."""

from __future__ import annotations

from typing import Protocol


class HasInterval(Protocol):
    """An estimate and the ends of its interval; both ends are None if there is no interval."""

    @property
    def estimate(self) -> float | None: ...
    @property
    def low(self) -> float | None: ...
    @property
    def high(self) -> float | None: ...


def format_number(value: float | None, pattern: str = ".3f", undefined: str = "-") -> str:
    """Return `value` formatted by the format specification `pattern`; the text `undefined` if `value` is None."""
    return undefined if value is None else format(value, pattern)


def true_minus(number: str) -> str:
    """Return `number` with each hyphen replaced by the minus sign U+2212, which some terminals cannot show."""
    return number.replace("-", "\N{MINUS SIGN}")


def format_range(interval: HasInterval, pattern: str = ".3f", joint: str = " to ") -> str:
    """Return the ends of an interval with `joint` between them, such as "0.559 to 0.624"; "" if an end is None.

    `pattern` is the format specification of both ends.
    """
    if interval.low is None or interval.high is None:
        return ""
    return f"{format_number(interval.low, pattern)}{joint}{format_number(interval.high, pattern)}"


def format_interval(
    interval: HasInterval | None, pattern: str = ".3f", undefined: str = "undefined", joint: str = " to "
) -> str:
    """Return an estimate with its interval, such as "0.590 (0.559 to 0.624)".

    `pattern` is the format specification of the three numbers, and `joint` is the text between the ends. If an end is
    None, the result is only the estimate. If `interval` or its estimate is None, the result is the text `undefined`.
    """
    if interval is None or interval.estimate is None:
        return undefined
    estimate, ends = format_number(interval.estimate, pattern), format_range(interval, pattern, joint)
    return f"{estimate} ({ends})" if ends else estimate


def format_count(count: int, noun: str) -> str:
    """Return a count with its noun, such as "1 game" or "1,217 games"; the plural is the noun with an s."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
