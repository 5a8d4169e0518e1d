"""Tests of the ledger in a folder: each addition is written whole and once, despite other writers, kills and damage."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from datetime import timedelta
from pathlib import Path
from unittest import mock

import pyarrow as pa
import pytest

from breakout.errors import DataError
from breakout.ledger.files import next_number
from breakout.ledger.grading import GRADE_SCHEMA
from breakout.ledger.store import FolderLedger
from tests.ledger.entries import MORNING, entry, table

SPAWN = multiprocessing.get_context("fork")


@pytest.fixture
def ledger(tmp_path: Path) -> FolderLedger:
    return FolderLedger.of(tmp_path)


def slate(number: int) -> pa.Table:
    return table(*(entry(f"player{row}", probability=(number + row) / 1000) for row in range(40)))


def test_entries_come_back_as_they_were_added(ledger: FolderLedger) -> None:
    added = table(entry("ann", ladder=[0.9, 0.5], availability_status="questionable"), entry("bea"))
    assert ledger.add_entries(added)
    assert ledger.read_entries().rows.equals(added)
    assert ledger.read_slate(added["game_date"][0].as_py(), "b1").equals(added)  # type: ignore[union-attr]


def test_the_same_prediction_is_kept_once_and_another_one_as_a_revision(ledger: FolderLedger) -> None:
    later = MORNING + timedelta(hours=1)
    assert ledger.add_entries(table(entry("ann"), entry("bea")))
    assert ledger.add_entries(table(entry("bea", predicted_at=later, data="new"), entry("ann"))) is None
    for changed in ({"probability": 0.3}, {"points_for_breakout": 16}, {"features": [("points_avg_season", 11.0)]}):
        assert ledger.add_entries(table(entry("ann", predicted_at=later, **changed), entry("bea")))
    assert ledger.read_entries().rows.num_rows == 8
    assert ledger.add_entries(table()) is None


def test_a_damaged_file_is_named_and_the_others_are_read(ledger: FolderLedger) -> None:
    first = ledger.add_entries(table(entry("ann")))
    second = ledger.add_entries(table(entry("ann", probability=0.3)))
    third = ledger.add_entries(table(entry("ann", bundle="b2")))
    assert first
    assert second
    assert third
    second.write_bytes(second.read_bytes()[:-20])
    found = ledger.read_entries()
    assert found.rows["bundle"].to_pylist() == ["b1", "b2"]
    (sentence,) = found.damaged
    assert second.name in sentence
    assert ledger.add_entries(table(entry("ann", probability=0.4)))  # it does not replace the damaged file
    assert len(list(second.parent.glob("*.parquet"))) == 4


def test_a_copy_that_a_user_made_does_not_stop_the_next_addition(tmp_path: Path) -> None:
    names = ("000001", "000001 copy", "2026-02-06-b1-000007", "notes")
    assert next_number([tmp_path / f"{name}.parquet" for name in names]) == 8


def test_a_full_disk_is_named_and_leaves_nothing(ledger: FolderLedger) -> None:
    ledger.add_entries(table(entry("ann")))
    with (
        mock.patch("breakout.artifacts.flush", side_effect=OSError(28, "No space left on device")),
        pytest.raises(DataError, match="No space left"),
    ):
        ledger.add_entries(table(entry("ann", probability=0.3)))
    assert ledger.read_entries().rows.num_rows == 1
    assert [path.name for path in (ledger.folder / "entries").iterdir()] == ["2026-01-05-b1-0001.parquet"]


def write(folder: Path, numbers: range) -> None:
    ledger = FolderLedger.of(folder)
    for number in numbers:
        ledger.add_entries(slate(number))


def test_four_writers_at_once_lose_nothing_and_keep_nothing_twice(ledger: FolderLedger) -> None:
    writers = [SPAWN.Process(target=write, args=(ledger.folder.parent, range(100 * k, 100 * k + 5))) for k in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
        assert writer.exitcode == 0
    found = ledger.read_entries()
    assert found.damaged == ()
    assert found.rows.num_rows == 20 * 40
    assert len(set(found.rows.filter(pa.compute.field("player_lookup") == "player0")["probability"].to_pylist())) == 20


def test_after_twenty_kills_every_file_is_whole_and_nothing_is_in_twice(ledger: FolderLedger) -> None:
    waits = random.Random(1)  # noqa: S311  (no secret)
    ledger.add_entries(slate(0))
    started = time.perf_counter()
    write(ledger.folder.parent, range(1, 4))
    longest = (time.perf_counter() - started) / 3
    for number in range(20):
        child = os.fork()
        if not child:
            write(ledger.folder.parent, range(1000 + number, 1001 + number))
            os._exit(0)
        time.sleep(waits.uniform(0, 3 * longest))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        if number % 10 == 0:
            assert ledger.read_entries().damaged == ()
    before = ledger.read_entries().rows.num_rows
    assert before >= 4 * 40
    assert ledger.add_entries(slate(5000))
    found = ledger.read_entries()
    assert found.damaged == ()
    assert found.rows.num_rows == before + 40
    assert not list(ledger.folder.rglob(".*.parquet"))
    first = found.rows.filter(pa.compute.field("player_lookup") == "player0")["probability"].to_pylist()
    assert len(first) == len(set(first))


def test_an_addition_after_a_deleted_file_replaces_no_other_file(ledger: FolderLedger) -> None:
    graded = [
        pa.Table.from_pylist([{"player_lookup": "ann", "outcome": outcome}], GRADE_SCHEMA)
        for outcome in ("no", "breakout", "void", "no")
    ]
    with ledger.lock():
        kept = [ledger.add_grades(part) for part in graded[:3]]
        assert kept[0]
        kept[0].unlink()
        ledger.add_grades(graded[3])
    assert ledger.read_grades().rows["outcome"].to_pylist() == ["breakout", "void", "no"]
    slates = [ledger.add_entries(table(entry("ann", probability=share))) for share in (0.1, 0.2, 0.3)]
    assert slates[0]
    slates[0].unlink()
    assert ledger.add_entries(table(entry("ann", probability=0.4)))
    assert ledger.read_entries().rows["probability"].to_pylist() == [0.2, 0.3, 0.4]


def test_grades_are_numbered_in_their_order(ledger: FolderLedger) -> None:
    def grade(outcome: str) -> pa.Table:
        return pa.Table.from_pylist([{"player_lookup": "ann", "outcome": outcome}], GRADE_SCHEMA)

    with ledger.lock():
        for outcome in ("no", "breakout"):
            ledger.add_grades(grade(outcome))
        assert ledger.add_grades(GRADE_SCHEMA.empty_table()) is None
    assert ledger.read_grades().rows["outcome"].to_pylist() == ["no", "breakout"]
