"""The interface of a warehouse: one query method, checks of the source tables and facts about them."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Protocol, Self

from breakout.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa

    from breakout.warehouse.tables import SourceTables


def first_day_seen(start: date, seasons_before: int = 1) -> date:
    """Return 1 September before the first season that a row of `start` reads.

    In November and December the row's season began in the same calendar year. From January to October it may have begun
    in the year before (the season 2019-20 ended on 11 October 2020), so that year is assumed. If the season did begin
    in the same year, one more season than necessary is read.
    """
    season = start.year if start.month >= 11 else start.year - 1
    return date(season - seasons_before, 9, 1)


class ClosedOnExit:
    """A resource that is closed at the end of a `with` block."""

    def close(self) -> None:
        """Release connections and memory."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        self.close()


def absent_availability(what: str) -> ConfigurationError:
    """Return the error for features or slates that need injury reports; `what` is a path or the name of a table."""
    return ConfigurationError(
        "the features of availability need the injury reports; give them with "
        f"warehouse.availability={what}, or choose other features."
    )


class Warehouse(Protocol):
    """An engine over the source tables; a `with` block closes it.

    Every SQL text is in BigQuery's dialect, with named @parameters. All methods raise DataError if the source is
    unreachable, incomplete or impossible.
    """

    def __enter__(self) -> Self: ...

    def __exit__(self, *failure: object) -> None: ...

    @property
    def sources(self) -> SourceTables:
        """The full names of the source tables."""
        ...

    def query(self, sql: str, parameters: Mapping[str, object]) -> pa.Table:
        """Run one SELECT; parameters are str, int, float, date or a list of str. Unused ones are ignored."""
        ...

    def check_history(self, start: date, end: date, seasons_before: int = 1) -> None:
        """Check columns, types, keys and values of the source rows that feature rows from start to end depend on.

        `seasons_before` is the number of earlier seasons, besides its own season, that a row's features read.
        """
        ...

    def check_schedule(self, start: date, end: date) -> None:
        """Check the columns, types and keys of the schedule, and its games of start..end."""
        ...

    def check_availability(self, start: date, end: date) -> None:
        """Check the columns, types, keys and values of the injury reports for the game dates start..end.

        ConfigurationError if no table of injury reports is configured.
        """
        ...

    def history_start(self, start: date, seasons_before: int = 1) -> date:
        """Return the first day that a row of `start` reads, for a partition filter that never cuts a window.

        `seasons_before` is the number of earlier seasons, besides its own season, that the row's features read.
        """
        ...

    def latest_game_date(self) -> date:
        """Return the newest game_date of player_game_summary."""
        ...

    def columns(self, table: str) -> Mapping[str, str]:
        """Return name (lower case) and the engine's type of each column of a source table."""
        ...

    def fingerprint(self, *, has_reports: bool = False) -> str:
        """Return a digest of the source data, which changes with the rows; with `has_reports` of injury reports too."""
        ...

    def describe(self) -> str:
        """Return a short name of the source for messages and reports."""
        ...

    def has_schedule(self) -> bool:
        """Return whether a schedule is configured, which prediction needs."""
        ...

    def has_availability(self) -> bool:
        """Return whether a table of injury reports is configured."""
        ...

    def close(self) -> None:
        """Release connections and memory."""
        ...
