"""The row of a run in the experiments table of BigQuery."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from breakout.errors import DataError
from breakout.evaluation.run_metrics import METRICS_FILE
from breakout.runs import warn_without_digests
from breakout.runs.names import SWEEPS, sweep_of
from breakout.runs.record import RunRecord, read_run
from breakout.settings import DateWindowConfig, ExperimentConfig

if TYPE_CHECKING:
    from datetime import date, datetime
    from pathlib import Path

    from breakout.settings import RootConfig


@dataclass(frozen=True)
class ExperimentRow:
    """The row of one run in the experiments table.

    A missing hypothesis is "", missing tags are (), and every other missing value is None.

    - `config`: the settings as a JSON text.
    - `results`: the content of metrics.json, a JSON text.
    """

    experiment_id: str
    experiment_name: str
    hypothesis: str
    experiment_type: str
    tags: tuple[str, ...]
    config: str
    train_start: date | None
    train_end: date | None
    train_samples: int | None
    eval_start: date | None
    eval_end: date | None
    eval_samples: int | None
    results: str | None
    model_path: str | None
    git_commit: str | None
    parent_sweep: str | None
    status: str
    error: str | None
    started_at: datetime
    finished_at: datetime | None


def read_ended_run(folder: Path) -> RunRecord:
    """Read a run that is to be registered with a tracker.

    DataError if the run is still running, or if one of its files is missing, damaged or changed.
    """
    run = read_run(folder)
    warn_without_digests(folder, [run.status])
    if run.status.state == "running":
        raise DataError(f"{folder} is still running; register it when it is over.")
    return run


def experiment_row(run: RunRecord) -> ExperimentRow:
    """Return the row of a run that has ended, for the experiments table.

    DataError if the manifest of the run's saved model is damaged.
    """
    manifest, status, config = run.manifest, run.status, run.config
    experiment = config if isinstance(config, ExperimentConfig) else None
    train, evaluation = _windows(run)
    return ExperimentRow(
        experiment_id=status.run_id,
        experiment_name=status.name,
        hypothesis=experiment.hypothesis if experiment else "",
        experiment_type=experiment.mode.name if experiment else status.command,
        tags=experiment.tags if experiment else (),
        config=json.dumps(run.settings, sort_keys=True, default=str),
        train_start=train[0],
        train_end=train[1],
        train_samples=manifest.rows.train if manifest else None,
        eval_start=evaluation[0],
        eval_end=evaluation[1],
        eval_samples=_evaluated_rows(run),
        results=(run.folder / METRICS_FILE).read_text(encoding="utf-8") if run.has_metrics else None,
        model_path=str(run.bundle_folder.resolve()) if run.bundle_folder else None,
        git_commit=manifest.git_commit if manifest else None,
        parent_sweep=_parent_sweep(run.folder),
        status=status.state,
        error=status.error,
        started_at=status.started,
        finished_at=status.finished,
    )


Dates = tuple["date | None", "date | None"]


def _windows(run: RunRecord) -> tuple[Dates, Dates]:
    """Return the first and last date of training and of evaluation; unknown dates are None.

    The dates come from the manifest of the saved model or, without a manifest, from the settings. If the run only
    evaluated a saved model, the evaluation dates come from status.json.
    """
    if run.manifest is None:
        return _configured(run.config)
    return run.manifest.windows.train, run.status.window or run.manifest.windows.evaluation or (None, None)


def _evaluated_rows(run: RunRecord) -> int | None:
    """Return the number of evaluated rows; None if it is unknown.

    The number is in status.json if the run only evaluated a saved model, else in the manifest.
    """
    if run.status.window is not None:
        return run.status.rows
    return run.manifest.rows.evaluation if run.manifest else None


def _configured(config: RootConfig | None) -> tuple[Dates, Dates]:
    if not isinstance(config, ExperimentConfig) or not isinstance(config.window, DateWindowConfig):
        return (None, None), (None, None)
    window = config.window
    return (window.train_start, window.train_end), (window.eval_start, window.eval_end)


def _parent_sweep(folder: Path) -> str | None:
    """Return the name of the sweep to which a run belongs; None for a run that is not a job of a sweep.

    The name is the path of the sweep's folder below the folder `sweeps`, such as `depths`. For a sweep outside a folder
    `sweeps`, the name is the last part of the path.
    """
    sweep = sweep_of(folder)
    if sweep is None:
        return None
    return next((str(sweep.relative_to(above)) for above in sweep.parents if above.name == SWEEPS), sweep.name)
