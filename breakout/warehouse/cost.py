"""The estimated cost of queries before they run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

TIB = 2**40


@dataclass(frozen=True)
class CostEstimate:
    """The bytes that queries would scan, the price in US dollars per TiB, and the bytes that cached results save.

    For clustered tables the bytes are an upper bound, because BigQuery skips blocks of rows only while it reads. The
    sum of two estimates has the price per TiB of the first.
    """

    bytes_scanned: int
    price_per_tib: float
    bytes_saved: int = 0

    @property
    def price(self) -> float:
        """The price of `bytes_scanned` in US dollars."""
        return self.bytes_scanned / TIB * self.price_per_tib

    def __add__(self, other: CostEstimate) -> CostEstimate:
        scanned, saved = self.bytes_scanned + other.bytes_scanned, self.bytes_saved + other.bytes_saved
        return CostEstimate(scanned, self.price_per_tib, saved)

    def cached(self) -> CostEstimate:
        """Return the cost of the same queries if the cache has their results: no bytes are scanned, all are saved."""
        return CostEstimate(0, self.price_per_tib, self.bytes_scanned + self.bytes_saved)

    def describe(self) -> str:
        """Describe the bytes to scan, their price and the bytes that the cache saves in one sentence."""
        return (
            f"BigQuery would scan {readable_bytes(self.bytes_scanned)}, at most ${self.price:,.4f} "
            f"at ${self.price_per_tib:g} per TiB (an upper bound for clustered tables); "
            f"the cache saves {readable_bytes(self.bytes_saved)}."
        )


@runtime_checkable
class Priced(Protocol):
    """The interface of a warehouse that estimates the cost of its queries; a warehouse without it is free."""

    def estimate(self, sql: str, parameters: Mapping[str, object]) -> CostEstimate:
        """Return the estimated cost of one query, without running it.

        Raise DataError if the database refuses the query.
        """
        ...

    def estimate_checks(self, start: date, end: date, seasons_before: int = 1) -> CostEstimate:
        """Return the estimated cost of the queries that check the player and team tables, without running them.

        The queries check the rows that features of games from `start` to `end` read: the seasons of these games and the
        `seasons_before` earlier seasons. Raise DataError if the database refuses a query.
        """
        ...

    def estimate_report_checks(self, start: date, end: date) -> CostEstimate:
        """Return the estimated cost of the queries that check the injury reports of games from `start` to `end`.

        The queries are not run. Raise DataError if the database refuses a query.
        """
        ...


def readable_bytes(count: int) -> str:
    """Format a number of bytes with the largest unit (bytes, KiB, MiB, GiB or TiB) in which it is at least 1.

    All units except bytes have one decimal place, as in 1.5 KiB.
    """
    size = float(count)
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if size < 1024:
            return f"{size:.0f} bytes" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} TiB"
