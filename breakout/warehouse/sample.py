"""The embedded sample: three seasons of real box scores, part of the package."""

from __future__ import annotations

from pathlib import Path

from breakout.warehouse.duckdb import DuckDBWarehouse

SAMPLE_FOLDER = Path(__file__).parent / "data"


def open_sample(*, is_lazy: bool = False) -> DuckDBWarehouse:
    """Open the sample with its schedule and injury reports; with `is_lazy` it is read when the first query runs."""
    names = ("player_game_summary", "team_offense_game_summary", "schedule", "availability")
    return DuckDBWarehouse(
        {name: str(SAMPLE_FOLDER / f"{name}.parquet") for name in names}, label="sample", is_lazy=is_lazy
    )
