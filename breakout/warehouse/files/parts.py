"""Parts, which are groups of a table's files with the same columns, and the SQL that reads them."""

from __future__ import annotations

import glob
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from breakout.errors import DataError
from breakout.warehouse.column_names import columns_by_user_name, rename_columns
from breakout.warehouse.files.conversion import NULL_TYPE, SourceColumn, literal
from breakout.warehouse.files.csv_files import CsvFile
from breakout.warehouse.files.table_files import TableFiles, hive_values, kind_of
from breakout.warehouse.tables import Table

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb
    import pyarrow as pa


@dataclass(frozen=True)
class Part:
    """The files of one table that have the same columns.

    - `source`: the SQL text after FROM that reads all files of the part.
    - `sources`: for each path, the SQL text after FROM that reads that file alone.
    - `columns`: the columns; the keys are their names in lower case.
    """

    source: str
    sources: Mapping[str, str]
    columns: Mapping[str, SourceColumn]

    @property
    def first_path(self) -> str:
        return next(iter(self.sources))


class PartReader:
    """A reader that groups the files of a table into parts, which are groups of files with the same columns.

    - `names`: pairs of a column's name in queries and its name in the files, such as ("points", "PTS").
    - `has_hive_folders`: whether folder names give columns too, such as season_year in `season_year=2025/`.

    Until `release`, parsed CSV files stay in memory, and databases stay attached.
    """

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, names: Sequence[tuple[str, str]], *, has_hive_folders: bool
    ) -> None:
        self._connection = connection
        self._names = names
        self._has_hive_folders = has_hive_folders
        self._registered: list[str] = []
        self._attached: dict[str, str] = {}
        self.found_names: set[str] = set()  # renamed columns: their names in the files, in lower case

    def parts(self, table: Table, found: TableFiles) -> list[Part]:
        """Return the parts of a table: groups of its files with the same columns.

        Columns are renamed as the `names` of the constructor say. A renamed column replaces another column that already
        has the new name. DataError if a file cannot be read or has a column twice.
        """
        if found.relation is not None:
            parts = [self._database_part(found, found.relation)]
        else:
            parts = [*self._parquet_parts(found), *self._csv_parts(table, found)]
        named = columns_by_user_name(table, self._names)
        self.found_names |= {name for part in parts for name in part.columns if name in named}
        return [replace(part, columns=rename_columns(part.columns, named)) for part in parts]

    def release(self) -> None:
        for name in self._registered:
            self._connection.unregister(name)
        self._registered.clear()
        for name in self._attached.values():
            self._connection.execute(f"DETACH {name}")
        self._attached.clear()

    def _database_part(self, found: TableFiles, relation: str) -> Part:
        """Return a table in a DuckDB file as a `Part`; the file stays attached until `release`."""
        path = found.paths[0]
        with errors_named(found.where()):
            if path not in self._attached:
                name = f"database_{len(self._attached)}"
                self._connection.execute(f"ATTACH {literal(path)} AS {name} (READ_ONLY)")
                self._attached[path] = name
            source = f"{self._attached[path]}.{relation}"
            described = self._connection.execute(f"DESCRIBE FROM {source}").fetchall()
        columns = [(str(name), str(kind)) for name, kind, *_ in described]
        return Part(source, {path: source}, self._by_name(found, path, columns))

    def _parquet_parts(self, found: TableFiles) -> list[Part]:
        paths = [path for path in found.paths if kind_of(found, path) == "parquet"]
        if not paths:
            return []
        groups: dict[tuple[tuple[str, str], ...], list[str]] = {}
        for path, columns in self._parquet_columns(found, paths).items():
            folders = [(name, "") for name in hive_values(path)] if self._has_hive_folders else []
            groups.setdefault((*columns, *folders), []).append(path)
        return [
            Part(
                self._parquet_source(group),
                {path: self._parquet_source([path]) for path in group},
                self._by_name(found, group[0], [(name, kind) for name, kind in columns if kind]),
            )
            for columns, group in groups.items()
        ]

    def _parquet_columns(self, found: TableFiles, paths: Sequence[str]) -> dict[str, list[tuple[str, str]]]:
        """Return, for each path, the name and the DuckDB type of each column; a nested column is a STRUCT."""
        columns: dict[str, list[tuple[str, str]]] = {}
        with errors_named(found.where()):
            rows = self._read_schemas(found, paths)
        # The first row of each file describes the root of its schema, not a column. `nested` is the number of rows
        # still to skip, because they describe the inside of a nested column.
        nested = 0
        for path, name, children, kind in rows:
            if path not in columns:
                columns[path], nested = [], 0
                continue
            if not nested:
                columns[path].append((name, (kind or "STRUCT").strip('"')))
            nested += (children or 0) - bool(nested)
        return columns

    def _parquet_source(self, paths: Sequence[str]) -> str:
        hive = "true, hive_types_autocast=false" if self._has_hive_folders else "false"
        return f"read_parquet({_listed(paths)}, hive_partitioning={hive})"

    def _csv_parts(self, table: Table, found: TableFiles) -> list[Part]:
        declared = {column.name for column in table.columns}
        named = columns_by_user_name(table, self._names)
        declared |= {theirs for theirs, ours in named.items() if ours in declared}
        groups: dict[tuple[tuple[str, str], ...], list[tuple[str, pa.Table]]] = {}
        for path in found.paths:
            kind = kind_of(found, path)
            if kind == "parquet":
                continue
            rows = CsvFile(found, path, has_gzip=kind == "gzipped csv").read(declared)
            rows = self._with_folder_columns(found, path, rows)
            columns = tuple((field.name, str(field.type)) for field in rows.schema)
            groups.setdefault(columns, []).append((path, rows))
        return [self._csv_part(members) for members in groups.values()]

    def _with_folder_columns(self, found: TableFiles, path: str, rows: pa.Table) -> pa.Table:
        import pyarrow as pa

        self._by_name(found, path, [(field.name, "VARCHAR") for field in rows.schema])
        if self._has_hive_folders:
            for name, value in hive_values(path).items():
                rows = rows.append_column(name, pa.array([value] * len(rows), pa.string()))
        return rows

    def _csv_part(self, members: Sequence[tuple[str, pa.Table]]) -> Part:
        import pyarrow as pa

        sources = {path: self._register(rows) for path, rows in members}
        rows = pa.concat_tables([one for _, one in members])
        source = self._register(rows)
        described = self._connection.execute(f"DESCRIBE FROM {source}").fetchall()
        columns = {
            field.name.lower(): SourceColumn(
                field.name, NULL_TYPE if pa.types.is_null(field.type) else str(kind), is_untyped=True
            )
            for field, (_, kind, *_) in zip(rows.schema, described, strict=True)
        }
        return Part(source, sources, columns)

    def _register(self, rows: pa.Table) -> str:
        name = f"csv_{len(self._registered)}"
        self._connection.register(name, rows)
        self._registered.append(name)
        return name

    def _read_schemas(self, found: TableFiles, paths: Sequence[str]) -> list[tuple[Any, ...]]:
        """Return the rows of DuckDB's function `parquet_schema` for these files.

        If DuckDB fails, raise DataError for the first damaged file, or DuckDB's error if no file is damaged.
        """
        import duckdb
        import pyarrow.parquet as pq
        from pyarrow import ArrowInvalid

        sql = f"SELECT file_name, name, num_children, duckdb_type FROM parquet_schema({_listed(paths)})"
        try:
            return self._connection.execute(sql).fetchall()
        except duckdb.OutOfMemoryException:
            raise
        except duckdb.Error:
            for path in paths:
                try:
                    pq.read_schema(path)
                except (ArrowInvalid, OSError):
                    raise DataError(
                        f"{found.where(path)} is damaged and cannot be read as Parquet; write it again, or remove it."
                    ) from None
            raise

    def _by_name(self, found: TableFiles, path: str, columns: Sequence[tuple[str, str]]) -> Mapping[str, SourceColumn]:
        """Return the columns of a file by lower-case name; DataError if a name is repeated.

        If folder names give columns, such as `season_year=2025/`, these columns are included.
        """
        folders = hive_values(path) if self._has_hive_folders else {}
        counts = Counter([*(name.lower() for name, _ in columns), *folders])
        twice = next((name for name, count in counts.items() if count > 1), None)
        if twice is not None:
            spellings = [name for name, _ in columns if name.lower() == twice]
            spellings += [f"the folder {twice}="] * (twice in folders)
            raise DataError(
                f"{found.where(path)} has the column {twice} more than once ({', '.join(spellings)}); "
                "rename or remove all but one."
            )
        named = {name.lower(): SourceColumn(name, kind) for name, kind in columns}
        return named | {name: SourceColumn(name, "VARCHAR", is_untyped=True) for name in folders}


def _listed(paths: Sequence[str]) -> str:
    """Return the paths as an SQL list of literals, escaped so that DuckDB does not expand them as globs."""
    return f"[{', '.join(literal(glob.escape(path)) for path in paths)}]"


@contextmanager
def errors_named(what: str) -> Iterator[None]:
    """Raise DataError if DuckDB fails or memory is short in the `with` block; `what` begins the message."""
    import duckdb

    try:
        yield
    except (duckdb.OutOfMemoryException, MemoryError) as error:
        raise DataError(f"{what} cannot be read: there is not enough memory; free some, or give fewer rows.") from error
    except duckdb.Error as error:
        raise DataError(f"{what} cannot be read: {str(error).strip().splitlines()[0]}") from error
