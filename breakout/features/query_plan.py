"""The plan of the feature query: the window expressions that it computes, and the order in which it builds features."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from breakout.errors import nearest_name
from breakout.features import windows as w
from breakout.features.windows import write_sql

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlglot import exp

    from breakout.features.feature import Feature


class FeatureDefinitionError(ValueError):
    """The error for a feature that does not exist, depends on itself, or uses an unknown window, column or feature."""


@dataclass
class QueryPlan:
    """The features, columns and window expressions that the feature query computes for a list of features.

    - `levels`: the level of each feature, by name. A feature has level 0 if it uses no other feature. Otherwise its
      level is one above the highest level among the features that it uses.
    - `expressions`: the SQL of each feature, by name. `levels` and `expressions` also have every feature that a feature
      of the list uses.
    - `row_windows`: expressions over the player's earlier games of the season, computed for each row, by column name.
    - `states[relation]`: expressions computed for each game of a relation (games of players or of teams), by column
      name. A row takes the values of one earlier game.
    - `rosters[window]`: expressions over a window of the players of a team, by column name.
    - `row_columns`: the columns of the row's own game that features read.
    - `inputs`: the columns that window expressions read from each of three CTEs: `played` (games of players),
      `team_games` (games of teams) and `roster` (players of a team on a date). `roster` is computed from `played`, so
      `inputs["played"]` also has the columns that `roster` needs.
    """

    registry: Mapping[str, Feature]
    levels: dict[str, int] = field(default_factory=dict)
    expressions: dict[str, str] = field(default_factory=dict)
    row_windows: dict[str, exp.Window] = field(default_factory=dict)
    states: dict[str, dict[str, exp.Window]] = field(default_factory=dict)
    rosters: dict[str, dict[str, exp.Window]] = field(default_factory=dict)
    row_columns: set[str] = field(default_factory=set)
    inputs: dict[str, set[str]] = field(default_factory=lambda: {"played": set(), "team_games": set(), "roster": set()})

    def add(self, name: str, chain: tuple[str, ...] = ()) -> int:
        """Add a feature, and all features in its expression, to the plan; return the feature's level (see `levels`).

        `chain` has the features whose expressions led to this feature.

        FeatureDefinitionError if there is no such feature, if the feature depends on itself, or if its expression uses
        a window or column that does not exist.
        """
        if name in chain:
            raise FeatureDefinitionError(f"feature {name} depends on itself: {' -> '.join((*chain, name))}")
        if name in self.levels:
            return self.levels[name]
        if name not in self.registry:
            near = nearest_name(name, self.registry, cutoff=0.5)
            raise FeatureDefinitionError(f"there is no feature {name!r}{f'; did you mean {near}?' if near else ''}")
        from sqlglot import exp

        depths = [0]

        def resolve(node: exp.Expression) -> exp.Expression:
            if isinstance(node, exp.Window):
                return self._window_column(name, node)
            if isinstance(node, exp.Column):
                column, depth = self._column(name, node, (*chain, name))
                depths.append(depth)
                return column
            return node

        tree = w.parse_expression(self.registry[name].expression).transform(resolve)
        self.levels[name], self.expressions[name] = max(depths), write_sql(tree)
        return self.levels[name]

    def windows_of(self, relation: str) -> Mapping[str, exp.Window]:
        """Return window expressions, such as `SUM(points) OVER last_5` for the relation `player`, by column name."""
        return self.states.get(relation, {})

    @property
    def uses_availability(self) -> bool:
        """Return whether a feature of the plan reads injury reports (the table `availability`)."""
        return "is_out" in self.inputs["roster"] or bool({"availability_status", "has_report"} & self.row_columns)

    def _window_column(self, name: str, node: exp.Window) -> exp.Column:
        """Add a window expression of the feature `name` to the plan; return the column that replaces the expression."""
        from sqlglot import exp

        sql, window = write_sql(node), node.text("alias")
        column = _column_name(sql)
        if window in w.ROW_WINDOWS:
            source, target = "played", self.row_windows
        elif window in w.RELATION_OF_WINDOW:
            relation = w.RELATION_OF_WINDOW[window]
            source, target = relation.source, self.states.setdefault(relation.name, {})
        elif window in w.ROSTER_WINDOWS:
            source, target = "roster", self.rosters.setdefault(window, {})
        else:
            raise FeatureDefinitionError(f"feature {name}: {sql} names no known window")
        target[column] = node.copy()
        read = {part.name for part in node.find_all(exp.Column)}
        if source == "roster" and not read <= set(w.ROSTER_COLUMNS):
            raise FeatureDefinitionError(
                f"feature {name}: {sql} reads {', '.join(sorted(read - set(w.ROSTER_COLUMNS)))}; the columns of "
                f"{window} are {', '.join(w.ROSTER_COLUMNS)}"
            )
        self.inputs[source].update(read)
        if source == "roster":
            self.inputs["played"].update(_PLAYED_OF_ROSTER[column] for column in read & _PLAYED_OF_ROSTER.keys())
        return exp.column(column)

    def _column(self, name: str, column: exp.Column, chain: tuple[str, ...]) -> tuple[exp.Expression, int]:
        """Return the SQL that replaces `column` in the feature `name`, and the lowest level that the feature can have.

        This level (see `levels`) is 0 if `column` is a fact about the row, such as `row.is_home`. If `column` is
        another feature, the level is one above that feature's level.
        """
        from sqlglot import exp

        if column.table == "row" and column.name in w.ROW_COLUMNS:
            self.row_columns.add(column.name)
            return exp.column(column.name), 0
        if column.table in {"", "filled"} and column.name in self.registry:
            depth = self.add(column.name, chain) + 1
            if not column.table:
                return exp.column(column.name), depth
            default = exp.Literal.number(repr(float(self.registry[column.name].default)))
            return exp.Coalesce(this=exp.column(column.name), expressions=[default]), depth
        known = [*self.registry, *(f"row.{fact}" for fact in w.ROW_COLUMNS)]
        near = nearest_name(sql := column.sql(w.DIALECT), known)
        raise FeatureDefinitionError(
            f"feature {name} uses {sql}, which is no window, no column of the row and no feature"
            f"{f'; did you mean {near}?' if near else ''}"
        )


# Maps a column of the CTE `roster` (players of a team) to the column of the CTE `played` (games of players) from which
# it is computed.
_PLAYED_OF_ROSTER = {"minutes_avg_pico": "minutes_nano", "team_games_missed": "played_team_game"}


def _column_name(sql: str) -> str:
    """Return a readable column name for a window expression: SUM(points) OVER last_5 -> sum_points_over_last_5."""
    return re.sub(r"[^a-z0-9]+", "_", sql.lower().replace("(*)", "").replace("*", " x ")).strip("_")


def plan_query(registry: Mapping[str, Feature], names: Sequence[str]) -> QueryPlan:
    """Return the plan of the feature query for the features `names`.

    Callers must not change the plan, because it is cached. FeatureDefinitionError if there is no such feature or if an
    expression cannot be resolved.
    """
    return _plan(tuple(registry.values()), tuple(names))


@lru_cache(maxsize=256)
def _plan(entries: tuple[Feature, ...], names: tuple[str, ...]) -> QueryPlan:
    plan = QueryPlan({entry.name: entry for entry in entries})
    for name in names:
        plan.add(name)
    return plan
