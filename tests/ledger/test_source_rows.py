"""Tests of the log of source rows: a row is recorded once, and again if it changes, goes or comes back."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pandas as pd
import pytest

from breakout.ledger.source_changes import list_changes
from breakout.ledger.source_rows import SourceLog
from breakout.warehouse.tables import TEAM_OFFENSE_GAME_SUMMARY as TEAMS

DAYS = (date(2026, 1, 1), date(2026, 1, 31))


def rows(*points: tuple[str, float | None]) -> pd.DataFrame:
    """Return team rows of one date from teams and points; None is NULL."""
    return pd.DataFrame(
        {
            "game_id": [f"20260105_{team}" for team, _ in points],
            "game_date": date(2026, 1, 5),
            "team_abbr": [team for team, _ in points],
            "points_scored": pd.Series([scored for _, scored in points], dtype="float64"),
        }
    )


def at(day: int) -> datetime:
    return datetime(2026, 1, day, 15, tzinfo=UTC)


@pytest.fixture
def log(tmp_path: Path) -> SourceLog:
    return SourceLog(tmp_path)


def test_rows_are_known_as_they_were_at_each_time(log: SourceLog) -> None:
    recorded = [
        log.record(TEAMS, (), rows(*states), DAYS, at(day))
        for day, states in (
            (6, [("BOS", 100.0), ("NYK", None)]),
            (7, [("NYK", None), ("BOS", 100.0)]),  # the same rows in another order
            (8, [("BOS", 101.0), ("NYK", None)]),
            (9, [("BOS", 101.0)]),
            (10, [("BOS", 101.0), ("NYK", None)]),
        )
    ]
    assert [path is None for path in recorded] == [False, True, False, False, False]
    known = log.read(TEAMS, ())
    assert len(known.versions) == 2 + 1 + 1 + 1
    assert known.at(at(5), *DAYS) is None

    def changes(day: int) -> list[tuple[str, str, str, str]]:
        before = known.at(at(day), *DAYS)
        assert before is not None
        found = list_changes(TEAMS, before, rows(("BOS", 102.0), ("NYK", None)))
        return sorted((change.key, change.column, change.before, change.now) for change in found)

    assert changes(7) == [("20260105_BOS BOS", "points_scored", "100", "102")]
    assert changes(8) == [("20260105_BOS BOS", "points_scored", "101", "102")]
    assert changes(9) == [
        ("20260105_BOS BOS", "points_scored", "101", "102"),
        ("20260105_NYK NYK", "(row)", "absent", "present"),
    ]
    assert changes(10) == changes(8)


def test_rows_outside_the_dates_are_not_taken_for_gone(log: SourceLog) -> None:
    log.record(TEAMS, (), rows(("BOS", 100.0)), DAYS, at(6))
    later = (date(2026, 1, 6), date(2026, 1, 31))
    assert log.record(TEAMS, (), rows(), later, at(7)) is None


def test_further_columns_have_a_log_of_their_own_and_a_damaged_file_is_named(log: SourceLog) -> None:
    first = log.record(TEAMS, (), rows(("BOS", 100.0)), DAYS, at(6))
    second = log.record(TEAMS, ("pace",), rows(("BOS", 100.0)).assign(pace=99.0), DAYS, at(7))
    assert first
    assert second
    assert first.parent != second.parent
    first.write_bytes(b"broken")
    assert log.read(TEAMS, ()).damaged[0].startswith(str(first))
    assert log.read(TEAMS, ("pace",)).damaged == ()
    again = log.record(TEAMS, (), rows(("BOS", 100.0)), DAYS, at(8))
    assert again
    assert again.name == "000002.parquet"
