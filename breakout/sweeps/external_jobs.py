"""Jobs that another launcher of Hydra runs, whose run folders show how they end."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeAlias

from breakout.errors import DataError
from breakout.sweeps.job import Job, JobEvent
from breakout.sweeps.job_folders import JobRun, completion_of, failure_message, job_runs, run_of
from breakout.sweeps.plan import PlannedJob

Launch: TypeAlias = Callable[[Sequence[PlannedJob], Path], None]

POLL_SECONDS = 1.0  # pause between two readings of the run folders


def run_external_jobs(
    launch: Launch, jobs: Sequence[PlannedJob], folder: Path, report: Callable[[JobEvent], object]
) -> None:
    """Run jobs in the sweep's folder by `launch`; call `report` with an event for each job, at the latest at the end.

    If the launcher raises an exception, the jobs that have not ended fail with its message.
    """
    folders = JobFolders(folder, jobs)
    failure: Exception | None = None
    is_over = threading.Event()

    def report_ended() -> None:
        while not is_over.wait(POLL_SECONDS):
            with suppress(DataError, OSError):  # a half-written folder is read again after the pause
                for event in folders.ended():
                    report(event)

    watch = threading.Thread(target=report_ended, daemon=True)
    watch.start()
    try:
        launch(jobs, folder)
    except Exception as error:  # noqa: BLE001  (completed jobs keep their results; the others report this error)
        failure = error
    finally:
        is_over.set()
        watch.join()
    for event in (*folders.ended(), *folders.lost(failure)):
        report(event)


class JobFolders:
    """A reader of the run folders that jobs of another launcher create; it finds the jobs that have ended.

    It ignores the run folders that exist when it is created.
    """

    def __init__(self, folder: Path, jobs: Sequence[PlannedJob]) -> None:
        self._folder = folder
        self._open = {planned.number: planned.job for planned in jobs}
        self._before = {run.folder for run in job_runs(folder)}
        self._begun: set[int] = set()

    def ended(self) -> list[JobEvent]:
        """Return an event for each job that ended since the last call."""
        runs = [run for run in job_runs(self._folder) if run.status and run.folder not in self._before]
        return [event for number, job in list(self._open.items()) if (event := self._event(number, job, runs))]

    def _event(self, number: int, job: Job, runs: Sequence[JobRun]) -> JobEvent | None:
        run = run_of(runs, number, job.fingerprint)
        if run is None:
            return None
        self._begun.add(number)
        if run.state == "running":
            return None
        del self._open[number]
        if run.state == "completed":
            return completion_of(number, run.folder, job.config.optimized_metric)
        return JobEvent("failed", number, run.message, is_death=run.state == "killed")

    def lost(self, failure: Exception | None) -> list[JobEvent]:
        """Return a failure for each job that has not ended; `failure` is the launcher's error, None if it had none."""
        message = f"the launcher gave up: {failure_message(failure)}" if failure else "it left no run folder."
        # A job that has started is not reported as dead, because it may still run on another machine.
        return [JobEvent("failed", number, message, is_death=number not in self._begun) for number in self._open]
