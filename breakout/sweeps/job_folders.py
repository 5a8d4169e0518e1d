"""The run folders of a sweep's jobs, with the state, the optimized metric and the failure of each job."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from breakout.errors import DataError, as_breakout_error
from breakout.evaluation.run_metrics import read_metrics
from breakout.runs import STATUS_FILE, RunStatus, check_files, open_run, read_status
from breakout.runs.names import RUNS
from breakout.safe_text import mask_secrets
from breakout.sweeps.job import JobEvent

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


@dataclass(frozen=True)
class JobRun:
    """The run folder of a job.

    - `status`: None if status.json cannot be read or belongs to another run.
    - `damage`: a message about a damaged or changed file in the folder, "" if there is none.
    """

    folder: Path
    status: RunStatus | None
    damage: str = ""

    @property
    def state(self) -> str:
        """The state of the run: completed, failed, interrupted, killed, running or damaged."""
        return "damaged" if self.damage or self.status is None else self.status.state

    @property
    def message(self) -> str:
        """The reason why the job is not completed; "it has not ended" if no reason is recorded."""
        return self.damage or (self.status.error if self.status else None) or "it has not ended"


def job_runs(folder: Path) -> list[JobRun]:
    """Return all runs in a sweep's folder, also damaged ones, sorted by start."""
    return [_read(path) for path in sorted((folder / RUNS).glob("*")) if path.is_dir()]


def _read(folder: Path) -> JobRun:
    try:
        status = read_status(folder)
    except DataError as error:
        return JobRun(folder, None, str(error))
    if status.run_id != folder.name:
        return JobRun(folder, None, f"{folder / STATUS_FILE} is of another run, {status.run_id}.")
    try:
        check_files(folder, status)
    except DataError as error:
        return JobRun(folder, status, str(error))
    return JobRun(folder, status)


def run_of(runs: Sequence[JobRun], number: int, fingerprint: str) -> JobRun | None:
    """Return the latest completed run of a job, or else its latest run; None if the job has no run.

    The name of a run folder ends with the job's fingerprint, and status.json contains the job's number. The number is
    ignored if status.json cannot be read.
    """
    named = [run for run in runs if run.folder.name.endswith(f"-{fingerprint}")]
    own = [run for run in named if run.status is None or run.status.job == number]
    completed = [run for run in own if run.state == "completed"]
    return next(reversed(completed or own), None)


def job_facts(number: int, overrides: Sequence[str]) -> dict[str, Any]:
    """Return the keys of status.json that only a sweep's job has: its number, and its overrides without secrets."""
    return {"job": number, "overrides": tuple(map(mask_secrets, overrides))}


def metric_of(run: Path, metric: str) -> float | None:
    """Return a metric of a completed run on its validation rows (the latest training rows).

    None if the metric is undefined or there are no validation rows. DataError if metrics.json cannot be read.
    """
    validation = read_metrics(run).validation
    return None if validation is None else validation.metrics[metric]


def completion_of(number: int, run: Path, metric: str) -> JobEvent:
    """Return the event of a completed job, with its metric and the number and dates of its validation rows.

    The metric, number and dates are None if there are no validation rows. DataError if metrics.json cannot be read.
    """
    validation = read_metrics(run).validation
    if validation is None:
        return JobEvent("completed", number)
    games = validation.rows, validation.first_date, validation.last_date
    return JobEvent("completed", number, value=validation.metrics[metric], validated_on=games)


def record_failure(folder: Path, mapping: dict[str, Any], facts: dict[str, Any], error: Exception) -> None:
    """Create a run folder for a job that failed with `error` before its run folder existed.

    The folder gets status.json, the settings and a log. `mapping` holds the job's settings, and `facts` further keys of
    status.json. DataError if the folder cannot be written.
    """
    try:
        with open_run(folder / RUNS, mapping, "train", facts=facts):
            raise error  # noqa: TRY301  (`open_run` records the error)
    except Exception as raised:
        if raised is not error:
            raise


def failure_message(error: BaseException) -> str:
    """Return the message about an error that ended a job.

    - BreakoutError: its text.
    - A lack of memory, disk space or permission: a text that names the remedy.
    - KeyboardInterrupt: a text that says that the job was interrupted.
    - Any other exception: its type and the first paragraph of its text, on one line.
    """
    known = as_breakout_error(error)
    if known is not None:
        return str(known)
    if isinstance(error, KeyboardInterrupt):
        return "interrupted before it was done"
    # The later paragraphs of errors from CatBoost and other libraries are advice for programmers, not for users.
    first_paragraph = str(error).strip().partition("\n\n")[0]
    return f"{type(error).__name__}: {' '.join(first_paragraph.split())}"
