"""The cache of query results: reuse, sharing between processes, damaged entries, size limit, and changed sources."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from multiprocessing import get_context
from pathlib import Path
from unittest import mock

import pyarrow as pa
import pytest
from google.cloud import bigquery

from breakout import settings
from breakout.dataset import build_dataset
from breakout.experiment.plan import estimate_rows
from breakout.features.config import BreakoutFeatureConfig
from breakout.warehouse.base import ClosedOnExit
from breakout.warehouse.cache import CachedWarehouse
from breakout.warehouse.cost import CostEstimate
from breakout.warehouse.opening import open_warehouse
from breakout.warehouse.tables import SourceTables
from tests.bigquery.conftest import ConfigMaker
from tests.bigquery.emulator import run
from tests.bigquery.fault_server import FaultServer
from tests.builders import CUTOFF

SHARED = BreakoutFeatureConfig(("points_avg_season", "home_away"), 8.0, 16.0, 1.5, 5, ("regular",), CUTOFF)
TRAIN, EVALUATION = (date(2025, 11, 2), date(2026, 1, 10)), (date(2026, 1, 11), date(2026, 2, 5))


class CountingWarehouse(ClosedOnExit):
    """A warehouse that counts its queries and checks, and returns the number of queries as a result."""

    sources = SourceTables()

    def __init__(self) -> None:
        self.asked = 0
        self.checked = 0
        self.state = "one"

    def query(self, sql: str, parameters: Mapping[str, object]) -> pa.Table:
        del sql, parameters
        self.asked += 1
        return pa.table({"n": pa.array([self.asked], pa.int64()), "d": pa.array([date(2026, 2, 5)], pa.date32())})

    def estimate(self, sql: str, parameters: Mapping[str, object]) -> CostEstimate:
        del sql, parameters
        return CostEstimate(2**40, 6.25)

    def estimate_report_checks(self, start: date, end: date) -> CostEstimate:
        return self.estimate("report checks", {"start": start, "end": end})

    def estimate_checks(self, start: date, end: date, seasons_before: int = 1) -> CostEstimate:
        del start, end, seasons_before
        return CostEstimate(2**40, 6.25)

    def check_history(self, start: date, end: date, seasons_before: int = 1) -> None:
        del start, end, seasons_before
        self.checked += 1

    def check_availability(self, start: date, end: date) -> None:
        del start, end
        self.checked += 1

    def has_availability(self) -> bool:
        return True

    def history_start(self, start: date, seasons_before: int = 1) -> date:
        del seasons_before
        return start

    def check_schedule(self, start: date, end: date) -> None:
        del start, end

    def latest_game_date(self) -> date:
        self.asked += 1
        return date(2026, 2, 5)

    def columns(self, table: str) -> Mapping[str, str]:
        del table
        return {}

    def fingerprint(self, *, has_reports: bool = False) -> str:
        return f"{self.state} with reports" if has_reports else self.state

    def describe(self) -> str:
        return "counting"

    def has_schedule(self) -> bool:
        return False

    def close(self) -> None:
        return None


@pytest.fixture
def inner() -> CountingWarehouse:
    return CountingWarehouse()


def test_the_same_question_is_asked_once(inner: CountingWarehouse, tmp_path: Path) -> None:
    first = CachedWarehouse(inner, tmp_path).query("SELECT 1", {"start": date(2026, 1, 1)})
    again = CachedWarehouse(inner, tmp_path).query("SELECT 1", {"start": date(2026, 1, 1)})
    assert inner.asked == 1
    assert again.equals(first)
    assert again.schema == first.schema


@pytest.mark.parametrize("changed", ["text", "parameter", "type of a parameter", "source"])
def test_another_question_or_another_source_is_asked_anew(
    inner: CountingWarehouse, tmp_path: Path, changed: str
) -> None:
    cached = CachedWarehouse(inner, tmp_path)
    cached.query("SELECT 1", {"start": 5})
    inner.state = "two" if changed == "source" else "one"
    values: dict[str, object] = {"parameter": 6, "type of a parameter": "5"}
    cached.query("SELECT 2" if changed == "text" else "SELECT 1", {"start": values.get(changed, 5)})
    assert inner.asked == 2


def test_a_check_that_passed_is_not_made_again(inner: CountingWarehouse, tmp_path: Path) -> None:
    for _ in range(2):
        CachedWarehouse(inner, tmp_path).check_history(*TRAIN)
    CachedWarehouse(inner, tmp_path).check_history(*EVALUATION)
    assert inner.checked == 2


def test_the_newest_game_is_kept_as_a_date(inner: CountingWarehouse, tmp_path: Path) -> None:
    assert [CachedWarehouse(inner, tmp_path).latest_game_date() for _ in range(2)] == [date(2026, 2, 5)] * 2
    assert inner.asked == 1


@pytest.mark.parametrize("damage", ["cut short", "one byte changed", "emptied"])
def test_a_damaged_entry_is_read_anew(
    inner: CountingWarehouse, tmp_path: Path, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    cached = CachedWarehouse(inner, tmp_path)
    cached.query("SELECT 1", {})
    (entry,) = tmp_path.glob("*.parquet")
    content = bytearray(entry.read_bytes())
    content[20] ^= 0xFF
    entry.write_bytes(bytes({"cut short": content[:-9], "one byte changed": content, "emptied": bytearray()}[damage]))
    assert cached.query("SELECT 1", {})["n"].to_pylist() == [2]
    assert cached.query("SELECT 1", {})["n"].to_pylist() == [2]
    assert "damaged" in caplog.text


@pytest.mark.parametrize("is_read_only", [False, True])
def test_a_damaged_entry_is_warned_of_once_however_often_it_is_read(
    inner: CountingWarehouse, tmp_path: Path, caplog: pytest.LogCaptureFixture, *, is_read_only: bool
) -> None:
    cached = CachedWarehouse(inner, tmp_path, is_read_only=is_read_only)
    CachedWarehouse(inner, tmp_path).query("SELECT 1", {})
    (entry,) = tmp_path.glob("*.parquet")
    entry.write_bytes(b"")
    assert cached.estimate("SELECT 1", {}).bytes_scanned == 2**40
    assert cached.kept("SELECT 1", {}) is None
    assert cached.query("SELECT 1", {})["n"].to_pylist() == [2]
    assert caplog.text.count("is damaged") == 1
    assert (entry.read_bytes() == b"") == is_read_only
    assert list(tmp_path.glob("*.parquet")) == [entry]


def test_an_entry_that_was_rewritten_and_is_damaged_again_is_warned_of_again(
    inner: CountingWarehouse, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    cached = CachedWarehouse(inner, tmp_path)
    cached.query("SELECT 1", {})
    (entry,) = tmp_path.glob("*.parquet")
    for _ in range(2):
        entry.write_bytes(b"")
        cached.query("SELECT 1", {})
    assert caplog.text.count("is damaged") == 2


def test_a_full_disk_costs_a_warning_and_not_the_answer(
    inner: CountingWarehouse, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", refuse)
    assert CachedWarehouse(inner, tmp_path).query("SELECT 1", {})["n"].to_pylist() == [1]
    assert "No space left on device" in caplog.text
    assert list(tmp_path.glob("*.parquet")) == []


def test_refresh_rereads_once(inner: CountingWarehouse, tmp_path: Path) -> None:
    CachedWarehouse(inner, tmp_path).query("SELECT 1", {})
    refreshed = CachedWarehouse(inner, tmp_path, refresh=True)
    for _ in range(3):
        refreshed.query("SELECT 1", {})
    assert inner.asked == 2


def test_an_answer_that_could_not_be_saved_in_a_refresh_is_asked_for_again(
    inner: CountingWarehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    CachedWarehouse(inner, tmp_path).query("SELECT 1", {})
    refreshed = CachedWarehouse(inner, tmp_path, refresh=True)
    monkeypatch.setattr(os, "fsync", mock.Mock(side_effect=OSError(errno.ENOSPC, "No space left on device")))
    for _ in range(2):
        refreshed.query("SELECT 1", {})
    assert inner.asked == 3


def test_the_least_recently_used_answers_go_first(inner: CountingWarehouse, tmp_path: Path) -> None:
    cached = CachedWarehouse(inner, tmp_path)
    cached.query("SELECT 1", {})
    (entry,) = tmp_path.glob("*.parquet")
    bounded = CachedWarehouse(inner, tmp_path, limit_bytes=int(entry.stat().st_size * 2.5))
    for sql in ("SELECT 2", "SELECT 1", "SELECT 3"):
        bounded.query(sql, {})
        for path in tmp_path.glob("*.parquet"):  # make every entry a second older
            os.utime(path, ns=(path.stat().st_atime_ns - 10**9, path.stat().st_mtime_ns - 10**9))
    assert len(list(tmp_path.glob("*.parquet"))) == 2
    assert bounded.query("SELECT 1", {})["n"].to_pylist() == [1]
    assert bounded.query("SELECT 2", {})["n"].to_pylist() == [4]


def test_a_folder_that_cannot_be_written_costs_a_warning(
    inner: CountingWarehouse, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    cached = CachedWarehouse(inner, tmp_path / "file" / "cache")
    assert cached.query("SELECT 1", {})["n"].to_pylist() == [1]
    assert "cannot be written" in caplog.text


def test_a_dry_run_writes_nothing_and_says_what_the_cache_saves(inner: CountingWarehouse, tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    plan = CachedWarehouse(inner, folder, is_read_only=True)
    plan.query("SELECT 1", {})
    assert not folder.exists()
    before = plan.estimate("SELECT 1", {}) + plan.estimate_checks(*TRAIN)
    CachedWarehouse(inner, folder).query("SELECT 1", {})
    after = plan.estimate("SELECT 1", {}) + plan.estimate_checks(*TRAIN)
    CachedWarehouse(inner, folder).check_history(*TRAIN)
    assert plan.estimate_checks(*TRAIN).bytes_scanned == 0
    assert plan.estimate_report_checks(*TRAIN).bytes_scanned > 0
    CachedWarehouse(inner, folder).check_availability(*TRAIN)
    assert plan.estimate_report_checks(*TRAIN).bytes_scanned == 0
    assert (before.bytes_scanned, before.bytes_saved, before.price) == (2 * 2**40, 0, 12.5)
    assert (after.bytes_scanned, after.bytes_saved, after.price) == (2**40, 2**40, 6.25)
    assert after.describe() == (
        "BigQuery would scan 1.0 TiB, at most $6.2500 at $6.25 per TiB (an upper bound for clustered tables); "
        "the cache saves 1.0 TiB."
    )


def test_a_warehouse_that_costs_nothing_has_no_estimate() -> None:
    opened = open_warehouse(settings.SampleWarehouseConfig("sample"))
    assert estimate_rows(opened, SHARED, *TRAIN) is None
    opened.close()


def build_both(config: settings.BigQueryWarehouseConfig, folder: Path) -> tuple[str, str]:
    """Return the fingerprints of both datasets; it runs in a process of its own, like a job of a sweep."""
    warehouse = open_warehouse(config, folder)
    try:
        return (
            build_dataset(warehouse, SHARED, *TRAIN).fingerprint,
            build_dataset(warehouse, SHARED, *EVALUATION).fingerprint,
        )
    finally:
        warehouse.close()


@pytest.mark.bigquery
def test_jobs_in_two_processes_make_one_extract_for_each_range(
    config: ConfigMaker, server: FaultServer, tmp_path: Path
) -> None:
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        jobs = [pool.submit(build_both, config(), tmp_path / "cache") for _ in range(4)]
        found = {job.result(timeout=120) for job in jobs}
    assert len(found) == 1
    assert len(server.extracts) == 2
    assert len({str(request.job["query"]["queryParameters"]) for request in server.extracts}) == 2
    assert len(server.queries) == 2 + 2 * 3  # 2 feature queries; for each range, a check of each table and one of both


@pytest.mark.bigquery
def test_a_replaced_table_is_read_anew_and_refresh_too(
    config: ConfigMaker, server: FaultServer, client: bigquery.Client, tmp_path: Path
) -> None:
    client.create_dataset("replaced", exists_ok=True)
    games = "nba_analytics.player_game_summary WHERE game_date >= '2025-09-01'"
    replace = f"CREATE OR REPLACE TABLE replaced.p AS SELECT * FROM {games}"
    words = ("warehouse.player_game_summary=replaced.p",)

    def extracts(*more: str) -> int:
        before = len(server.extracts)
        with open_warehouse(config(*words, *more), tmp_path / "cache") as warehouse:
            for _ in range(2):
                build_dataset(warehouse, SHARED, *EVALUATION)
        return len(server.extracts) - before

    run(client, replace)
    assert [extracts(), extracts()] == [1, 0]
    run(client, replace)
    assert [extracts(), extracts()] == [1, 0]
    assert [extracts("warehouse.refresh=true"), extracts()] == [1, 0]
