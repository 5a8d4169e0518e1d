"""Tests of the outcome of every kind of entry, and of the history of grades."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pandas as pd
import pytest

from breakout.ledger.grading import GRADE_SCHEMA, choose_counted, grade_entries, new_grades
from tests.ledger.entries import DAY, GAME, MORNING, entry, frame, results

PLAYED = (GAME, DAY, "other", "BOS", 20, 30.0)  # with this row of another player, the game counts as played


def grade(
    entries: pd.DataFrame, rows: pd.DataFrame, *, today: date = DAY + timedelta(days=1), scheduled: Any = None
) -> dict[str, tuple[str, str]]:
    schedule = {GAME: DAY} if scheduled is None else scheduled
    found = grade_entries(choose_counted(entries, "first"), rows, schedule, today, lost_after_days=3)
    rows_found: list[Any] = list(found.itertuples())
    return {row.player_lookup: (row.outcome, row.reason) for row in rows_found}


def test_points_that_reach_the_stored_threshold_are_a_breakout() -> None:
    rows = results((GAME, DAY, "ann", "BOS", 15, 30.0), (GAME, DAY, "bea", "BOS", 14, 30.0))
    found = grade(frame(entry("ann"), entry("bea")), rows)
    assert found == {"ann": ("breakout", "15 points, 15 needed"), "bea": ("no", "14 points, 15 needed")}


def test_a_player_without_a_played_row_is_void_and_a_traded_one_says_where_he_played() -> None:
    elsewhere = ("20260105_LAL_MIA", DAY, "tom", "LAL", 30, 35.0)
    rows = results(PLAYED, (GAME, DAY, "dnp", "BOS", 0, 0.0), (GAME, DAY, "null", "BOS", None, 10.0), elsewhere)
    found = grade(frame(*map(entry, ("dnp", "null", "absent", "tom"))), rows)
    assert {outcome for outcome, _ in found.values()} == {"void"}
    assert found["absent"][1] == found["dnp"][1] == "did not play"
    assert "LAL" in found["tom"][1]
    assert "20260105_LAL_MIA" in found["tom"][1]


def test_a_game_without_rows_is_pending_until_it_is_lost() -> None:
    nothing = results(("20260105_LAL_MIA", DAY, "x", "LAL", 3, 9.0))
    assert grade(frame(entry()), nothing, today=DAY + timedelta(days=2))["ann"][0] == "pending"
    assert grade(frame(entry()), nothing, today=DAY + timedelta(days=3))["ann"][0] == "lost"


def test_a_postponed_game_names_its_new_date_and_a_game_played_on_another_date_is_void() -> None:
    moved = {"20260120_NYK_BOS": date(2026, 1, 20), "20260130_NYK_BOS": date(2026, 1, 30)}
    outcome, reason = grade(frame(entry()), results(), scheduled=moved)["ann"]
    assert outcome == "pending"
    assert reason.endswith(" on 2026-01-20")
    assert grade(frame(entry()), results(), scheduled={GAME: date(2026, 1, 9)})["ann"][1] == "moved to 2026-01-09"
    assert "no longer" in grade(frame(entry()), results(), scheduled={})["ann"][1]
    later = results((GAME, DAY + timedelta(days=1), "ann", "BOS", 30, 30.0))
    assert grade(frame(entry()), later)["ann"] == ("void", "the game was played on 2026-01-06")


def test_a_late_entry_is_never_graded_and_gives_way_to_one_that_is_on_time() -> None:
    rows = results((GAME, DAY, "ann", "BOS", 30, 30.0))
    late = entry(is_late=True, predicted_at=MORNING + timedelta(hours=12))
    assert grade(frame(late), rows)["ann"][0] == "late"
    assert grade(frame(late, entry()), rows)["ann"][0] == "breakout"


@pytest.mark.parametrize(("which", "probability"), [("first", 0.1), ("last", 0.3)])
def test_the_first_or_the_last_entry_before_tip_off_counts_once(which: Any, probability: float) -> None:
    after = MORNING + timedelta(hours=1)
    entries = frame(
        entry(probability=0.2, predicted_at=after),
        entry(probability=0.1),
        entry(probability=0.3, predicted_at=after + timedelta(hours=1)),
        entry(probability=0.4, predicted_at=after + timedelta(hours=9), is_late=True),
        entry(probability=0.9, bundle="b2"),
    )
    found = choose_counted(entries, which)
    assert found[["bundle", "probability"]].to_numpy().tolist() == [["b1", probability], ["b2", 0.9]]


def test_the_history_gets_each_outcome_once_and_a_correction_beside_the_old_one() -> None:
    empty = GRADE_SCHEMA.empty_table().to_pandas()
    at = datetime(2026, 1, 6, 15, tzinfo=UTC)

    def graded(points: int) -> pd.DataFrame:
        rows = results((GAME, DAY, "ann", "BOS", points, 30.0), PLAYED)
        entries = choose_counted(frame(entry("ann"), entry("bea"), entry("may", game_id="20260105_LAL_MIA")), "first")
        schedule = {GAME: DAY, "20260105_LAL_MIA": DAY}
        return grade_entries(entries, rows, schedule, DAY + timedelta(days=1), lost_after_days=3)

    first = new_grades(graded(14), empty, at)
    assert [(row["player_lookup"], row["outcome"], row["was"]) for row in first.to_pylist()] == [
        ("ann", "no", None),
        ("bea", "void", None),
    ]  # the entry of the player may is pending and gets no row
    assert new_grades(graded(14), first.to_pandas(), at).num_rows == 0
    (corrected,) = new_grades(graded(16), first.to_pandas(), at).to_pylist()
    assert (corrected["outcome"], corrected["points"], corrected["was"]) == ("breakout", 16, "no")
    assert "14 points" in corrected["reason"]
