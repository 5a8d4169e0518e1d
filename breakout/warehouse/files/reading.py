"""The reading of source tables from files, as SELECTs whose columns have the declared types.

Every file is checked first. The files of one table may differ in the order, the letter case and the types of their
columns. `FileReader` refuses differences that would silently lose or change values of declared columns, such as a code
that is text in one file and a number in another.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from breakout.errors import DataError
from breakout.warehouse.base import ClosedOnExit
from breakout.warehouse.checks import row_checks
from breakout.warehouse.column_names import check_names_found, check_needed_names, naming_remedy
from breakout.warehouse.files.conversion import NULL_TYPE, Conversion, SourceColumn, conversion_of, literal
from breakout.warehouse.files.csv_files import CsvFile
from breakout.warehouse.files.parts import Part, PartReader, errors_named
from breakout.warehouse.files.table_files import TableFiles, hive_values, kind_of
from breakout.warehouse.renaming import Renaming
from breakout.warehouse.tables import AVAILABILITY, Column, Table

if TYPE_CHECKING:
    import duckdb

_EXAMPLES = 3  # a message names at most this many rows


@dataclass(frozen=True)
class ReadOptions:
    """The options for reading files.

    - `season_type`: the season type of rows that have none. If this option is None, such rows are refused.
    - `date_format`: the strptime format of dates that are text. If it is None, they must be YYYY-MM-DD.
    - `hive_partitioning`: whether folder names give columns, such as season_year in `season_year=2025/`.
    - `renaming`: the replacement of team codes and season types; None replaces nothing.
    - `columns`: pairs of a column's name in queries and its name in the files, such as ("points", "PTS").
    """

    season_type: str | None = None
    date_format: str | None = None
    hive_partitioning: bool = False
    renaming: Renaming | None = None
    columns: tuple[tuple[str, str], ...] = ()


class FileReader(ClosedOnExit):
    """A reader of source tables from files, which returns SELECTs for one DuckDB connection.

    The SELECTs must run inside the reader's `with` block. The end of the block frees parsed CSV files and detaches
    databases.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, options: ReadOptions) -> None:
        self._connection = connection
        self._options = options
        self._parts = PartReader(connection, options.columns, has_hive_folders=options.hive_partitioning)

    def check_names(self, read: Collection[Table]) -> None:
        """Raise DataError if `options.columns` names a column that is in no file of the given tables.

        `select` must have read these tables before. Columns of injury reports are not checked, because the reports are
        read later than the games.
        """
        games = [table for table in read if table is not AVAILABILITY]
        check_names_found(self._options.columns, games, self._parts.found_names)

    def close(self) -> None:
        self._parts.release()

    def select(self, table: Table, found: TableFiles) -> str:
        """Return a SELECT of the rows in `found`, the files of a table, in the declared types.

        DataError for one of these causes:

        - A file cannot be read, or has a column twice.
        - A file lacks a required column. If `table` has season types, season_type is required, unless
          `options.season_type` is set.
        - The declared type of a column cannot represent a value.
        - A column of names or codes is text in one file and numbers in another.
        """
        parts = self._parts.parts(table, found)
        for part in parts:
            self._check_columns(table, found, part, is_one_of_many=len(parts) > 1)
        if table.has_season_type:
            self._check_season_type(found, parts)
        conversions = [self._conversions(table, part) for part in parts]
        for part, converted in zip(parts, conversions, strict=True):
            self._check_values(table, found, part, converted)
        self._check_text_or_numbers(table, found, parts)
        texts = _without_common_type(parts)
        return "\nUNION ALL BY NAME\n".join(
            self._select_part(part, converted, texts, has_season_type=table.has_season_type)
            for part, converted in zip(parts, conversions, strict=True)
        )

    def _conversions(self, table: Table, part: Part) -> dict[Column, Conversion]:
        return {
            column: conversion_of(column, part.columns[column.name], self._options.date_format)
            for column in table.columns
            if column.name in part.columns
        }

    def _select_part(
        self, part: Part, converted: Mapping[Column, Conversion], texts: Collection[str], *, has_season_type: bool
    ) -> str:
        values = {column.name: conversion.value for column, conversion in converted.items()}
        if self._options.season_type is not None and has_season_type:
            constant = literal(self._options.season_type)
            known = values.get("season_type")
            values["season_type"] = f"coalesce(nullif({known}, ''), {constant})" if known else constant
        extra = {
            name: f"CAST({column.sql} AS VARCHAR)" if name in texts else column.sql
            for name, column in part.columns.items()
            if name not in values
        }
        listed = ", ".join(f'{value} AS "{name}"' for name, value in (extra | values).items())
        return f"SELECT {listed} FROM {part.source}"

    def _check_columns(self, table: Table, found: TableFiles, part: Part, *, is_one_of_many: bool) -> None:
        where = part.first_path if is_one_of_many else found.pattern
        folders = {name for name in hive_values(part.first_path) if name not in part.columns}
        spellings = {name: column.spelling for name, column in part.columns.items()}
        check_needed_names(table, where, spellings, self._options.columns)
        row_checks.check_columns(table, where, part.columns, folders, naming_remedy(table))

    def _check_season_type(self, found: TableFiles, parts: Sequence[Part]) -> None:
        lacking = [part for part in parts if "season_type" not in part.columns]
        if lacking and self._options.season_type is None:
            where = found.where(lacking[0].first_path if len(parts) > len(lacking) else None)
            raise DataError(
                f"{where} lacks the column season_type; "
                "say which one all its rows are with warehouse.season_type=regular."
            )

    def _check_values(
        self, table: Table, found: TableFiles, part: Part, converted: Mapping[Column, Conversion]
    ) -> None:
        suspects = {column: one for column, one in converted.items() if one.problem is not None}
        if not suspects:
            return
        counts = ", ".join(f"count(*) FILTER ({one.problem})" for one in suspects.values())
        with errors_named(found.where()):
            found_counts: Any = self._connection.execute(f"SELECT {counts} FROM {part.source}").fetchone()
        for (column, conversion), count in zip(suspects.items(), found_counts, strict=True):
            if count:
                raise DataError(self._problem_message(table, found, part, column, conversion, count))

    def _problem_message(
        self, table: Table, found: TableFiles, part: Part, column: Column, conversion: Conversion, count: int
    ) -> str:
        source = part.columns[column.name]
        path, rows = self._find_examples(table, part, source, conversion)
        line = _csv_line(found, path, source, rows[0][0])
        at = f" line {line}" if line else ""
        examples = ", ".join(f"{value!r} in ({', '.join(map(row_checks.visible, keys))})" for value, *keys in rows)
        kind = "text" if source.is_untyped else source.base_type
        return (
            f"{found.where(path)}{at}: column {column.name} must be {conversion.expected}, but it is {kind} with "
            f"values like {examples} ({count} row{'s' if count > 1 else ''}); {conversion.advice}."
        )

    def _find_examples(
        self, table: Table, part: Part, source: SourceColumn, conversion: Conversion
    ) -> tuple[str, list[tuple[Any, ...]]]:
        """Return the path of the first file with values that cannot be converted, and examples of these values."""
        keys = [part.columns[name].sql for name in table.key if name in part.columns]
        value, *_ = shown_columns = [f"CAST({name} AS VARCHAR)" for name in (source.sql, *keys)]
        shown = ", ".join(shown_columns)
        for path, rows_of_file in part.sources.items():
            rows = self._connection.execute(
                f"SELECT {shown} FROM {rows_of_file} WHERE {conversion.problem} "
                f"ORDER BY TRY_CAST({value} AS DOUBLE) IS NOT NULL, {shown} LIMIT {_EXAMPLES}"
            ).fetchall()
            if rows:
                return path, rows
        raise AssertionError("unreachable")

    def _check_text_or_numbers(self, table: Table, found: TableFiles, parts: Sequence[Part]) -> None:
        """Raise DataError if a column of names or codes is text in one file and numbers in another.

        Numbers have no leading zeros, so the game_id 0022 in one file would not match the number 22 in another. Files
        without any value in the column are ignored.
        """
        for column in (one for one in table.columns if one.type == "STRING"):
            holders = [(part, part.columns[column.name]) for part in parts if column.name in part.columns]
            if len({source.is_number for _, source in holders}) < 2:
                continue
            texts = {source.is_number: part for part, source in holders if self._has_values(part, source)}
            if len(texts) > 1:
                raise DataError(
                    f"{found.where(texts[True].first_path)}: column {column.name} holds numbers, but it is text in "
                    f"{texts[False].first_path}; write it as text in every file."
                )

    def _has_values(self, part: Part, source: SourceColumn) -> bool:
        sql = f"SELECT 1 FROM {part.source} WHERE {source.sql} IS NOT NULL LIMIT 1"
        return self._connection.execute(sql).fetchone() is not None


def _csv_line(found: TableFiles, path: str, source: SourceColumn, value: str) -> int | None:
    kind = kind_of(found, path)
    if not kind.endswith("csv") or source.spelling in hive_values(path):
        return None
    return CsvFile(found, path, has_gzip=kind == "gzipped csv").line_of(source.spelling, value)


def _without_common_type(parts: Sequence[Part]) -> set[str]:
    """Return the names of columns whose types differ between parts (groups of files) and are not all numbers.

    Only text can represent all values of such a column. CSV files without any value in the column are ignored.
    """
    kinds: dict[str, set[str]] = {}
    for part in parts:
        for name, column in part.columns.items():
            kinds.setdefault(name, set()).add("number" if column.is_number else column.type)
    return {name for name, found in kinds.items() if len(found - {NULL_TYPE}) > 1}
