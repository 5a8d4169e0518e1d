"""Checks of SQL texts for what the real BigQuery refuses and the emulator's engine accepts."""

from __future__ import annotations

import re
from functools import cache

import sqlglot
from sqlglot import exp

# FUNCTIONS, TYPES and RESERVED are from https://cloud.google.com/bigquery/docs/reference/standard-sql.
FUNCTIONS = {
    *(
        "ABS",
        "AVG",
        "BIT_XOR",
        "CAST",
        "CEIL",
        "COALESCE",
        "CONCAT",
        "COUNT",
        "COUNTIF",
        "DATE_ADD",
        "DATE_SUB",
        "ENDS_WITH",
        "FARM_FINGERPRINT",
        "FORMAT_DATE",
    ),
    *("FIRST_VALUE", "FLOOR", "GREATEST", "IF", "LAG", "LAST_VALUE", "LEAD", "LEAST", "MAX", "MIN", "NULLIF"),
    *(
        "PARSE_JSON",
        "POW",
        "REGEXP_CONTAINS",
        "REGEXP_EXTRACT",
        "REGEXP_REPLACE",
        "REPLACE",
        "ROUND",
        "ROW_NUMBER",
        "SAFE_DIVIDE",
        "SIGN",
        "SQRT",
        "STRPOS",
        "STRUCT",
        "SUM",
    ),
    *("LOWER", "TO_JSON_STRING", "TRIM", "UNIX_DATE", "UNIX_SECONDS", "UNNEST"),
}
TYPES = {"FLOAT64", "INT64", "STRING", "DATE", "BOOL", "NUMERIC", "TIMESTAMP"}
# Numbering functions and LAG and LEAD, whose window must not have a frame.
_WITHOUT_FRAME = (exp.RowNumber, exp.Lag, exp.Lead)
_RESERVED_WORDS = """
    ALL AND ANY ARRAY AS ASC ASSERT_ROWS_MODIFIED AT BETWEEN BY CASE CAST COLLATE CONTAINS CREATE CROSS CUBE CURRENT
    DEFAULT DEFINE DESC DISTINCT ELSE END ENUM ESCAPE EXCEPT EXCLUDE EXISTS EXTRACT FALSE FETCH FOLLOWING FOR FROM FULL
    GROUP GROUPING GROUPS HASH HAVING IF IGNORE IN INNER INTERSECT INTERVAL INTO IS JOIN LATERAL LEFT LIKE LIMIT LOOKUP
    MERGE NATURAL NEW NO NOT NULL NULLS OF ON OR ORDER OUTER OVER PARTITION PRECEDING PROTO QUALIFY RANGE RECURSIVE
    RESPECT RIGHT ROLLUP ROWS SELECT SET SOME STRUCT TABLESAMPLE THEN TO TREAT TRUE UNBOUNDED UNION UNNEST USING WHEN
    WHERE WINDOW WITH WITHIN"""
RESERVED = set(_RESERVED_WORDS.split())
LONGEST_NAME = 300


@cache
def parse(sql: str) -> exp.Expr:
    """Parse a text in BigQuery's dialect; raise sqlglot's ParseError if that fails."""
    return sqlglot.parse_one(sql, read="bigquery", error_level=sqlglot.ErrorLevel.RAISE)


@cache
def refusals(sql: str) -> tuple[str, ...]:
    """Return every reason for which the real service would refuse this SELECT or MERGE."""
    tree = parse(sql)
    called = set(re.findall(r"\b([A-Za-z_]\w*)\(", re.sub(r"`[^`]*`|'[^']*'", "", sql)))
    found = [f"the function {name} is not documented" for name in sorted(called - FUNCTIONS)]
    found += [f"{node.sql('bigquery')} is not understood" for node in tree.find_all(exp.Anonymous, exp.Command)]
    casts = (cast.to.sql("bigquery") for cast in tree.find_all(exp.Cast))
    found += [f"there is no type {name}" for name in casts if name not in TYPES]
    given = {node.alias for node in tree.find_all(exp.Alias, exp.TableAlias, exp.CTE) if node.alias}
    found += [f"the name {name} is a reserved word" for name in given if name.upper() in RESERVED]
    found += [f"the name {name} is too long" for name in given if len(name) > LONGEST_NAME]
    for select in tree.find_all(exp.Select):
        found += _window_refusals(select)
    found += [f"{join.sql('bigquery')} has no equality" for join in tree.find_all(exp.Join) if _lacks_equality(join)]
    return tuple(found)


def _window_refusals(select: exp.Select) -> list[str]:
    """Return the refusals of undefined windows, and of windows with a frame for functions that take none."""
    defined = {window.name: window for window in select.args.get("windows") or []}
    found = []
    for window in (node for item in select.expressions for node in item.find_all(exp.Window)):
        name, function = window.text("alias"), window.this
        if name and name not in defined:
            found.append(f"the window {name} is not defined")
        if isinstance(function, _WITHOUT_FRAME) and (
            window.args.get("spec") or defined.get(name, window).args.get("spec")
        ):
            found.append(f"{function.sql('bigquery')} takes no frame, but {name} has one")
    return found


def _lacks_equality(join: exp.Join) -> bool:
    """Return whether an outer join compares no column of its two sides for equality, which BigQuery requires."""
    condition = join.args.get("on")
    return join.side in {"LEFT", "RIGHT", "FULL"} and not (condition and any(_conjuncts(condition, exp.EQ)))


@cache
def unfiltered_tables(sql: str) -> tuple[str, ...]:
    """Return the stored tables that a query reads without comparing their game_date with a value."""
    if not sql.lstrip().startswith(("SELECT", "WITH", "CREATE OR REPLACE TABLE")):
        return ()
    read = ((table, table.find_ancestor(exp.Select)) for table in parse(sql).find_all(exp.Table) if table.db)
    return tuple(table.sql("bigquery") for table, select in read if select and not _has_day_filter(select))


def _has_day_filter(select: exp.Select) -> bool:
    """Return whether the SELECT, or an outer one that reads all its columns, compares game_date with a value."""
    if any(_is_day_filter(node) for node in _conjuncts(select.args.get("where"), exp.Expr)):
        return True
    outer = select.find_ancestor(exp.Select) if select.is_star and isinstance(select.parent, exp.Subquery) else None
    return outer is not None and _has_day_filter(outer)


def _conjuncts(node: exp.Expr | None, kind: type[exp.Expr]) -> list[exp.Expr]:
    """Return the expressions of this kind among those that AND connects in a condition."""
    if isinstance(node, exp.Where | exp.Paren):
        return _conjuncts(node.this, kind)
    if isinstance(node, exp.And):
        return [*_conjuncts(node.left, kind), *_conjuncts(node.right, kind)]
    return [node] if isinstance(node, kind) else []


def _is_day_filter(node: exp.Expr) -> bool:
    is_comparison = isinstance(node, exp.Between | exp.GTE | exp.GT | exp.LTE | exp.LT | exp.EQ)
    return is_comparison and node.this.name == "game_date" and node.find(exp.Parameter, exp.Literal) is not None
