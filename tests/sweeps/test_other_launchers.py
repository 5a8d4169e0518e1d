"""Tests that other launchers of Hydra, in their local modes, produce the same predictions as worker processes."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from joblib.externals.loky import get_reusable_executor

from breakout.cli import main
from breakout.sweeps import external_jobs
from breakout.sweeps.job import JobEvent
from tests.sweeps.conftest import (
    QUICK,
    Start,
    Swept,
    assert_same_bits,
    in_state,
    newest_sweep,
    predictions,
    statuses,
    sweep,
)

# With validation.fraction=0.999, a job fails while it runs, because too few rows are left to fit on.
WORDS = ("model.depth=2", "model.iterations=20", "validation.fraction=0.15,0.999")


@pytest.fixture(scope="module")
def by_processes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sweep(tmp_path_factory.mktemp("processes"), *WORDS).folder


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Change to an empty folder; after the test, end the processes that joblib keeps for later calls."""
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    get_reusable_executor().shutdown(wait=True)


def assert_like(by_processes: Path, swept: Swept) -> None:
    assert swept.code == 1, swept.out
    assert "2 jobs: 2 fits" in swept.out
    assert "leaves 0 to fit on" in " ".join(swept.out.split())
    assert [len(in_state(statuses(swept.folder), state)) for state in ("completed", "failed")] == [1, 1]
    assert_same_bits(predictions(by_processes), predictions(swept.folder))


@pytest.mark.slow
@pytest.mark.parametrize(
    "launcher", [("joblib",), ("submitit_local", "hydra.launcher.timeout_min=2")], ids=lambda launcher: launcher[0]
)
def test_another_launcher_gives_the_bits_of_processes_on_this_machine(
    launcher: tuple[str, ...], by_processes: Path, here: Path
) -> None:
    name, *options = launcher
    assert_like(by_processes, sweep(here / "outputs", *WORDS, f"hydra/launcher={name}", *options))
    assert {path.name for path in here.iterdir()} == {"outputs"}, "nothing is left beside the outputs"


@pytest.mark.slow
def test_ray_gives_the_bits_of_processes_on_this_machine(by_processes: Path, start: Start) -> None:
    # In a process of its own, because Ray changes signal handlers and leaves processes until its caller ends.
    swept = start(*QUICK, *WORDS, "hydra/launcher=ray", "+hydra.launcher.ray.init.num_cpus=2")
    code, out = swept.end()
    assert_like(by_processes, Swept(code, out, newest_sweep(swept.outputs)))
    stray = {path.name for path in swept.outputs.parent.iterdir()} - {"outputs", "script.py"}
    assert stray == set(), "nothing is left beside the outputs"


@pytest.mark.parametrize("launcher", ["breakout", "basic"])
def test_every_launcher_counts_a_job_whose_features_drifted_as_failed(
    launcher: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = (
        "model=base_rate,logistic",
        "window.train_start=2025-01-01",
        "window.train_end=2025-04-15",
        "window.eval_start=2025-11-01",
        "window.eval_end=2025-11-20",
        "distributions.fail_on_drift=true",
        f"hydra/launcher={launcher}",
    )
    swept = sweep(here / "outputs", *words)
    assert swept.code == 1, swept.out
    assert "drifted between training and evaluation" in " ".join(swept.out.split())
    assert len(in_state(statuses(swept.folder), "completed")) == 2, "the files of the runs are complete"
    assert main([f"resume={swept.folder}"]) == 1, "the jobs are not run again, but they still failed"
    assert "job 1 failed: " in capsys.readouterr().out


def test_an_output_without_a_reader_ends_the_sweep_and_leaves_no_traceback_of_a_thread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    crashed: list[object] = []
    monkeypatch.setattr(threading, "excepthook", crashed.append)
    monkeypatch.setattr(external_jobs, "POLL_SECONDS", 0.01)
    monkeypatch.setattr(external_jobs.JobFolders, "ended", lambda _: [JobEvent("completed", 0)])

    def refuse(_: JobEvent) -> None:
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        external_jobs.run_external_jobs(lambda *_: time.sleep(0.2), [], tmp_path, refuse)
    assert crashed == []
