"""The query that finds contradictions between the source tables, in BigQuery's dialect.

Each SQL constant is one common table expression (CTE) of the query, or one of the SELECTs that return its rows. The CTE
`side` has one row for each team of each game in each table, with the team's opponent. From the schedule it has only the
home teams.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from breakout.warehouse import tables
from breakout.warehouse.checks.consistency_messages import EXAMPLES

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from breakout.warehouse.tables import SourceTables, Table

TABLES = (*tables.HISTORY_TABLES, tables.SCHEDULE)
_PLAYERS, _TEAMS, _SCHEDULE = (table.name for table in TABLES)

# The known season types are literals in the SQL text, because DuckDB imports pandas (0.13 s) to bind a parameter.
_KNOWN_TYPES = ", ".join(f"'{name}'" for name in tables.SEASON_TYPES)

# A break of fewer days than this between two seasons is an error. The shortest summer so far, in 2020, had 72 days.
_SUMMER_DAYS = 30

# The date at the beginning of a game_id, such as 20251025_LAL_PHX, 2025-10-25-LAL-PHX or 202510250PHX. In the last form
# a 0 separates the date from the home team. Otherwise no digit may follow, because a longer number is no date.
_DATE_IN_ID = r"^((?:19|20)\d\d-?(?:0[1-9]|1[0-2])-?(?:0[1-9]|[12]\d|3[01]))(?:0[A-Z]{3}$|\D|$)"

# The CTE has one row for each game_id. For values that must be equal in all rows of a game, the row has the smallest
# and the largest value. The row also has the date and teams that the game_id contains, the number of teams in the
# player table and in the team table, and the number of rows and the home team in the schedule.
_GAME = f"""game AS (
  SELECT *,
    REPLACE(REGEXP_EXTRACT(game_id, r'{_DATE_IN_ID}'), '-', '') AS id_date,
    REGEXP_EXTRACT(game_id, r'_([^_]*)$') AS id_home,
    REGEXP_EXTRACT(game_id, r'_([^_]*)_[^_]*$') AS id_away
  FROM (
    SELECT game_id, MIN(game_date) AS game_date, MAX(game_date) AS last_date,
      MIN(season_year) AS season_year, MAX(season_year) AS last_season,
      MIN(season_type) AS season_type, MAX(season_type) AS last_type,
      MIN(first_team) AS first_team, MAX(first_team) AS last_first_team,
      MIN(second_team) AS second_team, MAX(second_team) AS last_second_team,
      COUNTIF(source = '{_PLAYERS}') AS player_sides, COUNTIF(source = '{_TEAMS}') AS team_sides,
      SUM(IF(source = '{_SCHEDULE}', row_count, 0)) AS scheduled,
      MAX(IF(source = '{_SCHEDULE}', team, NULL)) AS scheduled_home
    FROM side
    GROUP BY game_id
  )
)"""

# Pairs of teams that have two game_ids on one date. A cup final is not a contradiction if the tables of players and
# teams have one game_id for it, and the schedule has another.
_MEETING = """meeting AS (
  SELECT game_date, first_team, second_team, COUNT(*) OVER () AS total,
    ROW_NUMBER() OVER (ORDER BY game_date, first_team, second_team) AS number
  FROM game
  GROUP BY game_date, first_team, second_team
  HAVING COUNTIF(player_sides + team_sides > 0) > 1 OR COUNTIF(scheduled > 0) > 1
    OR (COUNT(*) > 1 AND MAX(season_type) != 'cup_final')
)"""

# Pairs of games between the same two teams on consecutive dates, where one table has only the first game and another
# table has only the second. Such a pair is taken as one game with two dates: one table probably has UTC dates.
_MOVED = """moved AS (
  SELECT earlier.game_id, later.game_id AS later_id, COUNT(*) OVER () AS total,
    ROW_NUMBER() OVER (ORDER BY earlier.game_date, earlier.game_id) AS number
  FROM game AS earlier
  JOIN game AS later
    ON later.first_team = earlier.first_team AND later.second_team = earlier.second_team
    AND later.game_date = DATE_ADD(earlier.game_date, INTERVAL 1 DAY)
  WHERE (earlier.player_sides > 0 AND earlier.team_sides = 0 AND later.player_sides = 0 AND later.team_sides > 0)
    OR (earlier.player_sides = 0 AND earlier.team_sides > 0 AND later.player_sides > 0 AND later.team_sides = 0)
    OR (
      earlier.team_sides > 0 AND earlier.scheduled = 0 AND later.team_sides = 0 AND later.scheduled > 0
      AND earlier.game_date >= (SELECT MIN(game_date) FROM game AS listed WHERE listed.scheduled > 0)
      AND later.game_date <= (SELECT MAX(game_date) FROM game AS played WHERE played.team_sides > 0)
    )
)"""

# The first and the last game date of each season.
_SEASON = """season AS (
  SELECT season_year, MIN(game_date) AS first_date, MAX(game_date) AS last_date
  FROM game
  GROUP BY season_year
)"""

# Pairs of seasons where the later season begins before the end of the earlier one, or fewer than _SUMMER_DAYS days
# after that end.
_ADJOINING = f"""adjoining AS (
  SELECT ended.season_year, ended.last_date, begun.season_year AS next_year, begun.first_date,
    COUNT(*) OVER () AS total, ROW_NUMBER() OVER (ORDER BY ended.season_year, begun.season_year) AS number
  FROM season AS ended
  JOIN season AS begun ON begun.season_year > ended.season_year
  WHERE begun.first_date < DATE_ADD(ended.last_date, INTERVAL {_SUMMER_DAYS} DAY)
)"""

# The games of each kind of contradiction, numbered within their kind. If several of the kinds in the CASE apply to a
# game, the game has only the first of them.
_FOUND = """found AS (
  SELECT kind, number, total, game_id
  FROM (
    SELECT kind, game_id, COUNT(*) OVER (PARTITION BY kind) AS total,
      ROW_NUMBER() OVER (PARTITION BY kind ORDER BY game_date, game_id) AS number
    FROM (
      SELECT game_id, game_date, CASE
        WHEN game_date != last_date THEN 'game dates'
        WHEN id_date != FORMAT_DATE('%Y%m%d', game_date) THEN 'date in game_id'
        WHEN season_year != last_season THEN 'season years'
        WHEN season_type != last_type THEN 'season types'
        WHEN first_team != last_first_team OR second_team != last_second_team THEN 'opponents'
        WHEN first_team = second_team THEN 'own opponent'
        WHEN scheduled > 1 THEN 'scheduled twice'
        WHEN team_sides = 1 THEN 'one side'
        WHEN id_home NOT IN (first_team, second_team) OR id_away NOT IN (first_team, second_team)
          OR id_away = id_home THEN 'teams in game_id'
        WHEN scheduled_home != id_home THEN 'home team'
        END AS kind
      FROM game
    )
    WHERE kind IS NOT NULL
  )
  UNION ALL
  SELECT 'two game_ids', number, total, game_id
  FROM meeting
  JOIN game
    ON game.game_date = meeting.game_date AND game.first_team = meeting.first_team
    AND game.second_team = meeting.second_team
  UNION ALL
  SELECT 'a day apart', number, total, game_id FROM moved
  UNION ALL
  SELECT 'a day apart', number, total, later_id FROM moved
)"""

# Each code of a team or an opponent in each table and season, with its number of rows. own_code is NULL if the
# code occurs only as an opponent, and otherwise equals code.
_CODE = """code AS (
  SELECT source, season_year, code, MIN(own_code) AS own_code, MIN(game_id) AS game_id, SUM(row_count) AS row_count
  FROM (
    SELECT source, season_year, team AS code, team AS own_code, game_id, row_count FROM side
    UNION ALL
    SELECT source, season_year, opponent, NULL, game_id, row_count FROM side
  )
  GROUP BY source, season_year, code
)"""

# The unknown codes. Every code must be the team of a row in the team table. For codes of the player and team tables,
# the row must be of the same season. For the schedule it may be of any season, because teams are scheduled before they
# play.
_UNKNOWN_CODE = f"""unknown_code AS (
  SELECT code FROM code
  WHERE code NOT IN (
    SELECT team FROM side AS known WHERE known.source = '{_TEAMS}'
  ) OR (
    source != '{_SCHEDULE}'
    AND CONCAT(code, CAST(season_year AS STRING)) NOT IN (
      SELECT CONCAT(team, CAST(season_year AS STRING)) FROM side AS known WHERE known.source = '{_TEAMS}'
    )
  )
)"""

# Each season type in each table, with an example of a game and the number of rows.
_TYPE = """type AS (
  SELECT source, season_type, MIN(game_id) AS game_id, SUM(row_count) AS row_count
  FROM side
  GROUP BY source, season_type
)"""

_CTES = (_GAME, _MEETING, _MOVED, _SEASON, _ADJOINING, _FOUND, _CODE, _UNKNOWN_CODE, _TYPE)

# For the first EXAMPLES games of each kind of contradiction: the rows of both teams in every table.
_ROWS_OF_GAMES = f"""\
SELECT kind, number, total, source, side.game_id, game_date, season_year, season_type, team, opponent,
  CAST(NULL AS STRING) AS player_lookup, row_count
FROM found
JOIN side ON side.game_id = found.game_id
WHERE number <= {EXAMPLES}"""

# For the first EXAMPLES pairs of seasons that are too close: the rows on the last date of the earlier season and on the
# first date of the later one.
_ROWS_OF_SEASONS = f"""\
SELECT 'seasons', number, total, source, side.game_id, game_date, side.season_year, season_type, team, opponent,
  NULL, row_count
FROM adjoining
JOIN side
  ON (side.season_year = adjoining.season_year AND side.game_date = last_date)
  OR (side.season_year = next_year AND side.game_date = first_date)
WHERE number <= {EXAMPLES}"""

# All team codes if one is unknown, otherwise no row.
_ROWS_OF_CODES = """\
SELECT 'team codes', 1, 1, source, game_id, NULL, season_year, NULL, code, own_code, NULL, row_count
FROM code
WHERE EXISTS (SELECT 1 FROM unknown_code)"""

# All season types if one is unknown or NULL, otherwise no row.
_ROWS_OF_TYPES = f"""\
SELECT 'names of season types', 1, 1, source, game_id, NULL, NULL, season_type, NULL, NULL, NULL, row_count
FROM type
WHERE EXISTS (
  SELECT 1 FROM type WHERE season_type IS NULL OR season_type NOT IN ({_KNOWN_TYPES})
)"""


def consistency_query(sources: SourceTables, checked: Collection[Table], *, is_filtered: bool) -> str:
    """Return the query that finds contradictions between the rows of the `checked` tables.

    Only the tables of players, teams and schedule are compared. If `is_filtered` is true, the query reads only games
    from @history_start to @end. A contradiction has one or more result rows, which show the values that disagree.
    The columns are

    - `kind`: the kind of contradiction, such as `game dates` (`consistency_messages.ORDER` has all kinds).
    - `number`: the number of the contradiction within its kind. Only the first EXAMPLES of a kind are returned.
    - `total`: how many contradictions of this kind there are.
    - `source`: the name of the source table.
    - `game_id`, `game_date`, `season_year`, `season_type`, `team`, `opponent`, `player_lookup`: the values in that
      table.
    - `row_count`: the number of source rows that have these values.

    A column is NULL if the kind has no such value.

    The kind `team codes` has at most one contradiction, whose rows list all team codes of each table and season. `team`
    is the code. `opponent` repeats the code if the code occurs as a team, and is NULL if it occurs only as an opponent.
    The kind `names of season types` also has at most one contradiction, whose rows list all season types of each table.
    For both kinds `game_id` is an example of a game.
    """
    limit = "game_date BETWEEN @history_start AND @end" if is_filtered else ""
    given = [table for table in TABLES if table in checked]
    ctes = (_side(sources, given, limit), *_CTES)
    rows = [_ROWS_OF_GAMES, _ROWS_OF_SEASONS, _ROWS_OF_CODES, _ROWS_OF_TYPES]
    if tables.PLAYER_GAME_SUMMARY in checked:
        rows.append(_two_games_a_day(sources, limit))
    with_clause = ",\n\n".join(ctes)
    selects = "\nUNION ALL\n".join(rows)
    return f"WITH {with_clause}\n\n{selects}\nORDER BY kind, number, source, game_id, team, season_year"


def _side(sources: SourceTables, given: Sequence[Table], limit: str) -> str:
    """Return the CTE `side` (a named subquery): each team in each game of the given tables, with its opponent."""
    sides = "\n    UNION ALL\n    ".join(_sides(sources, table, limit) for table in given)
    return f"""side AS (
  SELECT *, LEAST(team, opponent) AS first_team, GREATEST(team, opponent) AS second_team
  FROM (
    {sides}
  )
)"""


def _sides(sources: SourceTables, table: Table, limit: str) -> str:
    """Return a SELECT of each team in each game of a table, with its opponent and its number of rows.

    `limit` is an SQL condition on the rows to read, or "" for all.
    """
    team, opponent = (
        ("home_team_abbr", "away_team_abbr") if table is tables.SCHEDULE else ("team_abbr", "opponent_team_abbr")
    )
    where = f"\n      WHERE {limit}" if limit else ""
    rows = f"""(
      SELECT game_id, game_date, season_year, {sources.season_type} AS season_type,
        CAST({team} AS STRING) AS team, CAST({opponent} AS STRING) AS opponent
      FROM {sources.reference(table)}{where}
    )"""
    return f"""SELECT '{table.name}' AS source, game_id, game_date, season_year, season_type, team, opponent,
      COUNT(*) AS row_count
    FROM {rows} AS {table.name}_rows
    GROUP BY game_id, game_date, season_year, season_type, team, opponent"""


def _two_games_a_day(sources: SourceTables, limit: str) -> str:
    """Return the SELECT that finds players with several played games on one date."""
    played = "minutes_played > 0 AND points IS NOT NULL" + (f" AND {limit}" if limit else "")
    rows = f"""(
  SELECT player_lookup, game_date, game_id, CAST(team_abbr AS STRING) AS team
  FROM {sources.reference(tables.PLAYER_GAME_SUMMARY)}
  WHERE {played}
)"""
    return f"""SELECT 'two games a day', number, total, '{_PLAYERS}', game_id, played.game_date, NULL, NULL, team, NULL,
  CAST(played.player_lookup AS STRING), NULL
FROM {rows} AS played
JOIN (
  SELECT player_lookup, game_date, COUNT(*) OVER () AS total,
    ROW_NUMBER() OVER (ORDER BY game_date, player_lookup) AS number
  FROM {rows} AS played
  GROUP BY player_lookup, game_date
  HAVING COUNT(*) > 1
) AS day
  ON day.player_lookup = played.player_lookup AND day.game_date = played.game_date
WHERE number <= {EXAMPLES}"""
