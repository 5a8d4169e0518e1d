"""Writing to BigQuery: tables with typed columns, MERGE statements, and slates.

A slate is the ranking of the players of one day's games.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from breakout.errors import DataError
from breakout.settings.identifiers import check_table_name
from breakout.warehouse.bigquery.jobs import BigQueryJobs
from breakout.warehouse.bigquery.types import Null

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from breakout.settings import BigQueryWarehouseConfig


SLATE_COLUMNS = {
    "game_date": "DATE",
    "bundle": "STRING",
    "contract": "STRING",
    "player_lookup": "STRING",
    "game_id": "STRING",
    "split": "STRING",
    "probability": "FLOAT64",
    "player_full_name": "STRING",
    "team_abbr": "STRING",
    "opponent_team_abbr": "STRING",
    "is_home": "INT64",
    "season_points_avg": "FLOAT64",
    "points_for_breakout": "INT64",
    "games_before": "INT64",
    "days_since_last_game": "INT64",
    "availability_status": "STRING",
    "team_out": "STRING",
    "opponent_out": "STRING",
    "known_at": "STRING",
    "top_features": "STRING",
}
_SLATE_KEY = ("game_date", "bundle", "game_id", "player_lookup")
_PYTHON_TYPES = {"STRING": str, "INT64": int, "FLOAT64": float}


def create_table(
    jobs: BigQueryJobs, name: str, columns: Mapping[str, str], partitioned_by: str | None = None
) -> dict[str, str]:
    """Create a table and its dataset if they do not exist; return the type of each column, by column name.

    `columns` gives the type of each column of a new table. `partitioned_by` is the column that partitions a new table,
    or None. DataError if the table cannot be created, or if an existing table lacks a column or has another type for
    it.
    """
    present = jobs.columns_if_there(name)
    if present is None:
        jobs.create_dataset(name.rpartition(".")[0])
        listed = ", ".join(f"{column} {kind}" for column, kind in columns.items())
        partition = f" PARTITION BY {partitioned_by}" if partitioned_by else ""
        jobs.query(f"CREATE TABLE IF NOT EXISTS `{name}` ({listed}){partition}", {}, f"the table {name}")
        present = jobs.columns_if_there(name) or dict(columns)
    check_written_columns(name, columns, present)
    return present


def check_written_columns(name: str, columns: Mapping[str, str], present: Mapping[str, str]) -> None:
    """Raise DataError if a column to be written is missing in a table or has another type there.

    `columns` maps each column to be written to its type. `present` maps each column of the table to its type. The table
    may have further columns. A JSON column may also be written into a STRING column.
    """
    missing = [column for column in columns if column not in present]
    if missing:
        added = ", ".join(f"ADD COLUMN {column} {columns[column]}" for column in missing)
        raise DataError(
            f"the table {name} lacks the column{'s' if len(missing) > 1 else ''} {', '.join(missing)}; "
            f"choose another table, or run: ALTER TABLE `{name}` {added}"
        )
    for column, kind in columns.items():
        if present[column] != kind and (kind, present[column]) != ("JSON", "STRING"):
            raise DataError(
                f"the table {name}: column {column} must be {kind}, but it is {present[column]}; choose another table."
            )


def merge_statement(table: str, source: str, key: Sequence[str], columns: Sequence[str], scope: str = "") -> str:
    """Return a MERGE statement that writes the rows of the SELECT `source` into a table.

    - `key`: the columns that identify a row. A row of `source` replaces the table's row with an equal key. If there is
      no such row, the row of `source` is inserted.
    - `columns`: all columns to be written, including the columns of `key`.
    - `scope`: an SQL condition on the table's rows (alias `kept`), which all rows of `source` must satisfy too. Table
      rows in this scope are deleted if `source` has no row with their key. "" deletes no rows.
    """
    match = " AND ".join([scope] * bool(scope) + [f"kept.{column} = incoming.{column}" for column in key])
    changed = ", ".join(f"{column} = incoming.{column}" for column in columns if column not in key)
    removed = f"\nWHEN NOT MATCHED BY SOURCE AND {scope} THEN DELETE" if scope else ""
    return f"""MERGE `{table}` AS kept
USING ({source}) AS incoming
ON {match}
WHEN MATCHED THEN UPDATE SET {changed}
WHEN NOT MATCHED THEN INSERT ({", ".join(columns)})
  VALUES ({", ".join(f"incoming.{column}" for column in columns)}){removed}"""


def replace_slate(ranked: pd.DataFrame, table: str, config: BigQueryWarehouseConfig) -> None:
    """Write the slate of one day and one bundle to BigQuery, in place of earlier rows of that day and bundle.

    A slate is the ranking of the players of one day's games by a bundle (a saved model). `ranked` has the columns of
    SLATE_COLUMNS; if `ranked` is empty, nothing changes. ConfigurationError if the name of the table, the project, the
    location or the endpoint is malformed. DataError if the table cannot be created or written.
    """
    check_table_name("out=bigquery:", table)
    if ranked.empty:
        return
    with BigQueryJobs(config, "warehouse", {"command": "predict", "run": "predict"}, config.price_per_tib) as jobs:
        create_table(jobs, table, SLATE_COLUMNS, partitioned_by="game_date")
        rows = [_row(record) for record in ranked.to_dict("records")]
        source = f"SELECT {', '.join(f'item.{column}' for column in SLATE_COLUMNS)} FROM UNNEST(@rows) AS item"
        # `scope` compares game_date with a parameter, so BigQuery reads only the partition of that day.
        scope = "kept.game_date = @day AND kept.bundle = @bundle"
        sql = merge_statement(table, source, _SLATE_KEY, tuple(SLATE_COLUMNS), scope)
        day, bundle = rows[0]["game_date"], rows[0]["bundle"]
        jobs.query(sql, {"rows": rows, "day": day, "bundle": bundle}, f"the slate of {day} in {table}")


def _row(record: dict[Any, Any]) -> dict[str, object]:
    import pandas as pd

    return {
        name: Null(kind) if pd.isna(record[name]) else _PYTHON_TYPES.get(kind, _day)(record[name])
        for name, kind in SLATE_COLUMNS.items()
    }


def _day(value: Any) -> object:
    return value.date() if hasattr(value, "date") else value
