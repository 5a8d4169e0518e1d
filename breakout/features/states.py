"""The parts of the feature query that compute states: the values of windows after each game of a player or team.

A part is a common table expression (CTE). The module `windows` defines on which dates a state is valid.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from breakout.features import windows as w
from breakout.features.roster import roster_states

if TYPE_CHECKING:
    from breakout.features.query_plan import QueryPlan

# The columns by which a requested row joins the CTE `night`, which has the states of its team and of its opponent.
NIGHT_KEY = ("team_abbr", "opponent_team_abbr", "season_year", "game_date")


def needed_relations(plan: QueryPlan) -> list[w.Relation]:
    """Return the relations whose states the query joins; `player` always, for the date of the player's last game."""
    return [
        relation
        for relation in w.RELATIONS
        if relation.name in plan.states or relation.name == "player" or roster_states(plan, relation.name)
    ]


def states(plan: QueryPlan) -> dict[str, str]:
    """Return the CTEs of the states, as SQL by name.

    There is one for each relation that the query joins, and `night` if a feature reads the states of a team.
    """
    return {relation.state: _state(plan, relation) for relation in needed_relations(plan)} | _nights(plan)


def _state(plan: QueryPlan, relation: w.Relation) -> str:
    """Return the SQL of a relation's states, with one state after each game.

    The column `until_date`, the last date on which the state is valid, exists only if a join needs it.
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
    # A roster also has players without a requested row, so the states of all players of the season are computed.
    needs_all_players = bool(plan.rosters) and not relation.seasons_before
    return f"""SELECT {relation.partition}, season_year, game_date AS state_date{listed}
FROM {relation.source if relation.is_of_night or needs_all_players else _asked(relation)}
WINDOW
  {windows}"""


def _asked(relation: w.Relation) -> str:
    """Return a subquery of a relation's games, limited to the players and seasons of the requested rows.

    A requested row joins only states of its own player, so the games of other players are not needed. If the relation
    reads earlier seasons, a game is listed once for each requested season for which it counts.
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
    """Return the CTE `night`, by name: the states of team and opponent on each requested date.

    The CTE joins these states once for all players of a team. The result is empty if no feature reads them.
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
