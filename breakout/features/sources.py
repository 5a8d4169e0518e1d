"""The part of the feature query's SQL that reads games from the source tables."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from breakout.errors import ConfigurationError
from breakout.warehouse.tables import PLAYER_GAME_SUMMARY, TEAM_OFFENSE_GAME_SUMMARY

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from breakout.warehouse.tables import SourceTables

_COLUMN_NAME = re.compile(r"[A-Za-z_]\w{0,299}", re.ASCII)

# The SQL of the flag `is_home`, 1 at home and 0 away. A game_id is YYYYMMDD_AWAY_HOME. The flag is NULL if the game_id
# has no '_'.
IS_HOME = "CASE WHEN STRPOS(game_id, '_') > 0 THEN IF(ENDS_WITH(game_id, CONCAT('_', team_abbr)), 1, 0) END"

# The SQL of each column of the played games. Minutes and usage are whole numbers of billionths, because sums of whole
# numbers below 2^53 are exact. Sums of other numbers depend on the order in which the SQL engine adds them. The
# expressions of features divide the sums by 1e9.
_PLAYED_COLUMNS = {
    "is_home": IS_HOME,
    "points": "CAST(points AS FLOAT64)",
    "minutes_nano": "ROUND(CAST(minutes_played AS FLOAT64) * 1e9)",
    "usage_nano": "ROUND(CAST(usage_rate AS FLOAT64) * 1e9)",
    "fg_attempts": "CAST(fg_attempts AS FLOAT64)",
}
_TEAM_COLUMNS = {
    "points_scored": "CAST(points_scored AS FLOAT64)",
    "possessions": "CAST(possessions AS FLOAT64)",
    "minutes_total": "CAST(COALESCE(minutes_total, 240) AS FLOAT64)",
}
# The columns that the CTEs `played` and `team_games` have even if no feature reads them. Only `played` has
# `player_lookup`.
_DERIVED = {"day", "game_date", "game_id", "team_abbr", "opponent_team_abbr", "player_lookup", "season_year"}
# The four added columns are not in the player table. The query computes them from the games of a player and of his
# team.
DERIVED_PLAYED = _DERIVED | {
    "was_breakout",
    "team_game_number",
    "missed_team_game",
    "played_team_game",
}
_KNOWN_COLUMNS = {"played": {*_PLAYED_COLUMNS, *DERIVED_PLAYED}, "team_games": {*_TEAM_COLUMNS, *_DERIVED}}


def window_columns(source: str) -> tuple[str, ...]:
    """Return the sorted names of the known columns that a window over games may read, without keys and teams.

    `source` is `played` (games of players) or `team_games` (games of teams). Minutes and usage are in billionths
    (`minutes_nano`, `usage_nano`). The user's source table may have further columns. A window may read these too, but
    they are not in the result.
    """
    return tuple(
        sorted(_KNOWN_COLUMNS[source] - {"game_date", "game_id", "team_abbr", "opponent_team_abbr", "player_lookup"})
    )


def extra_columns(source: str, inputs: Iterable[str]) -> list[str]:
    """Return the sorted names in `inputs` that are not known columns.

    They are further columns of the user's source table. The feature query reads them without renaming them. `source` is
    `played` (games of players) or `team_games` (games of teams). ConfigurationError for a name that is no plain
    identifier (up to 300 letters, digits and _, not beginning with a digit).
    """
    extra = sorted(set(inputs) - _KNOWN_COLUMNS[source])
    for name in extra:
        if not _COLUMN_NAME.fullmatch(name):
            raise ConfigurationError(f"{name!r} is not a plain column name; a feature may read plain columns only.")
    return extra


def player_games(tables: SourceTables, inputs: set[str], names: Sequence[str] = ()) -> str:
    """Return the SQL that selects players' games of the season types @season_types, from @history_start to @end.

    Only games with points and more than 0 minutes are selected. The columns are the keys, the teams, the season, the
    points, the columns in `inputs` as numbers, and the columns in `names` unchanged. Columns in `inputs` that the query
    computes later, such as `was_breakout`, are left out. ConfigurationError for a column name that is no plain
    identifier.
    """
    values = {column: sql for column, sql in _PLAYED_COLUMNS.items() if column in inputs or column == "points"}
    values |= {column: f"CAST({column} AS FLOAT64)" for column in extra_columns("played", inputs)}
    columns = ",\n  ".join(f"{sql} AS {column}" for column, sql in values.items())
    return f"""SELECT
  {", ".join(("player_lookup", *names))}, game_id, game_date, UNIX_DATE(game_date) AS day, season_year,
  team_abbr, opponent_team_abbr,
  {columns}
FROM {tables.reference(PLAYER_GAME_SUMMARY)}
WHERE game_date BETWEEN @history_start AND @end
  AND {tables.season_type} IN UNNEST(@season_types)
  AND minutes_played > 0 AND points IS NOT NULL"""


def team_games(tables: SourceTables, inputs: set[str]) -> str:
    """Return the SQL that selects all teams' games of the season types @season_types, from @history_start to @end.

    The columns are the keys, the teams, the season, and the columns in `inputs` as numbers. A NULL `minutes_total`
    becomes 240. ConfigurationError for a column name that is no plain identifier.
    """
    values = {column: sql for column, sql in _TEAM_COLUMNS.items() if column in inputs}
    values |= {column: f"CAST({column} AS FLOAT64)" for column in extra_columns("team_games", inputs)}
    columns = "".join(f",\n  {sql} AS {column}" for column, sql in values.items())
    return f"""SELECT
  team_abbr, opponent_team_abbr, season_year, game_id, game_date, UNIX_DATE(game_date) AS day{columns}
FROM {tables.reference(TEAM_OFFENSE_GAME_SUMMARY)}
WHERE game_date BETWEEN @history_start AND @end
  AND {tables.season_type} IN UNNEST(@season_types)"""
