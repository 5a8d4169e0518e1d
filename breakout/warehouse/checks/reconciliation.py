"""Checks of sums and of the schedule; their failures are reported, but raise no error.

The checks compare sums over players with the values of their teams, and the team table with the schedule.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from breakout.warehouse import tables

if TYPE_CHECKING:
    from datetime import date

    from breakout.warehouse.base import Warehouse
    from breakout.warehouse.tables import SourceTables

# A team's minutes and the sum of its players' minutes may differ by this many: most sources round players' minutes.
MINUTES_TOLERANCE = 3
LISTED = 200  # a check lists at most this many failures; if there are more, the whole table is probably wrong


@dataclass(frozen=True)
class FailingSums:
    """A check that fails.

    - `what`: a description of the check's failures.
    - `total`: the number of failures.
    - `failures`: a text about each of the first LISTED (200) failures.
    """

    what: str
    total: int
    failures: tuple[str, ...]


def reconcile(warehouse: Warehouse, start: date, end: date) -> tuple[FailingSums, ...]:
    """Return the checks that fail for games from `start` to `end`, both inclusive.

    - The points of a team's players must sum to the team's points.
    - The minutes of a team's players must sum to the team's minutes (240 if NULL), give or take 3 minutes.
    - A game of the team table must be in the schedule, if the schedule has games of that season.
    - A scheduled game must be in the team table, if that table has a game of a later date.

    The first two checks leave a team out if the player table has no rows of the team in the game. If no schedule is
    configured, the last two checks do not run. DataError if a table cannot be read.
    """
    days: dict[str, object] = {"history_start": start, "end": end, "season_type": "regular"}
    found = []
    for what, sql in reconciliation_queries(warehouse.sources, has_schedule=warehouse.has_schedule()).items():
        rows = warehouse.query(sql, days).to_pylist()
        if rows:
            found.append(FailingSums(what, rows[0]["total"], tuple(row["failure"] for row in rows)))
    return tuple(found)


def reconciliation_queries(sources: SourceTables, *, has_schedule: bool) -> dict[str, str]:
    """Return the query of each check of `reconcile`; the keys describe the check's failures.

    If `has_schedule` is false, the two checks of the schedule are left out. A query reads the games from @history_start
    to @end and returns one row for each failure, at most 200. The columns are

    - `failure`: a text about the failure.
    - `total`: the number of all failures.
    """
    queries = {
        "players' points do not sum to their team's": _listed(sources, "points != points_scored"),
        f"players' minutes are further than {MINUTES_TOLERANCE} from their team's": _listed(
            sources, f"ABS(minutes - minutes_total) > {MINUTES_TOLERANCE}"
        ),
    }
    if has_schedule:
        queries["played games are not in the schedule of their season"] = _unscheduled(sources)
        queries["scheduled games have no rows, though later ones do"] = _unplayed(sources)
    return queries


def failing_sums_query(sources: SourceTables) -> str:
    """Return the query that finds games in which a team's points or minutes differ from the sum over its players.

    Minutes may differ by up to 3. The query reads the games from @history_start to @end. A team is left out if the
    player table has no rows of the team in the game. The columns are

    - `game_id`, `game_date`, `team`.
    - `points`, `minutes`: the sums of the team's players.
    - `points_scored`, `minutes_total`: the values in the team table; 240 replaces a minutes_total of NULL.
    """
    return f"""SELECT game_id, game_date, team, points, points_scored, minutes, minutes_total
FROM (
  SELECT t.game_id, t.game_date, CAST(t.team_abbr AS STRING) AS team,
    CAST(p.points AS INT64) AS points, CAST(t.points_scored AS INT64) AS points_scored,
    CAST(p.minutes AS FLOAT64) AS minutes, CAST(COALESCE(t.minutes_total, 240) AS FLOAT64) AS minutes_total
  FROM {sources.reference(tables.TEAM_OFFENSE_GAME_SUMMARY)} AS t
  JOIN (
    SELECT game_id, team_abbr, SUM(points) AS points, SUM(minutes_played) AS minutes
    FROM {sources.reference(tables.PLAYER_GAME_SUMMARY)} AS player_rows
    WHERE game_date BETWEEN @history_start AND @end
    GROUP BY game_id, team_abbr
  ) AS p ON p.game_id = t.game_id AND p.team_abbr = t.team_abbr
  WHERE t.game_date BETWEEN @history_start AND @end
) AS sums
WHERE points != points_scored OR ABS(minutes - minutes_total) > {MINUTES_TOLERANCE}"""


def _listed(sources: SourceTables, condition: str) -> str:
    return f"""SELECT CONCAT(game_id, ' ', team, ' (', CAST(points AS STRING), ' of ',
    CAST(points_scored AS STRING), ' points, ', CAST(CAST(minutes AS INT64) AS STRING), ' of ',
    CAST(CAST(minutes_total AS INT64) AS STRING), ' minutes)') AS failure, COUNT(*) OVER () AS total
FROM (
{failing_sums_query(sources)}
) AS failing
WHERE {condition}
ORDER BY game_id, team
LIMIT {LISTED}"""


def _unscheduled(sources: SourceTables) -> str:
    teams = sources.reference(tables.TEAM_OFFENSE_GAME_SUMMARY)
    schedule = sources.reference(tables.SCHEDULE)
    return f"""SELECT game_id AS failure, COUNT(*) OVER () AS total
FROM {teams} AS played
WHERE game_date BETWEEN @history_start AND @end
  AND season_year IN (
    SELECT season_year FROM {schedule} AS seasons WHERE game_date BETWEEN @history_start AND @end
  )
  AND game_id NOT IN (
    SELECT game_id FROM {schedule} AS listed WHERE game_date BETWEEN @history_start AND @end
  )
GROUP BY game_id
ORDER BY game_id
LIMIT {LISTED}"""


def _unplayed(sources: SourceTables) -> str:
    teams = sources.reference(tables.TEAM_OFFENSE_GAME_SUMMARY)
    schedule = sources.reference(tables.SCHEDULE)
    days = "game_date BETWEEN @history_start AND @end"
    return f"""SELECT game_id AS failure, COUNT(*) OVER () AS total
FROM {schedule} AS listed
WHERE {days}
  AND game_date < (SELECT MAX(game_date) FROM {teams} AS newest WHERE {days})
  AND game_id NOT IN (SELECT game_id FROM {teams} AS played WHERE {days})
ORDER BY game_id
LIMIT {LISTED}"""
