"""Fixtures and functions that run sweeps: in the process of the tests, or in a process that a test can interrupt."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pandas as pd
import pytest

from breakout.cli import main
from breakout.runs import read_status
from tests.conftest import INTERRUPTIBLE

# Sweeps set the last three by default. A single run needs them to be comparable with a job.
QUICK = (
    "window=january",
    "evaluation.bootstrap_resamples=50",
    "evaluation.permutation_repeats=0",
    "evaluation.shap_rows=0",
    "write_report=false",
)
# Settings of fits that take about a second, for sweeps that are interrupted while jobs run.
LONG = (
    "model.iterations=300",
    "model.early_stopping_rounds=0",
    "model.depth=6",
    "validation.refit=false",
    *QUICK,
)
# A script without `if __name__ == "__main__"`; worker processes must not run it again.
SCRIPT = "import sys\nfrom breakout.cli import main\nsys.exit(main(sys.argv[1:]))\n"


@dataclass
class Swept:
    """A finished sweep: its exit code, its output and its folder."""

    code: int
    out: str
    folder: Path

    @property
    def board(self) -> dict[str, Any]:
        """The content of leaderboard.json."""
        board: dict[str, Any] = json.loads((self.folder / "leaderboard.json").read_text(encoding="utf-8"))
        return board

    @property
    def states(self) -> dict[int, str]:
        """The state of each job's latest run folder, by the number of the job."""
        return {status["job"]: status["state"] for status in statuses(self.folder)}


def statuses(folder: Path) -> list[dict[str, Any]]:
    """Return the status of every run of a sweep, with the run's folder as key `folder`, the oldest run first."""
    paths = sorted(folder.glob("runs/*/status.json"))
    return [{**msgspec.structs.asdict(read_status(path.parent)), "folder": path.parent} for path in paths]


def newest_sweep(outputs: Path) -> Path:
    return max(path for path in (outputs / "sweeps").iterdir() if path.is_dir())


def sweep(outputs: Path, *words: str) -> Swept:
    """Run `breakout -m` with the settings QUICK in this process."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        code = main(["-m", *QUICK, f"paths.outputs={outputs}", *words])
    return Swept(code, out.getvalue(), newest_sweep(outputs))


def predictions(folder: Path) -> dict[str, pd.DataFrame]:
    """Return the predictions of every completed run below a folder, by the fingerprint of the run's settings."""
    found = {}
    for path in folder.rglob("status.json"):
        status = read_status(path.parent)
        if status.state == "completed":
            found[status.fingerprint] = pd.read_parquet(path.parent / "predictions.parquet")
    return found


def assert_same_bits(one: dict[str, pd.DataFrame], other: dict[str, pd.DataFrame]) -> None:
    assert set(one) == set(other) != set()
    for fingerprint, expected in one.items():
        pd.testing.assert_frame_equal(other[fingerprint], expected, check_exact=True)


@pytest.fixture(scope="session")
def shape(tmp_path_factory: pytest.TempPathFactory) -> Swept:
    """Return a finished sweep of 12 jobs, of which the four with depth 0 cannot start. Tests only read its folder."""
    outputs = tmp_path_factory.mktemp("shape")
    return sweep(outputs, "model.depth=2,3,0", "model.iterations=20,40", "seed=1,2")


@dataclass
class Running:
    """A sweep that runs in its own process and writes below the folder `outputs`."""

    process: subprocess.Popen[str]
    outputs: Path
    words: tuple[str, ...]
    said: list[str] = field(default_factory=list)

    @property
    def folder(self) -> Path:
        """The newest sweep folder below `outputs`."""
        return newest_sweep(self.outputs)

    def wait_for(self, is_reached: Callable[[list[dict[str, Any]]], bool]) -> list[dict[str, Any]]:
        """Wait until the statuses of the jobs satisfy a condition, and return them; fail after two minutes."""
        for _ in range(2400):
            found = statuses(self.folder) if list(self.outputs.glob("sweeps/*/runs")) else []
            if is_reached(found):
                return found
            assert self.process.poll() is None, f"ended before: {self.process.communicate()[0]}"
            time.sleep(0.05)
        raise AssertionError(f"never reached: {found}")

    def end(self) -> tuple[int, str]:
        """Wait for the process, and return its exit code and output."""
        out, _ = self.process.communicate(timeout=120)
        return self.process.returncode, out


Start = Callable[..., Running]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Yield a function that starts a sweep with SCRIPT; after the test, sweeps that still run are killed."""
    script = tmp_path / "script.py"
    script.write_text(SCRIPT, encoding="utf-8")
    begun: list[Running] = []

    def begin(*words: str) -> Running:
        outputs = tmp_path / "outputs"
        process = subprocess.Popen(
            [*INTERRUPTIBLE, str(script), "-m", f"paths.outputs={outputs}", *words],
            cwd=tmp_path,
            env={key: value for key, value in os.environ.items() if key != "HYDRA_FULL_ERROR"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        begun.append(Running(process, outputs, words))
        return begun[-1]

    yield begin
    for running in begun:
        running.process.kill()
        running.process.communicate()


def in_state(found: list[dict[str, Any]], state: str) -> list[dict[str, Any]]:
    return [status for status in found if status["state"] == state]
