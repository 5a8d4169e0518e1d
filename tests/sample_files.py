"""The games of the embedded sample up to a date, as files of a user that `warehouse=duckdb` reads."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb

from breakout.warehouse.sample import SAMPLE_FOLDER

HISTORY = ("player_game_summary", "team_offense_game_summary")
WHOLE = ("schedule", "availability")


def ingest(folder: Path, start: date, end: date) -> None:
    """Write the games from `start` to `end`, both inclusive, as one more file of each table of games.

    The schedule and the injury reports are copied whole.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for table in HISTORY:
        target = folder / f"{table}_{start}.parquet"
        where = f"game_date BETWEEN DATE '{start}' AND DATE '{end}'"
        duckdb.sql(f"FROM '{SAMPLE_FOLDER / f'{table}.parquet'}' WHERE {where}").write_parquet(str(target))
    for table in WHOLE:
        (folder / f"{table}.parquet").write_bytes((SAMPLE_FOLDER / f"{table}.parquet").read_bytes())


def warehouse_overrides(folder: Path) -> tuple[str, ...]:
    """Return the overrides that make a command read these files."""
    return (
        "warehouse=duckdb",
        *(f"warehouse.{table}={folder}/{table}_*.parquet" for table in HISTORY),
        *(f"warehouse.{table}={folder}/{table}.parquet" for table in WHOLE),
    )
