"""The metadata of the source tables in BigQuery: columns, partitioning, and states.

Reading metadata costs nothing. The state of a table is its id, time of change and size. The state of a view contains
the states of the tables that the view reads. If BigQuery does not name these tables, or one of them is itself a view,
the state comes from a query that scans all rows of the view.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from breakout.errors import DataError
from breakout.warehouse import tables
from breakout.warehouse.bigquery.types import standard_type
from breakout.warehouse.checks import row_checks
from breakout.warehouse.column_names import (
    check_names_found,
    check_needed_names,
    columns_by_user_name,
    naming_remedy,
    rename_columns,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from breakout.settings.data_groups import BigQueryWarehouseConfig
    from breakout.warehouse.bigquery.jobs import BigQueryJobs

FIRST_GAME = date(1946, 11, 1)  # date of the league's first game: a partition filter from this date excludes no row

_ACCEPTED = {
    "STRING": {"STRING"},
    "DATE": {"DATE"},
    "TIMESTAMP": {"TIMESTAMP"},
    "INT64": {"INT64"},
    "FLOAT64": {"FLOAT64", "INT64", "NUMERIC", "BIGNUMERIC"},
}


class TableMetadata:
    """The metadata of the configured source tables, requested once for each table.

    `names` maps each configured source table to its full name in BigQuery. If warehouse.columns renames a column, such
    as PTS to points, `columns` and `rows` use the new name. Methods raise DataError if a table cannot be reached, and
    KeyError if a table is not configured.
    """

    def __init__(self, config: BigQueryWarehouseConfig, jobs: BigQueryJobs) -> None:
        self._config, self._jobs = config, jobs
        self._column_names = tuple((config.columns or {}).items())
        named = {
            tables.PLAYER_GAME_SUMMARY: config.player_game_summary,
            tables.TEAM_OFFENSE_GAME_SUMMARY: config.team_offense_game_summary,
            tables.SCHEDULE: config.schedule,
            tables.AVAILABILITY: config.availability,
        }
        self.names = {table: name for table, name in named.items() if name is not None}
        self._found: dict[tables.Table, Any] = {}

    def found(self, table: tables.Table) -> Any:
        """Return BigQuery's description of a table: its schema, size and times."""
        if table not in self._found:
            self._found[table] = self._jobs.table(self.names[table], self._described(table))
        return self._found[table]

    def _described(self, table: tables.Table) -> str:
        return f"{table.name} ({self.names[table]})"

    def columns(self, table: tables.Table) -> Mapping[str, str]:
        """Return the BigQuery type of each column of a table; the keys are the lower-case names that queries use."""
        return {name: standard_type(field) for name, field in self._fields(table).items()}

    def _fields(self, table: tables.Table) -> dict[str, Any]:
        fields = {field.name.lower(): field for field in self.found(table).schema}
        return rename_columns(fields, columns_by_user_name(table, self._column_names))

    def rows(self, table: tables.Table) -> str:
        """Return the SQL text after FROM that reads a table with its columns renamed to the names in queries.

        The text is the quoted name of the table if no column is renamed.
        """
        source = f"`{self.names[table]}`"
        renamed = {name: field.name for name, field in self._fields(table).items() if field.name.lower() != name}
        if not renamed:
            return source
        replaced = {*renamed, *(theirs.lower() for theirs in renamed.values())}
        present = [field.name for field in self.found(table).schema]
        excepted = [name for name in present if name.lower() in replaced]
        # If every column is renamed, select no *, because BigQuery refuses a * whose EXCEPT lists every column.
        selected = [f"* EXCEPT ({', '.join(map(_quoted, excepted))})"] if len(excepted) < len(present) else []
        selected += [f"{_quoted(theirs)} AS {name}" for name, theirs in renamed.items()]
        return f"(SELECT {', '.join(selected)} FROM {source})"

    def renamed_rows(self) -> dict[str, str]:
        """Return, by table name, the SQL text after FROM that reads each configured table with renamed columns.

        The dict is empty if warehouse.columns is not set. DataError if warehouse.columns names a column that no table
        has. Columns of the injury reports are not checked.
        """
        if not self._column_names:
            return {}
        games = [table for table in self.names if table is not tables.AVAILABILITY]
        present = {field.name.lower() for table in games for field in self.found(table).schema}
        check_names_found(self._column_names, games, present)
        return {table.name: self.rows(table) for table in self.names}

    def check_schema(self, table: tables.Table) -> None:
        """Raise DataError if a table lacks a required column, or has a column of a wrong type.

        If the setting warehouse.season_types is set, the column season_type may have any type.
        """
        name, present = self.names[table], self.columns(table)
        spellings = {column: field.name for column, field in self._fields(table).items()}
        check_needed_names(table, name, spellings, self._column_names)
        row_checks.check_columns(table, name, present, remedy=naming_remedy(table))
        for column in table.columns:
            actual = present.get(column.name)
            if actual is not None and actual not in _ACCEPTED[column.type]:
                if column.name == "season_type" and self._config.season_types:
                    continue  # any type is accepted: queries cast season_type to text before they replace its values
                raise DataError(
                    f"{self._described(table)}: column {column.name} must be {column.type}, but it is {actual}; "
                    f"correct the table, or name a view that casts it with warehouse.{table.name}=DATASET.VIEW."
                )

    def partitioning(self, table: tables.Table) -> str:
        """Return a description of how a table is partitioned.

        DataError if the table requires a partition filter on a column other than game_date.
        """
        record = self.found(table).to_api_repr()
        partition = record.get("timePartitioning") or {}
        is_required = bool(record.get("requirePartitionFilter") or partition.get("requirePartitionFilter"))
        field = partition.get("field") or ("its time of loading" if partition else None)
        day = self._fields(table).get("game_date")
        if is_required and (day is None or field != day.name):
            raise DataError(
                f"{self.names[table]} requires a partition filter on {field}, but every query filters by game_date; "
                f"partition it by game_date, or run: bq update --norequire_partition_filter {self.names[table]}"
            )
        if field is None:
            return "not partitioned, so every query reads the whole table"
        return f"partitioned by {field}, filter {'required' if is_required else 'not required'}"

    def digest(self, chosen: Iterable[tables.Table]) -> str:
        """Return a digest of the states of the given tables and of the settings that change rows.

        The digest has 16 hex digits. The state of a table is its id, time of change and size.
        """
        digest = hashlib.sha256(repr(self._config.season_type).encode())
        for renamed in (self._config.team_codes, self._config.season_types, self._config.columns):
            digest.update(repr(renamed).encode() if renamed else b"")
        for table in chosen:
            found = self.found(table)
            state = _state(found) if found.table_type == "TABLE" else self._state_behind(table, found)
            digest.update(repr(state).encode())
        return digest.hexdigest()[:16]

    def _state_behind(self, table: tables.Table, found: Any) -> tuple[object, ...]:
        """Return the state of a view: its id, time of change, today's date, and the states of the tables that it reads.

        Today's date is included because the rows of a view may depend on the date. If BigQuery does not name the
        tables, or one of them is itself a view, a query scans the rows of `table`. The state is then the id of `table`,
        the number of its rows and their digest. `found` is BigQuery's description of `table`.
        """
        since: dict[str, object] = {"history_start": FIRST_GAME}
        where = f"FROM {self.rows(table)} WHERE game_date >= @history_start"
        what = self._described(table)
        behind = [
            one
            for one in self._jobs.tables_behind(f"SELECT * {where}", since, what)
            if one.reference != found.reference
        ]
        if behind and all(one.table_type == "TABLE" for one in behind):
            states = sorted(repr(_state(one)) for one in behind)
            return str(found.reference), found.modified, datetime.now(UTC).date(), states
        columns = ", ".join(map(_quoted, self.columns(table)))
        digest = f"BIT_XOR(FARM_FINGERPRINT(TO_JSON_STRING(STRUCT({columns}))))"
        row = self._jobs.query(f"SELECT COUNT(*) AS total, {digest} AS digest {where}", since, what).to_pylist()[0]
        return str(found.reference), row["total"], row["digest"]


def _state(found: Any) -> tuple[object, ...]:
    streamed = found.streaming_buffer.estimated_rows if found.streaming_buffer else 0
    return str(found.reference), found.modified, found.num_rows, found.num_bytes, streamed


def _quoted(name: str) -> str:
    return f"`{name}`"
