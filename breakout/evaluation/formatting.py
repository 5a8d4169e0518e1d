"""Text of numbers and intervals, as every report, table and sentence has it."""

from __future__ import annotations

from typing import Protocol


class HasInterval(Protocol):
    """An estimate with the ends of its interval; None where there is none."""

    @property
    def estimate(self) -> float | None: ...
    @property
    def low(self) -> float | None: ...
    @property
    def high(self) -> float | None: ...


def format_number(value: float | None, pattern: str = ".3f", undefined: str = "-") -> str:
    """Return a number in a format of `format()`; `undefined` for None."""
    return undefined if value is None else format(value, pattern)


def true_minus(number: str) -> str:
    """Return the text of a number with the minus sign of typography, which not every terminal has."""
    return number.replace("-", "\N{MINUS SIGN}")


def format_range(interval: HasInterval, pattern: str = ".3f", joint: str = " to ") -> str:
    """Return "0.559 to 0.624"; empty where there is no interval."""
    if interval.low is None or interval.high is None:
        return ""
    return f"{format_number(interval.low, pattern)}{joint}{format_number(interval.high, pattern)}"


def format_interval(
    interval: HasInterval | None, pattern: str = ".3f", undefined: str = "undefined", joint: str = " to "
) -> str:
    """Return "0.590 (0.559 to 0.624)"; the estimate alone where there is no interval."""
    if interval is None or interval.estimate is None:
        return undefined
    estimate, ends = format_number(interval.estimate, pattern), format_range(interval, pattern, joint)
    return f"{estimate} ({ends})" if ends else estimate


def format_count(count: int, noun: str) -> str:
    """Return "1 game" or "1,217 games"."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
