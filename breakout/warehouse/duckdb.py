"""The warehouse in DuckDB, which loads files (Parquet, CSV or a DuckDB database) or Arrow tables into memory.

The tables have the default names of the BigQuery tables, such as nba_analytics.schedule.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import asdict
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from breakout.errors import DataError
from breakout.warehouse import tables
from breakout.warehouse.base import ClosedOnExit, absent_availability
from breakout.warehouse.checks import row_checks
from breakout.warehouse.checks.consistency import check_consistency
from breakout.warehouse.checks.report_checks import check_reports
from breakout.warehouse.duckdb_tables import column_types, create_tables, select_registered, with_text
from breakout.warehouse.files.parts import errors_named
from breakout.warehouse.files.reading import FileReader, ReadOptions
from breakout.warehouse.files.table_files import TableFiles, digest_of, find_files
from breakout.warehouse.tables import SourceTables

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import duckdb
    import pyarrow as pa

_TABLES = (*tables.WAREHOUSE_TABLES, tables.PRICES)


@lru_cache(maxsize=512)
def to_duckdb(sql: str) -> str:
    """Translate a query from BigQuery's dialect to DuckDB's; a parameter @name becomes $name.

    sqlglot.errors.ParseError if the text is no valid SQL.
    """
    import sqlglot

    return sqlglot.transpile(sql, read="bigquery", write="duckdb")[0]


class DuckDBWarehouse(ClosedOnExit):
    """The source tables in an in-memory DuckDB database.

    - `files`: the path, the glob or the TableFiles of each source table, by name, such as `player_game_summary`. Other
      names are ignored.
    - `label`: the name of the warehouse in messages.
    - `is_lazy`: only find the files and compute a digest. The first call that needs rows reads and checks the files.

    The class `Warehouse` describes the methods without a docstring. DataError if a file or a column is missing, or a
    value is impossible. ConfigurationError if a path begins with `~USER` and there is no such user.
    """

    def __init__(
        self,
        files: Mapping[str, str | TableFiles],
        options: ReadOptions | None = None,
        label: str = "duckdb",
        *,
        is_lazy: bool = False,
    ) -> None:
        self._label = label
        self._options = options or ReadOptions()
        self._files = {
            table: given if isinstance(given, TableFiles) else find_files(table.name, given)
            for table in _TABLES
            if (given := files.get(table.name)) is not None
        }
        # Most commands do not read the injury reports, so they are loaded when they are first needed.
        self._reports = self._files.pop(tables.AVAILABILITY, None)
        self.loaded = {table.name for table in self._files}
        self.sources = SourceTables(has_tip_off=tables.SCHEDULE.name in self.loaded)
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._fingerprint = self._reports_digest = ""
        if is_lazy:
            self._fingerprint = self._digest(self._files.values())
        else:
            self._open()

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """The connection to DuckDB; the first access to a lazy warehouse loads and checks the files.

        Injury reports are loaded later, when a method needs them. DataError if a file cannot be read, has changed or
        fails a check.
        """
        return self._open() if self._connection is None else self._connection

    def _open(self) -> duckdb.DuckDBPyConnection:
        import duckdb

        self._connection = duckdb.connect()
        try:
            # DuckDB's progress bar would mix with the program's own output. The time zone makes messages show instants
            # in UTC. One thread is enough for small tables; `create_tables` allows more for large ones.
            self._connection.execute("SET enable_progress_bar = false")
            self._connection.execute("SET TimeZone = 'UTC'")
            self._connection.execute("SET threads = 1")
            self._connection.execute("CREATE SCHEMA nba_analytics")
            self._load(self._files)
            if set(tables.HISTORY_TABLES) <= set(self._files):
                check_consistency(self, self._files)
            self._fingerprint = self._unchanged(self._fingerprint, self._digest(self._files.values()))
        except BaseException:  # close the connection, so that no query reads tables whose checks failed or did not run
            self.close()
            raise
        return self._connection

    def _load(self, files: Mapping[tables.Table, TableFiles]) -> None:
        with FileReader(self.connection, self._options) as reader:
            selects = {table: reader.select(table, found) for table, found in files.items()}
            reader.check_names(files)
            renamed = {table: self._renamed(table, select) for table, select in selects.items()}
            create_tables(self.connection, renamed, self._label)
        self.loaded |= {table.name for table in files}
        for table, found in files.items():
            self._check_has_rows(table, found)
            row_checks.check_rows(self, table, {}, found.where())

    def _renamed(self, table: tables.Table, select: str) -> str:
        if self._options.renaming is None:
            return select
        renamed = self._options.renaming.apply(table, "incoming_rows", has_season_type=True)
        return to_duckdb(f"SELECT * FROM {renamed}").replace("incoming_rows", f"({select})")

    def _unchanged(self, before: str, now: str) -> str:
        """Return the digest `now`. DataError if the earlier digest `before` is set and differs."""
        if before not in ("", now):
            raise DataError(f"the files of the {self._label} warehouse changed while they were read; run again.")
        return now

    def _digest(self, files: Iterable[TableFiles]) -> str:
        return digest_of(files, asdict(self._options))

    @classmethod
    def from_arrow(cls, loaded: Mapping[str, pa.Table], label: str = "arrow") -> DuckDBWarehouse:
        """Return a warehouse of Arrow tables.

        `loaded` maps names of source tables to their rows. It may also contain `slate`, a table of games to be played.
        Other names are ignored. DataError if a column is missing, or a value cannot be converted to the type of its
        column. Nothing else about the rows is checked.
        """
        warehouse = cls({}, label=label)
        incoming = [table for table in _TABLES if table.name in loaded]
        warehouse.sources = SourceTables(has_tip_off=tables.SCHEDULE in incoming)
        for name, rows in loaded.items():
            warehouse.connection.register(name, rows)
        selects = {table: select_registered(warehouse.connection, table, label) for table in incoming}
        create_tables(warehouse.connection, selects, label)
        warehouse.loaded |= {table.name for table in incoming}
        if "slate" in loaded:
            warehouse.connection.execute("CREATE TABLE nba_analytics.slate AS FROM slate")
        for name in loaded:
            warehouse.connection.unregister(name)
        return warehouse

    def _check_has_rows(self, table: tables.Table, found: TableFiles) -> None:
        """Raise DataError if the player table or the team table has no rows.

        Without this check, features would silently get their default values.
        """
        if table in tables.HISTORY_TABLES and not self._rows(f"SELECT 1 FROM nba_analytics.{table.name} LIMIT 1"):
            raise DataError(f"{found.where()} has no rows; correct warehouse.{table.name}=PATH.")

    def _rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self.connection.execute(sql).fetchall()

    def query(self, sql: str, parameters: Mapping[str, object]) -> pa.Table:
        """Run one SELECT in BigQuery's dialect and return its rows.

        Parameters whose @name is not in the SELECT are ignored. DataError if DuckDB refuses the SELECT or the injury
        reports cannot be loaded. sqlglot.errors.ParseError if the text is no valid SQL.
        """
        # The reports may not be loaded yet. `check_availability` loads them, but `CachedWarehouse` skips that check for
        # dates that have passed it before.
        if self.sources.availability in sql:
            self._load_reports()
        text = to_duckdb(sql)
        used = {name: value for name, value in parameters.items() if re.search(rf"\${name}\b", text)}
        with errors_named(f"the {self._label} warehouse"):
            return with_text(self.connection.execute(text, used or None).to_arrow_table())

    def check_history(self, start: date, end: date, seasons_before: int = 1) -> None:
        """Raise DataError if the warehouse has no player table or no team table.

        Loading the files checks all their rows, so the arguments do not matter.
        """
        del start, end, seasons_before
        for table in tables.HISTORY_TABLES:
            self._check_given(table)

    def _check_given(self, table: tables.Table) -> None:
        if table.name not in self.loaded:
            raise DataError(f"the warehouse has no {table.name}; give it with warehouse.{table.name}=PATH.")

    def check_schedule(self, start: date, end: date) -> None:
        """Do nothing, because loading the file checks the whole schedule."""
        del start, end

    def check_availability(self, start: date, end: date) -> None:
        """Load and check all injury reports, unless they are loaded already.

        DataError if a check fails. ConfigurationError if the warehouse has no injury reports.
        """
        del start, end
        if not self.has_availability():
            raise absent_availability("PATH")
        self._load_reports()

    def _load_reports(self) -> None:
        if self._reports is None or tables.AVAILABILITY.name in self.loaded:
            return
        try:
            self._load({tables.AVAILABILITY: self._reports})
            check_reports(self, {})
            self._reports_digest = self._unchanged(self._reports_digest, self._digest([self._reports]))
        except BaseException:  # drop the refused table, because the next call would use it
            self.connection.execute("DROP TABLE IF EXISTS nba_analytics.availability")
            self.loaded.discard(tables.AVAILABILITY.name)
            raise

    def history_start(self, start: date, seasons_before: int = 1) -> date:
        """Return 0001-01-01, because files are always read whole."""
        del start, seasons_before
        return date(1, 1, 1)

    def latest_game_date(self) -> date:
        self._check_given(tables.PLAYER_GAME_SUMMARY)
        latest = self._rows("SELECT MAX(game_date) FROM nba_analytics.player_game_summary")[0][0]
        if not isinstance(latest, date):
            raise DataError("player_game_summary has no rows.")
        return latest

    def columns(self, table: str) -> Mapping[str, str]:
        if table == tables.AVAILABILITY.name:
            self._load_reports()
        return column_types(self.connection, f"SELECT * FROM nba_analytics.{table}", table)

    def fingerprint(self, *, has_reports: bool = False) -> str:
        """Return a digest (16 hex digits) of the files and of the options for reading them.

        The digest covers the names and contents of the files. Injury reports are covered only if `has_reports` is
        true. Arrow tables of `from_arrow` are not covered. DataError if a file cannot be read.
        """
        if not has_reports or self._reports is None:
            return self._fingerprint
        self._reports_digest = self._reports_digest or self._digest([self._reports])
        return hashlib.sha256(f"{self._fingerprint} {self._reports_digest}".encode()).hexdigest()[:16]

    def describe(self) -> str:
        """Return the label and the newest game_date, such as `sample, games to 2026-02-05`.

        DataError if the files cannot be loaded, or the player table has no rows.
        """
        return f"{self._label}, games to {self.latest_game_date()}"

    def has_schedule(self) -> bool:
        return tables.SCHEDULE.name in self.loaded

    def has_availability(self) -> bool:
        return self._reports is not None or tables.AVAILABILITY.name in self.loaded

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
