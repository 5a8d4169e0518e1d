"""Sums that box scores must satisfy: points and minutes of players and teams, played games and the schedule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from breakout.warehouse import tables

if TYPE_CHECKING:
    from datetime import date

    from breakout.warehouse.base import Warehouse

MINUTES_TOLERANCE = 3  # each player's minutes are rounded in most sources
LISTED = 5  # failures that a warning names


def reconcile(warehouse: Warehouse, start: date, end: date) -> tuple[str, ...]:
    """Return a warning for each kind of sum that fails between two dates, with the keys of the first failures.

    The kinds: players' points against their team's; players' minutes against the team's (240 if that is NULL) within
    MINUTES_TOLERANCE; with a schedule, played games that it lacks, and its earlier games that were not played.
    """
    queries = {
        "players' points do not sum to their team's": _sums(warehouse, "points != points_scored"),
        f"players' minutes are further than {MINUTES_TOLERANCE} from their team's": _sums(
            warehouse, f"ABS(minutes - minutes_total) > {MINUTES_TOLERANCE}"
        ),
    }
    if warehouse.has_schedule():
        queries["played games are not in the schedule of their season"] = _unscheduled(warehouse)
        queries["scheduled games have no rows, though later ones do"] = _unplayed(warehouse)
    warnings = []
    for what, sql in queries.items():
        rows = warehouse.query(sql, {"start": start, "end": end, "season_type": "regular"}).to_pylist()
        if rows:
            named = ", ".join(row["failure"] for row in rows)
            warnings.append(f"{what} in {rows[0]['total']:,} cases: {named}{', ...' if len(rows) == LISTED else ''}")
    return tuple(warnings)


def _sums(warehouse: Warehouse, condition: str) -> str:
    players = warehouse.sources.reference(tables.PLAYER_GAME_SUMMARY)
    teams = warehouse.sources.reference(tables.TEAM_OFFENSE_GAME_SUMMARY)
    return f"""SELECT CONCAT(game_id, ' ', team, ' (', CAST(CAST(points AS INT64) AS STRING), ' of ',
    CAST(points_scored AS STRING), ' points, ', CAST(CAST(minutes AS INT64) AS STRING), ' of ',
    CAST(minutes_total AS STRING), ' minutes)') AS failure, COUNT(*) OVER () AS total
FROM (
  SELECT t.game_id, CAST(t.team_abbr AS STRING) AS team, t.points_scored,
    COALESCE(t.minutes_total, 240) AS minutes_total, p.points, p.minutes
  FROM {teams} AS t
  JOIN (
    SELECT game_id, team_abbr, SUM(points) AS points, SUM(minutes_played) AS minutes
    FROM {players} AS player_rows
    WHERE game_date BETWEEN @start AND @end
    GROUP BY game_id, team_abbr
  ) AS p ON p.game_id = t.game_id AND p.team_abbr = t.team_abbr
  WHERE t.game_date BETWEEN @start AND @end
)
WHERE {condition}
ORDER BY game_id, team
LIMIT {LISTED}"""


def _unscheduled(warehouse: Warehouse) -> str:
    teams = warehouse.sources.reference(tables.TEAM_OFFENSE_GAME_SUMMARY)
    schedule = warehouse.sources.reference(tables.SCHEDULE)
    return f"""SELECT game_id AS failure, COUNT(*) OVER () AS total
FROM {teams} AS played
WHERE game_date BETWEEN @start AND @end
  AND season_year IN (SELECT season_year FROM {schedule} AS seasons)
  AND game_id NOT IN (SELECT game_id FROM {schedule} AS listed)
GROUP BY game_id
ORDER BY game_id
LIMIT {LISTED}"""


def _unplayed(warehouse: Warehouse) -> str:
    teams = warehouse.sources.reference(tables.TEAM_OFFENSE_GAME_SUMMARY)
    schedule = warehouse.sources.reference(tables.SCHEDULE)
    return f"""SELECT game_id AS failure, COUNT(*) OVER () AS total
FROM {schedule} AS listed
WHERE game_date BETWEEN @start AND @end
  AND game_date < (SELECT MAX(game_date) FROM {teams} AS newest WHERE game_date BETWEEN @start AND @end)
  AND game_id NOT IN (SELECT game_id FROM {teams} AS played WHERE game_date BETWEEN @start AND @end)
ORDER BY game_id
LIMIT {LISTED}"""
