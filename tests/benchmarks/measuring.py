"""Functions that measure commands as whole processes and compare figures with their bounds."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

# A benchmark fails only above this multiple of its bound, because other machines and busy ones are slower.
TOLERATED = 1.5


@dataclass(frozen=True)
class Cost:
    """Seconds on the clock, CPU seconds (user and system) and the output of one finished process."""

    wall: float
    cpu: float
    out: str


def run_measured(command: Sequence[str], folder: Path) -> Cost:
    """Run a command in `folder` to its end and measure it; its CPU seconds include those of children it waited for.

    It waits for this process by its id. A wait for any child would also wait for processes that Python keeps alive,
    such as the resource tracker of multiprocessing. CalledProcessError if the exit code is not 0.
    """
    with tempfile.TemporaryFile("w+", encoding="utf-8") as output:
        started = time.perf_counter()
        process = subprocess.Popen(command, cwd=folder, stdout=output, stderr=subprocess.STDOUT)
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        out = output.read()
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command, out)
    return Cost(wall, used.ru_utime + used.ru_stime, out)


def check_bound(what: str, figure: float, bound: float, unit: str = "") -> None:
    """Print a figure beside its bound; AssertionError if the figure exceeds the bound by more than half."""
    verdict = "within" if figure <= bound else f"MISSED by {figure / bound - 1:.0%}"
    print(f"{what:<62} {figure:>7.2f}{unit}   bound {bound:.2f}{unit}, {verdict}")
    assert figure <= TOLERATED * bound, f"{what}: {figure:.2f}{unit} is more than half above the bound of {bound}{unit}"
