"""The warehouse in BigQuery, which runs the same feature query as the warehouse in DuckDB.

Every query of the program filters each source table by game_date. The filter limits the scan to the needed days, and
some tables require it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from breakout.errors import DataError
from breakout.warehouse import tables
from breakout.warehouse.base import ClosedOnExit, absent_availability, first_day_seen
from breakout.warehouse.bigquery.jobs import BigQueryJobs
from breakout.warehouse.bigquery.metadata import FIRST_GAME, TableMetadata
from breakout.warehouse.checks import row_checks
from breakout.warehouse.checks.consistency import check_consistency
from breakout.warehouse.checks.consistency_query import consistency_query
from breakout.warehouse.checks.report_checks import check_reports, report_query
from breakout.warehouse.column_names import check_column_names
from breakout.warehouse.cost import CostEstimate
from breakout.warehouse.renaming import Renaming
from breakout.warehouse.tables import SourceTables

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa

    from breakout.settings.data_groups import BigQueryWarehouseConfig

_LOOKBACK = timedelta(days=400)  # the first search for the newest game looks back this far: a season and a summer


class BigQueryWarehouse(ClosedOnExit):
    """The configured tables in BigQuery.

    The class `Warehouse` describes the methods without a docstring. `labels` (command, run) are attached to every job.
    ConfigurationError if a table name, column name, project, location or endpoint is malformed. DataError if there are
    no usable credentials or no project.
    """

    def __init__(self, config: BigQueryWarehouseConfig, labels: Mapping[str, str] | None = None) -> None:
        self._config = config
        check_column_names(tuple((config.columns or {}).items()))
        self._source_tables()  # called to raise ConfigurationError for a malformed name before the first request
        self._jobs = BigQueryJobs(config, "warehouse", labels or {}, config.price_per_tib)
        self.metadata = TableMetadata(config, self._jobs)
        self._fingerprints: dict[bool, str] = {}
        self._checked: list[tuple[date, date]] = []

    @cached_property
    def sources(self) -> SourceTables:
        """The names of the tables, and how queries rename their columns and replace their values.

        DataError for one of these causes:

        - A table cannot be reached.
        - A table lacks the column season_type, and `warehouse.season_type` is not set.
        - `warehouse.columns` names a column that no table has.
        """
        named = [table for table in self.metadata.names if table.has_season_type]
        lacking = [table for table in named if "season_type" not in self.metadata.columns(table)]
        if lacking and self._config.season_type is None:
            raise DataError(
                f"{self.metadata.names[lacking[0]]} lacks the column season_type; "
                "say which one all its rows are with warehouse.season_type=regular."
            )
        has_season_type = len(lacking) < len(named)
        return replace(
            self._source_tables(),
            has_season_type=has_season_type,
            is_season_type_filled=has_season_type and self._config.season_type is not None,
            lacking_season_type=tuple(table.name for table in lacking) if has_season_type else (),
            has_tip_off=self.has_schedule() and "tip_off" in self.metadata.columns(tables.SCHEDULE),
            renamed_rows=self.metadata.renamed_rows(),
        )

    def _source_tables(self) -> SourceTables:
        return SourceTables(
            player_game_summary=self._config.player_game_summary,
            team_offense_game_summary=self._config.team_offense_game_summary,
            schedule=self._config.schedule or SourceTables.schedule,
            availability=self._config.availability or SourceTables.availability,
            renaming=Renaming.from_maps(self._config.team_codes, self._config.season_types),
        )

    def query(self, sql: str, parameters: Mapping[str, object]) -> pa.Table:
        """Run one SELECT as a job and return its rows; parameters whose @name is not in the SELECT are ignored.

        DataError if the query fails, lasts too long or would bill more bytes than the configured limit.
        """
        return self._jobs.query(sql, self._with_season_type(parameters))

    def estimate(self, sql: str, parameters: Mapping[str, object]) -> CostEstimate:
        """Return the estimated cost of a query, from a dry run that costs nothing.

        DataError if BigQuery refuses the query or does not answer.
        """
        scanned = self._jobs.dry_run(sql, self._with_season_type(parameters))
        return CostEstimate(scanned, self._config.price_per_tib)

    def _with_season_type(self, parameters: Mapping[str, object]) -> dict[str, object]:
        return {**parameters, "season_type": self._config.season_type or "regular"}

    def check_history(self, start: date, end: date, seasons_before: int = 1) -> None:
        """Check the player and team tables: columns and types by metadata, and rows by queries.

        The queries read the seasons of the games from `start` to `end`, and `seasons_before` earlier seasons. If this
        object has already checked all these days, nothing is checked again. DataError if a check fails.
        """
        first = self.history_start(start, seasons_before)
        if any(checked_first <= first and end <= checked_end for checked_first, checked_end in self._checked):
            return
        for table in tables.HISTORY_TABLES:
            self.metadata.check_schema(table)
        span: dict[str, object] = {"history_start": first, "end": end}
        for table in tables.HISTORY_TABLES:
            self._check_not_empty(table, span)
            row_checks.check_rows(self, table, span)
        check_consistency(self, tables.HISTORY_TABLES, span)
        self._checked.append((first, end))

    def check_schedule(self, start: date, end: date) -> None:
        """Check the schedule's columns and types, and its rows from `start` to `end`.

        The comparison of the schedule with the team table begins one season before the season of `start` and ends at
        `end`. DataError if a check fails.
        """
        self.metadata.check_schema(tables.SCHEDULE)
        span: dict[str, object] = {"history_start": start, "end": end}
        row_checks.check_rows(self, tables.SCHEDULE, span)
        asked: dict[str, object] = {"history_start": self.history_start(start), "end": end}
        check_consistency(self, (tables.TEAM_OFFENSE_GAME_SUMMARY, tables.SCHEDULE), asked)

    def check_availability(self, start: date, end: date) -> None:
        """Check the columns and types of the injury reports, and their rows from `start` to `end`.

        The teams, dates and players of these rows are also compared with the played games. DataError if a check fails.
        ConfigurationError if no table of injury reports is configured.
        """
        if not self.has_availability():
            raise absent_availability("DATASET.TABLE")
        self.metadata.check_schema(tables.AVAILABILITY)
        row_checks.check_rows(self, tables.AVAILABILITY, {"history_start": start, "end": end})
        check_reports(self, {"start": start, "history_start": self.history_start(start), "end": end})

    def estimate_report_checks(self, start: date, end: date) -> CostEstimate:
        """Return the estimated cost of the queries of `check_availability`, without running them.

        DataError if BigQuery refuses a query or does not answer. ConfigurationError if no table of injury reports is
        configured.
        """
        if not self.has_availability():
            raise absent_availability("DATASET.TABLE")
        rows = row_checks.problem_query(self.sources, tables.AVAILABILITY, is_filtered=True)
        games = report_query(self.sources, is_filtered=True)
        asked = {"start": start, "history_start": self.history_start(start), "end": end}
        return self.estimate(rows, {"history_start": start, "end": end}) + self.estimate(games, asked)

    def estimate_checks(self, start: date, end: date, seasons_before: int = 1) -> CostEstimate:
        """Return the estimated cost of the queries of `check_history`, without running them.

        For a view, `check_history` also runs a query that counts rows; the cost of that query is left out. DataError if
        BigQuery refuses a query or does not answer.
        """
        span: dict[str, object] = {"history_start": self.history_start(start, seasons_before), "end": end}
        cost = CostEstimate(0, self._config.price_per_tib)
        for table in tables.HISTORY_TABLES:
            cost += self.estimate(row_checks.problem_query(self.sources, table, is_filtered=True), span)
        return cost + self.estimate(consistency_query(self.sources, tables.HISTORY_TABLES, is_filtered=True), span)

    def _check_not_empty(self, table: tables.Table, span: Mapping[str, object]) -> None:
        """Raise DataError if a table has no rows.

        The metadata of a view has no number of rows. The metadata of a new table says 0 while rows are streamed into
        the table. In both cases a query counts the rows from @history_start to @end, the parameters in `span`.
        """
        if self.metadata.found(table).num_rows:
            return
        name, rows = self.metadata.names[table], self.metadata.rows(table)
        sql = f"SELECT COUNT(*) AS total FROM {rows} WHERE game_date BETWEEN @history_start AND @end"
        if not self.query(sql, span).to_pylist()[0]["total"]:
            raise DataError(
                f"{table.name} ({name}) has no rows from {span['history_start']} to {span['end']}; "
                f"load it, or name another table with warehouse.{table.name}=DATASET.TABLE."
            )

    def history_start(self, start: date, seasons_before: int = 1) -> date:
        return first_day_seen(start, seasons_before)

    def latest_game_date(self) -> date:
        """Return the newest game_date of player_game_summary.

        To scan less, the first query reads only the last 400 days. If it finds no game, a second query reads all days.
        DataError if the table has no rows or a query fails.
        """
        rows = self.sources.reference(tables.PLAYER_GAME_SUMMARY)
        sql = f"SELECT MAX(game_date) AS latest FROM {rows} WHERE game_date >= @history_start"
        for first in (datetime.now(UTC).date() - _LOOKBACK, FIRST_GAME):
            latest = self.query(sql, {"history_start": first}).to_pylist()[0]["latest"]
            if isinstance(latest, date):
                return latest
        raise DataError(f"player_game_summary ({self._config.player_game_summary}) has no rows.")

    def columns(self, table: str) -> Mapping[str, str]:
        return self.metadata.columns(tables.table_named(table))

    def fingerprint(self, *, has_reports: bool = False) -> str:
        if has_reports not in self._fingerprints:
            chosen = [table for table in self.metadata.names if has_reports or table is not tables.AVAILABILITY]
            self._fingerprints[has_reports] = self.metadata.digest(chosen)
        return self._fingerprints[has_reports]

    def describe(self) -> str:
        """Return the project and the name of the player table, as `bigquery PROJECT, DATASET.TABLE`."""
        return f"bigquery {self._jobs.client.project}, {self._config.player_game_summary}"

    def has_schedule(self) -> bool:
        return self._config.schedule is not None

    def has_availability(self) -> bool:
        return self._config.availability is not None

    def close(self) -> None:
        self._jobs.close()
