"""The SQL of states. A state has sums, counts and other aggregates over the latest games of a player or team.

There is one state for each game, computed with this game included. A row of the feature query reads the state of the
last game before the row's date.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from breakout.features import windows as w
from breakout.features.roster import roster_states

if TYPE_CHECKING:
    from breakout.features.query_plan import QueryPlan

# The columns by which a row joins the CTE `night`, which has window values of both teams of the row's game.
NIGHT_KEY = ("team_abbr", "opponent_team_abbr", "season_year", "game_date")


def needed_relations(plan: QueryPlan) -> list[w.Relation]:
    """Return the relations (games of players or of teams) that the feature query joins.

    The relation `player` is always included, because the query returns the date of the player's last game.
    """
    return [
        relation
        for relation in w.RELATIONS
        if relation.name in plan.states or relation.name == "player" or roster_states(plan, relation.name)
    ]


def states(plan: QueryPlan) -> dict[str, str]:
    """Return the SQL of the CTEs that hold the values of SQL window functions after each game, by CTE name.

    There is one CTE for each relation that the query joins. If a feature reads a window of team games, the CTE `night`
    is added. It has these values for both teams of each game.
    """
    return {relation.state: _state(plan, relation) for relation in needed_relations(plan)} | _nights(plan)


def _state(plan: QueryPlan, relation: w.Relation) -> str:
    """Return the SQL of a relation's states: for each game, the values of the windows that end with this game.

    The column `until_date` is the last date on which the state is valid. The column exists only if a join reads it.
    """
    columns = {name: relation.column(node) for name, node in plan.windows_of(relation.name).items()}
    columns |= roster_states(plan, relation.name)
    if relation.is_counted:
        columns["games_so_far"] = f"ROW_NUMBER() OVER {relation.order}"
    if not relation.is_counted or plan.rosters:
        columns["until_date"] = f"COALESCE(LEAD(game_date) OVER {relation.order}, DATE '9999-12-31')"
    used = {window for window in relation.windows if any(sql.endswith(f" {window}") for sql in columns.values())}
    frames = [f"{window} AS ({relation.order} {frame})" for window, frame in relation.windows.items() if window in used]
    order = f"{relation.order} AS (PARTITION BY {relation.partition}, season_year ORDER BY game_date, game_id)"
    listed = "".join(f",\n  {sql} AS {name}" for name, sql in columns.items())
    windows = ",\n  ".join([order, *frames])
    # `_asked` leaves only the players in the query's rows. A roster needs all players of a team.
    needs_all_players = bool(plan.rosters) and not relation.seasons_before
    return f"""SELECT {relation.partition}, season_year, game_date AS state_date{listed}
FROM {relation.source if relation.is_of_night or needs_all_players else _asked(relation)}
WINDOW
  {windows}"""


def _asked(relation: w.Relation) -> str:
    """Return an SQL subquery of a relation's games, limited to the players and seasons of the query's rows.

    If windows reach back over several seasons, a game is repeated for each season whose rows need it. `season_year` is
    then the season of these rows.
    """
    columns, condition = f"{relation.source}.*", relation.join.format(state=relation.source)
    if relation.seasons_before:
        columns += " REPLACE (kept.season_year AS season_year)"
        condition = condition.replace(
            f"{relation.source}.season_year = kept.season_year",
            f"{relation.source}.season_year BETWEEN kept.season_year - {relation.seasons_before} AND kept.season_year",
        )
    return f"""(
  SELECT {columns}
  FROM {relation.source}
  JOIN (SELECT DISTINCT {relation.partition}, season_year FROM kept) AS kept
    ON {condition}
)"""


def _nights(plan: QueryPlan) -> dict[str, str]:
    """Return {"night": SQL}, or an empty dict if no feature reads a window of team games.

    The CTE `night` has one row for each team and date of the query's rows, with the window values of the team and of
    its opponent. So these values are joined once for all players of the team.
    """
    relations = [relation for relation in w.RELATIONS if relation.is_of_night and relation.name in plan.states]
    if not relations:
        return {}
    columns = "".join(f", {name}" for relation in relations for name in plan.states[relation.name])
    joins = "\n".join(f"LEFT JOIN {relation.state}\n  ON {relation.condition}" for relation in relations)
    keys = ", ".join(NIGHT_KEY)
    return {
        "night": f"""SELECT {", ".join(f"kept.{key}" for key in NIGHT_KEY)}{columns}
FROM (SELECT DISTINCT {keys} FROM kept) AS kept
{joins}"""
    }
