"""What a sweep costs beyond its fits: a whole `breakout -m` of 24 jobs against the bare fits. Run by `make bench`.

Sweeps and bare fits alternate, so that what else the machine does slows both; ratios and differences are of
neighbours. The features are in the cache before anything is measured.
"""

from __future__ import annotations

import itertools
import pickle
import statistics
import sys
from pathlib import Path

import pytest

from tests.benchmarks.bare_fits import prepare_fits
from tests.benchmarks.measuring import check_bound, run_measured

ROUNDS = 3
BARE_FITS = Path(__file__).with_name("bare_fits.py")
# Three windows of 3,000 to 5,000 training rows; the third one has a file of its own.
DECEMBER = {
    "train_start": "2025-10-21",
    "train_end": "2025-12-31",
    "eval_start": "2026-01-01",
    "eval_end": "2026-01-25",
}
WINDOWS = {
    "january": ["window=january"],
    "february": ["window=february"],
    "december": ["window=january", *(f"window.{key}={day}" for key, day in DECEMBER.items())],
}
DEPTHS, ITERATIONS = (4, 5, 6, 8), (200, 500)
JOBS = len(DEPTHS) * len(ITERATIONS) * len(WINDOWS)
FULL, STOPPED = "model.early_stopping_rounds=0", "model.early_stopping_rounds=30"
RATIO_BOUND = 1.25  # of a sweep without early stopping to its bare fits, with refits in both or in neither
SECONDS_A_JOB_BOUND = 0.15  # beyond the bare fits, with early stopping


def sweep_seconds(folder: Path, *overrides: str) -> float:
    """Return the seconds of a whole sweep on the clock, from the start of its process to the end."""
    command = [sys.executable, "-m", "breakout", "-m", f"--config-dir={folder / 'conf'}", *overrides]
    return run_measured(command, folder).wall


def bare_seconds(folder: Path, fits: Path) -> float:
    """Return the seconds of the fits alone, without the start of their processes."""
    return float(run_measured([sys.executable, str(BARE_FITS), str(fits)], folder).out)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the third window's file and a filled cache of features."""
    folder = tmp_path_factory.mktemp("sweeps")
    own = folder / "conf" / "window"
    own.mkdir(parents=True)
    lines = ["kind: dates", *(f"{key}: {day}" for key, day in DECEMBER.items())]
    (own / "december.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    sweep_seconds(folder, f"window={','.join(WINDOWS)}", "model=base_rate")
    return folder


def measure(folder: Path, *shared: str) -> tuple[list[float], list[float]]:
    """Return the seconds of sweeps and of their bare fits, round by round."""
    jobs = [
        [f"model.depth={depth}", f"model.iterations={iterations}", *window, *shared]
        for depth, iterations, window in itertools.product(DEPTHS, ITERATIONS, WINDOWS.values())
    ]
    fits = folder / "fits.pickle"
    fits.write_bytes(pickle.dumps(prepare_fits(jobs)))
    axes = (f"model.depth={','.join(map(str, DEPTHS))}", f"model.iterations={','.join(map(str, ITERATIONS))}")
    sweeps, bare = [], []
    for _ in range(ROUNDS):
        bare.append(bare_seconds(folder, fits))
        sweeps.append(sweep_seconds(folder, *axes, f"window={','.join(WINDOWS)}", *shared))
    print(f"\n{JOBS} jobs, {' '.join(shared)}, {ROUNDS} rounds:")
    print(f"  sweep     {statistics.median(sweeps):.2f} s ({min(sweeps):.2f} to {max(sweeps):.2f})")
    print(f"  bare fits {statistics.median(bare):.2f} s ({min(bare):.2f} to {max(bare):.2f})")
    return sweeps, bare


@pytest.mark.benchmark
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("refit", ["false", "true"])
def test_a_sweep_against_its_bare_fits(folder: Path, refit: str) -> None:
    measured = measure(folder, FULL, f"validation.refit={refit}")
    ratio = statistics.median(sweep / bare for sweep, bare in zip(*measured, strict=True))
    check_bound(f"{JOBS} jobs without early stopping, refit={refit}: sweep / bare fits", ratio, RATIO_BOUND)


@pytest.mark.benchmark
@pytest.mark.timeout(1800)
def test_seconds_a_job_beyond_the_fits_with_early_stopping(folder: Path) -> None:
    beyond = statistics.median(sweep - bare for sweep, bare in zip(*measure(folder, STOPPED), strict=True)) / JOBS
    check_bound(f"{JOBS} jobs with early stopping: beyond the fits, a job", beyond, SECONDS_A_JOB_BOUND, " s")
