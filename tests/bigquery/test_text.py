"""The SQL texts, read for what the real BigQuery refuses but the emulator's engine accepts."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from google.cloud import bigquery
from sqlglot import exp

from breakout.coverage import flawed_games_query
from breakout.errors import DataError
from breakout.features.console import console_text, renew_page
from breakout.features.query import RowSource, get_status_query, get_training_data_query
from breakout.features.registry import BREAKOUT_FEATURE_ORDER, REGISTRY
from breakout.features.windows import RELATIONS, ROW_WINDOWS
from breakout.tracking.bigquery import EXPERIMENT_COLUMNS, parameter
from breakout.warehouse import tables
from breakout.warehouse.bigquery.writing import SLATE_COLUMNS, merge_statement
from breakout.warehouse.checks import row_checks
from breakout.warehouse.checks.consistency_query import TABLES, consistency_query
from breakout.warehouse.checks.reconciliation import reconciliation_queries
from breakout.warehouse.renaming import Renaming
from tests.bigquery.dialect import parse, refusals, unfiltered_tables
from tests.bigquery.emulator import run

DOCS = Path(__file__).parents[2] / "docs" / "bigquery.md"

SOURCES: tuple[RowSource, ...] = ("played", "slate", "listed")
MAPPED = tables.SourceTables(renaming=Renaming.from_maps({"PHO": "PHX"}, {"2": "regular", "1": None}))
TEXTS = {
    **{f"features, {source}": get_training_data_query(tuple(REGISTRY), row_source=source) for source in SOURCES},
    **{f"feature {name}": get_training_data_query((name,)) for name in REGISTRY},
    **{
        f"check of {table.name}, {'mapped' if sources is MAPPED else 'plain'}": row_checks.problem_query(
            sources, table, is_filtered=True
        )
        for sources in (tables.SourceTables(), MAPPED)
        for table in tables.HISTORY_TABLES
    },
    **{
        f"check of all tables, {'mapped' if sources is MAPPED else 'plain'}": consistency_query(
            sources, TABLES, is_filtered=True
        )
        for sources in (tables.SourceTables(), MAPPED)
    },
    "check of flawed games": flawed_games_query(MAPPED),
    **reconciliation_queries(MAPPED, has_schedule=True),
    "statuses": get_status_query(replace(MAPPED, has_tip_off=True), ("player_full_name", "reported_at")),
    "features, mapped": get_training_data_query(tuple(REGISTRY), row_source="slate", sources=MAPPED),
    "slate": merge_statement(
        "a.b", "SELECT item.probability FROM UNNEST(@rows) AS item", ("game_id",), tuple(SLATE_COLUMNS), "TRUE"
    ),
    "tracking": merge_statement(
        "a.b",
        f"SELECT {', '.join(f'{parameter(name, kind)} AS {name}' for name, kind in EXPERIMENT_COLUMNS.items())}",
        ("experiment_id",),
        tuple(EXPERIMENT_COLUMNS),
    ),
}


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_holds_only_what_bigquery_documents(name: str) -> None:
    assert refusals(TEXTS[name]) == ()


@pytest.mark.parametrize(
    ("sql", "refusal"),
    [
        ("SELECT LIST(points) AS p FROM a", "the function LIST is not documented"),
        ("SELECT CAST(points AS HUGEINT) AS p FROM a", "there is no type INT128"),
        ("SELECT points AS `rows` FROM a", "the name rows is a reserved word"),
        ("SELECT SUM(points) OVER last_5 AS p FROM a", "the window last_5 is not defined"),
        (
            "SELECT LAG(p) OVER w AS p FROM a WINDOW w AS (ORDER BY d ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)",
            "LAG(p) takes no frame, but w has one",
        ),
        ("SELECT a.p FROM a LEFT JOIN b ON a.d < b.d", "LEFT JOIN b ON a.d < b.d has no equality"),
    ],
)
def test_what_bigquery_would_refuse_is_seen(sql: str, refusal: str) -> None:
    assert refusals(sql) == (refusal,)


@pytest.mark.parametrize("name", [name for name in TEXTS if name.startswith("feature")])
def test_every_named_window_is_known(name: str) -> None:
    known = {*ROW_WINDOWS, *(window for each in RELATIONS for window in (each.order, *each.windows)), "player_season"}
    for select in parse(TEXTS[name]).find_all(exp.Select):
        assert {window.name for window in select.args.get("windows") or []} <= known


@pytest.mark.parametrize("name", [name for name in TEXTS if name.startswith(("feature", "check"))])
def test_every_source_is_filtered_by_day(name: str) -> None:
    assert "game_date BETWEEN @" in TEXTS[name]
    assert unfiltered_tables(TEXTS[name]) == ()


@pytest.mark.parametrize(
    "sql",
    [
        "WITH a AS (SELECT * FROM nba_analytics.t WHERE points > @x) SELECT * FROM a WHERE game_date = @d",
        "SELECT * FROM a JOIN nba_analytics.t ON a.d = t.d",
        "SELECT * FROM nba_analytics.t WHERE game_date > @d OR points > 5",
        "SELECT * FROM nba_analytics.t WHERE game_date > played_date",
    ],
)
def test_a_text_without_filter_is_seen(sql: str) -> None:
    assert unfiltered_tables(sql) == ("nba_analytics.t",)


def test_the_page_holds_the_text_of_today() -> None:
    assert f"```sql\n{console_text()}```" in DOCS.read_text(encoding="utf-8"), (
        "run: python -m breakout.features.console docs/bigquery.md"
    )


def test_a_page_without_a_block_of_sql_is_kept(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# A page\n")
    with pytest.raises(DataError, match="no SQL block"):
        renew_page(page)
    assert page.read_text() == "# A page\n"


@pytest.mark.parametrize("names", [BREAKOUT_FEATURE_ORDER, ["team_points_out"]])
def test_the_script_for_the_console_declares_each_variable_that_it_uses(names: list[str]) -> None:
    script = console_text(names)
    declared = set(re.findall(r"^DECLARE (p_\w+)", script, flags=re.MULTILINE))
    assert set(re.findall(r"\bp_\w+", script)) == declared
    assert ("p_cutoff" in declared) == ("team_points_out" in names)


@pytest.mark.bigquery
def test_the_text_for_the_console_runs_as_it_stands(client: bigquery.Client) -> None:
    rows = run(client, console_text())
    assert len(rows) == 1_515
    assert all(row["game_date"] >= date(2026, 1, 11) for row in rows)
    assert np.mean([row["is_breakout"] for row in rows]) == pytest.approx(0.1822, abs=5e-5)
    assert set(BREAKOUT_FEATURE_ORDER) <= set(rows[0])


def test_the_script_for_the_console_reads_every_season_that_its_features_need() -> None:
    assert "p_history_start DATE DEFAULT DATE '2024-09-01'" in console_text()
    assert "p_history_start DATE DEFAULT DATE '2023-09-01'" in console_text(["points_decayed_long_ratio"])
