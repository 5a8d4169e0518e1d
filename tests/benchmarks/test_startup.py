"""How soon the program answers: CPU seconds of a whole process for what must come at once. Run by `make bench`."""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys

import pytest

ANSWERS = {
    "breakout --help": ["--help"],
    "breakout features": ["features"],
    "breakout model.depth=0 (a configuration error)": ["model.depth=0"],
}
RUNS = 5


def cpu_seconds(words: list[str]) -> float:
    """User and system seconds of one process from start to end."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-m", "breakout", *words], capture_output=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


@pytest.mark.benchmark
def test_startup() -> None:
    print()
    for name, words in ANSWERS.items():
        seconds = [cpu_seconds(words) for _ in range(RUNS)]
        print(f"{name:<48} median {statistics.median(seconds):.2f} s CPU, {min(seconds):.2f} to {max(seconds):.2f}")
