"""The interface of a warehouse: one query method, checks of the source tables, and their columns and fingerprint."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Protocol, Self

from breakout.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa

    from breakout.warehouse.tables import SourceTables


def first_day_seen(start: date, seasons_before: int = 1) -> date:
    """Return 1 September before the first season that the features of a game on `start` read.

    They read the season of the game and `seasons_before` earlier ones. In November and December the season began in the
    same calendar year. From January to October it may have begun in the year before (the season 2019-20 ended on 11
    October 2020), so that year is assumed. If the season did begin in the same year, one more season than necessary is
    read.
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
    """Return the error about features that read injury reports when none are configured.

    `what` is the value that the message suggests for warehouse.availability: PATH or DATASET.TABLE.
    """
    return ConfigurationError(
        "the features of availability need the injury reports; give them with "
        f"warehouse.availability={what}, or choose other features."
    )


class Warehouse(Protocol):
    """A database with the source tables; a `with` block closes it.

    Every SQL text is in BigQuery's dialect, with named @parameters. Methods that read the source raise DataError if it
    cannot be reached, or lacks columns or rows, or holds values that cannot be right.
    """

    def __enter__(self) -> Self: ...

    def __exit__(self, *failure: object) -> None: ...

    @property
    def sources(self) -> SourceTables:
        """The full names of the source tables, and the rule by which season types are read."""
        ...

    def query(self, sql: str, parameters: Mapping[str, object]) -> pa.Table:
        """Run one SELECT and return its rows.

        Parameters are str, int, float, date or a list of str; those that the text does not name are ignored.
        """
        ...

    def check_history(self, start: date, end: date, seasons_before: int = 1) -> None:
        """Check columns, types, keys and values of the games that the features of the game dates start..end read.

        `seasons_before` is the number of seasons that a row's features read before its own season.
        """
        ...

    def check_schedule(self, start: date, end: date) -> None:
        """Check the columns and types of the schedule, and its rows of the game dates start..end."""
        ...

    def check_availability(self, start: date, end: date) -> None:
        """Check the columns, types, keys and values of the injury reports for the game dates start..end.

        ConfigurationError if no table of injury reports is configured.
        """
        ...

    def history_start(self, start: date, seasons_before: int = 1) -> date:
        """Return a date before which the features of a row on `start` read no game, for a partition filter.

        `seasons_before` is the number of seasons that they read before the row's own season.
        """
        ...

    def latest_game_date(self) -> date:
        """Return the newest game_date of player_game_summary."""
        ...

    def columns(self, table: str) -> Mapping[str, str]:
        """Return name (lower case) and the engine's type of each column of a source table."""
        ...

    def fingerprint(self, *, has_reports: bool = False) -> str:
        """Return a digest that changes if the source tables change.

        The table of injury reports is included only with `has_reports`.
        """
        ...

    def describe(self) -> str:
        """Return a short description of the source for messages and reports."""
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
