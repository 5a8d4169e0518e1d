"""Warnings about gaps and contradictions in the source data of a command.

The warnings name flawed games, in which the player table and the team table contradict each other. They also name
features that are missing in more than half of the rows.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Literal

from breakout.features.query import seasons_before
from breakout.warehouse.base import first_day_seen
from breakout.warehouse.checks.reconciliation import MINUTES_TOLERANCE, failing_sums_query
from breakout.warehouse.tables import PLAYER_GAME_SUMMARY, TEAM_OFFENSE_GAME_SUMMARY

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from breakout.dataset import Dataset
    from breakout.features.config import BreakoutFeatureConfig
    from breakout.warehouse.base import Warehouse
    from breakout.warehouse.tables import SourceTables

# A warning names each feature that is missing in more than this fraction of the rows. The column from which the feature
# is built is probably empty.
LARGEST_MISSING_SHARE = 0.5
EXAMPLES = 3  # the largest number of games that a warning names


def describe_history(warehouse: Warehouse, features: BreakoutFeatureConfig, start: date, end: date) -> str:
    """Say which games the warehouse has up to `end`, and why no row was found on the dates start..end.

    Call this function if no role player has a row on these dates. For each season type in player_game_summary, the text
    gives the number of rows and their first and last date. These numbers may leave out all but the season of `start`
    and the season before. Then the text gives the reason: no row on these dates has a season type in
    `features.season_types`, or such rows exist but none is a role player's played game. DataError if the query fails.
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
    """Return a warning for each feature that is missing in more than half of the rows of a dataset.

    `parts` maps the name of a dataset, such as training, to its rows.
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


@dataclass(frozen=True, order=True)
class FlawedGame:
    """A game whose rows in the player table and in the team table contradict each other.

    - `flaw`: `absent` if the team table lacks the game. `points` or `minutes` if the sum over a team's players differs
      from the team's row.
    - `sums`: the team, the players' sum and the team's number, as in `BOS 110 of 112`. "" if `flaw` is `absent`.
    """

    game_date: date
    game_id: str
    flaw: Literal["absent", "points", "minutes"] = "absent"
    sums: str = ""


def flawed_games_query(sources: SourceTables) -> str:
    """Return the SQL query for flawed games: played games that the team table lacks, and games with wrong sums.

    A sum is wrong if the points or minutes of a team's players do not add up to the number in the team's row. The
    parameters of the query are @history_start, @end (the first and last game date) and @season_types, which limits only
    the search for games that the team table lacks. The result has the columns game_id and game_date. It also has these
    columns, which are NULL for a game that the team table lacks:

    - `team`: the team whose sums are compared.
    - `points`, `minutes`: the sums over the team's players.
    - `points_scored`, `minutes_total`: the numbers in the team's row.
    """
    return f"""SELECT game_id, MIN(game_date) AS game_date, CAST(NULL AS STRING) AS team, CAST(NULL AS INT64) AS points,
  CAST(NULL AS INT64) AS points_scored, CAST(NULL AS FLOAT64) AS minutes, CAST(NULL AS FLOAT64) AS minutes_total
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
UNION ALL
{failing_sums_query(sources)}
ORDER BY game_date, game_id, team"""  # noqa: S608 - table names are checked, values are parameters


def read_flawed_games(
    warehouse: Warehouse, sources: SourceTables, parameters: Mapping[str, object]
) -> list[FlawedGame]:
    """Return the flawed games, in which the player table and the team table contradict each other.

    `parameters` has the keys history_start, end and season_types. A game is in the list once for each wrong sum: the
    points or the minutes of a team's players. Minutes may differ by up to MINUTES_TOLERANCE. The known errors in
    `sources.known_sums` are left out. DataError if the query fails.
    """
    found = []
    for row in warehouse.query(flawed_games_query(sources), parameters).to_pylist():
        game = FlawedGame(row["game_date"], row["game_id"])
        if row["team"] is None:
            found.append(game)
            continue
        points, minutes = (row["points"], row["points_scored"]), (row["minutes"], row["minutes_total"])
        if None not in points and points[0] != points[1]:
            found.append(replace(game, flaw="points", sums=f"{row['team']} {points[0]} of {points[1]}"))
        if None not in minutes and abs(minutes[0] - minutes[1]) > MINUTES_TOLERANCE:
            found.append(replace(game, flaw="minutes", sums=f"{row['team']} {minutes[0]:.0f} of {minutes[1]:.0f}"))
    return [game for game in found if (game.game_id, game.sums) not in sources.known_sums]


def find_flawed_games(
    warehouse: Warehouse, features: BreakoutFeatureConfig, start: date, end: date
) -> list[FlawedGame]:
    """Return the flawed games that features of rows on the dates start..end can read.

    In a flawed game, the player table and the team table contradict each other. DataError if the query fails.
    """
    reach = seasons_before(features.names, features.registry)
    parameters = features.parameters(warehouse.history_start(start, reach), start, end)
    return seen_games(read_flawed_games(warehouse, warehouse.sources, parameters), features, start, end)


def seen_games(
    games: Iterable[FlawedGame], features: BreakoutFeatureConfig, start: date, end: date
) -> list[FlawedGame]:
    """Return the items of `games` that features of rows on the dates start..end can read."""
    first = first_day_seen(start, seasons_before(features.names, features.registry))
    return [game for game in games if first <= game.game_date <= end]


def flawed_game_warnings(games: Iterable[FlawedGame]) -> tuple[str, ...]:
    """Return one warning for each value of `flaw` (see FlawedGame) among the games."""
    listed = sorted(set(games))
    return (
        *_absent_game_warnings([game.game_id for game in listed if game.flaw == "absent"]),
        *_sum_warnings("points", [game for game in listed if game.flaw == "points"]),
        *_sum_warnings("minutes", [game for game in listed if game.flaw == "minutes"]),
    )


def _absent_game_warnings(names: Sequence[str]) -> tuple[str, ...]:
    if not names:
        return ()
    counted = f"{len(names):,} played game{'' if len(names) == 1 else 's'}"
    warning = (
        f"{TEAM_OFFENSE_GAME_SUMMARY.name} has no rows of {counted} of {PLAYER_GAME_SUMMARY.name}: "
        f"{_first_of(names)}; features of teams, such as opponent_def_rating and back_to_back, are "
        "computed without them. Add the rows of both teams."
    )
    return (warning,)


def _sum_warnings(what: str, games: Sequence[FlawedGame]) -> tuple[str, ...]:
    if not games:
        return ()
    failing = [f"{game.game_id} {game.sums}" for game in games]
    counted = f"{len(failing):,} case{'' if len(failing) == 1 else 's'}"
    warning = (
        f"players' {what} do not sum to their team's in {counted}: {_first_of(failing)}; features are computed from "
        "these rows as they are. Correct or complete them; breakout doctor checks all sums."
    )
    return (warning,)


def _first_of(names: Sequence[str]) -> str:
    return ", ".join(names[:EXAMPLES]) + (", ..." if len(names) > EXAMPLES else "")
