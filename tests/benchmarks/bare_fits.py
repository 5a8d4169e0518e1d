"""The floor under a sweep: the same fits by CatBoost itself, in two processes of one thread each, and nothing else.

python bare_fits.py FITS ORDER: a pickled list of fits, as `prepare` makes it, done in the order of the jobs ("jobs"),
as a loop over the settings does them, or the costliest first ("best"), so that both processes end together. Prints the
seconds from the moment when both processes have their rows to the last fit's end, and the CPU seconds of the fits.
"""

from __future__ import annotations

import multiprocessing
import pickle
import resource
import sys
import time
from multiprocessing.synchronize import Barrier
from pathlib import Path

from breakout.models.base import FitParts
from breakout.models.catboost import fit_catboost
from breakout.settings import CatBoostConfig

PROCESSES = 2
Fit = tuple[CatBoostConfig, FitParts, int]


def prepare(jobs: list[list[str]]) -> list[Fit]:
    """The rows and settings of every fit of a sweep, by the words of its jobs, in their order."""
    from breakout.experiment.fitting import split_parts
    from breakout.experiment.plan import open_plan
    from breakout.settings import ExperimentConfig
    from breakout.settings.composition import compose

    fits: list[Fit] = []
    parts: dict[object, FitParts] = {}
    for words in jobs:
        config = compose("train", words)
        assert isinstance(config, ExperimentConfig)
        assert isinstance(config.model, CatBoostConfig)
        if config.window not in parts:
            with open_plan(config) as plan:
                parts[config.window], _ = split_parts(config, plan.build_train())
        fits.append((config.model, parts[config.window], config.seed))
    return fits


def cost(fit: Fit) -> float:
    from breakout.sweeps.cost import fit_seconds

    model, parts, _ = fit
    return fit_seconds(model, len(parts.y_fit), parts.X_fit.shape[1])


def fit_some(fits: list[Fit], taken: object, ready: Barrier) -> None:
    """Take one fit after another until none is left; `taken` counts for both processes."""
    ready.wait()
    while True:
        with taken.get_lock():  # type: ignore[attr-defined]
            index = taken.value  # type: ignore[attr-defined]
            taken.value += 1  # type: ignore[attr-defined]
        if index >= len(fits):
            return
        model, parts, seed = fits[index]
        fit_catboost(model, parts, seed, {})


def main() -> None:
    fits = pickle.loads(Path(sys.argv[1]).read_bytes())  # noqa: S301  (the benchmark wrote it)
    if sys.argv[2] == "best":
        fits.sort(key=cost, reverse=True)
    context = multiprocessing.get_context("fork")
    taken, ready = context.Value("i", 0), context.Barrier(PROCESSES + 1)
    workers = [context.Process(target=fit_some, args=(fits, taken, ready)) for _ in range(PROCESSES)]
    for worker in workers:
        worker.start()
    ready.wait()
    started = time.perf_counter()
    for worker in workers:
        worker.join()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(time.perf_counter() - started, used.ru_utime + used.ru_stime)


if __name__ == "__main__":
    main()
