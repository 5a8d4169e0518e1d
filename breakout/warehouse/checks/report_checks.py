"""The check that injury reports name the teams, dates and players of the games.

If no report matched a game, all features from injury reports would silently be 0, so the check raises DataError.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from breakout.errors import DataError, nearest_name
from breakout.warehouse.tables import AVAILABILITY, PLAYER_GAME_SUMMARY, TEAM_OFFENSE_GAME_SUMMARY

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from breakout.warehouse.base import Warehouse
    from breakout.warehouse.tables import SourceTables

# At most this fraction of the rows of injury reports may match no game or no player. In the package's sample data,
# 2.1 % of the rows (up to 33 % on a single date) name a player who is never in the player table, and 0.1 % are for
# postponed games. If names are spelled differently, or dates are in another time zone, hardly any row matches.
_MOST = 0.5
# If fewer rows than this can be compared, the fraction is not checked: a large fraction of so few rows can be chance.
_FEWEST_ROWS = 10


def report_query(sources: SourceTables, *, is_filtered: bool) -> str:
    """Return a query that counts the rows of injury reports that match no team, no game or no player.

    If `is_filtered` is true, the query reads the reports from @start to @end, and the games from @history_start to
    @end. The result has one row for each team code in the reports. The columns are

    - `team`: the team code.
    - `is_known`: 1 if the team table has the code, otherwise 0.
    - `total`: the number of reports about the team.
    - `past`: the number of reports between the first and the last date of the team table.
    - `off_days`: the number of `past` reports on whose date the team has no game.
    - `off_day`: the first date of these reports, or NULL.
    - `strangers`: the number of reports whose player is not in the player table.
    - `stranger`: the player_lookup of one of these players, or NULL.
    """
    of_reports = "\n  WHERE game_date BETWEEN @start AND @end" if is_filtered else ""
    of_games = "\n  WHERE game_date BETWEEN @history_start AND @end" if is_filtered else ""
    return f"""WITH report AS (
  SELECT game_date, CAST(team_abbr AS STRING) AS team, CAST(player_lookup AS STRING) AS player
  FROM {sources.reference(AVAILABILITY)}{of_reports}
),

side AS (
  SELECT DISTINCT game_date, CAST(team_abbr AS STRING) AS team
  FROM {sources.reference(TEAM_OFFENSE_GAME_SUMMARY)}{of_games}
),

known_team AS (
  SELECT DISTINCT team FROM side
),

known_player AS (
  SELECT DISTINCT CAST(player_lookup AS STRING) AS player
  FROM {sources.reference(PLAYER_GAME_SUMMARY)}{of_games}
),

span AS (
  SELECT MIN(game_date) AS first_date, MAX(game_date) AS last_date FROM side
)

SELECT report.team, MAX(IF(known_team.team IS NULL, 0, 1)) AS is_known, COUNT(*) AS total,
  COUNTIF(report.game_date BETWEEN first_date AND last_date) AS past,
  COUNTIF(report.game_date BETWEEN first_date AND last_date AND side.team IS NULL) AS off_days,
  MIN(IF(report.game_date BETWEEN first_date AND last_date AND side.team IS NULL, report.game_date, NULL)) AS off_day,
  COUNTIF(known_player.player IS NULL) AS strangers,
  MIN(IF(known_player.player IS NULL, report.player, NULL)) AS stranger
FROM report
CROSS JOIN span
LEFT JOIN known_team ON known_team.team = report.team
LEFT JOIN side ON side.team = report.team AND side.game_date = report.game_date
LEFT JOIN known_player ON known_player.player = report.player
GROUP BY report.team
ORDER BY report.team"""


def describe_reports(warehouse: Warehouse, start: date, end: date) -> str:
    """Check the injury reports of games from `start` to `end`, and return their number, dates and statuses as text.

    The text is, for example, `495 rows of 2026-02-01 to 2026-02-05: out 338, questionable 73, ...`. DataError if a
    check fails. ConfigurationError if no table of injury reports is configured.
    """
    warehouse.check_availability(start, end)
    sql = f"""SELECT status, COUNT(*) AS total, MIN(game_date) AS first_date, MAX(game_date) AS last_date
FROM {warehouse.sources.reference(AVAILABILITY)}
WHERE game_date BETWEEN @start AND @end
GROUP BY status
ORDER BY total DESC, status"""
    rows = warehouse.query(sql, {"start": start, "end": end}).to_pylist()
    if not rows:
        return f"no rows of {start} to {end}"
    first, last = min(row["first_date"] for row in rows), max(row["last_date"] for row in rows)
    statuses = ", ".join(f"{row['status']} {row['total']:,}" for row in rows)
    return f"{sum(row['total'] for row in rows):,} rows of {first} to {last}: {statuses}"


def check_reports(warehouse: Warehouse, parameters: Mapping[str, object]) -> None:
    """Raise DataError if injury reports name unknown teams, or if most of their dates or players match no game.

    At most half of the reports between the first and the last game may have a date on which their team has no game. At
    most half of all reports may have a player who is not in the player table. Neither rule applies to fewer than 10
    reports.

    `parameters` contains @start, @history_start and @end. Reports from @start to @end are compared with games from
    @history_start to @end. If `parameters` is empty, all rows are compared.
    """
    sql = report_query(warehouse.sources, is_filtered=bool(parameters))
    rows = warehouse.query(sql, parameters).to_pylist()
    known = [row["team"] for row in rows if row["is_known"]]
    unknown = [row for row in rows if not row["is_known"]]
    if unknown:
        named = ", ".join(f"{row['team']!r} ({row['total']:,} rows)" for row in unknown[:8])
        near = nearest_name(unknown[0]["team"], known) or "CODE"
        raise DataError(
            f"availability names teams that team_offense_game_summary has no row of: {named}; correct the codes, or "
            f"map them with 'warehouse.team_codes={{{unknown[0]['team']}: {near}}}'."
        )
    total, past, off_days, strangers = (
        sum(int(row[count]) for row in rows) for count in ("total", "past", "off_days", "strangers")
    )
    if past >= _FEWEST_ROWS and off_days > _MOST * past:
        example = next(f"{row['team']} on {row['off_day']}" for row in rows if row["off_days"])
        raise DataError(
            f"availability dates {off_days:,} of {past:,} statuses by days on which their team has no game, for "
            f"example {example}; game_date must be the day on which the game is played in US Eastern time."
        )
    if total >= _FEWEST_ROWS and strangers > _MOST * total:
        example = next(row["stranger"] for row in rows if row["strangers"])
        raise DataError(
            f"availability names players without a game in {strangers:,} of {total:,} rows, for example {example!r}; "
            "player_lookup must be written as in player_game_summary."
        )
