"""Tests that commands name a changed file of a run, and that `doctor` removes what killed processes left."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from breakout import settings
from breakout.artifacts import save_json
from breakout.errors import DataError
from breakout.runs import check_files, open_run, read_status
from breakout.runs.record import read_run
from breakout.runs.status import process_identity
from tests.commands import Trained, call


@pytest.fixture
def run(trained: Trained, tmp_path: Path) -> Path:
    return Path(shutil.copytree(trained["logistic"], tmp_path / "runs" / "logistic" / trained["logistic"].name))


@pytest.mark.parametrize("command", ["report", "reproduce", "track"])
@pytest.mark.parametrize("name", ["metrics.json", "predictions.parquet", "bundle/manifest.json"])
def test_a_changed_file_is_named_by_each_command_that_reads_the_run(run: Path, command: str, name: str) -> None:
    (run / name).write_bytes((run / name).read_bytes() + b"\n")
    answer = call(command, run, *(["tracking=mlflow"] if command == "track" else []))
    assert (answer.code, name in answer.err) == (3, True)


def test_a_missing_file_is_named_and_a_file_of_another_run_too(run: Path, trained: Trained) -> None:
    shutil.copy(trained["default"] / "metrics.json", run)
    with pytest.raises(DataError, match=r"metrics\.json was changed"):
        read_run(run)
    (run / "metrics.json").unlink()
    with pytest.raises(DataError, match=r"metrics\.json is missing"):
        read_run(run)


def test_the_page_and_the_log_may_change(run: Path) -> None:
    for _ in range(2):
        assert call("report", run).code == 0
    (run / "run.log").write_text("")
    check_files(run, read_status(run))


def test_a_run_of_a_version_without_digests_is_read_and_that_is_logged_once(
    run: Path, caplog: pytest.LogCaptureFixture
) -> None:
    status = json.loads((run / "status.json").read_text())
    del status["files"], status["seal"], status["process"]
    save_json(status, run / "status.json")
    assert read_run(run).status.files is None
    caplog.clear()
    assert call("report", run).code == 0
    assert [record.getMessage() for record in caplog.records if "kept no digests" in record.getMessage()] == [
        f"{run} was made by a version that kept no digests of a run's files: they are not checked."
    ]


EDITS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "a list": lambda record: [record],
    "a text": lambda _: "completed",
    "no state": lambda record: {key: value for key, value in record.items() if key != "state"},
    "no fingerprint": lambda record: {key: value for key, value in record.items() if key != "fingerprint"},
    "a state that is none": lambda record: record | {"state": "done"},
    "a number for a text": lambda record: record | {"run_id": 7},
    "no date": lambda record: record | {"started": "yesterday"},
    "another error": lambda record: record | {"error": "none at all"},
    "no seal": lambda record: {key: value for key, value in record.items() if key != "seal"},
}


@pytest.mark.parametrize("edit", EDITS)
def test_an_edited_status_is_named(run: Path, edit: str) -> None:
    path = run / "status.json"
    path.write_text(json.dumps(EDITS[edit](json.loads(path.read_text()))))
    for command in ("report", "reproduce"):
        answer = call(command, run)
        assert (answer.code, "status.json" in answer.err, "unexpected" in answer.err) == (3, True, False)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"null"])
def test_a_status_that_is_no_json_is_named(run: Path, content: bytes) -> None:
    (run / "status.json").write_bytes(content)
    answer = call("report", run)
    assert (answer.code, "status.json" in answer.err, "unexpected" in answer.err) == (3, True, False)


@pytest.mark.parametrize("edit", ["a list", "a text", "a number for an action", "no previous", "an unknown action"])
def test_an_edited_history_is_named(outputs: Path, edit: str) -> None:
    path = outputs / "production/history/000001.json"
    record = json.loads(path.read_text())
    edited: dict[str, Any] = {
        "a list": [record],
        "a text": "promoted",
        "a number for an action": record | {"action": 1},
        "no previous": {key: value for key, value in record.items() if key != "previous"},
        "an unknown action": record | {"action": "sold"},
    }
    path.write_text(json.dumps(edited[edit]))
    for words in (("production",), ("production", "rollback")):
        answer = call(*words, f"paths.outputs={outputs}")
        assert (answer.code, "000001.json" in answer.err, "unexpected" in answer.err) == (3, True, False)


def test_a_process_that_has_the_number_of_a_dead_one_is_not_taken_for_it(
    tmp_path: Path, default_experiment: settings.ExperimentConfig
) -> None:
    with open_run(tmp_path, default_experiment, "train") as run:
        path = run.folder / "status.json"
        status = json.loads(path.read_text())
        assert read_status(run.folder).state == "running"
        save_json(status | {"process": "another boot:1"}, path)
        assert read_status(run.folder).state == "killed"
        save_json({key: value for key, value in status.items() if key != "process"}, path)
        assert read_status(run.folder).state == "running"


def test_a_process_that_ended_has_no_identity_even_before_its_parent_asks() -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    assert process_identity(os.getpid()) is not None
    for _ in range(600):
        if process_identity(child.pid) is None:
            break
        time.sleep(0.05)
    assert process_identity(child.pid) is None
    child.wait()


def test_doctor_clears_what_no_living_process_owns(
    tmp_path: Path, default_experiment: settings.ExperimentConfig
) -> None:
    outputs = tmp_path / "outputs"
    names = (".bundle.0123456789abcdef", ".bundle.k3x_9f2a", ".metrics.json.0123456789abcdef.json")
    kept: list[Path] = []
    cleared: list[Path] = []
    with open_run(outputs / "runs" / "default", default_experiment, "train") as alive:
        status = msgspec.to_builtins(read_status(alive.folder))
        killed = [outputs / parent / "default" / "killed" for parent in ("runs", "comparisons", "backtests")]
        for dead in killed:
            shutil.copytree(alive.folder, dead)
            save_json(status | {"process": "another boot:1"}, dead / "status.json")
        for name in names:
            for folder, paths in ((alive.folder, kept), *((dead, cleared) for dead in killed)):
                path = folder / name
                path.mkdir() if name.startswith(".bundle") else path.touch()
                paths.append(path)
        (killed[0] / ".mine").touch()
        answer = call("doctor", f"paths.outputs={outputs}")
        assert answer.code == 0, answer.out
        assert all(path.exists() for path in kept)
        assert not any(path.exists() for path in cleared)
        assert (killed[0] / ".mine").exists()
