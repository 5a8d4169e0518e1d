"""What a query would cost before it is run: bytes and a price a tebibyte in, a sentence for a plan out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

TIB = 2**40


@dataclass(frozen=True)
class CostEstimate:
    """Bytes that would be scanned, `price_per_tib` in US dollars, and bytes that need no scan as they lie in the cache.

    For clustered tables the bytes are an upper bound: the service skips blocks that it knows only while it reads.
    """

    bytes_scanned: int
    price_per_tib: float
    bytes_saved: int = 0

    @property
    def price(self) -> float:
        """US dollars, at most."""
        return self.bytes_scanned / TIB * self.price_per_tib

    def __add__(self, other: CostEstimate) -> CostEstimate:
        scanned, saved = self.bytes_scanned + other.bytes_scanned, self.bytes_saved + other.bytes_saved
        return CostEstimate(scanned, self.price_per_tib, saved)

    def cached(self) -> CostEstimate:
        """The same query once its rows lie in the cache: nothing is scanned, all of it is saved."""
        return CostEstimate(0, self.price_per_tib, self.bytes_scanned + self.bytes_saved)

    def describe(self) -> str:
        """A sentence for a person."""
        scan = (
            f"BigQuery would scan {readable_bytes(self.bytes_scanned)}, at most ${self.price:,.4f} "
            f"at ${self.price_per_tib:g} per TiB (an upper bound for clustered tables)"
        )
        return f"{scan}; the cache saves {readable_bytes(self.bytes_saved)}."


@runtime_checkable
class Priced(Protocol):
    """A warehouse whose queries cost money."""

    def estimate(self, sql: str, parameters: Mapping[str, object]) -> CostEstimate:
        """What one query would scan."""
        ...

    def estimate_checks(self, start: date, end: date) -> CostEstimate:
        """What `check_history` would scan."""
        ...


def readable_bytes(count: int) -> str:
    """1536 -> 1.5 KiB."""
    size = float(count)
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if size < 1024:
            return f"{size:.0f} bytes" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} TiB"
