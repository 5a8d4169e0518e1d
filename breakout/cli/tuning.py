"""Optuna as sweeper: what it must be told so that a sweep can be resumed and a failed job does not end it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from breakout.evaluation.metrics import HIGHER_IS_BETTER

STORAGE_FILE = "optuna.db"
_OPTUNA = "hydra_plugins.hydra_optuna_sweeper"


def prepare_tuner(config: DictConfig, folder: Path, *, is_dry: bool) -> None:
    """Set storage, direction and tolerance of a tuning sweeper where the user did not; no other sweeper is touched."""
    sweeper = config.hydra.sweeper
    if not str(sweeper.get("_target_")).startswith(_OPTUNA):
        return
    if sweeper.direction == "minimize" or str(sweeper.direction).endswith("minimize"):
        sweeper.direction = "maximize" if HIGHER_IS_BETTER[config.optimized_metric] else "minimize"
    sweeper.max_failure_rate = 1.0  # failures are kept and told by the sweep; fail_fast ends it where that is wanted
    if is_dry:
        sweeper.storage = None  # a dry run leaves no trial behind
        return
    if sweeper.storage is None:
        sweeper.storage = f"sqlite:///{folder / STORAGE_FILE}"
        sweeper.study_name = sweeper.study_name or folder.name
    if config.resume is not None:
        _go_on(sweeper)


def _go_on(sweeper: Any) -> None:
    """Only the trials that are missing; trials that were cut off count as failed, and none is drawn twice."""
    import optuna

    study = optuna.load_study(study_name=sweeper.study_name, storage=sweeper.storage)
    for trial in study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.RUNNING,)):
        study.tell(trial.number, state=optuna.trial.TrialState.FAIL)
    done = len(study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.COMPLETE,)))
    sweeper.n_trials = max(0, sweeper.n_trials - done)
    if sweeper.sampler.get("seed") is not None:
        # The same seed would propose the first trials again.
        sweeper.sampler.seed += len(study.trials)
