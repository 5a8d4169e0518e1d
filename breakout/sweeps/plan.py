"""The plan of a sweep: the dates and rows of each job, the groups of jobs that share fits, and the cost."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from breakout import settings
from breakout.errors import BreakoutError, DataError
from breakout.experiment.plan import check_evaluation_count, check_training_count, folds_of, widen_population
from breakout.features.config import BreakoutFeatureConfig
from breakout.models.kinds import KINDS, fit_kind
from breakout.split import DateRange, Fold, Split, date_mask, folds_with_games, resolve_window
from breakout.sweeps.cost import START_SECONDS, fit_seconds, job_seconds
from breakout.sweeps.job import Job, Refusal, refuse
from breakout.sweeps.reading import OpenedSource, Sources
from breakout.sweeps.sources import LazyWarehouse, PreparedPlan, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import numpy as np

    from breakout.experiment.shared_work import SharedWork
    from breakout.features.contract import Contract
    from breakout.settings import ExperimentConfig
    from breakout.warehouse.cost import CostEstimate


@dataclass(frozen=True)
class PlannedJob:
    """A job with its plan and its numbers of rows, which are None in a dry run if counting them would cost money."""

    job: Job
    plan: PreparedPlan
    train_rows: int | None
    evaluation_rows: int | None

    def prepared(self, work: SharedWork) -> PreparedPlan:
        """Return the job's plan, in which rows come from `work`: the work that the jobs of one process share."""
        return replace(self.plan, work=work)

    @property
    def shared_seconds(self) -> float:
        """The estimated seconds of the fits that other jobs may share.

        These are one fit, or one for each fold. A model that can stop early is fitted again on all rows if
        `validation.refit` is true, which doubles the number.
        """
        model, features = self.job.config.model, len(self.plan.features.names)
        is_refit = self.job.config.validation.refit and KINDS[model.kind].stops_early
        fits = max(1, len(self.plan.folds)) * (2 if is_refit else 1)
        return fits * fit_seconds(model, self.train_rows or 0, features)

    @property
    def own_seconds(self) -> float:
        """The estimated seconds of the work that no other job shares, fits with further seeds included."""
        further_seeds = self.job.config.evaluation.seeds - 1
        return further_seeds * self.shared_seconds + job_seconds(self.evaluation_rows or 0)


@dataclass(frozen=True)
class Group:
    """Jobs that share their fits; `iterations` is the largest number of iterations in their settings."""

    jobs: tuple[PlannedJob, ...]
    iterations: int

    @property
    def fits(self) -> int:
        """The number of fits that the jobs share: one, or one for each fold."""
        return max(1, len(self.jobs[0].plan.folds))

    @cached_property
    def seconds(self) -> float:
        """The estimated seconds of the group on one core."""
        return max(job.shared_seconds for job in self.jobs) + sum(job.own_seconds for job in self.jobs)


@dataclass(frozen=True)
class SweepPlan:
    """The groups in the order in which they start, the jobs that cannot start, and the bytes that a query engine bills.

    `bytes_to_read` is None if the source does not bill by bytes.
    """

    groups: tuple[Group, ...]
    refused: tuple[Refusal, ...] = ()
    bytes_to_read: CostEstimate | None = None

    @property
    def jobs(self) -> list[PlannedJob]:
        """All jobs, by number."""
        return sorted((job for group in self.groups for job in group.jobs), key=lambda planned: planned.job.number)

    def once(self) -> SweepPlan:
        """Return the plan without repeated jobs: of several jobs with the same number only the first stays."""
        seen: set[int] = set()

        def is_new(number: int) -> bool:
            is_known = number in seen
            seen.add(number)
            return not is_known

        groups = [
            replace(group, jobs=tuple(found))
            for group in self.groups
            if (found := [planned for planned in group.jobs if is_new(planned.job.number)])
        ]
        refused = tuple(refusal for refusal in self.refused if is_new(refusal.number))
        return replace(self, groups=tuple(groups), refused=refused)

    def unshared(self) -> SweepPlan:
        """Return the plan with a group for each job, for launchers that run each job in a process of its own."""
        groups = [replace(group, jobs=(planned,)) for group in self.groups for planned in group.jobs]
        return replace(self, groups=tuple(groups))

    @property
    def size(self) -> int:
        """The number of jobs that were requested, including those that cannot start."""
        return len(self.jobs) + len(self.refused)

    @property
    def fits(self) -> int:
        """The number of fits of all jobs."""
        return sum(group.fits for group in self.groups)

    def seconds(self, workers: int) -> float:
        """Return the estimated seconds that this number of workers takes."""
        costs = [group.seconds for group in self.groups]
        return START_SECONDS + max(sum(costs) / workers, max(costs, default=0.0))


class _Resolved(NamedTuple):
    """A job with its opened source, its features and its dates, before its rows are read."""

    job: Job
    source: OpenedSource
    features: BreakoutFeatureConfig
    split: Split
    folds: tuple[Fold, ...]

    @property
    def widened(self) -> BreakoutFeatureConfig:
        """The features with the points band of the training rows, which may be wider than that of the target."""
        return widen_population(self.features, self.job.config.model)

    @property
    def dates(self) -> DateRange:
        """The dates from the first training date to the last evaluated one."""
        splits = [fold.split for fold in self.folds] or [self.split]
        ends = [(split.evaluation or split.train).end for split in splits]
        return DateRange(min(split.train.start for split in splits), max(ends))


def plan_sweep(jobs: Sequence[Job], cache: Path, *, is_dry: bool = False) -> SweepPlan:
    """Return the plan of jobs: resolve their dates and read their rows, once for all jobs of one source and features.

    A job that cannot start becomes a refusal. `cache` is the folder of cached query results. If `is_dry` is true,
    nothing is read that costs money.
    """
    refused: list[Refusal] = []
    planned: list[PlannedJob] = []
    with Sources(cache, is_dry=is_dry) as sources:
        resolved = list(_resolve(jobs, sources, refused))
        spans = _spans(resolved)
        for one in resolved:
            try:
                problem = sources.problem(one.source, one.widened, spans[one.source.facts, one.widened])
                dates = sources.dates(problem, one.features)
                expanded = list(_expand(one, problem, sources.contract(one.features), dates))
            except BreakoutError as error:
                refused.append(refuse(one.job, error))
            else:
                planned += [found for found in expanded if isinstance(found, PlannedJob)]
                refused += [found for found in expanded if isinstance(found, Refusal)]
        return SweepPlan(group_jobs(planned), tuple(refused), sources.bytes_to_read)


def _resolve(jobs: Sequence[Job], sources: Sources, refused: list[Refusal]) -> Iterator[_Resolved]:
    for job in jobs:
        config = job.config
        try:
            features = BreakoutFeatureConfig.from_settings(config)
            source = sources.open(config.warehouse, config.name)
            yield _Resolved(job, source, features, resolve_window(config.window, source.cached), folds_of(config))
        except BreakoutError as error:
            refused.append(refuse(job, error))


def _spans(resolved: Sequence[_Resolved]) -> dict[Any, DateRange]:
    """Return, for each source and set of features, the dates from the first to the last that any of its jobs needs."""
    needed: dict[Any, list[DateRange]] = defaultdict(list)
    for one in resolved:
        needed[one.source.facts, one.widened].append(one.dates)
    return {
        key: DateRange(min(days.start for days in found), max(days.end for days in found))
        for key, found in needed.items()
    }


def _expand(
    resolved: _Resolved, problem: Problem, contract: Contract, dates: np.ndarray | None
) -> Iterator[PlannedJob | Refusal]:
    """Yield the job, or one job for each fold if its window is a walk forward with `fold_jobs`."""
    job, window, folds = resolved.job, resolved.job.config.window, resolved.folds
    if not isinstance(window, settings.WalkForwardWindowConfig) or dates is None:
        yield _planned(resolved, problem, contract, resolved.split, folds, dates)
        return
    folds = folds_with_games(folds, dates, window.folds)
    if not window.fold_jobs:
        yield _planned(resolved, problem, contract, folds[-1].split, folds, dates)
        return
    for fold in folds:
        yield _planned(resolved._replace(job=fold_job(job, fold)), problem, contract, fold.split, (), dates)


def fold_job(job: Job, fold: Fold) -> Job:
    """Return one fold of a walk forward as a job with fixed dates."""
    days = {
        "train_start": fold.train.start,
        "train_end": fold.train.end,
        "eval_start": fold.evaluation.start,
        "eval_end": fold.evaluation.end,
    }
    kept = [found for found in job.overrides if not found.lstrip("+~").startswith("window")]
    fixed = ("window=january", *(f"window.{key}={day}" for key, day in days.items()))
    config = replace(job.config, window=settings.DateWindowConfig("dates", **days))
    return replace(job, overrides=(*kept, *fixed), config=config)


def _planned(
    resolved: _Resolved,
    problem: Problem,
    contract: Contract,
    split: Split,
    folds: tuple[Fold, ...],
    dates: np.ndarray | None,
) -> PlannedJob | Refusal:
    """Return the job with its plan, or its refusal if there are too few rows."""
    job = resolved.job
    plan = PreparedPlan(
        config=job.config,
        features=resolved.features,
        contract=contract,
        split=split,
        warehouse=LazyWarehouse(problem),
        folds=folds,
        problem=problem,
    )
    if dates is None:
        return PlannedJob(job, plan, None, None)
    try:
        return PlannedJob(job, plan, *_count_rows(split, folds, dates))
    except BreakoutError as error:
        return refuse(job, error)


def _count_rows(split: Split, folds: tuple[Fold, ...], dates: np.ndarray) -> tuple[int, int]:
    """Return the number of training rows and the number of evaluation rows; raise DataError if there are too few.

    `dates` holds the game date of each row, shape (n,). For a walk forward these are the training rows of its last fold
    and the evaluation rows of all folds.
    """
    for fold in folds:
        try:
            check_training_count(_rows(dates, fold.train))
        except DataError as error:
            raise DataError(f"fold {fold.label}: {error}") from error
    train = _rows(dates, split.train)
    check_training_count(train)
    evaluated_days = [fold.evaluation for fold in folds] or ([split.evaluation] if split.evaluation else [])
    if not evaluated_days:
        return train, 0
    evaluated = sum(_rows(dates, days) for days in evaluated_days)
    check_evaluation_count(evaluated)
    return train, evaluated


def _rows(dates: np.ndarray, days: DateRange) -> int:
    return int(date_mask(dates, days).sum())


def group_jobs(planned: Sequence[PlannedJob]) -> tuple[Group, ...]:
    """Return the jobs in groups that share their fits.

    The costliest group comes first, so that no worker runs long after the others have ended.
    """
    members: dict[Any, list[PlannedJob]] = defaultdict(list)
    for one in planned:
        members[_fit_key(one)].append(one)
    groups = [Group(tuple(found), max(_iterations(one.job.config) for one in found)) for found in members.values()]
    return tuple(sorted(groups, key=lambda group: -group.seconds))


def _fit_key(planned: PlannedJob) -> tuple[Any, ...]:
    """Return a key that is equal for jobs that can share their fits: everything that a fit depends on.

    The number of iterations is left out where the first trees do not depend on it, because the longer fit then contains
    the shorter one.
    """
    config, plan = planned.job.config, planned.plan
    ranges = tuple(fold.train for fold in plan.folds) or (plan.split.train,)
    model = config.model.catboost if isinstance(config.model, settings.BlendConfig) else config.model
    if isinstance(model, settings.CatBoostConfig):
        model = fit_kind(model)
    return (plan.problem, ranges, config.validation, config.seed, model)


def _iterations(config: ExperimentConfig) -> int:
    return getattr(config.model, "iterations", 0)
