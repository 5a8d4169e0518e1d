"""CPU seconds (user and system) of the commands that people wait for, each as a whole process. Run by `make bench`."""

from __future__ import annotations

import statistics
import sys
from pathlib import Path

import pytest

from tests.benchmarks.measuring import check_bound, run_measured

# Command line, CPU seconds that it may take, how often it is measured. RUN stands for the folder of a trained run.
COMMANDS = {
    "--help": (0.3, 5),
    "features": (0.3, 5),
    "dry_run=true": (2.5, 3),
    "train": (5.0, 3),
    "predict bundle=RUN/bundle date=2026-02-06": (1.5, 5),
    "audit mode=experimental features=all": (25.0, 1),
    # 16 folds, from January 2024 on
    "train mode=experimental features=tonight window=walk_forward window.eval_start=2024-01-01 model=points": (60.0, 1),
}
# For the answer about a line, once another question about the same slate was answered. It uses one core, so these are
# the seconds on the clock of an idle machine too.
ANSWER = 2.0


def median_cpu(words: list[str], folder: Path, times: int) -> float:
    command = [sys.executable, "-m", "breakout", *words]
    return statistics.median(run_measured(command, folder).cpu for _ in range(times))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run of the main job."""
    folder = tmp_path_factory.mktemp("trained")
    run_measured([sys.executable, "-m", "breakout", "name=trained", "run.write_report=false"], folder)
    (found,) = (folder / "outputs" / "runs" / "trained").iterdir()
    return found


@pytest.mark.benchmark
@pytest.mark.parametrize("line", COMMANDS)
def test_cpu_seconds(line: str, run: Path, tmp_path: Path) -> None:
    bound, times = COMMANDS[line]
    words = [word.replace("RUN/", f"{run}/") for word in line.split()]
    seconds = median_cpu(words, tmp_path, times)
    print()
    check_bound(f"CPU of breakout {line}", seconds, bound, " s")


@pytest.mark.benchmark
def test_cpu_seconds_of_an_answer_about_a_line(tmp_path: Path) -> None:
    program = [sys.executable, "-m", "breakout"]
    words = ["mode=experimental", "features=tonight", "window=january", "model=points", "run.write_report=false"]
    run_measured([*program, *words, "name=points"], tmp_path)
    asked = [*program, "predict", "bundle=latest:points", "date=2026-02-06", "line=garytrentjr:19.5"]
    run_measured(asked, tmp_path)
    seconds = statistics.median(run_measured(asked, tmp_path).cpu for _ in range(5))
    print()
    check_bound("CPU of breakout predict line=PLAYER:POINTS", seconds, ANSWER, " s")
