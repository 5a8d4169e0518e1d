"""The parts of the feature query that number a team's games and find the players who did not play in them.

Each function takes a plan and returns CTEs by name; it returns none if no feature of the plan needs them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from breakout.features import windows as w

if TYPE_CHECKING:
    from breakout.features.query_plan import QueryPlan

# Columns that the states of players and teams get in addition, if a feature reads which regulars were missing.
REGULARS_COLUMNS = {
    "player": {
        "latest_team": "team_abbr",
        "latest_played_team_game": "LAST_VALUE(played_team_game IGNORE NULLS) OVER season_so_far",
        "points_so_far": "SUM(points) OVER season_so_far",
    },
    "team": {"team_games_so_far": "ROW_NUMBER() OVER team_season"},
}


def asks_for_regulars(plan: QueryPlan) -> bool:
    """Return whether a feature reads which regulars of the team did not play."""
    return "missing_points_pico" in plan.row_columns


def asks_for_missed_games(plan: QueryPlan) -> bool:
    """Return whether a feature reads which of his team's games a player missed."""
    missed_games = {"team_game_number", "missed_team_game", "played_team_game"}
    return asks_for_regulars(plan) or bool(plan.inputs["played"] & missed_games)


def numbered_games(plan: QueryPlan) -> dict[str, str]:
    """Return the games of each team, numbered through the season.

    A game that only the player table holds is not counted: it gets the number of the team's previous game in the team
    table.
    """
    if not asks_for_missed_games(plan):
        return {}
    games = """SELECT game_id AS numbered_game_id, team_abbr AS numbered_team_abbr, is_known,
  COUNT(IF(is_known = 1, 1, NULL)) OVER (PARTITION BY team_abbr, season_year ORDER BY game_date, game_id)
    AS team_game_number
FROM (
  SELECT game_id, team_abbr, MIN(season_year) AS season_year, MIN(game_date) AS game_date, MAX(is_known) AS is_known
  FROM (
    SELECT game_id, team_abbr, season_year, game_date, 1 AS is_known FROM team_games
    UNION ALL
    SELECT game_id, team_abbr, season_year, game_date, 0 AS is_known FROM player_games
  )
  GROUP BY game_id, team_abbr
)"""
    return {"numbered_games": games}


def played_with_missed_games(was_breakout: str) -> str:
    """Return the played games with `missed_team_game` and `played_team_game`, which are numbers of the team's games."""
    # A stint is a player's consecutive games for one team within a season. `missed` is the number of the team's latest
    # game before this one. The player missed that game if its number is above the number of his previous game;
    # missed_team_game is then this number, otherwise NULL. In a stint's first game missed_team_game is -1, because he
    # has missed no game yet. played_team_game is the number of this game. If the team table lacks this game,
    # played_team_game is 0 in a stint's first game, otherwise NULL.
    is_first_of_stint = "LAG(team_abbr) OVER player_season IS DISTINCT FROM team_abbr"
    missed = "team_game_number - is_known"
    return f"""SELECT *,
  CASE WHEN {is_first_of_stint} THEN -1
       WHEN {missed} > LAG(team_game_number) OVER player_season THEN {missed} END AS missed_team_game,
  CASE WHEN is_known = 1 THEN team_game_number WHEN {is_first_of_stint} THEN 0 END AS played_team_game
FROM (
  SELECT rows_as_of.*, team_game_number, is_known,
    {was_breakout}
  FROM rows_as_of
  JOIN numbered_games ON numbered_game_id = game_id AND numbered_team_abbr = team_abbr
  WHERE points IS NOT NULL
)
WINDOW player_season AS (PARTITION BY player_lookup, season_year ORDER BY game_date, game_id)"""


def missing_regulars(plan: QueryPlan) -> dict[str, str]:
    """Return for each row the summed season averages of the other regulars who missed the team's previous game.

    Averages are summed as whole 1e-12ths of a point, so that the sum is the same in every order.
    """
    if not asks_for_regulars(plan):
        return {}
    nights = f"""SELECT DISTINCT kept.team_abbr, kept.season_year, kept.game_date, team_games_so_far
FROM kept
JOIN team_state
  ON team_state.team_abbr = kept.team_abbr AND team_state.season_year = kept.season_year
  AND {w.AS_OF_JOIN.format(state="team_state")}"""
    join = w.AS_OF_JOIN.format(state="player_state").replace("kept.", "team_night.")
    absent = f"""SELECT team_night.team_abbr, team_night.game_date, player_state.player_lookup,
  ROUND(points_so_far / games_so_far * 1e12) AS points_pico
FROM team_night
JOIN player_state
  ON player_state.latest_team = team_night.team_abbr AND player_state.season_year = team_night.season_year
  AND {join}
WHERE latest_played_team_game BETWEEN GREATEST(1, team_games_so_far - 9) AND team_games_so_far - 1
  AND games_so_far >= 5 AND points_so_far >= 10 * games_so_far - 1e-9"""
    # A player with two games on a date has two rows in `kept` and one here.
    missing = """SELECT asked.team_abbr, asked.game_date, asked.player_lookup,
  COALESCE(SUM(IF(absent_regular.player_lookup != asked.player_lookup, points_pico, 0)), 0) AS missing_points_pico
FROM (SELECT DISTINCT team_abbr, game_date, player_lookup FROM kept) AS asked
JOIN team_night ON team_night.team_abbr = asked.team_abbr AND team_night.game_date = asked.game_date
LEFT JOIN absent_regular
  ON absent_regular.team_abbr = asked.team_abbr AND absent_regular.game_date = asked.game_date
GROUP BY asked.team_abbr, asked.game_date, asked.player_lookup"""
    return {"team_night": nights, "absent_regular": absent, "missing_regulars": missing}
