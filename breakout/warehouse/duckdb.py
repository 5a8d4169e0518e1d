"""The user's own Parquet or CSV files, loaded into an in-memory DuckDB under the production tables' names."""

from __future__ import annotations

import glob
import hashlib
import re
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from breakout.errors import DataError
from breakout.warehouse import checks, tables
from breakout.warehouse.tables import SourceTables

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import duckdb
    import pyarrow as pa

_INTEGERS = {
    "TINYINT",
    "SMALLINT",
    "INTEGER",
    "BIGINT",
    "HUGEINT",
    "UTINYINT",
    "USMALLINT",
    "UINTEGER",
    "UBIGINT",
}
_ACCEPTED = {
    "STRING": {"VARCHAR"},
    "DATE": {"DATE", "TIMESTAMP", "TIMESTAMP_NS", "TIMESTAMP_MS", "TIMESTAMP_S"},
    "INT64": {*_INTEGERS, "FLOAT", "DOUBLE", "DECIMAL"},
    "FLOAT64": {*_INTEGERS, "FLOAT", "DOUBLE", "DECIMAL"},
}
_DUCKDB_TYPE = {"STRING": "VARCHAR", "DATE": "DATE", "INT64": "BIGINT", "FLOAT64": "DOUBLE"}

# Names that few bear and many rows hold are kept as codes, in the order of the names (an ENUM a kind): so they are
# partitioned, sorted and joined in less time. To every expression they are text, and as text they leave `query`.
_KIND_OF_NAME = {
    "player_lookup": "player",
    "team_abbr": "team",
    "opponent_team_abbr": "team",
    "home_team_abbr": "team",
    "away_team_abbr": "team",
}


@lru_cache(maxsize=512)
def to_duckdb(sql: str) -> str:
    """The same query in DuckDB's dialect."""
    import sqlglot

    return sqlglot.transpile(sql, read="bigquery", write="duckdb")[0]


class DuckDBWarehouse:
    """Files or in-memory Arrow tables behind one DuckDB connection; two threads do, and results do not depend on them.

    `files` maps a table name (`player_game_summary`, `team_offense_game_summary`, `schedule`) to a path or a glob;
    `season_type` stands in for a missing column of that name. DataError if a file or a column is missing or impossible;
    `is_lazy` digests the files and leaves the rest to the first question.
    """

    def __init__(
        self, files: Mapping[str, str], season_type: str | None = None, label: str = "duckdb", *, is_lazy: bool = False
    ) -> None:
        self._label = label
        self._season_type = season_type
        self._files = {
            table: (files[table.name], _find_files(table.name, files[table.name]))
            for table in (*tables.HISTORY_TABLES, tables.SCHEDULE)
            if table.name in files
        }
        self.loaded = {table.name for table in self._files}
        self.sources = SourceTables()
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._fingerprint = ""
        if is_lazy:
            self._fingerprint = self._digest()
        else:
            self._open()

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """DuckDB with the tables loaded and checked."""
        return self._open() if self._connection is None else self._connection

    def _open(self) -> duckdb.DuckDBPyConnection:
        import duckdb

        self._connection = duckdb.connect()
        try:
            self._connection.execute("SET enable_progress_bar = false")  # it would print into the program's own output
            self._connection.execute("CREATE SCHEMA nba_analytics")
            self._fill({table: (self._stage(table, *files), files[0]) for table, files in self._files.items()})
            for table in self._files:
                self._connection.execute(f"DROP TABLE IF EXISTS temp.{table.name}")
            self._check_unchanged()
        except BaseException:  # half of the tables must not pass for all
            self.close()
            raise
        return self._connection

    def _stage(self, table: tables.Table, pattern: str, paths: Sequence[str]) -> str:
        """What FROM reads the files by, as one table with columns matched by name; CSV is parsed here, once for all."""
        listed = ", ".join("'" + path.replace("'", "''") + "'" for path in paths)
        if not all(path.lower().endswith((".csv", ".csv.gz", ".tsv")) for path in paths):
            return f"read_parquet([{listed}], union_by_name=true)"
        parsed = f"read_csv([{listed}], union_by_name=true, sample_size=-1)"
        self._execute(f"CREATE TEMP TABLE {table.name} AS FROM {parsed}", {}, f"{table.name} ({pattern})")
        return f"temp.{table.name}"

    def _check_unchanged(self) -> None:
        """Rows must never be taken for those of other files."""
        digest = self._digest()
        if self._fingerprint not in ("", digest):
            raise DataError(f"the files of the {self._label} warehouse changed while they were read; run again.")
        self._fingerprint = digest

    @classmethod
    def from_arrow(cls, loaded: Mapping[str, pa.Table], label: str = "arrow") -> DuckDBWarehouse:
        """A warehouse over Arrow tables that were checked before; `slate` may list rows still to be played."""
        warehouse = cls({}, label=label)
        incoming = [table for table in (*tables.HISTORY_TABLES, tables.SCHEDULE) if table.name in loaded]
        for table in incoming:
            warehouse.connection.register(table.name, loaded[table.name])
        warehouse._fill({table: (table.name, label) for table in incoming}, is_checked=True)
        for table in incoming:
            warehouse.connection.unregister(table.name)
        if "slate" in loaded:
            warehouse.connection.register("incoming", loaded["slate"])
            warehouse.connection.execute("CREATE TABLE nba_analytics.slate AS FROM incoming")
            warehouse.connection.unregister("incoming")
        return warehouse

    def _fill(self, incoming: Mapping[tables.Table, tuple[str, str]], *, is_checked: bool = False) -> None:
        """Load these tables, each from what FROM can read; beside it, where that came from."""
        types = {
            table: self._check_columns(table, source, where, is_checked=is_checked)
            for table, (source, where) in incoming.items()
        }
        self._create_kinds({table: source for table, (source, _) in incoming.items()})
        for table, (source, where) in incoming.items():
            self._load(table, source, where, types[table])
            if not is_checked:
                self._check_has_rows(table, where)
                checks.check_rows(self, table, f"nba_analytics.{table.name}", {})

    def _check_columns(self, table: tables.Table, source: str, where: str, *, is_checked: bool) -> dict[str, str]:
        """The columns' own types by name; DataError if one is missing, or of a kind that the table's cannot be."""
        types = self._types(f"SELECT * FROM {source}", f"{table.name} ({where})")
        checks.check_columns(table, where, types)
        if "season_type" not in types and self._season_type is None:
            raise DataError(
                f"{table.name} ({where}) lacks the column season_type; "
                "say which one all its rows are with warehouse.season_type=regular."
            )
        for column in table.columns:
            if column.name in types and not is_checked:
                self._check_type(table, column, types[column.name], source, where)
        return types

    def _create_kinds(self, sources: Mapping[tables.Table, str]) -> None:
        """A type for each kind of name, of all that stand in any of the tables; an empty one too, as none may be."""
        selects: dict[str, list[str]] = {}
        for table, source in sources.items():
            for column in table.columns:
                if column.name in _KIND_OF_NAME:
                    found = selects.setdefault(_KIND_OF_NAME[column.name], ["SELECT '' AS name"])
                    found.append(f"SELECT {column.name}::VARCHAR FROM {source}")
        for kind, parts in selects.items():
            names = f"SELECT name FROM ({' UNION '.join(parts)}) WHERE name IS NOT NULL ORDER BY name"
            self._execute(f"CREATE TYPE nba_analytics.{kind} AS ENUM ({names})", {}, f"the {self._label} warehouse")

    def _load(self, table: tables.Table, source: str, where: str, types: Mapping[str, str]) -> None:
        known = [column for column in table.columns if column.name in types]
        casts = [f"{_cast(column, types[column.name])} AS {column.name}" for column in known]
        extra = "" if "season_type" in types else ", $season_type AS season_type"
        sql = f"CREATE TABLE nba_analytics.{table.name} AS SELECT * REPLACE ({', '.join(casts)}){extra} FROM {source}"
        self._execute(sql, {"season_type": self._season_type} if extra else {}, f"{table.name} ({where})")
        self.loaded.add(table.name)

    def _check_has_rows(self, table: tables.Table, where: str) -> None:
        """Without any game every feature of a table would be its default; a schedule may have run out."""
        if table in tables.HISTORY_TABLES and not self._rows(f"SELECT 1 FROM nba_analytics.{table.name} LIMIT 1"):
            raise DataError(f"{table.name} ({where}) has no rows; correct warehouse.{table.name}=PATH.")

    def _check_type(self, table: tables.Table, column: tables.Column, actual: str, source: str, where: str) -> None:
        """Refuse a column of the wrong kind, or one that holds values its type cannot, naming a few of them."""
        base = re.sub(r"\(.*", "", actual)
        wrong = f"TRY_CAST({column.name} AS {_DUCKDB_TYPE[column.type]}) IS NULL AND {column.name} IS NOT NULL"
        if base not in _ACCEPTED[column.type] and column.type != "STRING":
            wrong = f"{column.name} IS NOT NULL"
        elif column.type == "INT64" and base not in _INTEGERS:
            value = _cast(tables.Column(column.name, "FLOAT64"), actual)
            wrong = f"{value} IS NOT NULL AND ({value} != FLOOR({value}) OR TRY_CAST({value} AS BIGINT) IS NULL)"
        # What cannot be read at all comes first: it tells more than a number that stands as text.
        is_readable = f"TRY_CAST(value AS {_DUCKDB_TYPE[column.type]}) IS NOT NULL"
        values = f"SELECT DISTINCT {column.name}::VARCHAR AS value FROM {source} WHERE {wrong}"
        found = self._rows(f"{values} ORDER BY {is_readable}, value LIMIT 3")
        if found:
            some = ", ".join(repr(row[0]) for row in found)
            raise DataError(
                f"{table.name} ({where}): column {column.name} must be {column.type}, but it is {base} "
                f"with values like {some}; mend the source and run again."
            )

    def _types(self, sql: str, what: str) -> dict[str, str]:
        described = self._execute(f"DESCRIBE {sql}", {}, what).fetchall()
        return {str(name): str(kind) for name, kind, *_ in described}

    def _rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self.connection.execute(sql).fetchall()

    def _execute(self, sql: str, parameters: Mapping[str, object], what: str) -> duckdb.DuckDBPyConnection:
        import duckdb

        try:
            return self.connection.execute(sql, parameters or None)
        except duckdb.Error as error:
            first = str(error).strip().splitlines()[0]
            raise DataError(f"{what} cannot be read: {first}") from error

    def _digest(self) -> str:
        digest = hashlib.sha256(repr(self._season_type).encode())
        for table, (pattern, paths) in self._files.items():
            for path in paths:
                digest.update(f"{table.name}:{Path(path).name}:".encode())
                try:
                    with Path(path).open("rb") as file:
                        digest.update(hashlib.file_digest(file, "sha256").digest())
                except OSError as error:
                    raise DataError(f"{table.name} ({pattern}) cannot be read: {error.strerror}") from error
        return digest.hexdigest()[:16]

    def query(self, sql: str, parameters: Mapping[str, object]) -> pa.Table:
        """Run one SELECT given in BigQuery's dialect; unused parameters are ignored."""
        text = to_duckdb(sql)
        used = {name: value for name, value in parameters.items() if re.search(rf"\${name}\b", text)}
        return _named(self._execute(text, used, f"the {self._label} warehouse").to_arrow_table())

    def check_history(self, start: date, end: date) -> None:
        """Nothing left to do: every row was checked when the files were loaded. A missing table is refused here."""
        del start, end
        for table in tables.HISTORY_TABLES:
            if table.name not in self.loaded:
                raise DataError(f"the warehouse has no {table.name}; give it with warehouse.{table.name}=PATH.")

    def check_schedule(self, start: date, end: date) -> None:
        """Nothing left to do: it was checked when it was loaded."""
        del start, end

    def history_start(self, start: date) -> date:
        """The beginning of time: files have no partitions to spare."""
        del start
        return date(1, 1, 1)

    def latest_game_date(self) -> date:
        """The newest game_date of player_game_summary; DataError if it has no rows."""
        latest = self._rows("SELECT MAX(game_date) FROM nba_analytics.player_game_summary")[0][0]
        if not isinstance(latest, date):
            raise DataError("player_game_summary has no rows.")
        return latest

    def columns(self, table: str) -> Mapping[str, str]:
        """Name and DuckDB type of each column of a loaded table."""
        return self._types(f"SELECT * FROM nba_analytics.{table}", table)

    def fingerprint(self) -> str:
        """SHA-256 over the files' names and contents."""
        return self._fingerprint

    def describe(self) -> str:
        """Which files these are, and up to when they reach."""
        return f"{self._label}, games to {self.latest_game_date()}"

    def has_schedule(self) -> bool:
        """Whether a schedule was given."""
        return tables.SCHEDULE.name in self.loaded

    def close(self) -> None:
        """Close the connection and free the tables."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _named(rows: pa.Table) -> pa.Table:
    """The rows with text where a column holds names as codes."""
    import pyarrow as pa

    fields = [
        field.with_type(field.type.value_type) if pa.types.is_dictionary(field.type) else field for field in rows.schema
    ]
    return rows.cast(pa.schema(fields))


def _find_files(table: str, pattern: str) -> list[str]:
    paths = sorted(glob.glob(str(Path(pattern).expanduser()), recursive=True))  # noqa: PTH207  (absolute globs too)
    if not paths:
        raise DataError(
            f"{table}: no file at {pattern}; correct warehouse.{table}=PATH (Parquet or CSV, globs allowed)."
        )
    folder = next((path for path in paths if Path(path).is_dir()), None)
    if folder:
        raise DataError(f"{table}: {folder} is a folder; name its files, as in warehouse.{table}='{folder}/*.parquet'.")
    return paths


def _cast(column: tables.Column, actual: str) -> str:
    """The column in its contract type, names as codes; a NaN, which pandas writes for a missing number, is NULL."""
    name = column.name
    value = f"IF(isnan({name}), NULL, {name})" if actual in {"FLOAT", "DOUBLE"} else name
    cast = f"CAST({value} AS {_DUCKDB_TYPE[column.type]})"
    return f"CAST({cast} AS nba_analytics.{_KIND_OF_NAME[name]})" if name in _KIND_OF_NAME else cast
