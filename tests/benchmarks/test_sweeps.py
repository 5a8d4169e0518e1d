"""What a sweep costs beside its fits: whole sweeps, typed as a user types them, against the bare fits. By `make bench`.

The bare fits are a program of their own, which begins with its rows in a file; told are its whole time, as that of the
sweep, and the time of the fits alone, which are done once in the order of the jobs and once in the best order. All
alternate, so that what else the machine does falls on all; ratios are of neighbours. CPU seconds are those of all
processes together.
"""

from __future__ import annotations

import contextlib
import ctypes
import itertools
import os
import pickle
import resource
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from tests.benchmarks.bare_fits import prepare

ROUNDS = 3
PR_SET_CHILD_SUBREAPER = 36  # of Linux
BARE_FITS = Path(__file__).parent / "bare_fits.py"
# A third window of the size of the other two: 3,000 to 5,000 training rows.
DECEMBER = "kind: dates\ntrain_start: 2025-10-21\ntrain_end: 2025-12-31\neval_start: 2026-01-01\neval_end: 2026-01-25\n"
WINDOWS = ["window=january", "window=february", "window=december"]
DEPTHS = [f"model.depth={depth}" for depth in (4, 5, 6, 8)]
ITERATIONS = ["model.iterations=200", "model.iterations=500"]
FLOORS = [f"{what} in {order} order" for order in ("the jobs'", "the best") for what in ("the program", "alone")]
FULL, STOPPED = "model.early_stopping_rounds=0", "model.early_stopping_rounds=30"


@dataclass(frozen=True)
class Sweep:
    """Axes of a sweep and what all its jobs share."""

    axes: tuple[list[str], ...]
    shared: str

    @property
    def words(self) -> list[str]:
        """As typed: model.depth=4,5,6,8."""
        axes = [f"{axis[0].split('=')[0]}={','.join(word.split('=')[1] for word in axis)}" for axis in self.axes]
        return [*axes, self.shared]

    @property
    def jobs(self) -> list[list[str]]:
        """The words of each job."""
        return [[*words, self.shared] for words in itertools.product(*self.axes)]


@dataclass(frozen=True)
class Cost:
    """Seconds on the clock, and CPU seconds."""

    wall: float
    cpu: float


def cpu_seconds_of_children() -> float:
    """CPU seconds of every process that was begun below this one and is over; waits for orphans."""
    with contextlib.suppress(ChildProcessError):
        while True:
            os.waitpid(-1, 0)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


class Bench:
    """Runs sweeps and bare fits in one folder, whose cache holds the features."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        own = folder / "conf" / "window"
        own.mkdir(parents=True)
        (own / "december.yaml").write_text(DECEMBER, encoding="utf-8")
        self.sweep(Sweep((WINDOWS,), "model=base_rate"))

    def command(self, sweep: Sweep) -> list[str]:
        return [sys.executable, "-m", "breakout", "-m", f"--config-dir={self.folder / 'conf'}", *sweep.words]

    def sweep(self, sweep: Sweep) -> Cost:
        """From the first to the last moment of `breakout -m`."""
        return self._whole(self.command(sweep))[0]

    def bare(self, fits: Path, order: str) -> tuple[Cost, Cost]:
        """The program of the fits from its first to its last moment, and the fits alone."""
        whole, told = self._whole([sys.executable, str(BARE_FITS), str(fits), order])
        wall, cpu = map(float, told.split())
        return whole, Cost(wall, cpu)

    def _whole(self, command: list[str]) -> tuple[Cost, str]:
        before, started = cpu_seconds_of_children(), time.perf_counter()
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=True)
        wall = time.perf_counter() - started
        return Cost(wall, cpu_seconds_of_children() - before), done.stdout

    def fits(self, sweep: Sweep) -> Path:
        """A file with the fits of a sweep and their rows."""
        dates = [line.split(": ") for line in DECEMBER.splitlines()[1:]]
        december = ["window=january", *(f"window.{key}={day}" for key, day in dates)]
        jobs = [
            [word for given in words for word in (december if given == WINDOWS[2] else [given])] for words in sweep.jobs
        ]
        path = self.folder / f"{sweep.shared}.pickle"
        path.write_bytes(pickle.dumps(prepare(jobs)))
        return path

    def peak_megabytes(self, sweep: Sweep) -> float:
        """The most memory that all processes of a sweep hold together, what they share counted once."""
        peak = 0.0
        with subprocess.Popen(self.command(sweep), cwd=self.folder, stdout=subprocess.DEVNULL) as process:
            while process.poll() is None:
                peak = max(peak, proportional_megabytes(process.pid))
                time.sleep(0.05)
        return peak


def proportional_megabytes(pid: int) -> float:
    total = 0
    try:
        root = psutil.Process(pid)
        processes = [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0.0
    for process in processes:
        try:
            total += process.memory_full_info().pss
        except psutil.Error:
            continue
    return total / 2**20


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    # Orphans, such as the server of a sweep's workers, become this process's children, so that their seconds count.
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
    return Bench(tmp_path_factory.mktemp("sweeps"))


def told(costs: list[Cost]) -> str:
    walls, cpu = [cost.wall for cost in costs], statistics.median(cost.cpu for cost in costs)
    return f"median {statistics.median(walls):.2f} s ({min(walls):.2f} to {max(walls):.2f}), CPU {cpu:.2f} s"


def median_ratio(costs: list[Cost], others: list[Cost]) -> float:
    return statistics.median(one.wall / other.wall for one, other in zip(costs, others, strict=True))


@pytest.mark.benchmark
@pytest.mark.timeout(1800)
def test_a_whole_sweep_against_its_bare_fits(bench: Bench) -> None:
    print()
    for name, shared in {"early stopping off": FULL, "early stopping on": STOPPED}.items():
        sweep = Sweep((DEPTHS, ITERATIONS, WINDOWS), shared)
        fits, jobs = bench.fits(sweep), len(sweep.jobs)
        rounds = [(*bench.bare(fits, "jobs"), *bench.bare(fits, "best"), bench.sweep(sweep)) for _ in range(ROUNDS)]
        *bare, sweeps = (list(costs) for costs in zip(*rounds, strict=True))
        alone = bare[-1]
        beyond = statistics.median(one.wall - other.wall for one, other in zip(sweeps, alone, strict=True)) / jobs
        cpu = statistics.median(one.cpu - other.cpu for one, other in zip(sweeps, alone, strict=True)) / jobs
        print(f"{jobs} jobs, {name}: sweep {told(sweeps)}")
        for floor, costs in zip(FLOORS, bare, strict=True):
            print(f"  bare fits, {floor}: {told(costs)}; sweep / this {median_ratio(sweeps, costs):.2f}")
        print(f"  beyond the fits alone in the best order {beyond:+.3f} s a job on the clock, {cpu:+.3f} s of CPU")


@pytest.mark.benchmark
@pytest.mark.timeout(1800)
def test_how_the_cost_of_a_sweep_grows(bench: Bench) -> None:
    seeds = [f"seed={seed}" for seed in range(1, 5)]
    sweeps = [
        Sweep((DEPTHS[:3], ITERATIONS, WINDOWS[:1]), STOPPED),
        Sweep((DEPTHS, ITERATIONS, WINDOWS), STOPPED),
        Sweep((DEPTHS, ITERATIONS, WINDOWS, seeds), STOPPED),
    ]
    print()
    for sweep in sweeps:
        costs = [bench.sweep(sweep) for _ in range(ROUNDS)]
        jobs, peak = len(sweep.jobs), bench.peak_megabytes(sweep)
        a_job = statistics.median(cost.wall for cost in costs) / jobs
        print(f"{jobs} jobs: {told(costs)}, {a_job:.2f} s a job, peak memory {peak:.0f} MB")
