"""Tests of a run's folder: its status after every kind of end, and its files, which are whole or absent."""

from __future__ import annotations

import errno
import json
import logging
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from breakout import settings
from breakout.artifacts import save_json, save_text
from breakout.errors import DataError, as_breakout_error
from breakout.runs import folder as run_folder
from breakout.runs import open_run, read_status
from tests.commands import newest_run
from tests.conftest import INTERRUPTIBLE


@pytest.fixture
def config(default_experiment: settings.ExperimentConfig) -> settings.ExperimentConfig:
    return default_experiment


def status_of(folder: Path) -> dict[str, Any]:
    record: dict[str, Any] = json.loads((folder / "status.json").read_text(encoding="utf-8"))
    return record


def test_a_run_is_running_until_it_is_completed(tmp_path: Path, config: settings.ExperimentConfig) -> None:
    with open_run(tmp_path, config, "train", "abc") as run:
        status = status_of(run.folder)
        assert (status["state"], status["finished"], status["pid"]) == ("running", None, os.getpid())
        assert read_status(run.folder).state == "running"
        assert settings.load_file(run.folder / "settings.yaml", settings.ExperimentConfig) == config
        run.note(rows=7)
    status = status_of(run.folder)
    assert (status["state"], status["error"], status["rows"], status["identity"]) == ("completed", None, 7, "abc")
    assert status["run_id"] == run.folder.name == run.run_id


@pytest.mark.parametrize(
    ("error", "state", "sentence"),
    [
        (DataError("no such file"), "failed", "no such file"),
        (RuntimeError("lost"), "failed", "RuntimeError: lost"),
        (KeyboardInterrupt(), "interrupted", "interrupted before it was done"),
        (SystemExit(4), "failed", "SystemExit: 4"),
        (MemoryError(), "failed", str(as_breakout_error(MemoryError()))),
    ],
)
def test_whatever_ends_a_run_is_told_and_goes_on(
    error: BaseException, state: str, sentence: str, tmp_path: Path, config: settings.ExperimentConfig
) -> None:
    folders = []
    with pytest.raises(type(error)), open_run(tmp_path, config, "train") as run:  # noqa: PT012
        folders.append(run.folder)
        logging.getLogger("breakout").info("so far so good")
        raise error
    status = read_status(folders[0])
    assert (status.state, status.error) == (state, sentence)
    assert status.finished is not None
    log = (folders[0] / "run.log").read_text(encoding="utf-8")
    assert "INFO so far so good" in log
    assert "Traceback" in log


def test_a_run_leaves_the_log_and_the_signals_as_they_were(tmp_path: Path, config: settings.ExperimentConfig) -> None:
    logger = logging.getLogger("breakout")
    before = logger.handlers[:], logger.level, signal.getsignal(signal.SIGTERM)
    with open_run(tmp_path, config, "train"):
        assert logger.handlers != before[0]
    assert (logger.handlers, logger.level, signal.getsignal(signal.SIGTERM)) == before


def test_runs_of_one_microsecond_get_folders_of_their_own(
    tmp_path: Path, config: settings.ExperimentConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clock returns each time four times in a row, so several runs start at the same time."""
    ticks = iter(datetime(2026, 2, 6, 12, 0, 0, count // 4, tzinfo=UTC) for count in range(1000))

    class SlowClock(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            del tz
            return next(ticks)

    monkeypatch.setattr(run_folder, "datetime", SlowClock)
    folders = []
    for _ in range(5):
        with open_run(tmp_path, config, "train") as run:
            folders.append(run.folder)
    assert len(set(folders)) == 5


def test_runs_in_many_threads_never_share_a_folder(tmp_path: Path, config: settings.ExperimentConfig) -> None:
    def one(number: int) -> Path:
        with open_run(tmp_path, config, "train") as run:
            run.note(rows=number)
        return run.folder

    with ThreadPoolExecutor(8) as pool:
        folders = list(pool.map(one, range(24)))
    assert [status_of(folder)["rows"] for folder in folders] == list(range(24))


def test_a_folder_that_cannot_be_made_is_a_data_error(tmp_path: Path, config: settings.ExperimentConfig) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    with (
        pytest.raises(DataError, match=r"cannot be written .*paths\.outputs=DIR"),
        open_run(tmp_path / "file" / "runs", config, "train"),
    ):
        pass


def test_a_running_run_whose_process_is_gone_was_killed(tmp_path: Path, config: settings.ExperimentConfig) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    with open_run(tmp_path, config, "train") as run:
        status = status_of(run.folder)
        save_json(status | {"pid": gone.pid}, run.folder / "status.json")
        assert read_status(run.folder).state == "killed"
        save_json(status | {"pid": gone.pid, "host": "another-machine"}, run.folder / "status.json")
        assert read_status(run.folder).state == "running"


def test_a_folder_without_a_run_is_a_data_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such folder"):
        read_status(tmp_path / "nowhere")
    with pytest.raises(DataError, match=r"status\.json is missing"):
        read_status(tmp_path)
    (tmp_path / "status.json").write_text('{"state": "runn', encoding="utf-8")
    with pytest.raises(DataError, match="damaged"):
        read_status(tmp_path)


def test_a_run_says_completed_only_when_the_disk_holds_all_of_it(
    tmp_path: Path, config: settings.ExperimentConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed: dict[int, str] = {}
    with open_run(tmp_path, config, "train") as run:

        def note(handle: int) -> None:
            file = os.fstat(handle)
            flushed.setdefault(file.st_ino, read_status(run.folder).state)
            if stat.S_ISDIR(file.st_mode):
                raise OSError(errno.EINVAL, "a file system that cannot do this for folders")

        monkeypatch.setattr(os, "fsync", note)
        save_text("late", run.folder / "deep" / "late.txt")
        (run.folder / "foreign.bin").write_bytes(b"written by a library")
        assert not flushed
        save_text("elsewhere", tmp_path / "elsewhere.txt")
        assert list(flushed) == [(tmp_path / "elsewhere.txt").stat().st_ino]
    assert read_status(run.folder).state == "completed"
    rest = [path for path in run.folder.rglob("*") if path.name != "status.json"]
    assert {path.name for path in rest} >= {"deep", "late.txt", "foreign.bin", "settings.yaml", "run.log"}
    assert {flushed[path.stat().st_ino] for path in rest} == {"running"}
    assert (run.folder / "status.json").stat().st_ino in flushed


# The tests below end a real run with a signal, in a process of its own.

LONG = (
    "name=long",
    "window=january",
    "evaluation.bootstrap_resamples=100000",
    "evaluation.permutation_repeats=1000",
    "model=logistic",
)


def in_mid_run(run: Path) -> bool:
    log = run / "run.log"
    return log.exists() and "built 3653 training rows" in log.read_text(encoding="utf-8")


@contextmanager
def a_long_run(folder: Path) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """Start a long run in its own process; yield the process and the run's folder after the rows are read."""
    process = subprocess.Popen(
        [*INTERRUPTIBLE, "-m", "breakout", *LONG], cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    parent = folder / "outputs" / "runs" / "long"
    try:
        wait_for(lambda: parent.exists() and any(in_mid_run(run) for run in parent.iterdir()))
        yield process, newest_run(folder / "outputs", "long")
    finally:
        process.kill()
        process.communicate()


def wait_for(is_true: Callable[[], bool]) -> None:
    for _ in range(1200):
        if is_true():
            return
        time.sleep(0.05)
    pytest.fail("the run never got so far")


@pytest.mark.parametrize(
    ("number", "code", "state", "told"),
    [
        (signal.SIGINT, 130, "interrupted", "interrupted before it was done"),
        (signal.SIGTERM, 130, "interrupted", "interrupted before it was done"),
        (signal.SIGKILL, 128 + signal.SIGKILL, "killed", "the process ended without recording its end"),
    ],
)
def test_a_run_ended_by_a_signal_says_so_and_shows_no_half_file(
    number: signal.Signals, code: int, state: str, told: str, tmp_path: Path
) -> None:
    with a_long_run(tmp_path) as (process, run):
        assert read_status(run).state == "running"
        process.send_signal(number)
        _, told_on_stderr = process.communicate(timeout=60)
        # If a signal ends the process, `returncode` is the negative signal number; a shell shows 128 + the number.
        assert code == (process.returncode if process.returncode >= 0 else 128 - process.returncode)
    if number != signal.SIGKILL:
        assert "breakout: interrupted." in told_on_stderr
        assert "Traceback" not in told_on_stderr
    status = read_status(run)
    assert status.state == state
    assert told in str(status.error)
    for path in run.rglob("*"):
        if not path.name.startswith("."):
            assert_is_whole(path)
    assert not (run / "bundle").exists() or (run / "bundle" / "manifest.json").exists()


def assert_is_whole(path: Path) -> None:
    """Assert that the file can be read in the format of its name."""
    if path.suffix == ".json":
        json.loads(path.read_text(encoding="utf-8"))
    elif path.suffix == ".parquet":
        assert len(pd.read_parquet(path)) > 0
    elif path.name == "settings.yaml":
        assert path.read_text(encoding="utf-8").endswith("\n")
