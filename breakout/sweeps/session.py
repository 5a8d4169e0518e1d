"""The session of a sweep: it plans each batch of jobs and runs the jobs that are not completed."""

from __future__ import annotations

import threading
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

from breakout.errors import DataError
from breakout.sweeps.job import Event
from breakout.sweeps.job_folders import job_facts, job_runs, message_of, metric_of, record_failure, run_of
from breakout.sweeps.plan import PlannedJob, SweepPlan, plan_sweep
from breakout.sweeps.progress import Progress
from breakout.sweeps.record import clear_incomplete, record_death
from breakout.sweeps.workers import Workers, default_workers

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from breakout.settings import TrackingConfig
    from breakout.sweeps.job import Job, Refusal
    from breakout.sweeps.job_folders import JobRun
    from breakout.sweeps.record import SweepRecord

Launch: TypeAlias = "Callable[[Sequence[PlannedJob], Path], None]"

POLL_SECONDS = 1.0  # pause between two readings of the run folders of jobs that another launcher runs


class DryRunShown(Exception):  # noqa: N818  (it ends a dry run and reports no error)
    """An exception that ends a dry run after its plan is printed; `is_possible` is false if a job cannot start."""

    def __init__(self, *, is_possible: bool) -> None:
        super().__init__()
        self.is_possible = is_possible


class FailedFast(Exception):  # noqa: N818
    """An exception that ends a sweep with `fail_fast` after a job has failed."""


@dataclass
class Options:
    """The options of a sweep.

    `cache` is the folder of cached query results. `workers` is the number of worker processes; None means as many as
    the cores allow. `launch` runs jobs by another launcher of Hydra; None means that worker processes of this sweep run
    them. `trials` is the number of trials that a tuner still has to run in all its batches, None if the sweeper is no
    tuner.
    """

    cache: Path
    is_dry: bool
    is_resumed: bool
    fail_fast: bool
    workers: int | None
    launch: Launch | None = None
    trials: int | None = None


class SweepSession:
    """A sweep that runs in its folder. Use it in a `with` block, whose end also ends the worker processes."""

    def __init__(self, folder: Path, record: SweepRecord, options: Options) -> None:
        self.folder, self.record, self.options = folder, record, options
        self._progress = Progress()
        self._closing = ExitStack()
        self._workers: Workers | None = None
        self._values: dict[int, float | None] = {}  # the metric of each completed job
        self.trackers: set[TrackingConfig] = set()  # trackers of the jobs, with the secrets that are in no file
        self.is_begun = False

    def __enter__(self) -> SweepSession:
        if self.options.is_resumed:
            if not self.options.is_dry:
                clear_incomplete(self.folder)
            self._read_completed()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.close()

    @property
    def failed(self) -> list[int]:
        """The numbers of the jobs that have failed so far."""
        return self._progress.failed

    def run(self, jobs: Sequence[Job], refused: Sequence[Refusal]) -> list[float | None]:
        """Run one batch and return the optimized metric of each of the sweeper's jobs, None for a job without one.

        `refused` are jobs of the batch that cannot start. Raise the error of the first refusal if no job of the sweep
        can start, DryRunShown in a dry run, and FailedFast if a job failed and `fail_fast` is set.
        """
        self.trackers |= {job.config.tracking for job in jobs}
        plan = plan_sweep(jobs, self.options.cache, is_dry=self.options.is_dry)
        plan = replace(plan, refused=(*plan.refused, *refused))
        if not plan.groups and not self.is_begun:
            raise min(plan.refused, key=lambda refusal: refusal.origin).error
        plan = self.record.number(plan)
        self.record.check_one_metric(plan)
        once = plan.once() if self.options.launch is None else plan.once().unshared()
        todo = self._not_completed(once)
        workers = self._worker_count(once)
        self._progress.show_plan(once, todo, workers, twice=plan.size - once.size, trials=self.options.trials)
        if self.options.is_dry:
            self._progress.show_jobs(once)
            raise DryRunShown(is_possible=not once.refused)
        self._begin(once)
        with self._progress.showing(todo):
            self._run(todo, workers)
        if self.options.fail_fast and self._progress.failed:
            raise FailedFast
        return self._values_of(plan)

    def _read_completed(self) -> None:
        """Read the metrics of completed jobs, and print which jobs run again because their files were changed."""
        runs = job_runs(self.folder)
        for entry in self.record.jobs:
            run = run_of(runs, entry.number, entry.fingerprint)
            if run is not None and run.state == "completed" and entry.optimized_metric is not None:
                self._values[entry.number] = metric_of(run.folder, entry.optimized_metric)
            elif run is not None and run.state == "damaged":
                self._progress.show_damage(entry.number, run.message)

    def _not_completed(self, plan: SweepPlan) -> SweepPlan:
        """Return the plan without the completed jobs."""
        groups = []
        for group in plan.groups:
            left = tuple(planned for planned in group.jobs if planned.job.number not in self._values)
            if left:
                groups.append(replace(group, jobs=left))
        return replace(plan, groups=tuple(groups))

    def _worker_count(self, plan: SweepPlan) -> int:
        if self.options.workers is not None:
            return self.options.workers
        threads = [getattr(planned.job.config.model, "thread_count", 1) for planned in plan.jobs]
        return default_workers(max(threads, default=1))

    def _begin(self, plan: SweepPlan) -> None:
        if self.options.is_resumed:
            self.record.check_unchanged(plan, self.folder)
        self.record.add(plan)
        self.record.save(self.folder)
        self.is_begun = True

    def _run(self, todo: SweepPlan, workers: int) -> None:
        for refusal in todo.refused:
            facts = job_facts(refusal.number, refusal.overrides)
            record_failure(self.folder, refusal.mapping, facts, refusal.error)
            self._report(Event("failed", refusal.number, message_of(refusal.error)))
        if not todo.groups or (self.options.fail_fast and todo.refused):
            return
        if self.options.launch is not None:
            self._run_elsewhere(todo.jobs, self.options.launch)
            return
        if self._workers is None:
            self._workers = self._closing.enter_context(Workers(workers, self.folder))
        self._workers.run(todo.groups, self._report)

    def _run_elsewhere(self, jobs: Sequence[PlannedJob], launch: Launch) -> None:
        """Run jobs by another launcher, and read from their run folders how they ended."""
        folders = _JobFolders(self.folder, jobs)
        failure: Exception | None = None
        is_over = threading.Event()

        def report_ended() -> None:
            while not is_over.wait(POLL_SECONDS):
                with suppress(DataError, OSError):  # a half-written folder is read again after the pause
                    for event in folders.ended():
                        self._report(event)

        watch = threading.Thread(target=report_ended, daemon=True)
        watch.start()
        try:
            launch(jobs, self.folder)
        except Exception as error:  # noqa: BLE001  (completed jobs keep their results; the others report this error)
            failure = error
        finally:
            is_over.set()
            watch.join()
        for event in (*folders.ended(), *folders.lost(failure)):
            self._report(event)

    def _report(self, event: Event) -> bool:
        if event.kind == "completed":
            self._values[event.number] = event.value
        if event.is_death:
            record_death(self.folder, self.record.entry(event.number), event.message)
        self._progress.show(event)
        return not (event.kind == "failed" and self.options.fail_fast)

    def _values_of(self, plan: SweepPlan) -> list[float | None]:
        """Return the optimized metric of each of the sweeper's jobs, in the sweeper's order.

        If each fold of a walk forward is a job, the metric is the mean over the folds, or None if a fold has no metric.
        """
        values: dict[int, list[float | None]] = {refusal.origin: [None] for refusal in plan.refused}
        for planned in plan.jobs:
            values.setdefault(planned.job.origin, []).append(self._values.get(planned.job.number))
        return [_mean(values[origin]) for origin in sorted(values)]


class _JobFolders:
    """A reader of the run folders that jobs of another launcher create; it finds the jobs that have ended.

    It ignores the run folders that exist when it is created.
    """

    def __init__(self, folder: Path, jobs: Sequence[PlannedJob]) -> None:
        self._folder = folder
        self._open = {planned.job.number: planned.job for planned in jobs}
        self._before = {run.folder for run in job_runs(folder)}
        self._begun: set[int] = set()

    def ended(self) -> list[Event]:
        """Return an event for each job that ended since the last call."""
        runs = [run for run in job_runs(self._folder) if run.status and run.folder not in self._before]
        return [event for number, job in list(self._open.items()) if (event := self._event(number, job, runs))]

    def _event(self, number: int, job: Job, runs: Sequence[JobRun]) -> Event | None:
        run = run_of(runs, number, job.fingerprint)
        if run is None:
            return None
        self._begun.add(number)
        if run.state == "running":
            return None
        del self._open[number]
        if run.state == "completed":
            return Event("completed", number, value=metric_of(run.folder, job.config.optimized_metric))
        return Event("failed", number, run.message, is_death=run.state == "killed")

    def lost(self, failure: Exception | None) -> list[Event]:
        """Return a failure for each job that has not ended; `failure` is the launcher's error, None if it had none."""
        message = f"the launcher gave up: {message_of(failure)}" if failure else "it left no run folder."
        # A job that has started is not reported as dead, because it may still run on another machine.
        return [Event("failed", number, message, is_death=number not in self._begun) for number in self._open]


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known and len(known) == len(values) else None
