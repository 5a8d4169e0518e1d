"""The coverage of requested rows by a warehouse: the games that it holds, and the features that are missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from breakout.features.registry import REGISTRY
from breakout.warehouse.tables import PLAYER_GAME_SUMMARY

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from breakout.dataset import Dataset
    from breakout.features.config import BreakoutFeatureConfig
    from breakout.warehouse.base import Warehouse

# Above this share of missing rows a feature is probably missing because its column is empty.
LARGEST_MISSING_SHARE = 0.5


def describe_history(warehouse: Warehouse, features: BreakoutFeatureConfig, start: date, end: date) -> str:
    """Describe the warehouse's games if no row was found from start to end: season types, dates, numbers of rows."""
    sources = warehouse.sources
    sql = f"""SELECT season_type, COUNT(*) AS row_count, MIN(game_date) AS first_date, MAX(game_date) AS last_date,
  COUNTIF(game_date BETWEEN @start AND @end) AS asked
FROM (
  SELECT game_date, {sources.season_type} AS season_type
  FROM {sources.reference(PLAYER_GAME_SUMMARY)}
  WHERE game_date BETWEEN @history_start AND @end
) AS history
GROUP BY season_type
ORDER BY season_type"""  # noqa: S608 - table names are checked, values are parameters
    first = warehouse.history_start(start)
    types = warehouse.query(sql, features.parameters(first, start, end)).to_pylist()
    if not types:
        return f"{PLAYER_GAME_SUMMARY.name} holds no rows up to {end}"
    held = ", ".join(
        f"{row['season_type']} ({row['row_count']:,} rows, {row['first_date']} to {row['last_date']})" for row in types
    )
    enabled = ", ".join(features.season_types)
    asked = sum(row["asked"] for row in types if row["season_type"] in features.season_types)
    why = (
        f"{asked:,} are of target.season_types=[{enabled}] and of these dates, none of them a role player's played game"
        if asked
        else f"none is of target.season_types=[{enabled}] and of these dates"
    )
    return f"up to {end} {PLAYER_GAME_SUMMARY.name} holds {held}: {why}"


def coverage_warnings(parts: Mapping[str, Dataset]) -> tuple[str, ...]:
    """Return a warning for each feature that is missing in more than half of the rows of a part.

    `parts` maps a name, such as training, to rows. A value that is present counts as present even if it equals the
    feature's default.
    """
    warnings = []
    for part, rows in parts.items():
        for name in rows.X.columns:
            share = float(rows.is_missing[name].mean()) if len(rows) else 0.0
            if share > LARGEST_MISSING_SHARE:
                warnings.append(
                    f"{name} is missing in {share:.0%} of the {len(rows):,} {part} rows and is filled with its default "
                    f"{REGISTRY[name].default:g}; check the columns and the history that it is built from."
                )
    return tuple(warnings)
