"""The search for the source tables in a DuckDB database file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from breakout.errors import DataError, nearest_name
from breakout.settings.named_files import expand_home
from breakout.warehouse.files.conversion import quoted_name
from breakout.warehouse.files.table_files import TableFiles
from breakout.warehouse.tables import HISTORY_TABLES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# This query returns the schema and name of each table and view in a DuckDB file, except DuckDB's own.
_LISTING = """SELECT schema_name, table_name FROM duckdb_tables() WHERE NOT internal
UNION ALL SELECT schema_name, view_name FROM duckdb_views() WHERE NOT internal ORDER BY ALL"""


def find_tables(database: Path, names: Mapping[str, str | None]) -> dict[str, TableFiles]:
    """Return the source tables in a DuckDB file, by the name of the source table.

    `names` maps each source table to the name of a table or view in the file, `TABLE` or `SCHEMA.TABLE`. None stands
    for the name of the source table. Letter case does not matter. If the name of the schedule or the injury reports is
    None, the file may lack that table.

    DataError for one of these causes:

    - The file cannot be opened.
    - The file lacks a table that it must have.
    - A name matches tables in several schemas.

    ConfigurationError if the path begins with `~USER` and there is no such user.
    """
    path = expand_home(database, "warehouse.database")
    present = _list_tables(path)
    found = {table: _find(path, present, table, name) for table, name in names.items()}
    log = path.with_name(path.name + ".wal")  # changes are in this file until DuckDB writes them into the database
    paths = (str(path), *([str(log)] if log.is_file() else []))
    return {
        table: TableFiles(table, f"{path}, table {'.'.join(one)}", paths, ".".join(map(quoted_name, one)))
        for table, one in found.items()
        if one is not None
    }


def _list_tables(path: Path) -> list[tuple[str, str]]:
    import duckdb

    if not path.is_file():
        raise DataError(f"there is no file at {path}; correct warehouse.database=FILE.")
    try:
        with duckdb.connect(str(path), read_only=True) as connection:
            return [(str(schema), str(name)) for schema, name in connection.execute(_LISTING).fetchall()]
    except duckdb.Error as error:
        reason = str(error).strip().splitlines()[0]
        remedy = "close the program that writes it" if "lock" in reason.lower() else "correct warehouse.database=FILE"
        raise DataError(f"{path} cannot be opened as a DuckDB database: {reason}; {remedy}.") from error


def _find(path: Path, present: Sequence[tuple[str, str]], table: str, name: str | None) -> tuple[str, str] | None:
    """Return the schema and name of the source table `table` in the file; None if an optional table is absent.

    `name` is the configured name of the table in the file; None stands for the name of the source table.
    """
    wanted = (table if name is None else name).lower()
    fitting = [one for one in present if wanted in (one[1].lower(), ".".join(one).lower())]
    if len(fitting) > 1:
        raise DataError(
            f"{path} holds {wanted} as {' and '.join('.'.join(one) for one in fitting)}; choose one with "
            f"warehouse.{table}={'.'.join(fitting[0])}."
        )
    is_needed = name is not None or table in {one.name for one in HISTORY_TABLES}
    if not fitting and is_needed:
        near = nearest_name(wanted, [".".join(one) for one in present] + [one[1] for one in present]) if name else None
        held = f"did you mean {near}?" if near else f"it holds {', '.join('.'.join(one) for one in present) or 'none'}."
        raise DataError(f"{path} holds no table {wanted}; name it with warehouse.{table}=TABLE: {held}")
    return fitting[0] if fitting else None
