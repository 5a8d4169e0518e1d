"""The session of a sweep: it plans each batch of jobs and runs the jobs that are not completed."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from breakout.sweeps.external_jobs import run_external_jobs
from breakout.sweeps.job import JobEvent
from breakout.sweeps.job_folders import failure_message, job_facts, job_runs, metric_of, record_failure, run_of
from breakout.sweeps.planning import plan_sweep
from breakout.sweeps.progress import Progress
from breakout.sweeps.record import clear_incomplete, record_death
from breakout.sweeps.workers import Workers, default_workers

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from breakout.settings import TrackingConfig
    from breakout.sweeps.external_jobs import Launch
    from breakout.sweeps.job import Job, Refusal
    from breakout.sweeps.plan import SweepPlan
    from breakout.sweeps.record import SweepRecord


class DryRunShown(Exception):  # noqa: N818  (it ends a dry run and reports no error)
    """An exception that ends a dry run after its plan is printed.

    `is_possible` is false if at least one job cannot start.
    """

    def __init__(self, *, is_possible: bool) -> None:
        super().__init__()
        self.is_possible = is_possible


class FailedFast(Exception):  # noqa: N818
    """An exception that ends a sweep after a job has failed, if `fail_fast` is set."""


@dataclass
class Options:
    """The options of a sweep.

    - `cache`: the folder of cached query results.
    - `workers`: the number of worker processes; None means as many as the cores allow.
    - `launch`: runs the jobs with a launcher of Hydra, such as joblib; None means that worker processes run the jobs.
    - `trials`: the number of jobs that a tuner (a sweeper that learns from earlier jobs) still has to run, None for any
      other sweeper.
    """

    cache: Path
    is_dry: bool
    is_resumed: bool
    fail_fast: bool
    workers: int | None
    launch: Launch | None = None
    trials: int | None = None


class SweepSession:
    """A running sweep, whose jobs write into `folder`.

    The end of the session's `with` block ends the worker processes.
    """

    def __init__(self, folder: Path, record: SweepRecord, options: Options) -> None:
        self.folder, self.record, self.options = folder, record, options
        self._progress = Progress()
        self._closing = ExitStack()
        self._workers: Workers | None = None
        self._values: dict[int, float | None] = {}  # the optimized metric of each completed job, by number
        # The tracking settings of the jobs are kept here, because saved settings mask their secrets.
        self.trackers: set[TrackingConfig] = set()
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
        """Run one batch and return the optimized metric of each job that the sweeper requested, in order.

        The metric is None if the job failed or the metric is undefined. A walk forward can run each fold as a job of
        its own (`window.fold_jobs`). The metric is then the mean over the folds, or None if a fold has no metric.
        `refused` are the jobs of the batch whose settings are not valid.

        The exceptions are:

        - DryRunShown at the end of a dry run.
        - FailedFast if a job failed and `fail_fast` is set.
        - The error of the first refused job, if no job of the first batch can start.
        - ConfigurationError if the jobs differ in `optimized_metric`.
        - DataError if a file cannot be written, or if data or definitions of features or label changed since a resumed
          sweep began.
        """
        self.trackers |= {job.config.tracking for job in jobs}
        plan = plan_sweep(jobs, self.options.cache, is_dry=self.options.is_dry)
        plan = replace(plan, refused=(*plan.refused, *refused))
        if not plan.groups and not self.is_begun:
            raise min(plan.refused, key=lambda refusal: refusal.origin).error
        plan = self.record.number(plan)
        self.record.check_one_metric(plan)
        once = plan.once() if self.options.launch is None else plan.once().unshared()
        todo = once.select(lambda planned: planned.number not in self._values)
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
        """Store the metrics of the completed jobs of a resumed sweep, and print which jobs have damaged files.

        A job with damaged files runs again.
        """
        runs = job_runs(self.folder)
        for entry in self.record.jobs:
            run = run_of(runs, entry.number, entry.fingerprint)
            if run is not None and run.state == "completed" and entry.optimized_metric is not None:
                self._values[entry.number] = metric_of(run.folder, entry.optimized_metric)
            elif run is not None and run.state == "damaged":
                self._progress.show_damage(entry.number, run.message)

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
            self._report(JobEvent("failed", refusal.number, failure_message(refusal.error)))
        if not todo.groups or (self.options.fail_fast and todo.refused):
            return
        if self.options.launch is not None:
            run_external_jobs(self.options.launch, todo.jobs, self.folder, self._report)
            return
        if self._workers is None:
            self._workers = self._closing.enter_context(Workers(workers, self.folder))
        self._workers.run(todo.groups, self._report)

    def _report(self, event: JobEvent) -> bool:
        if event.kind == "completed":
            self._values[event.number] = event.value
        if event.is_death:
            record_death(self.folder, self.record.entry(event.number), event.message)
        self._progress.show(event)
        return not (event.kind == "failed" and self.options.fail_fast)

    def _values_of(self, plan: SweepPlan) -> list[float | None]:
        """Return the optimized metric of each requested job in order, as described in `run`."""
        values: dict[int, list[float | None]] = {refusal.origin: [None] for refusal in plan.refused}
        for planned in plan.jobs:
            values.setdefault(planned.job.origin, []).append(self._values.get(planned.number))
        return [_mean(values[origin]) for origin in sorted(values)]


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known and len(known) == len(values) else None
