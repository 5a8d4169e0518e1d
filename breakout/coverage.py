"""The coverage of requested rows by a warehouse: games that it holds or lacks, and features that are missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from breakout.features.query import seasons_before
from breakout.warehouse.base import first_day_seen
from breakout.warehouse.tables import PLAYER_GAME_SUMMARY, TEAM_OFFENSE_GAME_SUMMARY

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

    from breakout.dataset import Dataset
    from breakout.features.config import BreakoutFeatureConfig
    from breakout.warehouse.base import Warehouse
    from breakout.warehouse.tables import SourceTables

# Above this share of missing rows a feature is probably missing because its column is empty.
LARGEST_MISSING_SHARE = 0.5
EXAMPLES = 3  # absent games that a warning names


def describe_history(warehouse: Warehouse, features: BreakoutFeatureConfig, start: date, end: date) -> str:
    """Describe the warehouse's games, for the message that no row was found from start to end.

    The description holds season types, dates and numbers of rows.
    """
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
                default = rows.X[name][rows.is_missing[name]].iloc[0]
                warnings.append(
                    f"{name} is missing in {share:.0%} of the {len(rows):,} {part} rows and is filled with its default "
                    f"{default:g}; check the columns and the history that it is built from."
                )
    return tuple(warnings)


def absent_games_query(sources: SourceTables) -> str:
    """Return the query of the played games, with game_id and game_date, that the team table lacks.

    Its parameters are those of the feature query. The rows are sorted by date.
    """
    return f"""SELECT game_id, MIN(game_date) AS game_date
FROM (
  SELECT game_id, game_date, minutes_played, points, {sources.season_type} AS season_type
  FROM {sources.reference(PLAYER_GAME_SUMMARY)}
  WHERE game_date BETWEEN @history_start AND @end
) AS history
WHERE season_type IN UNNEST(@season_types) AND minutes_played > 0 AND points IS NOT NULL
  AND game_id NOT IN (
    SELECT team_rows.game_id
    FROM {sources.reference(TEAM_OFFENSE_GAME_SUMMARY)} AS team_rows
    WHERE team_rows.game_date BETWEEN @history_start AND @end
  )
GROUP BY game_id
ORDER BY game_date, game_id"""  # noqa: S608 - table names are checked, values are parameters


def find_absent_games(
    warehouse: Warehouse, features: BreakoutFeatureConfig, start: date, end: date
) -> list[tuple[date, str]]:
    """Return date and game_id of the games that features of start..end can read and the team table lacks."""
    reach = seasons_before(features.names, features.registry)
    parameters = features.parameters(warehouse.history_start(start, reach), start, end)
    found = warehouse.query(absent_games_query(warehouse.sources), parameters).to_pylist()
    return seen_games(((row["game_date"], row["game_id"]) for row in found), features, start, end)


def seen_games(
    games: Iterable[tuple[date, str]], features: BreakoutFeatureConfig, start: date, end: date
) -> list[tuple[date, str]]:
    """Return those of the games (date and game_id) that features of start..end can read."""
    first = first_day_seen(start, seasons_before(features.names, features.registry))
    return [(day, game_id) for day, game_id in games if first <= day <= end]


def absent_game_warnings(games: Iterable[tuple[date, str]]) -> tuple[str, ...]:
    """Return the warning about games, given as date and game_id, that the team table lacks; () without one."""
    names = [game_id for _, game_id in sorted(set(games))]
    if not names:
        return ()
    counted = f"{len(names):,} played game{'' if len(names) == 1 else 's'}"
    more = ", ..." if len(names) > EXAMPLES else ""
    warning = (
        f"{TEAM_OFFENSE_GAME_SUMMARY.name} has no rows of {counted} of {PLAYER_GAME_SUMMARY.name}: "
        f"{', '.join(names[:EXAMPLES])}{more}; features of teams, such as opponent_def_rating and back_to_back, are "
        "computed without them. Add the rows of both teams."
    )
    return (warning,)
