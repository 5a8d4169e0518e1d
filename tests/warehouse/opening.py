"""The opening of a warehouse of files by its settings, without a composition by Hydra, which takes 0.1 s of CPU."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from breakout import settings
from breakout.settings.composition import compose
from breakout.warehouse.base import Warehouse
from breakout.warehouse.opening import open_warehouse


@cache
def _composed() -> Mapping[str, Any]:
    files = [f"warehouse.{name}=given" for name in ("player_game_summary", "team_offense_game_summary")]
    mapping = settings.to_mapping(compose("train", ["warehouse=duckdb", *files]))
    return mapping | {"warehouse": mapping["warehouse"] | dict.fromkeys(name.split("=")[0][10:] for name in files)}


def open_files(**values: Any) -> Warehouse:
    """Open a warehouse of files with these values of its settings; the other settings have their defaults."""
    given = {name: str(value) if isinstance(value, Path) else value for name, value in values.items()}
    mapping = {**_composed(), "warehouse": _composed()["warehouse"] | given}
    return open_warehouse(settings.load(settings.ExperimentConfig, mapping).warehouse)
