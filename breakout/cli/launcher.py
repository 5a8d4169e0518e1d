"""The seam between Hydra and our sweeps: any sweeper's batches of overrides go in, a value for each job comes out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hydra.core.plugins import Plugins
from hydra.core.utils import JobReturn, JobStatus
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig

# Hydra takes launchers of the namespace hydra_plugins only, so ours goes by a name of that kind.
OURS = "hydra_plugins.breakout.BreakoutLauncher"


class BreakoutLauncher(Launcher):
    """Gives each batch to the sweep that stands behind the task function."""

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Take the sweep; the rest is known to it."""
        del hydra_context, config
        self._sweep: Any = task_function

    def launch(self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> Sequence[JobReturn]:
        """Run the jobs; one without a value failed, which the sweep itself has told and kept."""
        values = self._sweep.run_batch(job_overrides, initial_job_idx)
        return [_returned(overrides, value) for overrides, value in zip(job_overrides, values, strict=True)]


def _returned(overrides: Sequence[str], value: float | None) -> JobReturn:
    # A failure handed to Hydra would end the sweep with its traceback; not a number is a failed trial to a tuner.
    returned = JobReturn(overrides=overrides, status=JobStatus.COMPLETED)
    returned.return_value = float("nan") if value is None else value
    return returned


def register_launcher() -> None:
    """Make the launcher known to Hydra, which otherwise finds launchers by looking through installed packages."""
    Plugins.instance().class_name_to_class[OURS] = BreakoutLauncher
