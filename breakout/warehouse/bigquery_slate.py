"""A ranked slate in a BigQuery table: a frame in; a day stands once for each bundle, however often it is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from breakout.settings.identifiers import check_table_name
from breakout.warehouse.bigquery_jobs import BigQueryJobs
from breakout.warehouse.bigquery_tables import create_table, merge_statement
from breakout.warehouse.bigquery_types import Null

if TYPE_CHECKING:
    import pandas as pd

    from breakout.settings import BigQueryWarehouseConfig

COLUMNS = {
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
    "top_features": "STRING",
}
_KEY = ("game_date", "bundle", "game_id", "player_lookup")
_PYTHON = {"STRING": str, "INT64": int, "FLOAT64": float}


def write_slate(ranked: pd.DataFrame, table: str, config: BigQueryWarehouseConfig) -> None:
    """Write the rows of one day and one bundle in one statement; rows written before for both are replaced.

    `ranked` has the columns of COLUMNS. An empty slate names no day and writes nothing.
    """
    check_table_name("out=bigquery:", table)
    if ranked.empty:
        return
    jobs = BigQueryJobs(config, "warehouse", {"command": "predict", "run": "predict"}, config.price_per_tib)
    create_table(jobs, table, COLUMNS, partitioned_by="game_date")
    rows = [_row(record) for record in ranked.to_dict("records")]
    source = f"SELECT {', '.join(f'item.{column}' for column in COLUMNS)} FROM UNNEST(@rows) AS item"
    # The day, as a parameter in every clause, lets the service leave the other partitions alone.
    scope = "kept.game_date = @day AND kept.bundle = @bundle"
    sql = merge_statement(table, source, _KEY, tuple(COLUMNS), scope)
    day, bundle = rows[0]["game_date"], rows[0]["bundle"]
    jobs.query(sql, {"rows": rows, "day": day, "bundle": bundle}, f"the slate of {day} in {table}")
    jobs.close()


def _row(record: dict[Any, Any]) -> dict[str, object]:
    import pandas as pd

    return {
        name: Null(kind) if pd.isna(record[name]) else _PYTHON.get(kind, _day)(record[name])
        for name, kind in COLUMNS.items()
    }


def _day(value: Any) -> object:
    return value.date() if hasattr(value, "date") else value
