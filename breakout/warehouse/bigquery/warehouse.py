"""The warehouse in BigQuery, which runs the same feature query as DuckDB does.

Every query filters each source table by game_date: some tables require a partition filter, and only the days that a
window needs are read.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from breakout.errors import DataError
from breakout.warehouse import tables
from breakout.warehouse.base import ClosedOnExit, absent_availability, first_day_seen
from breakout.warehouse.bigquery.jobs import BigQueryJobs
from breakout.warehouse.bigquery.types import standard_type
from breakout.warehouse.checks import row_checks
from breakout.warehouse.checks.consistency import check_consistency, consistency_query
from breakout.warehouse.checks.report_checks import check_reports, report_query
from breakout.warehouse.cost import CostEstimate
from breakout.warehouse.renaming import Renaming
from breakout.warehouse.tables import SourceTables

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pyarrow as pa

    from breakout.settings.data_groups import BigQueryWarehouseConfig

_ACCEPTED = {
    "STRING": {"STRING"},
    "DATE": {"DATE"},
    "TIMESTAMP": {"TIMESTAMP"},
    "INT64": {"INT64"},
    "FLOAT64": {"FLOAT64", "INT64", "NUMERIC", "BIGNUMERIC"},
}
_LOOKBACK = timedelta(days=400)  # a season and a summer: `latest_game_date` searches these days first
_FIRST_GAME = date(1946, 11, 1)


class BigQueryWarehouse(ClosedOnExit):
    """The BigQuery tables that a configuration names.

    `labels` (command, run) are attached to every job. ConfigurationError if a name is not a valid table name.
    """

    def __init__(self, config: BigQueryWarehouseConfig, labels: Mapping[str, str] | None = None) -> None:
        self._config = config
        self._names = {table.name: name for table, name in _named_tables(config)}
        self._source_tables()  # checks the names before the first request
        self._jobs = BigQueryJobs(config, "warehouse", labels or {}, config.price_per_tib)
        self._metadata: dict[str, Any] = {}
        self._fingerprints: dict[tuple[str, ...], str] = {}
        self._checked: list[tuple[date, date]] = []

    @cached_property
    def sources(self) -> SourceTables:
        """The names of the tables, and the rule by which season types are read.

        DataError if a table lacks the column season_type and `warehouse.season_type` is not set.
        """
        named = [table.name for table, _ in _named_tables(self._config) if table.has_season_type]
        lacking = [name for name in named if "season_type" not in self.columns(name)]
        if lacking and self._config.season_type is None:
            raise DataError(
                f"{self._names[lacking[0]]} lacks the column season_type; "
                "say which one all its rows are with warehouse.season_type=regular."
            )
        has_tip_off = self.has_schedule() and "tip_off" in self.columns(tables.SCHEDULE.name)
        return replace(self._source_tables(lacking), has_tip_off=has_tip_off)

    def _source_tables(self, lacking: Sequence[str] = ()) -> SourceTables:
        has_season_type = len(lacking) < sum(table.has_season_type for table, _ in _named_tables(self._config))
        return SourceTables(
            player_game_summary=self._config.player_game_summary,
            team_offense_game_summary=self._config.team_offense_game_summary,
            schedule=self._config.schedule or SourceTables.schedule,
            availability=self._config.availability or SourceTables.availability,
            has_season_type=has_season_type,
            is_season_type_filled=has_season_type and self._config.season_type is not None,
            lacking_season_type=tuple(lacking) if has_season_type else (),
            renaming=Renaming.from_maps(self._config.team_codes, self._config.season_types),
        )

    def query(self, sql: str, parameters: Mapping[str, object]) -> pa.Table:
        """Run one SELECT as a job; unused parameters are ignored."""
        return self._jobs.query(sql, self._with_season_type(parameters), "the query")

    def estimate(self, sql: str, parameters: Mapping[str, object]) -> CostEstimate:
        """Return the estimated cost of a query, by a dry run that costs nothing."""
        scanned = self._jobs.dry_run(sql, self._with_season_type(parameters))
        return CostEstimate(scanned, self._config.price_per_tib)

    def _with_season_type(self, parameters: Mapping[str, object]) -> dict[str, object]:
        return {**parameters, "season_type": self._config.season_type or "regular"}

    def check_history(self, start: date, end: date, seasons_before: int = 1) -> None:
        """Check columns and types by metadata, rows by one filtered scan of each table, and tables against each other.

        Nothing is read if this object has checked a range that includes the same days.
        """
        first = self.history_start(start, seasons_before)
        if any(checked_first <= first and end <= checked_end for checked_first, checked_end in self._checked):
            return
        for table in tables.HISTORY_TABLES:
            self.check_schema(table)
        span: dict[str, object] = {"history_start": first, "end": end}
        for table in tables.HISTORY_TABLES:
            self._check_not_empty(table, span)
            row_checks.check_rows(self, table, span)
        check_consistency(self, tables.HISTORY_TABLES, span)
        self._checked.append((first, end))

    def check_schedule(self, start: date, end: date) -> None:
        """Check the schedule's columns and types, and its rows of start..end.

        The games from `history_start` to `end` are also compared with the team table.
        """
        self.check_schema(tables.SCHEDULE)
        span: dict[str, object] = {"history_start": start, "end": end}
        row_checks.check_rows(self, tables.SCHEDULE, span)
        asked: dict[str, object] = {"history_start": self.history_start(start), "end": end}
        check_consistency(self, (tables.TEAM_OFFENSE_GAME_SUMMARY, tables.SCHEDULE), asked)

    def check_availability(self, start: date, end: date) -> None:
        """Check columns and types by metadata, then the rows of start..end, also against the games."""
        if not self.has_availability():
            raise absent_availability("DATASET.TABLE")
        self.check_schema(tables.AVAILABILITY)
        row_checks.check_rows(self, tables.AVAILABILITY, {"history_start": start, "end": end})
        check_reports(self, {"start": start, "history_start": self.history_start(start), "end": end})

    def estimate_report_checks(self, start: date, end: date) -> CostEstimate:
        """Return the estimated cost of the queries of `check_availability`, without checking anything."""
        rows = row_checks.problem_query(self.sources, tables.AVAILABILITY, is_filtered=True)
        games = report_query(self.sources, is_filtered=True)
        asked = {"start": start, "history_start": self.history_start(start), "end": end}
        return self.estimate(rows, {"history_start": start, "end": end}) + self.estimate(games, asked)

    def estimate_checks(self, start: date, end: date, seasons_before: int = 1) -> CostEstimate:
        """Return the estimated cost of the queries of `check_history`, without checking anything."""
        span: dict[str, object] = {"history_start": self.history_start(start, seasons_before), "end": end}
        cost = CostEstimate(0, self._config.price_per_tib)
        for table in tables.HISTORY_TABLES:
            cost += self.estimate(row_checks.problem_query(self.sources, table, is_filtered=True), span)
        return cost + self.estimate(consistency_query(self.sources, tables.HISTORY_TABLES, is_filtered=True), span)

    def check_schema(self, table: tables.Table) -> None:
        """Raise DataError if a column is missing or of a wrong type; reads metadata only."""
        name, present = self._names[table.name], self.columns(table.name)
        row_checks.check_columns(table, name, present)
        for column in table.columns:
            actual = present.get(column.name)
            if actual is not None and actual not in _ACCEPTED[column.type]:
                if column.name == "season_type" and self._config.season_types:
                    continue  # warehouse.season_types is applied to the column as text, whatever its type
                raise DataError(
                    f"{table.name} ({name}): column {column.name} must be {column.type}, but it is {actual}; "
                    f"correct the table, or name a view that casts it with warehouse.{table.name}=DATASET.VIEW."
                )

    def _check_not_empty(self, table: tables.Table, span: Mapping[str, object]) -> None:
        """Raise DataError if a table is empty.

        Metadata holds no number of rows for a view, and 0 while rows are still being streamed into a new table. Then
        the rows between `history_start` and `end` of `span` are counted by a query.
        """
        if self._table(table.name).num_rows:
            return
        name = self._names[table.name]
        sql = f"SELECT COUNT(*) AS total FROM `{name}` WHERE game_date BETWEEN @history_start AND @end"
        if not self.query(sql, span).to_pylist()[0]["total"]:
            raise DataError(
                f"{table.name} ({name}) has no rows from {span['history_start']} to {span['end']}; "
                f"load it, or name another table with warehouse.{table.name}=DATASET.TABLE."
            )

    def history_start(self, start: date, seasons_before: int = 1) -> date:
        """Return 1 September before the first season that the features of a game on `start` read."""
        return first_day_seen(start, seasons_before)

    def latest_game_date(self) -> date:
        """Return the newest game_date of player_game_summary; DataError if there is none.

        The last 400 days are searched first, which scans less.
        """
        name = self._names["player_game_summary"]
        rows = self.sources.reference(tables.PLAYER_GAME_SUMMARY)
        sql = f"SELECT MAX(game_date) AS latest FROM {rows} WHERE game_date >= @history_start"
        for first in (datetime.now(UTC).date() - _LOOKBACK, _FIRST_GAME):
            latest = self.query(sql, {"history_start": first}).to_pylist()[0]["latest"]
            if isinstance(latest, date):
                return latest
        raise DataError(f"player_game_summary ({name}) has no rows.")

    def columns(self, table: str) -> Mapping[str, str]:
        """Return name (lower case) and BigQuery type of each column of a source table, from its metadata."""
        return {field.name.lower(): standard_type(field) for field in self._table(table).schema}

    def partitioning(self, table: str) -> str:
        """Describe how a table is partitioned; DataError if it requires a filter on a column other than game_date."""
        record = self._table(table).to_api_repr()
        partition = record.get("timePartitioning") or {}
        is_required = bool(record.get("requirePartitionFilter") or partition.get("requirePartitionFilter"))
        field = partition.get("field") or ("its time of loading" if partition else None)
        if is_required and field != "game_date":
            raise DataError(
                f"{self._names[table]} requires a partition filter on {field}, but every query filters by game_date; "
                f"partition it by game_date, or run: bq update --norequire_partition_filter {self._names[table]}"
            )
        if field is None:
            return "not partitioned, so every query reads the whole table"
        return f"partitioned by {field}, filter {'required' if is_required else 'not required'}"

    def _table(self, table: str) -> Any:
        if table not in self._metadata:
            name = self._names.get(table, table)
            self._metadata[table] = self._jobs.table(name, f"{table} ({name})")
        return self._metadata[table]

    def fingerprint(self, *, has_reports: bool = False) -> str:
        """Return a digest of each table's id, time of change and size, and of the settings that replace values.

        For a view it covers the tables that the view reads. The table of injury reports is included only with
        `has_reports`.
        """
        names = tuple(name for name in self._names if has_reports or name != tables.AVAILABILITY.name)
        if names not in self._fingerprints:
            self._fingerprints[names] = self._digest(names)
        return self._fingerprints[names]

    def _digest(self, names: Iterable[str]) -> str:
        digest = hashlib.sha256(repr(self._config.season_type).encode())
        for renamed in (self._config.team_codes, self._config.season_types):
            digest.update(repr(renamed).encode() if renamed else b"")
        for table in names:
            found = self._table(table)
            state = _state(found) if found.table_type == "TABLE" else self._state_behind(table, found)
            digest.update(repr(state).encode())
        return digest.hexdigest()[:16]

    def _state_behind(self, table: str, found: Any) -> tuple[object, ...]:
        """Return a view's id, its time of change, today's date (a view may depend on it) and the states of its tables.

        If the service does not name the tables, or one of them is no plain table, return the id and a digest of the
        view's rows, which scans them.
        """
        since: dict[str, object] = {"history_start": _FIRST_GAME}
        where = f"FROM `{self._names[table]}` WHERE game_date >= @history_start"
        what = f"{table} ({self._names[table]})"
        behind = [
            one
            for one in self._jobs.tables_behind(f"SELECT * {where}", since, what)
            if one.reference != found.reference
        ]
        if behind and all(one.table_type == "TABLE" for one in behind):
            states = sorted(repr(_state(one)) for one in behind)
            return str(found.reference), found.modified, datetime.now(UTC).date(), states
        columns = ", ".join(f"`{name}`" for name in self.columns(table))
        digest = f"BIT_XOR(FARM_FINGERPRINT(TO_JSON_STRING(STRUCT({columns}))))"
        row = self._jobs.query(f"SELECT COUNT(*) AS total, {digest} AS digest {where}", since, what).to_pylist()[0]
        return str(found.reference), row["total"], row["digest"]

    def describe(self) -> str:
        """Return the project and the name of the player table."""
        return f"bigquery {self._jobs.client.project}, {self._names['player_game_summary']}"

    def has_schedule(self) -> bool:
        """Return whether a schedule is configured."""
        return self._config.schedule is not None

    def has_availability(self) -> bool:
        """Return whether a table of injury reports is configured."""
        return self._config.availability is not None

    def close(self) -> None:
        """Close the connections."""
        self._jobs.close()


def _state(found: Any) -> tuple[object, ...]:
    streamed = found.streaming_buffer.estimated_rows if found.streaming_buffer else 0
    return str(found.reference), found.modified, found.num_rows, found.num_bytes, streamed


def _named_tables(config: BigQueryWarehouseConfig) -> list[tuple[tables.Table, str]]:
    named = [
        (tables.PLAYER_GAME_SUMMARY, config.player_game_summary),
        (tables.TEAM_OFFENSE_GAME_SUMMARY, config.team_offense_game_summary),
    ]
    optional = ((tables.SCHEDULE, config.schedule), (tables.AVAILABILITY, config.availability))
    return [*named, *((table, name) for table, name in optional if name is not None)]
