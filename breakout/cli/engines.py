"""Other launchers of Hydra as engines: a configured launcher in, a function that carries out groups of jobs there out.

Ray, submitit (SLURM) and joblib bring their own ways to other processes and machines. Each of their jobs is one of our
groups, so fits stay shared there too. Workers need the same folders: on several machines, a shared file system.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from hydra._internal.callbacks import Callbacks
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.plugins import Plugins
from hydra.types import HydraContext
from omegaconf import DictConfig

from breakout.sweeps.planning import Group
from breakout.sweeps.running import Event, run_group

OURS = "hydra_plugins.breakout_launcher.BreakoutLauncher"


class GroupTask:
    """A task function that travels with its groups; the number of Hydra's job says which one is meant."""

    def __init__(self, groups: Sequence[Group], folder: Path) -> None:
        self._groups, self._folder = tuple(groups), folder

    def __call__(self, config: DictConfig) -> None:
        """Run one group; what becomes of its jobs stands in their folders."""
        del config
        run_group(self._groups[int(HydraConfig.get().job.num)], self._folder, _no_word)


def _no_word(event: Event) -> None:
    """Nobody listens on another machine."""
    del event


def is_ours(launcher: DictConfig) -> bool:
    """Whether the configured launcher is our own, which needs no engine."""
    return bool(launcher.get("_target_") == OURS)


def engine_of(config: DictConfig) -> Callable[[Sequence[Group], Path], None]:
    """The configured launcher of Hydra; a plugin that is not installed is refused when the words are composed."""
    wanted = copy.deepcopy(config)

    def carry_out(groups: Sequence[Group], folder: Path) -> None:
        from breakout.cli.job_composition import PlanningLoader

        loader = PlanningLoader(GlobalHydra.instance().config_loader().get_search_path())
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
