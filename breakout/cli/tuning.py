"""The preparation of the Optuna sweeper for a sweep that can be resumed and that continues after a failed job."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from breakout.errors import ConfigurationError
from breakout.evaluation.metrics import METRICS
from breakout.sweeps.job_folders import job_runs, metric_of

STORAGE_FILE = "optuna.db"
_OPTUNA = "hydra_plugins.hydra_optuna_sweeper"


def prepare_tuner(config: DictConfig, folder: Path, *, is_dry: bool) -> int | None:
    """Set direction, storage, study name and failure rate of the Optuna sweeper in `config`.

    Return the number of trials (jobs that Optuna proposes) that remain to be run. For any other sweeper, change nothing
    and return None. Completed trials of a resumed sweep are subtracted, except in a dry run.

    `folder` is the folder of the sweep. ConfigurationError if several directions are configured. DataError if the
    metrics of a completed job cannot be read.
    """
    sweeper = config.hydra.sweeper
    if not str(sweeper.get("_target_")).startswith(_OPTUNA):
        return None
    import optuna

    optuna.logging.set_verbosity(logging.WARNING)  # no message for each trial: the sweep's own display shows the trials
    if not isinstance(sweeper.direction, str) and hasattr(sweeper.direction, "__len__"):
        raise ConfigurationError("a sweep has one optimized_metric; leave out hydra.sweeper.direction.")
    sweeper.direction = "maximize" if METRICS[config.optimized_metric].higher_is_better else "minimize"
    sweeper.max_failure_rate = 1.0  # sweep.fail_fast, not Optuna, decides whether a failed job ends the sweep
    sweeper.study_name = sweeper.study_name or folder.name
    if is_dry:
        sweeper.storage = None  # a dry run must store no trials
    elif sweeper.storage is None:
        sweeper.storage = f"sqlite:///{folder / STORAGE_FILE}"
    if config.sweep.resume is not None and not is_dry:
        _set_remaining_trials(sweeper, folder, str(config.optimized_metric))
    return int(sweeper.n_trials)


def _set_remaining_trials(sweeper: Any, folder: Path, metric: str) -> None:
    """Subtract the completed trials of a resumed sweep from the sweeper's number of trials.

    If the job of an interrupted trial is completed, the trial gets the job's value of `metric` and counts as completed.
    Otherwise the trial is marked as failed and is not subtracted.
    """
    import optuna

    try:
        study = optuna.load_study(study_name=sweeper.study_name, storage=sweeper.storage)
    except KeyError:
        return  # there is no study, because the sweep was interrupted before its first trial
    drawn = max((len(trial.params) for trial in study.trials), default=0)
    for trial in study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.RUNNING,)):
        # A trial that was interrupted before all its parameters were drawn has no job.
        value = _find_metric(trial.params, folder, metric) if len(trial.params) == drawn else None
        state = optuna.trial.TrialState.FAIL if value is None else optuna.trial.TrialState.COMPLETE
        study.tell(trial.number, value, state)
    done = len(study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.COMPLETE,)))
    sweeper.n_trials = max(0, sweeper.n_trials - done)
    if sweeper.sampler.get("seed") is not None:
        # With the same seed, the sampler would propose the parameters of the first trials again.
        sweeper.sampler.seed += len(study.trials)


def _find_metric(params: dict[str, Any], folder: Path, metric: str) -> float | None:
    """Return the metric of the completed job with these parameters; None if no job or no metric is found."""
    drawn = {f"{name}={value}" for name, value in params.items()}
    for run in job_runs(folder):
        if run.state == "completed" and run.status is not None and drawn <= set(run.status.overrides or ()):
            return metric_of(run.folder, metric)
    return None
