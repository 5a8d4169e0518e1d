"""The `Warehouse` interface, and the functions and the base class that its implementations share."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Protocol, Self

from breakout.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa

    from breakout.warehouse.tables import SourceTables


def first_day_seen(start: date, seasons_before: int = 1) -> date:
    """Return the first date that features may read for a game on `start`.

    Features read the season of the game and the `seasons_before` earlier seasons. The date is always a 1 September,
    such as 2024-09-01 for a game on 2025-12-25 and one season before. A game in October counts to the season that began
    in the year before, because the season 2019-20 ended on 11 October 2020. So for an October game of a season that has
    just begun, the date is a year earlier than needed.
    """
    season = start.year if start.month >= 11 else start.year - 1
    return date(season - seasons_before, 9, 1)


class ClosedOnExit:
    """A base class whose `with` block calls `close` at its end, also after an error."""

    def close(self) -> None:
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        self.close()


def absent_availability(what: str) -> ConfigurationError:
    """Return the error to raise if features need injury reports, but no table of them is configured.

    `what` is the value that the message suggests for warehouse.availability: PATH or DATASET.TABLE.
    """
    return ConfigurationError(
        "the features of availability need the injury reports; give them with "
        f"warehouse.availability={what}, or choose other features."
    )


class Warehouse(Protocol):
    """The interface of a database with the source tables.

    The end of a `with` block closes the database. SQL texts are in BigQuery's dialect, with named @parameters. The
    player table has one row per player and game. The team table has one row per team and game.

    A method that reads a table raises DataError if the table cannot be reached, lacks columns or rows, or contains
    impossible values. Dates `start` and `end` are inclusive.
    """

    def __enter__(self) -> Self: ...

    def __exit__(self, *failure: object) -> None: ...

    @property
    def sources(self) -> SourceTables:
        """The names of the source tables, and how queries rename their columns and replace their values."""
        ...

    def query(self, sql: str, parameters: Mapping[str, object]) -> pa.Table:
        """Run one SELECT and return its rows; DataError if the SELECT fails.

        A parameter is a str, int, float, date or list of str. Parameters whose @name is not in the SQL text are
        ignored.
        """
        ...

    def check_history(self, start: date, end: date, seasons_before: int = 1) -> None:
        """Check the rows of the player and team tables that features read for games from `start` to `end`.

        Features read the seasons of the games and the `seasons_before` earlier seasons. An implementation may check
        more rows. DataError for wrong columns, types, keys or values, and for rows that contradict each other.
        """
        ...

    def check_schedule(self, start: date, end: date) -> None:
        """Check the columns of the schedule, and its rows from `start` to `end`.

        The caller must first check with `has_schedule` that a schedule is configured. DataError for wrong columns,
        types or values.
        """
        ...

    def check_availability(self, start: date, end: date) -> None:
        """Check the columns of the injury reports, and the reports for games from `start` to `end`.

        DataError for wrong columns, types, keys or values. ConfigurationError if no table of injury reports is
        configured.
        """
        ...

    def history_start(self, start: date, seasons_before: int = 1) -> date:
        """Return the first date that a query must read to compute the features of a game on `start`.

        Features read the season of the game and the `seasons_before` earlier seasons. A warehouse that always reads
        whole tables returns 0001-01-01.
        """
        ...

    def latest_game_date(self) -> date:
        """Return the newest game_date of player_game_summary."""
        ...

    def columns(self, table: str) -> Mapping[str, str]:
        """Return the type of each column of a source table; the keys are column names in lower case.

        A type is named as in the database, such as INT64 in BigQuery or BIGINT in DuckDB.
        """
        ...

    def fingerprint(self, *, has_reports: bool = False) -> str:
        """Return a digest that changes if the source tables change.

        The digest covers the injury reports only if `has_reports` is true.
        """
        ...

    def describe(self) -> str:
        """Return a short description for messages and reports, such as `sample, games to 2026-02-05`."""
        ...

    def has_schedule(self) -> bool:
        """Return whether a schedule is configured; prediction needs one."""
        ...

    def has_availability(self) -> bool:
        """Return whether a table of injury reports is configured."""
        ...

    def close(self) -> None:
        """Release the connections and memory of the warehouse."""
        ...
