"""The creation of a DuckDB warehouse's tables, with ENUM types for the names of players and teams."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from breakout.errors import DataError
from breakout.warehouse import tables
from breakout.warehouse.checks import row_checks
from breakout.warehouse.files.conversion import DUCKDB_TYPE, SourceColumn, conversion_of
from breakout.warehouse.files.parts import errors_named

if TYPE_CHECKING:
    from collections.abc import Mapping

    import duckdb
    import pyarrow as pa

# The columns that are stored as ENUM types, with the kind of name in each. There is one ENUM type for each kind. With
# ENUM types the feature query takes a seventh less time than with text. SQL expressions treat an ENUM as text, and
# `with_text` converts the ENUM columns of results.
_KIND_OF_NAME = {
    "player_lookup": "player",
    "team_abbr": "team",
    "opponent_team_abbr": "team",
    "home_team_abbr": "team",
    "away_team_abbr": "team",
}

# DuckDB gives a thread this many rows at a time. For fewer rows a second thread only adds work: loading the sample's
# player table takes 0.09 s of CPU with two threads and 0.04 s with one, and ends no sooner.
_ROWS_OF_A_THREAD = 122_880


def create_tables(connection: duckdb.DuckDBPyConnection, selects: Mapping[tables.Table, str], label: str) -> None:
    """Create each table from its SELECT, with ENUM types for the names of players and teams.

    Optional columns that a schedule or a table of prices lacks are added as NULL. If one of the tables is large, the
    connection uses all cores from then on. `label` is the name of the warehouse in messages. DataError if a SELECT
    fails.
    """
    # The name '' is added to each ENUM type, because a type needs at least one value and a table may be empty.
    kinds: dict[str, list[str]] = defaultdict(lambda: ["SELECT '' AS name"])
    for table, select in selects.items():
        for column in _enum_columns(table):
            kinds[_KIND_OF_NAME[column]].append(f"SELECT {column} FROM ({select})")
    for kind, parts in kinds.items():
        names = f"SELECT name FROM ({' UNION '.join(parts)}) WHERE name IS NOT NULL ORDER BY name"
        with errors_named(f"the {label} warehouse"):
            connection.execute(f"CREATE TYPE nba_analytics.{kind} AS ENUM ({names})")
    for table, select in selects.items():
        casts = [f"CAST({name} AS nba_analytics.{_KIND_OF_NAME[name]}) AS {name}" for name in _enum_columns(table)]
        columns = f"* REPLACE ({', '.join(casts)})" if casts else "*"
        columns += _absent_columns(connection, table, select)
        with errors_named(table.name):
            connection.execute(f"CREATE TABLE nba_analytics.{table.name} AS SELECT {columns} FROM ({select})")
    choose_threads(connection)


def choose_threads(connection: duckdb.DuckDBPyConnection) -> None:
    """Let DuckDB use all cores if a table has more rows than DuckDB gives to one thread."""
    largest = connection.execute("SELECT MAX(estimated_size) FROM duckdb_tables()").fetchone()
    if largest and (largest[0] or 0) > _ROWS_OF_A_THREAD:
        connection.execute("RESET threads")


def _enum_columns(table: tables.Table) -> list[str]:
    """Return the columns of a table that are stored as ENUM types.

    Injury reports and prices have no such columns, because they may name players who are not in the ENUM types.
    """
    if table in (tables.AVAILABILITY, tables.PRICES):
        return []
    return [column.name for column in table.columns if column.name in _KIND_OF_NAME]


def _absent_columns(connection: duckdb.DuckDBPyConnection, table: tables.Table, select: str) -> str:
    """Return the SQL text that adds the missing optional columns of a schedule or a table of prices as NULL.

    Queries of these two tables name all columns, so the columns must exist. season_type is not added here.
    """
    if table not in (tables.SCHEDULE, tables.PRICES):
        return ""
    types = column_types(connection, select, table.name)
    absent = [
        column
        for column in table.columns
        if column.is_optional and column.name not in types and column.name != "season_type"
    ]
    return "".join(f", CAST(NULL AS {DUCKDB_TYPE[column.type]}) AS {column.name}" for column in absent)


def select_registered(connection: duckdb.DuckDBPyConnection, table: tables.Table, label: str) -> str:
    """Return a SELECT that reads a registered Arrow table in the declared types.

    The Arrow table is registered under the name of `table`. `label` is the name of the warehouse in messages. DataError
    if a column is missing or a value cannot be converted.
    """
    types = column_types(connection, f"SELECT * FROM {table.name}", table.name)
    row_checks.check_columns(table, label, types)
    converted = {
        column.name: conversion_of(column, SourceColumn(column.name, types[column.name]), None)
        for column in table.columns
        if column.name in types
    }
    for name, conversion in converted.items():
        wrong = f"SELECT 1 FROM {table.name} WHERE {conversion.problem} LIMIT 1"
        if conversion.problem and connection.execute(wrong).fetchone():
            raise DataError(
                f"{label}: column {name} of {table.name} has type {types[name]} and values that are no "
                f"{conversion.expected}; {conversion.advice}."
            )
    listed = ", ".join(f"{conversion.value} AS {name}" for name, conversion in converted.items())
    return f"SELECT * REPLACE ({listed}) FROM {table.name}"


def column_types(connection: duckdb.DuckDBPyConnection, sql: str, what: str) -> dict[str, str]:
    """Return the DuckDB type of each column of a SELECT, by column name.

    DataError if DuckDB refuses the SELECT; the message begins with `what`.
    """
    with errors_named(what):
        described = connection.execute(f"DESCRIBE {sql}").fetchall()
    return {str(name): str(kind) for name, kind, *_ in described}


def with_text(rows: pa.Table) -> pa.Table:
    """Return the rows of a DuckDB result with ENUM columns converted to text."""
    import pyarrow as pa

    fields = [
        field.with_type(field.type.value_type) if pa.types.is_dictionary(field.type) else field for field in rows.schema
    ]
    return rows.cast(pa.schema(fields))
