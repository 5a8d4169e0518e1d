"""Checks of sums against the sample, which has known failures, and against an error added by the test."""

from __future__ import annotations

from datetime import date

import pytest

from breakout.warehouse.checks import reconciliation
from breakout.warehouse.checks.reconciliation import reconcile
from breakout.warehouse.duckdb import DuckDBWarehouse
from breakout.warehouse.sample import open_sample
from tests.commands import Answer, call

FIRST, LAST = date(2023, 10, 1), date(2026, 4, 30)


def test_the_quirks_of_the_sample_are_listed_and_a_planted_one_is_found() -> None:
    with open_sample() as sample:
        minutes, unscheduled, unplayed = reconcile(sample, FIRST, LAST)
        assert minutes.total == len(minutes.failures) == 6
        assert "20260203_ATL_MIA ATL (127 of 127 points, 240 of 226 minutes)" in minutes.failures
        assert unscheduled.failures == ("20251216_NYK_SAS",)
        assert unplayed.failures == ("20251216_SAS_NYK",)
        assert reconcile(sample, date(2024, 10, 22), date(2024, 10, 31)) == ()
        sample.connection.execute(
            "UPDATE nba_analytics.player_game_summary SET points = points + 1"
            " WHERE game_id = '20241022_NYK_BOS' AND player_lookup = 'jrueholiday'"
        )
        (points,) = reconcile(sample, date(2024, 10, 22), date(2024, 10, 31))
    assert points.failures[0].startswith("20241022_NYK_BOS BOS (133 of 132 points")


@pytest.fixture(scope="module")
def whole() -> Answer:
    """Return what `breakout doctor` answers about the sample."""
    return call("doctor")


def test_the_doctor_warns_of_a_newest_game_in_the_future(whole: Answer, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "ok      newest game: 2026-02-05" in whole.out
    monkeypatch.setattr(DuckDBWarehouse, "latest_game_date", lambda _: date(2226, 2, 5))
    answer = call("doctor")
    assert answer.code == 0
    assert "warning newest game: 2226-02-05 lies after today" in answer.out


def test_the_doctor_lists_every_failure_and_counts_those_beyond_a_limit(
    whole: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert whole.code == 0
    assert all(game in whole.out for game in ("20240112_CHA_SAS", "20260203_ATL_MIA MIA", "20251216_SAS_NYK"))
    monkeypatch.setattr(reconciliation, "LISTED", 2)
    cut = call("doctor").out
    assert "20240112_CHA_SAS" in cut
    assert "20260203_ATL_MIA" not in cut
    assert "and 4 more" in cut
