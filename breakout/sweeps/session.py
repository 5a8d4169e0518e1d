"""A sweep while it runs: batches of jobs from the sweeper in, the value of each job's optimized metric out.

Plans a batch, leaves out what is completed already, and hands the groups to workers or to another engine. Whatever
ends the sweep, its leaderboard is written.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

from breakout.sweeps.events import Event, job_facts, metric_of, record_failure, sentence_of
from breakout.sweeps.planning import Group, SweepPlan, plan_sweep
from breakout.sweeps.pool import Workers, default_workers
from breakout.sweeps.progress import Progress
from breakout.sweeps.record import SweepRecord, job_runs, settle
from breakout.sweeps.watching import Watch

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from breakout.sweeps.job import Job, Refusal

Engine: TypeAlias = "Callable[[Sequence[Group], Path], None]"


class DryRunShown(Exception):  # noqa: N818  (an ending, not an error)
    """The plan was asked for and shown; nothing else is to be done. Some jobs may not be possible."""

    def __init__(self, *, is_possible: bool) -> None:
        super().__init__()
        self.is_possible = is_possible


class FailedFast(Exception):  # noqa: N818
    """A job failed, and the sweep was told to end there."""


@dataclass
class Options:
    """How a sweep runs; None workers are as many as the cores allow. `engine` carries out groups elsewhere.

    `trials` is how many jobs a tuner is going to ask for, batch after batch.
    """

    cache: Path
    is_dry: bool
    is_resumed: bool
    fail_fast: bool
    workers: int | None
    engine: Engine | None = None
    trials: int | None = None


class SweepSession:
    """One sweep in its folder; use as a context, which ends its workers."""

    def __init__(self, folder: Path, record: SweepRecord, options: Options) -> None:
        self.folder, self.record, self.options = folder, record, options
        self._progress = Progress()
        self._closing = ExitStack()
        self._workers: Workers | None = None
        self.is_begun = False

    def __enter__(self) -> SweepSession:
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.close()

    @property
    def failed(self) -> list[int]:
        """The numbers of the jobs that failed so far."""
        return self._progress.failed

    def run(self, jobs: Sequence[Job], refused: Sequence[Refusal]) -> list[float | None]:
        """Run one batch; for each of its origins the optimized metric, None where there is none.

        Raises the first refusal if no job of the sweep can be begun, DryRunShown and FailedFast as they say.
        """
        plan = plan_sweep(jobs, self.options.cache, is_dry=self.options.is_dry)
        plan = replace(plan, refused=(*plan.refused, *refused))
        if not plan.groups and not self.is_begun:
            raise min(plan.refused, key=lambda refusal: refusal.origin).error
        plan = self.record.number(plan)
        self.record.check_one_metric(plan)
        once = plan.once()
        todo = self._not_completed(once)
        workers = self._worker_count(once)
        self._progress.show_plan(once, todo, workers, twice=plan.size - once.size, trials=self.options.trials)
        if self.options.is_dry:
            self._progress.show_jobs(once)
            raise DryRunShown(is_possible=not once.refused)
        self._begin(once)
        self._carry_out(todo, workers)
        return self._values(plan)

    def _not_completed(self, plan: SweepPlan) -> SweepPlan:
        """What is left to do: no job that is completed."""
        done = {number for number, run in job_runs(self.folder).items() if run.state == "completed"}
        groups = []
        for group in plan.groups:
            left = tuple(job for job in group.jobs if job.job.number not in done)
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
            self.record.check_same_ground(plan, self.folder)
        self.record.add(plan)
        self.record.save(self.folder)
        self.is_begun = True

    def _carry_out(self, todo: SweepPlan, workers: int) -> None:
        with self._progress.showing(todo):
            for refusal in todo.refused:
                facts = job_facts(refusal.number, refusal.overrides)
                record_failure(self.folder, refusal.mapping, facts, refusal.error)
                self._tell(Event("failed", refusal.number, sentence_of(refusal.error)))
            if self.options.fail_fast and todo.refused:
                raise FailedFast
            if todo.groups and self.options.engine is not None:
                self._by_engine(todo.groups, self.options.engine)
            elif todo.groups:
                self._by_workers(todo.groups, workers)
        if self.options.fail_fast and self._progress.failed:
            raise FailedFast

    def _by_workers(self, groups: Sequence[Group], count: int) -> None:
        if self._workers is None:
            self._workers = self._closing.enter_context(Workers(count, self.folder))
        self._workers.run(groups, self._tell)

    def _by_engine(self, groups: Sequence[Group], engine: Engine) -> None:
        failure: Exception | None = None
        watch = Watch(groups, self.folder, self._tell)
        with watch:
            try:
                engine(groups, self.folder)
            except Exception as error:  # noqa: BLE001  (jobs that are done stay done)
                failure = error
        watch.conclude(failure)

    def _tell(self, event: Event) -> bool:
        if event.is_death:
            settle(self.folder, self.record.entry(event.number), event.sentence)
        self._progress.tell(event)
        return not (event.kind == "failed" and self.options.fail_fast)

    def _values(self, plan: SweepPlan) -> list[float | None]:
        """By origin; of a walk forward in jobs of their own, the mean of its folds."""
        runs = job_runs(self.folder)
        values: dict[int, list[float | None]] = {refusal.origin: [None] for refusal in plan.refused}
        for planned in plan.jobs:
            run = runs.get(planned.job.number)
            is_done = run is not None and run.state == "completed"
            value = metric_of(run.folder, planned.job.config.optimized_metric) if run and is_done else None
            values.setdefault(planned.job.origin, []).append(value)
        return [_mean(values[origin]) for origin in sorted(values)]


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known and len(known) == len(values) else None
