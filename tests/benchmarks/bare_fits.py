"""The fits of a sweep and nothing else: by CatBoost itself, in two processes of one thread each, in the jobs' order.

A job with `validation.refit` fits twice, as it does in a sweep: once for early stopping, calibration and threshold,
and once on the whole training window.

`python bare_fits.py FITS` reads a pickled list of fits, as `prepare_fits` returns it. It prints the seconds from the
moment when both processes have their rows to the end of the last fit.
"""

from __future__ import annotations

import multiprocessing
import pickle
import sys
import time
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

from breakout.models import catboost
from breakout.models.base import FitParts
from breakout.settings import CatBoostConfig

PROCESSES = 2
Fit = tuple[CatBoostConfig, FitParts, int, bool]  # settings, rows, seed, whether the model is refitted


def prepare_fits(jobs: list[list[str]]) -> list[Fit]:
    """Return settings, rows, seed and `validation.refit` of each job; a job is a list of overrides."""
    from breakout.experiment.fitting import split_parts
    from breakout.experiment.plan import open_plan
    from breakout.settings import ExperimentConfig
    from breakout.settings.composition import compose

    fits: list[Fit] = []
    parts: dict[object, FitParts] = {}
    for overrides in jobs:
        config = compose("train", overrides)
        assert isinstance(config, ExperimentConfig)
        assert isinstance(config.model, CatBoostConfig)
        if config.window not in parts:
            with open_plan(config) as plan:
                parts[config.window] = split_parts(config, plan.build_train())
        fits.append((config.model, parts[config.window], config.seed, config.validation.refit))
    return fits


def fit_some(fits: list[Fit], taken: Any, ready: Barrier) -> None:
    """Take one fit after another until none is left; `taken` is the count that both processes share."""
    ready.wait()
    while True:
        with taken.get_lock():
            index = taken.value
            taken.value += 1
        if index >= len(fits):
            return
        config, parts, seed, is_refit = fits[index]
        model = catboost.fit(config, parts, seed, {})
        if is_refit:
            catboost.refit(model, parts, config, seed, {})


def main() -> None:
    """Run the fits of the file that the command line names."""
    fits = pickle.loads(Path(sys.argv[1]).read_bytes())  # noqa: S301  (the benchmark wrote it)
    context = multiprocessing.get_context("fork")
    taken, ready = context.Value("i", 0), context.Barrier(PROCESSES + 1)
    workers = [context.Process(target=fit_some, args=(fits, taken, ready)) for _ in range(PROCESSES)]
    for worker in workers:
        worker.start()
    ready.wait()
    started = time.perf_counter()
    for worker in workers:
        worker.join()
    print(time.perf_counter() - started)


if __name__ == "__main__":
    main()
