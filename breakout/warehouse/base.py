"""What the rest of the program asks of a warehouse: one query method, and a few facts about the source tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    import pyarrow as pa

    from breakout.warehouse.tables import SourceTables


class Warehouse(Protocol):
    """An engine over the source tables. Every SQL text is in BigQuery's dialect, with named @parameters.

    All methods raise DataError, in a sentence, when the source is unreachable, incomplete or impossible.
    """

    @property
    def sources(self) -> SourceTables:
        """The full names of the source tables."""
        ...

    def query(self, sql: str, parameters: Mapping[str, object]) -> pa.Table:
        """Run one SELECT; parameters are str, int, float, date or a list of str. Unused ones are ignored."""
        ...

    def check_history(self, start: date, end: date) -> None:
        """Check columns, types, keys and values of the source rows that rows of start..end can see."""
        ...

    def check_schedule(self, start: date, end: date) -> None:
        """Check the columns, types and keys of the schedule, and its games of start..end."""
        ...

    def history_start(self, start: date) -> date:
        """The first day that a row of `start` can see: a partition filter that never cuts a window."""
        ...

    def latest_game_date(self) -> date:
        """The newest game_date of player_game_summary."""
        ...

    def columns(self, table: str) -> Mapping[str, str]:
        """Name and type of each column of a source table, as the engine says them."""
        ...

    def fingerprint(self) -> str:
        """A digest of the source data: the same rows give the same text, changed rows another."""
        ...

    def describe(self) -> str:
        """A few words for a person: which source this is."""
        ...

    def has_schedule(self) -> bool:
        """Whether a schedule is configured, which prediction needs."""
        ...

    def close(self) -> None:
        """Release connections and memory."""
        ...
