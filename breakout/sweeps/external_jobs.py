"""Jobs of a sweep that a launcher of Hydra, such as joblib or Ray, runs instead of breakout's worker processes.

Such a launcher reports no events. This module reads the run folders to find out which jobs have ended.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeAlias

from breakout.errors import DataError, GateError
from breakout.features.distributions import check_drift
from breakout.runs.record import read_run
from breakout.sweeps.job import Job, JobEvent
from breakout.sweeps.job_folders import JobRun, completion_of, failure_message, job_runs, run_of
from breakout.sweeps.plan import PlannedJob

Launch: TypeAlias = Callable[[Sequence[PlannedJob], Path], None]

POLL_SECONDS = 1.0  # pause between two readings of the run folders


def run_external_jobs(
    launch: Launch, jobs: Sequence[PlannedJob], folder: Path, report: Callable[[JobEvent], object]
) -> None:
    """Run jobs with `launch`, and call `report` once for each job, after the job completed or failed.

    The run folders of the sweep's `folder` are read every POLL_SECONDS until `launch` returns. A job that has not ended
    by then is reported as failed. If `launch` raises an exception, its message is the reason of these failures.
    KeyboardInterrupt is raised again.
    """
    folders = JobFolders(folder, jobs)
    failure: Exception | None = None
    is_over = threading.Event()

    unreported: list[JobEvent] = []

    def report_unreported() -> None:
        while unreported:
            report(unreported[0])
            del unreported[0]

    def watch_folders() -> None:
        while not is_over.wait(POLL_SECONDS):
            with suppress(OSError):  # the run folders are read again after the pause
                unreported.extend(folders.ended())
            try:
                report_unreported()
            except OSError:  # The output is closed. The last line of `run_external_jobs` raises the error again.
                return

    watch = threading.Thread(target=watch_folders, daemon=True)
    watch.start()
    try:
        launch(jobs, folder)
    except Exception as error:  # noqa: BLE001  (jobs that have not ended report this error)
        failure = error
    finally:
        is_over.set()
        watch.join()
    unreported += folders.ended()
    unreported += folders.lost(failure)
    report_unreported()


class JobFolders:
    """A reader of a sweep's run folders that finds the jobs that have ended.

    Run folders that exist before the reader is created belong to earlier runs, and are ignored.
    """

    def __init__(self, folder: Path, jobs: Sequence[PlannedJob]) -> None:
        self._folder = folder
        self._open = {planned.number: planned.job for planned in jobs}
        self._before = {run.folder for run in job_runs(folder)}
        self._begun: set[int] = set()

    def ended(self) -> list[JobEvent]:
        """Return an event for each job that ended since the last call.

        A completed job counts as failed if a file in its run folder is damaged or was changed. The job also counts as
        failed if its features drifted and `distributions.fail_on_drift` is true.
        """
        runs = [run for run in job_runs(self._folder) if run.status and run.folder not in self._before]
        events = [event for number, job in self._open.items() if (event := self._event(number, job, runs))]
        for event in events:
            del self._open[event.number]
        return events

    def _event(self, number: int, job: Job, runs: Sequence[JobRun]) -> JobEvent | None:
        run = run_of(runs, number, job.fingerprint)
        if run is None:
            return None
        self._begun.add(number)
        if run.state == "running":
            return None
        if run.state != "completed":
            return JobEvent("failed", number, run.message, is_death=run.state == "killed")
        try:
            check_drift(job.config.distributions, read_run(run.folder).distributions, run.folder)
            return completion_of(number, run.folder, job.config.optimized_metric)
        except (DataError, GateError) as error:
            # The status says "completed", but features drifted or a file is damaged.
            return JobEvent("failed", number, failure_message(error))

    def lost(self, failure: Exception | None) -> list[JobEvent]:
        """Return a failed event for each job that has not ended.

        `failure` is the exception of the launcher, None if there was none. The message of each event contains this
        exception, or else says whether the job began.
        """
        events = []
        for number in self._open:
            has_begun = number in self._begun
            message = "it began and has not ended." if has_begun else "it left no run folder."
            if failure is not None:
                message = f"the launcher gave up: {failure_message(failure)}"
            # `is_death` is false for a job that has begun, because it may still run on another machine.
            events.append(JobEvent("failed", number, message, is_death=not has_begun))
        return events
