"""Sweeps with a launcher other than `breakout`: joblib, submitit (SLURM), Ray or the basic launcher of Hydra.

Each job writes its run folder into the folder of the sweep. Jobs on other machines need this folder, the cached results
of queries and the data on a shared file system.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.plugins import Plugins
from hydra.experimental.callback import Callback
from hydra.types import HydraContext
from hydra.utils import instantiate
from omegaconf import DictConfig

from breakout.sweeps.plan import PlannedJob

_OURS = "hydra_plugins.breakout_launcher."
_RAY = "hydra_plugins.hydra_ray_launcher."


class JobTask:
    """The task function that a launcher other than `breakout` calls for each job of a sweep.

    `folder` is the folder of the sweep. Hydra's job number is the position of a job in `jobs`.
    """

    def __init__(self, jobs: Sequence[PlannedJob], folder: Path) -> None:
        self._jobs, self._folder = tuple(jobs), folder

    def __call__(self, config: DictConfig) -> None:
        """Run the job that has Hydra's current job number, and record in the job's folder how the job ended."""
        from breakout.experiment.shared_work import SharedWork
        from breakout.sweeps.workers import run_job

        del config  # the planned job already contains the same settings, typed
        run_job(self._jobs[HydraConfig.get().job.num], self._folder, SharedWork())


class Callbacks(Callback):
    """The callbacks that the user configured under `hydra.callbacks`.

    Only their methods `on_job_start` and `on_job_end` are called.
    """

    def __init__(self, config: DictConfig) -> None:
        self._callbacks = [instantiate(found) for found in (config.hydra.callbacks or {}).values()]

    def on_job_start(self, config: DictConfig, **more: Any) -> None:
        for callback in self._callbacks:
            callback.on_job_start(config=config, **more)

    def on_job_end(self, config: DictConfig, job_return: Any, **more: Any) -> None:
        for callback in self._callbacks:
            callback.on_job_end(config=config, job_return=job_return, **more)


def other_launcher(config: DictConfig) -> Callable[[Sequence[PlannedJob], Path], None] | None:
    """Return a function that runs jobs with the configured launcher; None for the launcher `breakout`.

    The function takes the jobs and the sweep's folder, and returns when all jobs have ended. It raises any error that
    a job did not record, such as a failed import.
    """
    if str(config.hydra.launcher.get("_target_")).startswith(_OURS):
        return None
    configured = copy.deepcopy(config)
    if str(configured.hydra.launcher.get("_target_")).startswith(_RAY):
        _quieten(configured.hydra.launcher.ray.init)

    def launch(jobs: Sequence[PlannedJob], folder: Path) -> None:
        callbacks: Any = Callbacks(configured)
        task: Any = JobTask(jobs, folder)
        launcher = Plugins.instance().instantiate_launcher(
            hydra_context=HydraContext(GlobalHydra.instance().config_loader(), callbacks),
            task_function=task,
            config=configured,
        )
        for job in launcher.launch([list(planned.job.overrides) for planned in jobs], initial_job_idx=0):
            _ = job.return_value  # this property raises an error that the job did not record itself

    return launch


def _quieten(init: Any) -> None:
    """Configure Ray to report no usage; if Ray runs on this machine, also turn off the dashboard and the workers' logs.

    Ray runs on this machine if `init`, the arguments of `ray.init`, has no `address`. The user's own values are kept.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    if init.get("address") is None:
        for key in ("include_dashboard", "log_to_driver"):
            init.setdefault(key, False)
