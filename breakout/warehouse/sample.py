"""The embedded sample: real box scores of the seasons 2023-24 to 2025-26, up to 5 February 2026."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from breakout.warehouse.duckdb import DuckDBWarehouse

SAMPLE_FOLDER = Path(__file__).parent / "data"
# Errors in the league's own box scores. "SAS 244 of 240" means that the minutes of the players of SAS sum to 244, but
# the team has 240. Runs do not warn about these sums; `breakout doctor` lists them.
KNOWN_SUMS = frozenset(
    {
        ("20240112_CHA_SAS", "SAS 244 of 240"),
        ("20240223_WAS_OKC", "WAS 244 of 240"),
        ("20240414_PHX_MIN", "PHX 244 of 240"),
        ("20251124_NYK_BKN", "NYK 244 of 240"),
        ("20260203_ATL_MIA", "ATL 240 of 226"),
        ("20260203_ATL_MIA", "MIA 241 of 226"),
    }
)


def open_sample(*, is_lazy: bool = False) -> DuckDBWarehouse:
    """Open the sample of real box scores in the package, with its schedule and injury reports.

    If `is_lazy` is true, the files are read when they are first needed. DataError if a file is missing or damaged.
    """
    names = ("player_game_summary", "team_offense_game_summary", "schedule", "availability")
    files = {name: str(SAMPLE_FOLDER / f"{name}.parquet") for name in names}
    sample = DuckDBWarehouse(files, label="sample", is_lazy=is_lazy)
    sample.sources = replace(sample.sources, known_sums=KNOWN_SUMS)
    return sample
