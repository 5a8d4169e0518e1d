"""Tests of the audit of served features: it finds and names every planted change of a source cell."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from breakout.bundle.folder import read_bundle
from breakout.ledger.recording import SlateRecorder
from breakout.ledger.served import ServedAudit, audit_served
from breakout.ledger.store import FolderLedger
from breakout.production.slate import build_slate
from breakout.report.terminal.audit import print_served
from breakout.settings import FolderLedgerConfig
from breakout.warehouse.duckdb import DuckDBWarehouse
from breakout.warehouse.sample import SAMPLE_FOLDER
from tests.commands import Trained, call
from tests.ledger.entries import add_refused_shadow

DAY = date(2026, 1, 20)
EVENING = datetime(2026, 1, 20, 23, tzinfo=UTC)  # after the cutoff of the injury reports, 17:30 in New York
KEEP_ALL = FolderLedgerConfig("folder", True, "first", 3, "America/New_York")
Tables = dict[str, pd.DataFrame]


@pytest.fixture(scope="module")
def tables() -> Tables:
    """Return the sample's source tables from 20 November 2025 to the day after DAY."""
    names = ("player_game_summary", "team_offense_game_summary", "schedule", "availability")
    loaded = {name: pd.read_parquet(SAMPLE_FOLDER / f"{name}.parquet") for name in names}
    return {
        name: rows[rows["game_date"].between(date(2025, 11, 20), DAY + timedelta(days=1))].reset_index(drop=True)
        for name, rows in loaded.items()
    }


def opened(tables: Tables) -> DuckDBWarehouse:
    return DuckDBWarehouse.from_arrow({name: pa.Table.from_pandas(rows) for name, rows in tables.items()})


@dataclass(frozen=True)
class Served:
    """Outputs with a ledger of two models' slates; `row` is the first player of the second model's slate."""

    outputs: Path
    row: pd.Series

    def audit(self, tables: Tables, served: str = "all") -> ServedAudit:
        with opened(tables) as warehouse:
            return audit_served(FolderLedger.of(self.outputs), warehouse, self.outputs, served)


@pytest.fixture(scope="module")
def served(trained: Trained, tables: Tables, tmp_path_factory: pytest.TempPathFactory) -> Served:
    outputs = tmp_path_factory.mktemp("served")
    (outputs / "runs").mkdir()
    warehouse = opened(tables)
    for name in ("earlier", "reported"):
        (outputs / "runs" / name).symlink_to(trained[name].parent)
        bundle = read_bundle(trained[name])
        slate = build_slate(bundle, warehouse, DAY, 14, now=EVENING)
        assert SlateRecorder(warehouse, KEEP_ALL, outputs).record(slate, bundle)
    warehouse.close()
    return Served(outputs, slate.ranked.iloc[0])


def differing(report: ServedAudit) -> dict[str, int]:
    return {one.feature: one.differing for one in report.features if one.differing}


def test_nothing_differs_on_unchanged_tables_or_when_later_games_change(served: Served, tables: Tables) -> None:
    report = served.audit(tables)
    assert report.is_clean
    assert report.vectors > 60
    assert all(one.share == 0 for one in report.features)
    players = tables["player_game_summary"]
    later = players.assign(points=players["points"].mask(players["game_date"] >= DAY, 0))
    assert served.audit(tables | {"player_game_summary": later}).is_clean


def last_game_of(tables: Tables, served: Served) -> int:
    """Return the index of the last played game before DAY of the player in `served.row`."""
    players = tables["player_game_summary"]
    is_his = (players["player_lookup"] == served.row["player_lookup"]) & (players["game_date"] < DAY)
    return int(players[is_his & (players["minutes_played"] > 0)].index[-1])


def last_against_opponent(tables: Tables, served: Served) -> int:
    """Return the index of the last team row before DAY against the opponent of the player in `served.row`."""
    teams = tables["team_offense_game_summary"]
    is_against = (teams["opponent_team_abbr"] == served.row["opponent_team_abbr"]) & (teams["game_date"] < DAY)
    return int(teams[is_against].index[-1])


def report_of_a_regular(tables: Tables, _: Served) -> int:
    """Return the index of a report that lists as out a player who has often scored 10 points or more."""
    reports, players = tables["availability"], tables["player_game_summary"]
    regulars = players.loc[players["points"] >= 10, "player_lookup"].value_counts()
    known = (reports["game_date"] == DAY) & (reports["reported_at"] < EVENING)
    is_out = (reports["status"].str.lower() == "out") & reports["player_lookup"].isin(regulars[regulars > 5].index)
    return int(reports[known & is_out].index[-1])


CELLS: list[tuple[str, str, Callable[[Tables, Served], int], str, str]] = [
    ("player_game_summary", "points", last_game_of, "earlier", "points_avg_season"),
    ("player_game_summary", "minutes_played", last_game_of, "earlier", "minutes_avg_last_10"),
    ("team_offense_game_summary", "points_scored", last_against_opponent, "earlier", "opponent_def_rating"),
    ("team_offense_game_summary", "possessions", last_against_opponent, "earlier", "opponent_def_rating"),
    ("availability", "status", report_of_a_regular, "reported", "team_points_out"),
]


@pytest.mark.parametrize(("table", "column", "place", "model", "feature"), CELLS)
def test_a_planted_change_is_found_and_its_cell_is_named(
    table: str,
    column: str,
    place: Callable[[Tables, Served], int],
    model: str,
    feature: str,
    served: Served,
    tables: Tables,
) -> None:
    at = place(tables, served)
    rows = tables[table].copy()
    before: Any = rows.loc[at, column]
    rows.loc[at, column] = "probable" if column == "status" else before + 3
    report = served.audit(tables | {table: rows}, model)
    assert not report.is_clean
    assert differing(report)[feature] >= 1
    assert report.unexplained == 0
    named = report.cells[0].change
    assert (named.table, named.column) == (table, column)
    assert {change.change.column for change in report.cells} == {column}
    assert str(rows.loc[at, "player_lookup" if "player_lookup" in rows else "game_id"]) in named.key
    if column != "status":
        assert float(named.now) == pytest.approx(float(named.before) + 3)


def test_a_row_that_came_or_went_is_named(served: Served, tables: Tables) -> None:
    players = tables["player_game_summary"]
    at = last_game_of(tables, served)
    gone = served.audit(tables | {"player_game_summary": players.drop(index=at)}, "earlier")
    assert [(cell.change.column, cell.change.before, cell.change.now) for cell in gone.cells] == [
        ("(row)", "present", "absent")
    ]
    early = players[(players["player_lookup"] == served.row["player_lookup"])].iloc[[0]]
    added = early.assign(game_id="20251119_XXX_YYY", game_date=date(2025, 11, 19))
    more = served.audit(tables | {"player_game_summary": pd.concat([added, players])}, "earlier")
    assert [(cell.change.key, cell.change.now) for cell in more.cells] == [
        (f"20251119_XXX_YYY {served.row['player_lookup']}", "present")
    ]
    assert "points_avg_season" in differing(more)


def test_players_of_a_game_that_the_schedule_has_no_more_are_absent(served: Served, tables: Tables) -> None:
    schedule = tables["schedule"]
    report = served.audit(tables | {"schedule": schedule[schedule["game_id"] != served.row["game_id"]]})
    assert report.absent > 4
    assert report.differing == report.unexplained == 0
    assert {cell.change.table for cell in report.cells} == {"schedule"}


def test_a_model_is_chosen_by_role_name_or_fingerprint_and_a_lost_bundle_is_named(
    served: Served, tables: Tables, tmp_path: Path
) -> None:
    whole = served.audit(tables, "other").vectors
    assert served.audit(tables, "earlier").vectors < whole
    (tmp_path / "ledger").symlink_to(served.outputs / "ledger")
    lost = Served(tmp_path, served.row).audit(tables)
    assert lost.vectors == 0
    assert len(lost.unexamined) == 2
    assert not lost.is_clean


def test_a_bundle_with_refused_settings_is_not_examined_and_the_others_are(
    served: Served, trained: Trained, tables: Tables, tmp_path: Path
) -> None:
    refused = add_refused_shadow(read_bundle(trained["earlier"]), tmp_path)
    ledger = FolderLedger.of(tmp_path)
    rows = FolderLedger.of(served.outputs).read_entries().rows
    ledger.add_entries(rows)
    ledger.add_entries(rows.slice(0, 1).set_column(rows.column_names.index("bundle"), "bundle", pa.array([refused])))
    (tmp_path / "runs").symlink_to(served.outputs / "runs")
    report = Served(tmp_path, served.row).audit(tables)
    (sentence,) = report.unexamined
    assert "config_version" in sentence
    assert report.vectors == served.audit(tables).vectors


@pytest.mark.parametrize(
    ("differing", "unexamined", "damaged", "last"),
    [
        (0, (), (), "clean"),
        (3, (), (), "3 vectors differ"),
        (0, ("model a is lost.",), (), "1 model not compared"),
        (0, (), ("file b is damaged.", "file c is damaged."), "2 damaged files"),
    ],
)
def test_the_last_line_of_an_audit_counts_what_is_wrong_and_nothing_else(
    differing: int,
    unexamined: tuple[str, ...],
    damaged: tuple[str, ...],
    last: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_served(ServedAudit((), (), 9, differing, 0, 0, unexamined, damaged))
    assert capsys.readouterr().out.splitlines()[-1].startswith(last)


def test_the_command_ends_with_one_for_differences_and_names_a_wrong_model(
    served: Served, tables: Tables, tmp_path: Path
) -> None:
    there = f"paths.outputs={served.outputs}"
    for name, rows in tables.items():
        rows.to_parquet(tmp_path / f"{name}.parquet", index=False)
    files = ("warehouse=duckdb", *(f"warehouse.{name}={tmp_path / f'{name}.parquet'}" for name in tables))
    assert call("audit", "served=erlier", there, *files).code == 2
    assert call("audit", "served=all", f"paths.outputs={tmp_path}", *files).code == 3
    assert call("audit", "served=earlier", there, *files, "audit.start=2026-01-21").code == 3
    same = call("audit", "served=earlier", there, *files)
    assert same.code == 0, same.out + same.err
    players, at = tables["player_game_summary"], last_game_of(tables, served)
    changed = players.assign(minutes_played=players["minutes_played"].where(players.index != at, 1.5))
    changed.to_parquet(tmp_path / "player_game_summary.parquet", index=False)
    differing = call("audit", "served=earlier", there, *files)
    assert differing.code == 1
    assert "minutes_played: " in differing.out
    assert "to 1.5; vectors: 1" in differing.out
