"""The launcher to which Hydra's sweepers pass the jobs of a breakout sweep.

Hydra imports every module of `hydra_plugins` whenever it starts, so no large library is imported here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hydra.core.config_store import ConfigStore
from hydra.core.utils import JobReturn, JobStatus, run_job
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, open_dict

# This makes hydra/launcher=breakout an option in any program that uses Hydra.
ConfigStore.instance().store(
    group="hydra/launcher",
    name="breakout",
    node={"_target_": "hydra_plugins.breakout_launcher.launcher.BreakoutLauncher"},
    provider="breakout_launcher",
)


class BreakoutLauncher(Launcher):
    """The launcher `breakout`, which runs the jobs of a sweep.

    `breakout -m` passes a `SweepTask` as the task function. A `SweepTask` gets all jobs of a batch at once, so that it
    can plan the jobs, share work between them and leave out completed jobs. Any other task function is called for each
    job in turn.
    """

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Store the context, the task function and the configuration that Hydra passes to every launcher."""
        self._context, self._task, self._config = hydra_context, task_function, config

    def launch(self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> Sequence[JobReturn]:
        """Run one batch of jobs and return one result for each job.

        `job_overrides` are the overrides of each job, and `initial_job_idx` is the number of the first job. The return
        value of a job of `breakout -m` is its optimized metric. The value is NaN if the job failed or the metric is
        undefined. A tuner counts NaN as a failed trial.
        """
        run_batch: Any = getattr(self._task, "run_batch", None)
        if run_batch is None:
            return [self._call(initial_job_idx + place, list(found)) for place, found in enumerate(job_overrides)]
        values = run_batch(job_overrides, initial_job_idx)
        return [_returned(overrides, value) for overrides, value in zip(job_overrides, values, strict=True)]

    def _call(self, number: int, overrides: list[str]) -> JobReturn:
        config = self._context.config_loader.load_sweep_config(self._config, overrides)
        with open_dict(config):
            config.hydra.job.id, config.hydra.job.num = str(number), number
        return run_job(
            hydra_context=self._context,
            task_function=self._task,
            config=config,
            job_dir_key="hydra.sweep.dir",
            job_subdir_key="hydra.sweep.subdir",
        )


def _returned(overrides: Sequence[str], value: float | None) -> JobReturn:
    # The status is COMPLETED even for a failed job: Hydra would raise the error of a FAILED job and so end the sweep.
    returned = JobReturn(overrides=overrides, status=JobStatus.COMPLETED)
    returned.return_value = float("nan") if value is None else value
    return returned
