"""Other launchers of Hydra as engines: a configured launcher in, a function that carries out groups of jobs there out.

Ray, submitit (SLURM) and joblib bring their own ways to other processes and machines. Each of their jobs is one of our
groups, so fits stay shared there too. Workers need the same folders: on several machines, a shared file system.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from hydra._internal.callbacks import Callbacks
from hydra.core.hydra_config import HydraConfig
from hydra.core.plugins import Plugins
from hydra.types import HydraContext
from omegaconf import DictConfig

from breakout.cli.launcher import OURS
from breakout.sweeps.events import Event
from breakout.sweeps.planning import Group

_RAY = "hydra_plugins.hydra_ray_launcher"


class GroupTask:
    """A task function that travels with its groups; the number of Hydra's job says which one is meant."""

    def __init__(self, groups: Sequence[Group], folder: Path) -> None:
        self._groups, self._folder = tuple(groups), folder

    def __call__(self, config: DictConfig) -> None:
        """Run one group; what becomes of its jobs stands in their folders."""
        from breakout.sweeps.running import run_group

        del config
        run_group(self._groups[int(HydraConfig.get().job.num)], self._folder, _no_word)


class CopyingLoader:
    """A configuration loader whose jobs, which are groups, read nothing of their configuration but their number."""

    def load_sweep_config(self, master_config: DictConfig, sweep_overrides: list[str]) -> DictConfig:
        """Return a copy of the sweep's own configuration."""
        del sweep_overrides
        return copy.deepcopy(master_config)


def _no_word(event: Event) -> None:
    """Nobody listens on another machine."""
    del event


def is_ours(launcher: DictConfig) -> bool:
    """Whether the configured launcher is our own, which needs no engine."""
    return bool(launcher.get("_target_") == OURS)


def engine_of(config: DictConfig) -> Callable[[Sequence[Group], Path], None]:
    """The configured launcher of Hydra; a plugin that is not installed is refused when the words are composed."""
    wanted = copy.deepcopy(config)
    if str(wanted.hydra.launcher.get("_target_")).startswith(_RAY):
        _keep_to_itself(wanted.hydra.launcher.ray.init)

    def carry_out(groups: Sequence[Group], folder: Path) -> None:
        loader: Any = CopyingLoader()
        task: Any = GroupTask(groups, folder)
        launcher = Plugins.instance().instantiate_launcher(
            hydra_context=HydraContext(config_loader=loader, callbacks=Callbacks(wanted)),
            task_function=task,
            config=wanted,
        )
        returned = launcher.launch([[f"group={number}"] for number in range(len(groups))], initial_job_idx=0)
        for job in returned:
            _ = job.return_value  # raises what went wrong outside the jobs themselves

    return carry_out


def _keep_to_itself(init: Any) -> None:
    """Ray on this machine: no usage reports, no dashboard, no lines of its own, unless the user wants them."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    if init.get("address") is None:
        for key in ("include_dashboard", "log_to_driver"):
            init.setdefault(key, False)
