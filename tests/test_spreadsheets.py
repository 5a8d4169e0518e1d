"""A spreadsheet that opens our CSV files runs nothing in them."""

from __future__ import annotations

import csv
import io

import pandas as pd
import pytest

from breakout.leaderboard import Leaderboard, MissingJob, to_csv
from breakout.spreadsheets import escape_formula, format_csv

FORMULAS = ["=cmd|'/c calc'!A0", "+1+1", "-2+3", "@SUM(1)", "\t=1"]


@pytest.mark.parametrize("text", FORMULAS)
def test_text_that_begins_as_a_formula_does_so_no_more(text: str) -> None:
    assert escape_formula(text) == f"'{text}"
    assert escape_formula(f"\r\x1b{text}") == f"'{text}", "a carriage return alone begins a new line of the file"


@pytest.mark.parametrize("value", ["Jokić", "a=b", "", "model.depth=3", -1.5, 3, None, True])
def test_other_values_stay(value: object) -> None:
    assert escape_formula(value) == value


def test_a_table_keeps_its_numbers_and_dates_and_loses_its_formulas() -> None:
    frame = pd.DataFrame({"name": [*FORMULAS, "Jokić", None], "points": -1.5, "day": pd.Timestamp("2026-01-02")})
    rows = list(csv.DictReader(io.StringIO(format_csv(frame))))
    assert [row["name"] for row in rows] == [*(f"'{text}" for text in FORMULAS), "Jokić", ""]
    assert {row["points"] for row in rows} == {"-1.5"}
    assert {row["day"] for row in rows} == {"2026-01-02"}


def test_a_table_without_formulas_is_written_as_pandas_writes_it() -> None:
    frame = pd.DataFrame(
        {"name": ["a", None], "count": [1, 2], "is_home": [True, False], "day": pd.Timestamp("2026-01-02").date()}
    )
    assert format_csv(frame) == frame.to_csv(index=False)


def test_no_cell_of_a_leaderboard_begins_as_a_formula() -> None:
    missing = MissingJob(
        job=0, words="+x=1", label="", state="failed", reason="-2 is too small", run="=run", command="@SUM(1)"
    )
    board = Leaderboard(
        sweep="s",
        folder="f",
        optimized_metric="log_loss",
        higher_is_better=False,
        jobs=1,
        completed=0,
        fit_seconds=0.0,
        tables=(),
        recipes=(),
        seeds=(),
        not_completed=(missing,),
        resume_command="",
    )
    (row,) = csv.DictReader(io.StringIO(to_csv(board)))
    assert [row[name] for name in ("settings", "reason", "run", "command")] == [
        "'+x=1",
        "'-2 is too small",
        "'=run",
        "'@SUM(1)",
    ]
