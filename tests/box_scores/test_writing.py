"""Imports that are killed at any write, and imports at the same time as other imports and readers of their folder."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from breakout.box_scores.table_writing import CORRECTIONS, PLAYERS, TEAMS, StoredTables
from breakout.errors import DataError
from breakout.settings.composition import compose
from breakout.warehouse import opening
from breakout.warehouse.duckdb import DuckDBWarehouse
from tests.box_scores.test_import import FIRST, SECOND, content, game, rows, write

TABLES = (PLAYERS, TEAMS, CORRECTIONS)


class Killed(BaseException):
    """A stand-in for the death of the process; the package does not catch it."""


def kill_at(number: int, monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """Make the renaming or removal of a file raise Killed, from the `number`-th such operation on.

    Return a function that returns the number of these operations so far.
    """
    count = 0

    def counted(operation: Callable[..., Any]) -> Callable[..., Any]:
        def run(*arguments: Any, **options: Any) -> Any:
            nonlocal count
            count += 1
            if count >= number:
                raise Killed
            return operation(*arguments, **options)

        return run

    for name in ("replace", "unlink"):
        monkeypatch.setattr(Path, name, counted(getattr(Path, name)))
    return lambda: count


def correct_and_add(folder: Path) -> None:
    """Import a corrected value of a game in October, and the first game of November."""
    write(folder, *game(AST=9), *game(62, "2024-11-01"), now=SECOND)


def test_an_import_killed_at_any_write_leaves_the_earlier_tables_or_the_new_ones(tmp_path: Path) -> None:
    base, whole = tmp_path / "base", tmp_path / "whole"
    write(base, *game(), now=FIRST)
    before = {table: rows(base, table) for table in TABLES}
    shutil.copytree(base, whole)
    with pytest.MonkeyPatch.context() as patch:
        operations = kill_at(1_000, patch)
        correct_and_add(whole)
    assert operations() == 6  # four files and the manifest are renamed, one file of the earlier state is removed
    after = {table: rows(whole, table) for table in TABLES}
    incoming = {table: after[table].drop(columns="imported_at") for table in (PLAYERS, TEAMS)}
    for number in range(1, operations() + 1):
        folder = Path(shutil.copytree(base, tmp_path / str(number)))
        with pytest.MonkeyPatch.context() as patch:
            kill_at(number, patch)
            with pytest.raises(Killed):
                StoredTables(folder).write(incoming, "nba_api", SECOND)
        for table, expected in (before if number < 6 else after).items():
            pd.testing.assert_frame_equal(rows(folder, table), expected)
        StoredTables(folder).write(incoming, "nba_api", SECOND)
        assert content(folder) == content(whole)


def test_two_imports_at_once_follow_each_other(tmp_path: Path) -> None:
    days = ["2024-10-22", "2024-10-24", "2024-11-01"]
    with ThreadPoolExecutor(len(days)) as threads:
        list(threads.map(lambda one: write(tmp_path, *game(61 + one[0], one[1])), enumerate(days)))
    assert [f"{day:%Y-%m-%d}" for day in sorted(set(rows(tmp_path, PLAYERS)["game_date"]))] == days


def test_a_folder_that_changes_while_it_is_opened_is_opened_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, *game())
    attempts = []

    def open_slowly(files: Any, *options: Any, **others: Any) -> DuckDBWarehouse:
        attempts.append(files)
        if len(attempts) == 1:  # an import replaces the files before they are read
            correct_and_add(tmp_path)
            raise DataError("no such file")
        opened = DuckDBWarehouse(files, *options, **others)
        if len(attempts) == 2:  # an import may have come between the reading of two tables
            write(tmp_path, *game(63, "2024-11-02"))
        return opened

    monkeypatch.setattr("breakout.warehouse.duckdb.DuckDBWarehouse", open_slowly)
    config = compose("train", ["warehouse=duckdb", f"warehouse.folder={tmp_path}"])
    with opening.open_warehouse(config.warehouse) as warehouse:
        assert f"{warehouse.latest_game_date():%Y-%m-%d}" == "2024-11-02"
    assert len(attempts) == 3
