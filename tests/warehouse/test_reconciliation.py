"""The sums of the sample's box scores: its known quirks, and planted ones."""

from __future__ import annotations

from datetime import date

from breakout.warehouse.reconciliation import reconcile
from breakout.warehouse.sample import open_sample

FIRST, LAST = date(2023, 10, 1), date(2026, 4, 30)


def test_the_quirks_of_the_sample_are_listed_and_a_planted_one_is_found() -> None:
    with open_sample() as sample:
        minutes, unscheduled, unplayed = reconcile(sample, FIRST, LAST)
        assert "in 6 cases" in minutes
        assert "20260203_ATL_MIA ATL (127 of 127 points, 240 of 226 minutes)" in minutes
        assert "20251216_NYK_SAS" in unscheduled
        assert "20251216_SAS_NYK" in unplayed
        assert reconcile(sample, date(2024, 10, 22), date(2024, 10, 31)) == ()
        sample.connection.execute(
            "UPDATE nba_analytics.player_game_summary SET points = points + 1"
            " WHERE game_id = '20241022_NYK_BOS' AND player_lookup = 'jrueholiday'"
        )
        (points,) = reconcile(sample, date(2024, 10, 22), date(2024, 10, 31))
    assert "in 1 cases: 20241022_NYK_BOS BOS (133 of 132 points" in points
