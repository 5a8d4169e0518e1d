"""The features that the user defines: their conversion to `Feature` objects, and the checks of their SQL.

A definition may read only games before the row's date. Over a named window, the functions in WINDOW_FUNCTIONS read only
such games, if the offset of LAG is 0 or more. All other SQL that can read several rows is refused.
"""

from __future__ import annotations

import re
from dataclasses import asdict
from typing import TYPE_CHECKING

from breakout.errors import ConfigurationError, nearest_name
from breakout.features import windows as w
from breakout.features.feature import Feature
from breakout.features.registry import REGISTRY, registry_with

if TYPE_CHECKING:
    from sqlglot import exp

    from breakout.settings.groups import FeaturesConfig

# The functions that a definition may use with OVER. All others are refused, because some, such as LEAD and NTILE, can
# read later games.
WINDOW_FUNCTIONS = ("SUM", "COUNT", "COUNTIF", "MIN", "MAX", "AVG", "LAG", "FIRST_VALUE", "LAST_VALUE", "ROW_NUMBER")
# Beginnings of the names that sqlglot gives to functions whose result is random, or depends on the time, on the user or
# on the order of all rows.
_CHANGING = re.compile(r"Current|Normal|Rand|Seq\d|Session|Uniform|Uuid|Zipf")
_REMEDY = "`breakout features` lists the windows and columns that an expression may use."


def own_features(config: FeaturesConfig) -> tuple[Feature, ...]:
    """Return the features that the user defines in the settings, without checking them."""
    return tuple(Feature(**asdict(definition)) for definition in config.definitions)


def check_own(own: tuple[Feature, ...]) -> None:
    """Raise ConfigurationError if a definition of the user cannot be used.

    The name must differ from the names of all other features and of the feature query's columns. The expression must
    read only named windows, columns and features that exist, and must not depend on the feature itself.
    `check_expression` has the rules for the SQL.
    """
    if not own:
        return
    for place, entry in enumerate(own):
        if entry.name in REGISTRY:
            raise ConfigurationError(
                f"features.definitions defines {entry.name}, which is a feature of the package; choose another name."
            )
        if entry.name in {earlier.name for earlier in own[:place]}:
            raise ConfigurationError(f"features.definitions defines {entry.name} twice; keep one of the two.")
        check_expression(entry)
    _check_resolved(own)


def _check_resolved(own: tuple[Feature, ...]) -> None:
    from breakout.features.query import query_columns
    from breakout.features.query_plan import FeatureDefinitionError, plan_query

    names = tuple(entry.name for entry in own)
    try:
        plan = plan_query(registry_with(own), names)
    except FeatureDefinitionError as error:
        raise ConfigurationError(f"features.definitions: {error}; {_REMEDY}") from error
    for name in names:
        if name in query_columns(plan):
            raise ConfigurationError(f"features.definitions: {name} is a column of the query; choose another name.")


def check_expression(entry: Feature) -> None:
    """Raise ConfigurationError if the expression of a user's feature is not allowed.

    - The expression must be SQL of one value, without subqueries or parameters.
    - Aggregates need a named window. Over a window, only the functions in WINDOW_FUNCTIONS are allowed.
    - The offset of LAG must be a whole number, 0 or more.
    - Functions that are random, that return the current time or user, or that number all rows are refused.
    - Functions that sqlglot does not know are refused, because BigQuery or DuckDB may lack them.
    """
    from sqlglot import exp, parse_one
    from sqlglot.errors import SqlglotError

    try:
        tree = parse_one(entry.expression, read=w.DIALECT)
    except SqlglotError as error:
        reason = str(error).partition("\n")[0].rstrip(".")
        raise _refusal(entry, f"its expression is not SQL of one value ({reason})") from error
    if not isinstance(tree, exp.Condition | exp.Func | exp.Case):
        raise _refusal(entry, "its expression is not SQL of one value")
    for node in tree.walk():
        _check_node(entry, node)


def _check_node(entry: Feature, node: exp.Expr) -> None:
    from sqlglot import exp

    if isinstance(node, exp.Query | exp.Table | exp.Parameter | exp.Placeholder):
        raise _refusal(entry, f"{node.sql(w.DIALECT)} reads more than windows and columns")
    if isinstance(node, exp.Func) and _CHANGING.match(type(node).__name__):
        raise _refusal(entry, f"{node.sql(w.DIALECT)} differs from call to call")
    if isinstance(node, exp.Anonymous):
        raise _refusal(entry, f"{node.name} is no function that both engines have")
    if isinstance(node, exp.AggFunc) and node.find_ancestor(exp.Window) is None:
        raise _refusal(entry, f"{node.sql(w.DIALECT)} has no window; write {node.sql(w.DIALECT)} OVER season_so_far")
    if isinstance(node, exp.Window):
        _check_window(entry, node)


def _check_window(entry: Feature, node: exp.Window) -> None:
    from sqlglot import exp

    sql, window = node.sql(w.DIALECT), node.text("alias")
    known = (*w.ROW_WINDOWS, *w.RELATION_OF_WINDOW, *w.ROSTER_WINDOWS)
    if window not in known:
        near = nearest_name(window, known, cutoff=0.5)
        raise _refusal(entry, f"{sql} names no known window{f'; did you mean {near}?' if near else ''}", bool(near))
    if any(node.args.get(part) for part in ("partition_by", "order", "spec")):
        named = f"write only the name of the window: OVER {window}"
        raise _refusal(entry, f"{sql} changes the window {window}, which could read later games; {named}", True)
    function = node.this.this if isinstance(node.this, exp.IgnoreNulls | exp.RespectNulls) else node.this
    name = function.sql_name() if isinstance(function, exp.Func) else type(function).__name__.upper()
    if name.replace("_IF", "IF") not in WINDOW_FUNCTIONS:
        raise _refusal(entry, f"{name} is not among the functions of windows: {', '.join(WINDOW_FUNCTIONS)}", True)
    offset = function.args.get("offset") if isinstance(function, exp.Lag) else None
    if offset is not None and not (isinstance(offset, exp.Literal) and offset.is_int):
        raise _refusal(entry, f"{sql} must go back by a whole number of games, 0 or more")


def _refusal(entry: Feature, reason: str, is_complete: bool = False) -> ConfigurationError:
    end = "" if is_complete and reason.endswith("?") else "." if is_complete else f"; {_REMEDY}"
    return ConfigurationError(f"features.definitions: {entry.name}: {reason}{end}")
