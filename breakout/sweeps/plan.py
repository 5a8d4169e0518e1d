"""The plan of a sweep: its jobs, their numbers of rows, the groups that share fits, and the estimated time."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from breakout import settings
from breakout.models.kinds import KINDS, fit_kind
from breakout.sweeps.cost import START_SECONDS, fit_seconds, job_seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from breakout.sweeps.job import Job, Refusal
    from breakout.sweeps.shared_rows import PreparedPlan
    from breakout.warehouse.cost import CostEstimate


@dataclass(frozen=True)
class PlannedJob:
    """A job with the plan of its run, and its numbers of training and evaluation rows.

    The numbers are None in a dry run if counting the rows would cost money.
    """

    job: Job
    plan: PreparedPlan
    train_rows: int | None
    evaluation_rows: int | None

    @property
    def number(self) -> int:
        return self.job.number

    @property
    def shared_seconds(self) -> float:
        """The estimated seconds of the fits that other jobs may share.

        There is one fit, or one per fold of a walk forward. If `validation.refit` is true, a model that can stop
        early is fitted twice: the second time on all training rows.
        """
        model, features = self.job.config.model, len(self.plan.features.names)
        is_refit = self.job.config.validation.refit and KINDS[model.kind].stops_early
        fits = max(1, len(self.plan.folds)) * (2 if is_refit else 1)
        return fits * fit_seconds(model, self.train_rows or 0, features)

    @property
    def own_seconds(self) -> float:
        """The estimated seconds of the work that no other job shares.

        This includes the evaluation, the writing of files, and the fits with the further seeds of `evaluation.seeds`.
        """
        further_seeds = self.job.config.evaluation.seeds - 1
        return further_seeds * self.shared_seconds + job_seconds(self.evaluation_rows or 0)


@dataclass(frozen=True)
class FitGroup:
    """Jobs that share their fits.

    `iterations` is the largest `model.iterations` of the jobs, 0 for models without iterations.
    """

    jobs: tuple[PlannedJob, ...]
    iterations: int

    @property
    def fits(self) -> int:
        """The number of fits, each of which is used by all jobs of the group: one, or one per fold of a walk forward.

        Refits on all training rows are not counted.
        """
        return max(1, len(self.jobs[0].plan.folds))

    @cached_property
    def seconds(self) -> float:
        """The estimated seconds of the group on one core."""
        return max(job.shared_seconds for job in self.jobs) + sum(job.own_seconds for job in self.jobs)


@dataclass(frozen=True)
class SweepPlan:
    """The plan of a batch: the jobs that the sweeper requested together.

    - `groups`: the jobs that can start. Jobs of one group share fits. The groups start in this order.
    - `refused`: the jobs that cannot start.
    - `bytes_to_read`: an estimate of the bytes that are billed for reading the rows, and of their price. None if no
      warehouse bills by bytes.
    """

    groups: tuple[FitGroup, ...]
    refused: tuple[Refusal, ...] = ()
    bytes_to_read: CostEstimate | None = None

    @property
    def jobs(self) -> list[PlannedJob]:
        """The jobs of all groups, sorted by number."""
        return sorted((planned for group in self.groups for planned in group.jobs), key=lambda planned: planned.number)

    def select(self, is_wanted: Callable[[PlannedJob], bool]) -> SweepPlan:
        """Return the plan with the wanted jobs; jobs that cannot start are always kept."""
        groups = (replace(group, jobs=tuple(filter(is_wanted, group.jobs))) for group in self.groups)
        return replace(self, groups=tuple(group for group in groups if group.jobs))

    def once(self) -> SweepPlan:
        """Return the plan with only one job for each number.

        Of several jobs with the same number, the first job that can start stays, or else the first refused job.
        """
        requested: list[PlannedJob | Refusal] = [*self.jobs, *self.refused]
        first: dict[int, PlannedJob | Refusal] = {}
        for found in requested:
            first.setdefault(found.number, found)
        refused = tuple(refusal for refusal in self.refused if first[refusal.number] is refusal)
        return replace(self.select(lambda planned: first[planned.number] is planned), refused=refused)

    def unshared(self) -> SweepPlan:
        """Return the plan with each job in its own group, for launchers that run each job in a new process."""
        groups = [replace(group, jobs=(planned,)) for group in self.groups for planned in group.jobs]
        return replace(self, groups=tuple(groups))

    @property
    def size(self) -> int:
        """The number of jobs that were requested, including those that cannot start."""
        return len(self.jobs) + len(self.refused)

    @property
    def fits(self) -> int:
        """The number of fits of the jobs that can start; a fit that several jobs share counts once.

        Refits on all training rows and fits with further seeds (`evaluation.seeds`) are not counted.
        """
        return sum(group.fits for group in self.groups)

    def seconds(self, workers: int) -> float:
        """Return the estimated seconds in which `workers` processes run the jobs that can start."""
        costs = [group.seconds for group in self.groups]
        return START_SECONDS + max(sum(costs) / workers, max(costs, default=0.0))


def group_jobs(planned: Sequence[PlannedJob]) -> tuple[FitGroup, ...]:
    """Return the jobs in groups that share their fits, the costliest group first.

    With this order, no worker runs long after the others have ended.
    """
    members: dict[Any, list[PlannedJob]] = defaultdict(list)
    for one in planned:
        members[_fit_key(one)].append(one)
    groups = []
    for found in members.values():
        iterations = max(getattr(one.job.config.model, "iterations", 0) for one in found)
        groups.append(FitGroup(tuple(found), iterations))
    return tuple(sorted(groups, key=lambda group: -group.seconds))


def _fit_key(planned: PlannedJob) -> tuple[Any, ...]:
    """Return a key that is equal for jobs that can share their fits.

    For CatBoost, jobs may differ in the number of iterations: the longest fit contains the trees of the shorter fits.
    But a fit with 200 or more iterations computes the leaves of all its trees differently from a fit with fewer. The
    key therefore says whether the job has fewer than 200 iterations.
    """
    config, plan = planned.job.config, planned.plan
    ranges = tuple(fold.train for fold in plan.folds) or (plan.split.train,)
    model = config.model.catboost if isinstance(config.model, settings.BlendConfig) else config.model
    if isinstance(model, settings.CatBoostConfig):
        model = fit_kind(model)
    return (plan.row_query, ranges, config.validation, config.seed, model)
