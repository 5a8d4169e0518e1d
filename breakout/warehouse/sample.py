"""The embedded sample: three seasons of real box scores that travel with the package."""

from __future__ import annotations

from pathlib import Path

from breakout.warehouse.duckdb import DuckDBWarehouse

SAMPLE_FOLDER = Path(__file__).parent / "data"


def open_sample() -> DuckDBWarehouse:
    """The sample behind DuckDB, with its schedule."""
    names = ("player_game_summary", "team_offense_game_summary", "schedule")
    return DuckDBWarehouse({name: str(SAMPLE_FOLDER / f"{name}.parquet") for name in names}, label="sample")
