"""The feature query: one SQL text in BigQuery's dialect, built from feature definitions and named windows.

Training, evaluation and prediction ask for different rows (`RowSource`), but compute features in the same way. Dates
and settings are query parameters such as `@start` and `@min_ppg`. The main CTEs of the query are, in this order:

- `player_games`, `team_games`: the games in the source tables.
- `kept`: the rows that the query returns, still without features.
- `player_state`, `team_state` and others: the values of windows after each game.
- `joined`: the rows of `kept` with the window values before their dates.
- `features_0`, `features_1`, ...: the rows of `joined` with features.
"""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Literal

from breakout.features import windows as w
from breakout.features.query_plan import QueryPlan, plan_query
from breakout.features.registry import BREAKOUT_FEATURE_ORDER, REGISTRY
from breakout.features.roster import (
    asks_for_missed_games,
    availability_states,
    numbered_games,
    played_with_missed_games,
    rosters,
)
from breakout.features.sources import DERIVED_PLAYED, IS_HOME, player_games, team_games
from breakout.features.states import NIGHT_KEY, needed_relations, states
from breakout.warehouse.tables import SCHEDULE, SourceTables

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from breakout.features.feature import Feature

# The rows of the feature query, one for each player and game.
# - played: role players in the games that were played from @start to @end.
# - slate: the players of both teams in the games that are scheduled from @start to @end. A player belongs to the team
#   of the last game that he played this season before @start.
# - listed: the players and future games that the caller writes into a table, which is also named `slate`.
RowSource = Literal["played", "slate", "listed"]

KEY_COLUMNS = ("player_lookup", "game_id", "game_date")
NIGHT_COLUMNS = ("team_abbr", "opponent_team_abbr", "season_year", "is_home", "games_before")
NAME_COLUMN = "player_full_name"  # only the row source "slate" returns this column
CONTEXT_COLUMNS = ("season_points_avg", "last_game_date", "is_role_player", "is_breakout")

_NIGHT = ("player_lookup", "game_id", "game_date", "day", "season_year", "team_abbr", "opponent_team_abbr")

# The conditions avoid a division: they compare a sum of points with a product such as @min_ppg * games_before. A
# product may be rounded, so both sides count as equal if they differ by at most 1e-9.
ROLE_PLAYER = (
    "games_before >= @min_prior_games AND points_before >= @min_ppg * games_before - 1e-9 "
    "AND points_before <= @max_ppg * games_before + 1e-9"
)
IS_BREAKOUT = "points * games_before >= @breakout_multiplier * points_before - 1e-9"


def get_training_data_query(
    names: Sequence[str] = BREAKOUT_FEATURE_ORDER,
    *,
    row_source: RowSource = "played",
    sources: SourceTables | None = None,
    registry: Mapping[str, Feature] = REGISTRY,
    has_points: bool = False,
) -> str:
    """Return the SQL query that computes the features `names`, in BigQuery's dialect.

    - `row_source`: `played` for role players in played games, `slate` for all players in scheduled games, `listed` for
      the players and games in the table `slate`.
    - `sources`: the names of the source tables; None means the default names.
    - `has_points`: whether to add the points of the row's own game.

    Parameters of the query:

    - DATE: @history_start, @start, @end.
    - FLOAT64: @min_ppg, @max_ppg, @breakout_multiplier.
    - INT64: @min_prior_games.
    - ARRAY<STRING>: @season_types.
    - STRING: @season_type, only if `sources` uses it.
    - Only if a feature reads injury reports: @cutoff (HH:MM) and @timezone STRING, @days_before INT64.

    Columns of the result, in this order:

    - KEY_COLUMNS: player, game and date.
    - `player_full_name`: only for the row source `slate`.
    - NIGHT_COLUMNS: teams, season, home flag and number of earlier games this season.
    - CONTEXT_COLUMNS: season average, date of the last game, flags for role player and breakout.
    - The features as FLOAT64, NULL where missing. A repeated name gives one column.
    - `points`: only if `has_points`.

    Rows are sorted by game_date, game_id, player_lookup.

    FeatureDefinitionError if the expression of a feature cannot be resolved. ConfigurationError if a feature reads a
    column whose name is no plain identifier. ValueError if `names` is empty.
    """
    names = tuple(dict.fromkeys(names))
    plan = plan_query(registry, names)
    tables = sources or SourceTables()
    ctes = {
        "player_games": player_games(tables, plan.inputs["played"], names=_names(row_source)),
        "team_games": team_games(tables, plan.inputs["team_games"]),
        **_nights(tables, row_source),
        "rows_as_of": _rows_as_of(plan, row_source),
        **numbered_games(plan),
        "played": _played(plan),
        "kept": _kept(plan, row_source),
        **states(plan),
        **(availability_states(tables) if plan.uses_availability else {}),
        **rosters(plan),
        "joined": _joined(plan),
        **_levels(plan),
    }
    listed = (*names, "points") if has_points else names
    return f"{_with(ctes)}\n\n{_final(plan, listed, row_source)}\n"


def get_status_query(tables: SourceTables, named: Sequence[str]) -> str:
    """Return the SQL query for the players' statuses in the injury reports for the dates @start to @end.

    As in features, a player's status is the latest one that was reported no later than the cutoff. If the schedule has
    the time of tip-off, the status must also be reported before tip-off. A player without such a status has no row.

    Parameters of the query: @start and @end DATE, @cutoff (HH:MM) and @timezone STRING, @days_before INT64. Columns of
    the result: game_date, team_abbr, player_lookup, status, then `named` (further columns of the injury reports). Rows
    are sorted by the first three columns.
    """
    ctes = availability_states(tables, named)
    del ctes["report_dates"]
    return f"{_with(ctes)}\n\nSELECT *\nFROM availability_state\nORDER BY game_date, team_abbr, player_lookup\n"


def _with(ctes: Mapping[str, str]) -> str:
    body = ",\n\n".join(f"{name} AS (\n{textwrap.indent(text, '  ')}\n)" for name, text in ctes.items())
    return f"WITH {body}"


def seasons_before(names: Sequence[str], registry: Mapping[str, Feature] = REGISTRY) -> int:
    """Return how many seasons the query must read before a row's own season to compute the features `names`.

    The number is at least 1. FeatureDefinitionError if the expression of a feature cannot be resolved.
    """
    read = plan_query(registry, tuple(dict.fromkeys(names))).states
    return max([1, *(relation.seasons_before for relation in w.RELATIONS if relation.name in read)])


def query_columns(plan: QueryPlan) -> set[str]:
    """Return the names of all columns of the feature query, except the features.

    A feature of the user must not have one of these names.
    """
    own = {*KEY_COLUMNS, NAME_COLUMN, *NIGHT_COLUMNS, *CONTEXT_COLUMNS, *w.ROW_COLUMNS, "points"}
    computed = {name for columns in (*plan.states.values(), *plan.rosters.values()) for name in columns}
    return own | computed | set(plan.row_windows)


def night_columns(row_source: RowSource) -> tuple[str, ...]:
    """Return the columns that describe a row's game before it is played, such as `is_home`, in the query's order.

    For the row source `slate`, the player's name comes first.
    """
    return (*_names(row_source), *NIGHT_COLUMNS)


def _names(row_source: RowSource) -> tuple[str, ...]:
    return (NAME_COLUMN,) if row_source == "slate" else ()


def _night(row_source: RowSource) -> str:
    return ", ".join((*_NIGHT, *_names(row_source)))


def _nights(tables: SourceTables, row_source: RowSource) -> dict[str, str]:
    """Return the SQL of the CTE `slate`, and of the CTEs that `slate` reads, by name.

    `slate` has the rows to compute for games that are not played yet. For the row source `played`, the result is empty.
    """
    if row_source == "played":
        return {}
    if row_source == "listed":
        columns = _night(row_source).replace(" day,", " UNIX_DATE(game_date) AS day,")
        return {"slate": f"SELECT {columns}, is_home\nFROM `{tables.slate}`\nWHERE game_date BETWEEN @start AND @end"}
    side = """SELECT game_id, game_date, season_year,
  {own} AS team_abbr, {other} AS opponent_team_abbr, {home} AS is_home
FROM {table}
WHERE game_date BETWEEN @start AND @end AND {season_type} IN UNNEST(@season_types)"""
    fixed = {"table": tables.reference(SCHEDULE), "season_type": tables.season_type}
    home = side.format(own="home_team_abbr", other="away_team_abbr", home=1, **fixed)
    away = side.format(own="away_team_abbr", other="home_team_abbr", home=0, **fixed)
    latest = """SELECT player_lookup, player_full_name, season_year, team_abbr,
  ROW_NUMBER() OVER (PARTITION BY player_lookup, season_year ORDER BY game_date DESC, game_id DESC) AS recency
FROM player_games
WHERE game_date < @start AND season_year IN (SELECT season_year FROM scheduled)"""
    slate = """SELECT player_lookup, player_full_name, game_id, game_date, UNIX_DATE(game_date) AS day,
  scheduled.season_year, scheduled.team_abbr, opponent_team_abbr, is_home
FROM scheduled
JOIN latest_team
  ON latest_team.team_abbr = scheduled.team_abbr AND latest_team.season_year = scheduled.season_year
WHERE recency = 1"""
    return {"scheduled": f"{home}\nUNION ALL\n{away}", "latest_team": latest, "slate": slate}


def _rows_as_of(plan: QueryPlan, row_source: RowSource) -> str:
    """Return the SQL of the played games, followed by the query's rows whose games are not played yet.

    Each row has the number of games that the player played this season before the row's date, and his points in these
    games.
    """
    extra = "".join(f",\n  {w.write_sql(node)} AS {name}" for name, node in plan.row_windows.items())
    used = {"before"} | {node.text("alias") for node in plan.row_windows.values()}
    windows = ", ".join(f"{name} AS {frame}" for name, frame in w.ROW_WINDOWS.items() if name in used)
    # All rows of `player_games` have points, so COUNT(*) equals COUNT(points). It is also faster.
    rows, games = "player_games", "COUNT(*)"
    if row_source != "played":
        games = "COUNT(points)"
        values = sorted((plan.inputs["played"] | {"points"}) - DERIVED_PLAYED - {"is_home"})
        night = _night(row_source)
        is_home = "is_home" if "is_home" in plan.inputs["played"] else "NULL AS is_home"
        played = f"SELECT {night}, {is_home}, {', '.join(values)} FROM player_games\n  WHERE {_seasons_read(plan)}"
        unknown = ", ".join(f"CAST(NULL AS FLOAT64) AS {value}" for value in values)
        rows = f"(\n  {played}\n  UNION ALL\n  SELECT {night}, is_home, {unknown} FROM slate\n)"
    return f"""SELECT *,
  {games} OVER before AS games_before,
  SUM(points) OVER before AS points_before{extra}
FROM {rows}
WINDOW {windows}"""


def _seasons_read(plan: QueryPlan) -> str:
    """Return the SQL condition that selects the seasons whose games the features need."""
    read = [relation.seasons_before + relation.seasons_back for relation in needed_relations(plan)]
    first, last = (f"(SELECT {bound}(season_year) FROM slate)" for bound in ("MIN", "MAX"))
    return f"season_year BETWEEN {first} - {max(read)} AND {last}"


def _played(plan: QueryPlan) -> str:
    """Return the SQL of the played games with the column `was_breakout`: 1 for a breakout, else 0.

    `was_breakout` is NULL if the player had fewer than @min_prior_games games this season before the game.
    """
    was_breakout = f"""CASE WHEN games_before >= @min_prior_games
    THEN IF(points_before > 0 AND {IS_BREAKOUT}, 1, 0) END AS was_breakout"""
    if not asks_for_missed_games(plan):
        return f"SELECT *,\n  {was_breakout}\nFROM rows_as_of\nWHERE points IS NOT NULL"
    return played_with_missed_games(was_breakout)


def _kept(plan: QueryPlan, row_source: RowSource) -> str:
    """Return the SQL of the rows that the query returns, one for each player and game.

    For played games, these are the rows of role players. For other games, these are the rows of all players, and the
    column `is_role_player` marks role players.
    """
    carried = ["points", *plan.row_windows]
    is_home = f"{IS_HOME} AS is_home" if row_source == "played" else "is_home"
    columns = f"SELECT {_night(row_source)}, {is_home}, games_before, points_before, {', '.join(carried)}"
    role_player = f"({ROLE_PLAYER}) AS is_role_player"
    if row_source == "played":
        where = f"points IS NOT NULL AND game_date BETWEEN @start AND @end\n  AND {ROLE_PLAYER}"
    else:
        where = "points IS NULL"
    return f"{columns},\n  {role_player}\nFROM rows_as_of\nWHERE {where}"


def _joined(plan: QueryPlan) -> str:
    """Return the SELECT that joins the rows of the CTE `kept` with the other CTEs that features read."""
    joined: dict[str, tuple[Iterable[str], str]] = {}
    of_night = [name for relation in w.RELATIONS if relation.is_of_night for name in plan.windows_of(relation.name)]
    if of_night:
        joined["night"] = of_night, _same("night", *NIGHT_KEY)
    own = [relation for relation in needed_relations(plan) if not relation.is_of_night]
    joined |= {relation.state: (plan.windows_of(relation.name), relation.condition) for relation in own}
    joined |= {
        window: (columns, _same(window, "player_lookup", w.ROSTER_WINDOWS[window], "game_date"))
        for window, columns in plan.rosters.items()
    }
    listed = [f"{name}.{column}" for name, (columns, _) in joined.items() for column in columns]
    if "availability_status" in plan.row_columns:
        joined["availability_state"] = (), _same("availability_state", "player_lookup", "team_abbr", "game_date")
        listed.append("availability_state.status AS availability_status")
    if "has_report" in plan.row_columns:
        joined["report_dates"] = (), _same("report_dates", "game_date")
        listed.append("IF(report_dates.game_date IS NULL, 0, 1) AS has_report")
    columns = ",\n  ".join(["kept.*", "player_state.state_date AS last_game_date", *listed])
    joins = [f"LEFT JOIN {name}\n  ON {condition}" for name, (_, condition) in joined.items()]
    return "\n".join([f"SELECT {columns}", "FROM kept", *joins])


def _same(name: str, *keys: str) -> str:
    return " AND ".join(f"{name}.{key} = kept.{key}" for key in keys)


def _levels(plan: QueryPlan) -> dict[str, str]:
    """Return the SQL of one CTE for each level of the plan, by name. A feature uses only features of lower levels."""
    ctes, previous = {}, "joined"
    for level in range(max(plan.levels.values()) + 1):
        names = [name for name, depth in plan.levels.items() if depth == level]
        listed = ",\n  ".join(f"CAST({plan.expressions[name]} AS FLOAT64) AS {name}" for name in names)
        ctes[f"features_{level}"] = f"SELECT *,\n  {listed}\nFROM {previous}"
        previous = f"features_{level}"
    return ctes


def _final(plan: QueryPlan, listed_last: Sequence[str], row_source: RowSource) -> str:
    context = (
        "points_before / NULLIF(games_before, 0) AS season_points_avg",
        "last_game_date",
        "is_role_player",
        f"IF(points IS NULL, NULL, IF({IS_BREAKOUT}, 1, 0)) AS is_breakout",
    )
    listed = ",\n  ".join([", ".join(KEY_COLUMNS), ", ".join(night_columns(row_source)), *context, *listed_last])
    return f"SELECT\n  {listed}\nFROM features_{max(plan.levels.values())}\nORDER BY game_date, game_id, player_lookup"
