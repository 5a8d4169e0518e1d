"""The parts of the feature query about the players of a team: missed games, availability, and rosters.

A roster is all players of a team on a date. `numbered_games`, `availability_states` and `rosters` return dicts that map
the name of a CTE to its SQL.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from breakout.features import windows as w
from breakout.warehouse.tables import AVAILABILITY, SCHEDULE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from breakout.features.query_plan import QueryPlan
    from breakout.warehouse.tables import SourceTables

# The SQL of a game date's cutoff as a TIMESTAMP. The text ends with the name of the time zone, so that the database
# applies the zone's daylight-saving time.
_CUTOFF_DAY = "CAST(DATE_SUB(game_date, INTERVAL @days_before DAY) AS DATE)"
_CUTOFF = f"CAST(CONCAT(CAST({_CUTOFF_DAY} AS STRING), ' ', @cutoff, ':00 ', @timezone) AS TIMESTAMP)"

# For each column of `roster`: name and SQL of the `player_state` column from which the query computes it. The CTE
# `player_state` has window values after each game of a player.
_PLAYER_STATES = {
    "points_avg_pico": ("points_so_far", "SUM(points) OVER season_so_far"),
    "minutes_avg_pico": ("minutes_so_far", "SUM(minutes_nano) OVER season_so_far"),
    "team_games_missed": ("latest_team_game", "LAST_VALUE(played_team_game IGNORE NULLS) OVER season_so_far"),
}
# The SQL of each column of `roster`. Averages are rounded to whole numbers, in units of 1e-12 points or minutes. Sums
# of whole numbers are exact, so the order in which the database adds the players does not matter.
_ROSTER_VALUES = {
    "games_so_far": "games_so_far",
    "points_avg_pico": "ROUND(points_so_far / games_so_far * 1e12)",
    "minutes_avg_pico": "ROUND(minutes_so_far / games_so_far * 1e3)",
    "team_games_missed": "IF(latest_team_game >= 1, team_games_so_far - latest_team_game, NULL)",
    "is_out": "IF(availability_state.status IN ('out', 'doubtful'), 1, 0)",
}


def roster_states(plan: QueryPlan, relation: str) -> dict[str, str]:
    """Return the SQL of the columns that the CTE `roster` reads from `player_state` or `team_state`, by column name."""
    if relation == "player" and plan.rosters:
        states = [state for column, state in _PLAYER_STATES.items() if column in plan.inputs["roster"]]
        return {"latest_team": "team_abbr", **dict(states)}
    if relation == "team" and "team_games_missed" in plan.inputs["roster"]:
        return {"team_games_so_far": "ROW_NUMBER() OVER team_season"}
    return {}


def asks_for_missed_games(plan: QueryPlan) -> bool:
    """Return whether a feature of the plan depends on the team's games that a player missed."""
    return bool(plan.inputs["played"] & {"team_game_number", "missed_team_game", "played_team_game"})


def numbered_games(plan: QueryPlan) -> dict[str, str]:
    """Return {"numbered_games": SQL}, the CTE that numbers the games of each team within a season.

    Only games in the team table are counted. A game that only the player table has gets the number of the team's
    previous game, and its `is_known` is 0. The result is an empty dict if no feature depends on missed games.
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
    """Return the SQL of the played games with the columns `missed_team_game` and `played_team_game`.

    The team's games of a season are numbered in the order of their dates, and both columns have such game numbers. A
    stint is a player's consecutive games for one team within a season.

    - `missed_team_game`: the number of the team's previous game if the player missed that game, else NULL. In the first
      game of a stint it is -1.
    - `played_team_game`: the number of this game. If the team table lacks the game, the column is 0 in the first game
      of a stint, else NULL.

    `was_breakout` is the SQL of the column `was_breakout`.
    """
    is_first_of_stint = "LAG(team_abbr) OVER player_season IS DISTINCT FROM team_abbr"
    # The number of the team's previous game. The player missed that game if his own previous game has a lower number.
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


def availability_states(tables: SourceTables, named: Sequence[str] = ()) -> dict[str, str]:
    """Return the SQL of the CTEs `reports`, `availability_state` and `report_dates`, by name.

    - `reports`: the statuses for the dates @start to @end that were reported no later than the cutoff of the game date.
    - `availability_state`: the latest of these statuses for each game date, team and player. If the schedule has the
      time of tip-off, only statuses reported before tip-off count.
    - `report_dates`: the game dates in `reports`.

    `named` are the columns of the table `availability` to select besides the status.
    """
    columns = ", ".join(("game_date", "team_abbr", "player_lookup", "status", *named))
    read = columns if "reported_at" in named else f"{columns}, reported_at"
    reports = f"""SELECT {read}
FROM {tables.reference(AVAILABILITY)}
WHERE game_date BETWEEN @start AND @end
  AND reported_at <= {_CUTOFF}"""
    known = "reports"
    if tables.has_tip_off:
        side = """SELECT game_date, {side} AS team_abbr, tip_off FROM {table} WHERE game_date BETWEEN @start AND @end"""
        sides = [
            side.format(side=name, table=tables.reference(SCHEDULE)) for name in ("home_team_abbr", "away_team_abbr")
        ]
        known = f"""(
    SELECT reports.*
    FROM reports
    LEFT JOIN (
      SELECT game_date, team_abbr, MIN(tip_off) AS tip_off
      FROM ({" UNION ALL ".join(sides)})
      GROUP BY game_date, team_abbr
    ) AS tip_offs ON tip_offs.game_date = reports.game_date AND tip_offs.team_abbr = reports.team_abbr
    WHERE tip_off IS NULL OR reported_at < tip_off
  )"""
    states = f"""SELECT {columns}
FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY game_date, team_abbr, player_lookup ORDER BY reported_at DESC) AS recency
  FROM {known}
)
WHERE recency = 1"""
    dates = "SELECT DISTINCT game_date FROM reports"
    return {"reports": reports, "availability_state": states, "report_dates": dates}


def rosters(plan: QueryPlan) -> dict[str, str]:
    """Return the SQL of the CTE `roster`, and of one CTE for each roster window, by CTE name.

    `roster` has one row for each player, team and date that a roster window reads. The CTE of a roster window has
    aggregates over team-mates or over the opponent's players.
    """
    if not plan.rosters:
        return {}
    teams = " UNION DISTINCT ".join(
        f"SELECT DISTINCT {w.ROSTER_WINDOWS[window]} AS team_abbr, season_year, game_date FROM kept"
        for window in plan.rosters
    )
    read = [column for column in _ROSTER_VALUES if column in plan.inputs["roster"]]
    values = "".join(f",\n  {_ROSTER_VALUES[column]} AS {column}" for column in read)
    as_of = {
        state: w.AS_OF_JOIN.format(state=state).replace("kept.", "asked.") for state in ("player_state", "team_state")
    }
    joins = ""
    if "team_games_missed" in read:
        joins += f"""
LEFT JOIN team_state
  ON team_state.team_abbr = asked.team_abbr AND team_state.season_year = asked.season_year
  AND {as_of["team_state"]}"""
    if "is_out" in read:
        joins += """
LEFT JOIN availability_state
  ON availability_state.game_date = asked.game_date AND availability_state.team_abbr = asked.team_abbr
  AND availability_state.player_lookup = player_state.player_lookup"""
    roster = f"""SELECT asked.team_abbr, asked.game_date, player_state.player_lookup{values}
FROM ({teams}) AS asked
JOIN player_state
  ON player_state.latest_team = asked.team_abbr AND player_state.season_year = asked.season_year
  AND {as_of["player_state"]}{joins}"""
    return {"roster": roster} | {window: _aggregates(plan, window) for window in plan.rosters}


def _aggregates(plan: QueryPlan, window: str) -> str:
    """Return the SQL of the aggregates over a roster window, for each player and date in the rows of the query.

    `window` is `team_mates` or `opponent_players`. The player of the row himself is left out.
    """
    team = w.ROSTER_WINDOWS[window]
    listed = "".join(f",\n  {w.write_sql(node.this)} AS {name}" for name, node in plan.rosters[window].items())
    # Without DISTINCT, the sums would be doubled for a player with two rows on a date.
    keys = f"{team}, game_date, player_lookup"
    return f"""SELECT {", ".join(f"asked.{key}" for key in keys.split(", "))}{listed}
FROM (SELECT DISTINCT {keys} FROM kept) AS asked
JOIN roster
  ON roster.team_abbr = asked.{team} AND roster.game_date = asked.game_date
  AND roster.player_lookup != asked.player_lookup
GROUP BY {", ".join(f"asked.{key}" for key in keys.split(", "))}"""
