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
    """The bytes that queries would scan, and their price.

    - `bytes_scanned`: an upper bound for clustered tables, because BigQuery skips blocks of rows only while it reads.
    - `price_per_tib`: US dollars per TiB. The sum of two estimates takes the price per TiB of the first.
    - `bytes_saved`: the bytes of queries whose results the cache has.
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
        """Return the estimate for queries whose results the cache has: all bytes move to `bytes_saved`."""
        return CostEstimate(0, self.price_per_tib, self.bytes_scanned + self.bytes_saved)

    def describe(self) -> str:
        """Return a sentence about the bytes to scan, their price, and the bytes that the cache saves."""
        return (
            f"BigQuery would scan {readable_bytes(self.bytes_scanned)}, at most ${self.price:,.4f} "
            f"at ${self.price_per_tib:g} per TiB (an upper bound for clustered tables); "
            f"the cache saves {readable_bytes(self.bytes_saved)}."
        )


@runtime_checkable
class Priced(Protocol):
    """The interface of a warehouse that estimates the cost of its queries, without running them.

    A warehouse without these methods is free. DataError if the database refuses a query.
    """

    def estimate(self, sql: str, parameters: Mapping[str, object]) -> CostEstimate:
        """Return the estimated cost of one query."""
        ...

    def estimate_checks(self, start: date, end: date, seasons_before: int = 1) -> CostEstimate:
        """Return the estimated cost of the queries of `Warehouse.check_history`."""
        ...

    def estimate_report_checks(self, start: date, end: date) -> CostEstimate:
        """Return the estimated cost of the queries of `Warehouse.check_availability`."""
        ...


def readable_bytes(count: int) -> str:
    """Return a number of bytes as text in a suitable unit, such as `512 bytes` or `1.5 KiB`."""
    size = float(count)
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if size < 1024:
            return f"{size:.0f} bytes" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} TiB"
