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
    """Return the first date, a 1 September, whose games the features of a game on `start` may read.

    Features of a game read the games of its season and of the `seasons_before` earlier seasons. The season of a game in
    November or December is taken to begin in the year of the game, that of a game in another month in the year before.
    For a game in October that may be one year too early, but it is never too late: the season 2019-20 ended on 11
    October 2020.
    """
    season = start.year if start.month >= 11 else start.year - 1
    return date(season - seasons_before, 9, 1)


class ClosedOnExit:
    """A base class for objects with a `with` block, whose end calls `close`, also after an error."""

    def close(self) -> None:
        """Release the connections and memory of this object; every subclass overrides this method."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        self.close()


def absent_availability(what: str) -> ConfigurationError:
    """Return the error to raise if features need injury reports, but no table of them is configured.

    The message suggests to set the key warehouse.availability. `what` is the kind of value to set: PATH for files, or
    DATASET.TABLE for BigQuery.
    """
    return ConfigurationError(
        "the features of availability need the injury reports; give them with "
        f"warehouse.availability={what}, or choose other features."
    )


class Warehouse(Protocol):
    """The interface of a database with the source tables; the end of a `with` block closes the database.

    SQL texts are in BigQuery's dialect, with named @parameters. A method that reads a table raises DataError if the
    table cannot be reached, lacks columns or rows, or contains impossible values. The player table has one row per
    player and game, and the team table has one row per team and game.
    """

    def __enter__(self) -> Self: ...

    def __exit__(self, *failure: object) -> None: ...

    @property
    def sources(self) -> SourceTables:
        """The names of the source tables, and the rules by which queries read their columns and values.

        Raise DataError if the rules depend on the columns of a table that cannot be reached or lacks a column.
        """
        ...

    def query(self, sql: str, parameters: Mapping[str, object]) -> pa.Table:
        """Run one SELECT and return its rows.

        A parameter is a str, int, float, date or list of str. Parameters whose @name the SQL text does not contain are
        ignored. Raise DataError if a table cannot be read or the query fails.
        """
        ...

    def check_history(self, start: date, end: date, seasons_before: int = 1) -> None:
        """Check the rows of the player and team tables that the features of games from `start` to `end` read.

        These features read the seasons of the games and the `seasons_before` earlier seasons. Both dates are inclusive.
        An implementation may check more rows. Raise DataError for wrong columns, types, keys or values, and for rows
        that contradict each other.
        """
        ...

    def check_schedule(self, start: date, end: date) -> None:
        """Check the columns and types of the schedule, and its rows from `start` to `end`, both inclusive.

        The caller must first check with `has_schedule` that a schedule is configured. Raise DataError for wrong
        columns, types or values.
        """
        ...

    def check_availability(self, start: date, end: date) -> None:
        """Check the columns, types, keys and values of the injury reports for games from `start` to `end`.

        Both dates are inclusive. Raise DataError for wrong columns, types, keys or values, and ConfigurationError if no
        table of injury reports is configured.
        """
        ...

    def history_start(self, start: date, seasons_before: int = 1) -> date:
        """Return the first date whose games a query must read to compute the features of a game on `start`.

        These features read the season of the game and the `seasons_before` earlier seasons. A warehouse that always
        reads whole tables returns the smallest possible date.
        """
        ...

    def latest_game_date(self) -> date:
        """Return the newest game_date of player_game_summary; raise DataError if the table has no rows."""
        ...

    def columns(self, table: str) -> Mapping[str, str]:
        """Return the type of each column of the source table named `table`, by lower-case column name.

        A type has its name in BigQuery or DuckDB, such as INT64 or BIGINT. Raise DataError if the table cannot be read.
        """
        ...

    def fingerprint(self, *, has_reports: bool = False) -> str:
        """Return a digest that changes if the source tables change.

        The digest covers the injury reports only if `has_reports` is true. Raise DataError if a table cannot be read.
        """
        ...

    def describe(self) -> str:
        """Return a short description of the warehouse for messages and reports, such as its project or its last date.

        Raise DataError if the description needs a table that cannot be read or has no rows.
        """
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
