"""HTML tags are only in templates, rich and `print` only in `report/terminal`, and both media show the same tables."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import jinja2
import pytest

from breakout.evaluation.resamples import Interval
from breakout.report.html.rendering import TEMPLATES, render_page
from breakout.report.sweep_tables import settings_cell
from breakout.report.tables import Table, code, interval, number, text
from breakout.report.terminal.console import PlainConsole, format_cell

PACKAGE = Path(__file__).parent.parent.parent / "breakout"
TAG = re.compile(
    r"</?(a|b|body|code|dd|details|div|dl|dt|figure|g|h[1-6]|head|html|li|p|path|pre|rect|section|span|svg|table|td|th|"
    r"tr|ul)\b[^<]*>"
)
TERMINAL = PACKAGE / "report" / "terminal"
# A separate script that prints the feature query for BigQuery's console.
QUERY_PRINTER = PACKAGE / "features" / "console.py"
PAGES = PACKAGE / "report" / "html"


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


@cache
def nodes(path: Path) -> list[ast.AST]:
    return list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))


def imported(path: Path) -> set[str]:
    found = set()
    for node in nodes(path):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(str(node.module).partition(".")[0])
    return found


def called(path: Path) -> set[str]:
    """Return the names of the functions that a module calls by a plain name, not as an attribute."""
    calls = (node.func for node in nodes(path) if isinstance(node, ast.Call))
    return {function.id for function in calls if isinstance(function, ast.Name)}


def texts(path: Path) -> list[str]:
    """Return every string in a module except its docstrings."""
    docstrings = {id(node.value) for node in nodes(path) if isinstance(node, ast.Expr)}
    constants = (node for node in nodes(path) if isinstance(node, ast.Constant) and id(node) not in docstrings)
    return [node.value for node in constants if isinstance(node.value, str)]


def test_no_module_holds_a_tag() -> None:
    assert [(path.name, value) for path in modules() for value in texts(path) if TAG.search(value)] == []


@pytest.mark.parametrize(("library", "room"), [("jinja2", PAGES), ("rich", TERMINAL)])
def test_a_library_of_one_medium_is_imported_in_its_room_alone(library: str, room: Path) -> None:
    users = {path for path in modules() if library in imported(path)}
    assert users
    assert {path for path in users if room not in path.parents} == set()


def test_nothing_prints_but_the_terminal_s_room() -> None:
    printing = {path for path in modules() if "print" in called(path)} - {QUERY_PRINTER}
    assert printing
    assert {path for path in printing if TERMINAL not in path.parents} == set()


@pytest.mark.parametrize("template", ["run.html.j2", "sweep.html.j2", "chart.svg.j2"])
def test_a_value_that_a_template_misses_is_an_error_and_no_gap(template: str) -> None:
    assert (TEMPLATES / template).is_file()
    with pytest.raises(jinja2.UndefinedError):
        render_page(template, title="title")


def test_cells_hold_what_both_media_show() -> None:
    assert str(interval(Interval(0.59, 0.55, 0.62, 0))) == "0.590 (0.550 to 0.620)"
    undefined = (number(None), number(float("nan")), interval(None))
    assert {cell.sort_by for cell in undefined} == {""}, "what is undefined is sorted last"
    assert number(2.5).sort_by == "2.5"
    assert format_cell(interval(Interval(0.59, 0.55, 0.62, 0))) == "0.590 (0.550-0.620)"
    assert format_cell(interval(Interval(-0.01, -0.02, 0.01, 0), "+.2f")) == "-0.01 (-0.02 to +0.01)"
    assert format_cell(number(None)) == "-"
    assert format_cell(code("a\N{MINUS SIGN}b")) == "a\N{MINUS SIGN}b", "text is printed as it is"


def test_a_table_can_leave_columns_out_and_marks_the_chosen_row(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [[text("a"), number(1), number(2)], [text("b"), number(3), number(4)]]
    table = Table("caption", ["name", "x", "y"], rows, [False, True])
    assert table.without("x").columns == ["name", "y"]
    PlainConsole(80).print_table(table.without("x"))
    printed = capsys.readouterr().out
    assert "b*" in printed
    assert "a*" not in printed
    assert "3.000" not in printed
    assert [row[0].text for row in table.head(1).rows] == ["a"]


def test_settings_are_broken_between_settings_or_at_commas_and_never_cut(capsys: pytest.CaptureFixture[str]) -> None:
    settings = "train_start=2023-10-01 names=[points_avg_last_5,minutes_avg_last_5] seed=" + "1" * 40
    long = " ".join(["a text that is wrapped"] * 5)
    cells = {"job": number(0), "settings": settings_cell(settings, settings), "x": text(long), "y": text(long)}
    PlainConsole(80).print_table(Table.from_records("", [cells]))
    printed = capsys.readouterr().out
    rows = [line.split("\N{BOX DRAWINGS LIGHT VERTICAL}") for line in printed.splitlines()]
    lines = [row[2].strip() for row in rows if len(row) > 1 and row[2].strip()]
    assert lines[:3] == ["train_start=2023-10-01", "names=[points_avg_last_5,", "minutes_avg_last_5]"]
    assert "".join(lines[3:]) == "seed=" + "1" * 40
    assert max(map(len, printed.splitlines())) <= 80


def test_a_narrow_terminal_leaves_out_optional_columns_and_splits_no_number(capsys: pytest.CaptureFixture[str]) -> None:
    stake = interval(Interval(0.0184, 0.0117, 0.0251, 0), ".2%")
    cells = {
        "player": text("Shai Gilgeous-Alexander"),
        "a": stake,
        "b": stake,
        "rarely read": number(0.123),
        "c": stake,
    }
    table, optional = Table.from_records("", [cells]), ("rarely read", "a")
    for width, stakes, has_all in ((120, 3, True), (80, 3, False), (70, 2, False)):
        PlainConsole(width).print_table(table, optional)
        printed = capsys.readouterr().out
        assert printed.count("(1.17%-2.51%)") == stakes
        assert ("0.123" in printed) == has_all
        assert max(map(len, printed.splitlines())) <= width


def test_a_table_of_records_has_their_names_as_columns() -> None:
    table = Table.from_records("caption", [{"name": text("a"), "x": number(1)}, {"name": text("b"), "x": number(2)}])
    assert table.columns == ["name", "x"]
    assert [[cell.text for cell in row] for row in table.rows] == [["a", "1.000"], ["b", "2.000"]]


def test_a_table_without_rows_is_not_printed(capsys: pytest.CaptureFixture[str]) -> None:
    PlainConsole(80).print_table(Table("caption", ["name"], []))
    assert capsys.readouterr().out == ""
