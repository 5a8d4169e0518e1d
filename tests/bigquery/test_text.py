"""The SQL texts as read, not run: the emulator's engine cannot tell what the real one would refuse."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import numpy as np
import pytest
import sqlglot
from sqlglot import exp

from breakout.features.query import RowSource, get_training_data_query
from breakout.features.registry import BREAKOUT_FEATURE_ORDER, REGISTRY
from breakout.features.windows import RELATIONS, ROW_WINDOWS
from breakout.tracking import bigquery as tracking
from breakout.warehouse import bigquery_slate, tables
from breakout.warehouse.bigquery_tables import merge_statement
from breakout.warehouse.console import console_text
from tests.bigquery.emulator import open_emulator, run
from tests.bigquery.fault_server import unfiltered_tables

DOCS = Path(__file__).parents[2] / "docs" / "bigquery.md"

# https://cloud.google.com/bigquery/docs/reference/standard-sql: functions, conditional expressions, types, keywords.
FUNCTIONS = {
    *("ABS", "CAST", "CEIL", "COALESCE", "CONCAT", "COUNT", "ENDS_WITH", "FLOOR", "GREATEST", "IF", "LAG", "LEAD"),
    *("LEAST", "MAX", "MIN", "NULLIF", "PARSE_JSON", "POW", "ROUND", "ROW_NUMBER", "SAFE_DIVIDE", "SQRT", "STRPOS"),
    *("SUM", "UNIX_DATE", "UNNEST", "LAST_VALUE", "FIRST_VALUE", "SIGN"),
}
TYPES = {"FLOAT64", "INT64", "STRING", "DATE", "BOOL", "NUMERIC"}
_RESERVED_WORDS = """
    ALL AND ANY ARRAY AS ASC ASSERT_ROWS_MODIFIED AT BETWEEN BY CASE CAST COLLATE CONTAINS CREATE CROSS CUBE CURRENT
    DEFAULT DEFINE DESC DISTINCT ELSE END ENUM ESCAPE EXCEPT EXCLUDE EXISTS EXTRACT FALSE FETCH FOLLOWING FOR FROM FULL
    GROUP GROUPING GROUPS HASH HAVING IF IGNORE IN INNER INTERSECT INTERVAL INTO IS JOIN LATERAL LEFT LIKE LIMIT LOOKUP
    MERGE NATURAL NEW NO NOT NULL NULLS OF ON OR ORDER OUTER OVER PARTITION PRECEDING PROTO QUALIFY RANGE RECURSIVE
    RESPECT RIGHT ROLLUP ROWS SELECT SET SOME STRUCT TABLESAMPLE THEN TO TREAT TRUE UNBOUNDED UNION UNNEST USING WHEN
    WHERE WINDOW WITH WITHIN"""
RESERVED = set(_RESERVED_WORDS.split())
SOURCES: tuple[RowSource, ...] = ("played", "slate", "listed")
TEXTS = {
    **{f"features, {source}": get_training_data_query(tuple(REGISTRY), row_source=source) for source in SOURCES},
    **{f"feature {name}": get_training_data_query((name,)) for name in REGISTRY},
    **{
        f"check of {table.name}": tables.problem_query(table, f"nba_analytics.{table.name}", is_filtered=True)
        for table in tables.HISTORY_TABLES
    },
    "slate": merge_statement(
        "a.b", "SELECT item.probability FROM UNNEST(@rows) AS item", ("game_id",), tuple(bigquery_slate.COLUMNS), "TRUE"
    ),
    "tracking": merge_statement(
        "a.b", "SELECT PARSE_JSON(@config) AS config", ("experiment_id",), tuple(tracking.COLUMNS)
    ),
}


@pytest.mark.parametrize("name", TEXTS)
def test_only_documented_functions_and_types_stand_in_a_text(name: str) -> None:
    sql = TEXTS[name]
    called = set(re.findall(r"\b([A-Za-z_][A-Za-z_0-9]*)\(", sql)) - {"MERGE"}
    assert called - FUNCTIONS == set()
    tree = sqlglot.parse_one(sql, read="bigquery", error_level=sqlglot.ErrorLevel.RAISE)
    assert list(tree.find_all(exp.Anonymous, exp.Command)) == []
    cast_to = {cast.to.sql("bigquery") for cast in tree.find_all(exp.Cast) if not isinstance(cast.parent, exp.Table)}
    assert cast_to - TYPES == set()


@pytest.mark.parametrize("name", TEXTS)
def test_no_name_that_a_text_gives_is_a_reserved_word(name: str) -> None:
    tree = sqlglot.parse_one(TEXTS[name], read="bigquery")
    given = {node.alias for node in tree.find_all(exp.Alias, exp.TableAlias, exp.CTE, exp.Table) if node.alias}
    given |= {window.name for select in tree.find_all(exp.Select) for window in select.args.get("windows") or []}
    assert {word.upper() for word in given} & RESERVED == set()


@pytest.mark.parametrize("name", [name for name in TEXTS if name.startswith("feature")])
def test_every_named_window_is_defined_where_it_is_used_and_known(name: str) -> None:
    known = {*ROW_WINDOWS, *(window for each in RELATIONS for window in (each.order, *each.windows)), "player_season"}
    for select in sqlglot.parse_one(TEXTS[name], read="bigquery").find_all(exp.Select):
        defined = {window.name for window in select.args.get("windows") or []}
        used = {node.text("alias") for item in select.expressions for node in item.find_all(exp.Window)} - {""}
        assert used <= defined <= known


@pytest.mark.parametrize("name", [name for name in TEXTS if name.startswith(("feature", "check"))])
def test_every_source_is_filtered_by_day(name: str) -> None:
    assert "game_date BETWEEN @" in TEXTS[name]
    assert unfiltered_tables(TEXTS[name]) == []


def test_a_text_without_filter_is_seen() -> None:
    sql = "WITH a AS (SELECT * FROM nba_analytics.t WHERE points > @x) SELECT * FROM a WHERE game_date = @d"
    assert unfiltered_tables(sql) == ["nba_analytics.t"]


def test_the_page_holds_the_text_of_today() -> None:
    assert f"```sql\n{console_text()}```" in DOCS.read_text(encoding="utf-8"), (
        "run: python -m breakout.warehouse.console docs/bigquery.md"
    )


@pytest.mark.bigquery
def test_the_text_for_the_console_runs_as_it_stands(emulator: str) -> None:
    client = open_emulator(emulator)
    rows = run(client, console_text())
    client.close()  # type: ignore[no-untyped-call]
    assert len(rows) == 1_515
    assert all(row["game_date"] >= date(2026, 1, 11) for row in rows)
    assert np.mean([row["is_breakout"] for row in rows]) == pytest.approx(0.1822, abs=5e-5)
    assert set(BREAKOUT_FEATURE_ORDER) <= set(rows[0])
