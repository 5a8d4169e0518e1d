"""The `Warehouse` interface, and what its implementations share."""

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

    Features of a game read the games of its season and of the `seasons_before` earlier seasons. The season of `start`
    is taken to begin in the same calendar year for November and December, and in the year before for January to
    October. A game in October can belong to either year's season: the season 2019-20 ended on 11 October 2020. If the
    season of `start` begins in the same October, the result is one year earlier than necessary.
    """
    season = start.year if start.month >= 11 else start.year - 1
    return date(season - seasons_before, 9, 1)


class ClosedOnExit:
    """A base class that calls `close` at the end of a `with` block."""

    def close(self) -> None:
        """Release the connections and memory of this object."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        self.close()


def absent_availability(what: str) -> ConfigurationError:
    """Return the error for features that need injury reports when no table of them is configured.

    The message suggests to set warehouse.availability to `what`: PATH or DATASET.TABLE.
    """
    return ConfigurationError(
        "the features of availability need the injury reports; give them with "
        f"warehouse.availability={what}, or choose other features."
    )


class Warehouse(Protocol):
    """The interface of a database that contains the source tables; a `with` block closes it.

    SQL texts are in BigQuery's dialect, with named @parameters. Methods that read a table raise DataError if it cannot
    be reached, lacks columns or rows, or contains impossible values. The history tables are those in
    `tables.HISTORY_TABLES`: one row per player and game, and one per team and game.
    """

    def __enter__(self) -> Self: ...

    def __exit__(self, *failure: object) -> None: ...

    @property
    def sources(self) -> SourceTables:
        """The names of the source tables, and the rules by which queries read them."""
        ...

    def query(self, sql: str, parameters: Mapping[str, object]) -> pa.Table:
        """Run one SELECT and return its rows.

        A parameter is a str, int, float, date or list of str. Parameters whose @name the SQL text does not contain are
        ignored.
        """
        ...

    def check_history(self, start: date, end: date, seasons_before: int = 1) -> None:
        """Check the rows of the history tables that the features of games from `start` to `end` read.

        Raise DataError for wrong columns, types, keys or values. The features read the `seasons_before` seasons before
        the season of a game, and that season itself. Both dates are inclusive.
        """
        ...

    def check_schedule(self, start: date, end: date) -> None:
        """Check the columns and types of the schedule, and its rows from `start` to `end`, both inclusive."""
        ...

    def check_availability(self, start: date, end: date) -> None:
        """Check the columns, types, keys and values of the injury reports for games from `start` to `end`.

        Both dates are inclusive. Raise ConfigurationError if no table of injury reports is configured.
        """
        ...

    def history_start(self, start: date, seasons_before: int = 1) -> date:
        """Return the first date whose games a query must read to compute the features of a game on `start`.

        Queries use it as the lower bound of their partition filter. The features read the `seasons_before` seasons
        before the season of the game, and that season itself.
        """
        ...

    def latest_game_date(self) -> date:
        """Return the newest game_date of player_game_summary."""
        ...

    def columns(self, table: str) -> Mapping[str, str]:
        """Return the type of each column of a source table, as the engine names it, by lower-case column name."""
        ...

    def fingerprint(self, *, has_reports: bool = False) -> str:
        """Return a digest that changes if the source tables change.

        The digest covers the injury reports only with `has_reports`.
        """
        ...

    def describe(self) -> str:
        """Return a short description of the source for messages and reports."""
        ...

    def has_schedule(self) -> bool:
        """Return whether a schedule is configured; prediction needs one."""
        ...

    def has_availability(self) -> bool:
        """Return whether a table of injury reports is configured."""
        ...

    def close(self) -> None:
        """Release connections and memory."""
        ...
