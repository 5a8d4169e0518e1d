"""Tests of the names of runs and sweeps: a name stands for the newest completed run, or the newest sweep."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from breakout.errors import DataError
from breakout.programs.arguments import find_run
from breakout.runs import RunStatus, write_status
from breakout.runs.names import sweep_of
from breakout.runs.status import State


def add_run(name: str, day: int, command: str = "train", state: State = "completed") -> Path:
    folder = Path(f"outputs/runs/{name}/202601{day:02}T000000.000000Z-0")
    folder.mkdir(parents=True)
    status = RunStatus(
        state=state,
        run_id=folder.name,
        command=command,
        name=name,
        fingerprint="0",
        identity="0",
        started=datetime(2026, 1, day, tzinfo=UTC),
        finished=datetime(2026, 1, day, tzinfo=UTC),
        error=None,
        pid=1,
        host="elsewhere",
    )
    write_status(status, folder)
    return folder


def add_sweep(name: str) -> Path:
    folder = Path("outputs/sweeps", name)
    folder.mkdir(parents=True)
    (folder / "sweep.json").write_text("{}")
    return folder


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_an_evaluation_is_found_by_its_name() -> None:
    add_run("week", 1, "evaluate")
    newest = add_run("week", 2, "evaluate")
    add_run("week", 3, "evaluate", "failed")
    assert find_run("week") == find_run("latest:week") == newest


def test_a_sweep_is_found_by_its_name_and_by_its_folder_where_sweeps_are_taken() -> None:
    older = add_sweep("history-2026-01-30T10-00-00-000001")
    newer = add_sweep("history-2026-02-01T10-00-00-000001")
    add_sweep("history-2-2026-03-01T10-00-00-000001")
    assert find_run("history", is_sweep_allowed=True) == newer
    assert find_run(older.name, is_sweep_allowed=True) == older
    with pytest.raises(DataError, match="no completed run named history below"):
        find_run("history")
    run = add_run("history", 1)
    assert find_run("history", is_sweep_allowed=True) == run


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    add_run("week", 1, "evaluate")
    add_run("broken", 1, state="failed")
    add_sweep("history-2026-01-30T10-00-00-000001")
    with pytest.raises(DataError, match="did you mean week"):
        find_run("wek")
    with pytest.raises(DataError, match="did you mean history"):
        find_run("histroy", is_sweep_allowed=True)
    with pytest.raises(DataError, match="no completed run named broken below outputs/runs; its names: week"):
        find_run("broken")
    with pytest.raises(DataError, match="its names: history, week"):
        find_run("other", is_sweep_allowed=True)


def test_only_a_run_in_a_folder_with_the_record_of_a_sweep_is_a_job(tmp_path: Path) -> None:
    sweep = add_sweep("depths").resolve()
    assert sweep_of(sweep / "runs" / "20260101T000000.000000Z-0") == sweep
    assert sweep_of(tmp_path / "sweeps" / "nba" / "outputs" / "runs" / "week" / "20260101T000000.000000Z-0") is None
