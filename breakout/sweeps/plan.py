"""What a sweep is going to do: jobs in; their rows, the groups that share fits, and what it all costs out."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from breakout import settings
from breakout.errors import BreakoutError, DataError
from breakout.experiment.plan import check_evaluation_count, check_training_count, folds_of
from breakout.features.config import BreakoutFeatureConfig
from breakout.features.selection import select_features
from breakout.models.kinds import fit_kind
from breakout.split import DateRange, Fold, Split, date_mask, folds_with_games, resolve_window
from breakout.sweeps.cost import START_SECONDS, fit_seconds, job_seconds
from breakout.sweeps.job import Job, Refusal, refuse
from breakout.sweeps.reading import OpenedSource, Sources
from breakout.sweeps.sources import LazyWarehouse, PreparedPlan, Problem

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Sequence
    from pathlib import Path

    import numpy as np

    from breakout.experiment.shared_work import SharedWork
    from breakout.features.contract import Contract
    from breakout.settings import ExperimentConfig
    from breakout.warehouse.cost import CostEstimate


@dataclass(frozen=True)
class PlannedJob:
    """A job whose plan stands, and how many rows it trains on and is evaluated on (None: not known before reading)."""

    job: Job
    plan: PreparedPlan
    train_rows: int | None
    evaluation_rows: int | None

    def prepared(self, work: SharedWork) -> PreparedPlan:
        """Return the plan for a process whose jobs share `work`."""
        return replace(self.plan, work=work)

    @property
    def seconds(self) -> float:
        """An estimate for its fits, if they had to be done for it alone."""
        model, features = self.job.config.model, len(self.plan.features.names)
        return max(1, len(self.plan.folds)) * fit_seconds(model, self.train_rows or 0, features)


@dataclass(frozen=True)
class Group:
    """Jobs that share their fits; `iterations` is the most that any of them asks for."""

    jobs: tuple[PlannedJob, ...]
    iterations: int

    @property
    def fits(self) -> int:
        """One, or one a fold."""
        return max(1, len(self.jobs[0].plan.folds))

    @cached_property
    def rows(self) -> Hashable:
        """Which rows its jobs learn from and are judged on."""
        first = self.jobs[0]
        return first.plan.problem, first.plan.split, first.plan.folds, first.job.config.validation

    @cached_property
    def seconds(self) -> float:
        """An estimate for the whole group on one core."""
        return max(job.seconds for job in self.jobs) + sum(job_seconds(job.evaluation_rows or 0) for job in self.jobs)


@dataclass(frozen=True)
class SweepPlan:
    """Groups in the order in which they are begun, jobs that cannot be begun, and bytes that cost money."""

    groups: tuple[Group, ...]
    refused: tuple[Refusal, ...] = ()
    bytes_to_read: CostEstimate | None = None

    @property
    def jobs(self) -> list[PlannedJob]:
        """All jobs, by number."""
        return sorted((job for group in self.groups for job in group.jobs), key=lambda planned: planned.job.number)

    def once(self) -> SweepPlan:
        """The same plan with each numbered job once, however often the words make it."""
        seen: set[int] = set()
        groups = [
            replace(group, jobs=tuple(found))
            for group in self.groups
            if (found := [planned for planned in group.jobs if _is_new(planned.job.number, seen)])
        ]
        refused = tuple(refusal for refusal in self.refused if _is_new(refusal.number, seen))
        return replace(self, groups=tuple(groups), refused=refused)

    @property
    def size(self) -> int:
        """How many jobs were asked for, possible or not."""
        return len(self.jobs) + len(self.refused)

    @property
    def fits(self) -> int:
        """How many fits the jobs cost."""
        return sum(group.fits for group in self.groups)

    def seconds(self, workers: int) -> float:
        """An estimate of the time that so many workers take together."""
        costs = [group.seconds for group in self.groups]
        return START_SECONDS + max(sum(costs) / workers, max(costs, default=0.0))


def _is_new(number: int, seen: set[int]) -> bool:
    is_new = number not in seen
    seen.add(number)
    return is_new


@dataclass(frozen=True)
class Draft:
    """A job with everything resolved but its rows."""

    job: Job
    features: BreakoutFeatureConfig
    source: OpenedSource
    split: Split
    folds: tuple[Fold, ...]

    @property
    def dates(self) -> DateRange:
        """From its first training date to its last evaluated one."""
        splits = [fold.split for fold in self.folds] or [self.split]
        ends = [(split.evaluation or split.train).end for split in splits]
        return DateRange(min(split.train.start for split in splits), max(ends))


def plan_sweep(jobs: Sequence[Job], cache: Path, *, is_dry: bool = False) -> SweepPlan:
    """Resolve the jobs and build their rows, each problem's once; what is wrong with a job becomes its refusal.

    `is_dry` reads nothing that costs money.
    """
    refused: list[Refusal] = []
    planned: list[PlannedJob] = []
    with Sources(cache, is_dry=is_dry) as sources:
        drafts = list(_drafts(jobs, sources, refused))
        spans = _spans(drafts)
        for draft in drafts:
            try:
                problem = sources.problem(draft.source, draft.features, spans[draft.source.facts, draft.features])
                contract = sources.contract(draft.features)
                expanded = list(_expand(draft, problem, contract, sources.dates(problem)))
            except BreakoutError as error:
                refused.append(refuse(draft.job, error))
            else:
                planned += [one for one in expanded if isinstance(one, PlannedJob)]
                refused += [one for one in expanded if isinstance(one, Refusal)]
        return SweepPlan(group_jobs(planned), tuple(refused), sources.bytes_to_read)


def _drafts(jobs: Sequence[Job], sources: Sources, refused: list[Refusal]) -> Iterator[Draft]:
    for job in jobs:
        config = job.config
        try:
            names = select_features(config.mode.name, config.features.names)
            features = BreakoutFeatureConfig.from_target(names, config.target)
            source = sources.open(config.warehouse, config.name)
            yield Draft(job, features, source, resolve_window(config.window, source.cached), folds_of(config))
        except BreakoutError as error:
            refused.append(refuse(job, error))


def _spans(drafts: Sequence[Draft]) -> dict[Any, DateRange]:
    """All dates that the jobs of one source and one set of features need."""
    needed: dict[Any, list[DateRange]] = defaultdict(list)
    for draft in drafts:
        needed[draft.source.facts, draft.features].append(draft.dates)
    return {
        key: DateRange(min(days.start for days in found), max(days.end for days in found))
        for key, found in needed.items()
    }


def _expand(
    draft: Draft, problem: Problem, contract: Contract, dates: np.ndarray | None
) -> Iterator[PlannedJob | Refusal]:
    """The job, or one a fold where the window asks for that."""
    window = draft.job.config.window
    if isinstance(window, settings.WalkForwardWindowConfig) and dates is not None:
        folds = folds_with_games(draft.folds, dates, window.folds)
        if not window.fold_jobs:
            yield _planned(draft.job, problem, contract, folds[-1].split, folds, dates)
            return
        for fold in folds:
            yield _planned(fold_job(draft.job, fold), problem, contract, fold.split, (), dates)
        return
    yield _planned(draft.job, problem, contract, draft.split, draft.folds, dates)


def fold_job(job: Job, fold: Fold) -> Job:
    """One fold of a walk forward as a job on fixed dates."""
    days = {
        "train_start": fold.train.start,
        "train_end": fold.train.end,
        "eval_start": fold.evaluation.start,
        "eval_end": fold.evaluation.end,
    }
    kept = [word for word in job.overrides if not word.startswith("window")]
    words = ("window=january", *(f"window.{key}={day}" for key, day in days.items()))
    config = replace(job.config, window=settings.DateWindowConfig("dates", **days))
    return replace(job, overrides=(*kept, *words), config=config)


def _planned(
    job: Job,
    problem: Problem,
    contract: Contract,
    split: Split,
    folds: tuple[Fold, ...],
    dates: np.ndarray | None,
) -> PlannedJob | Refusal:
    """The job with its plan, or its refusal if too few rows are there for it."""
    history = {problem.span.start: problem.history_start}
    plan = PreparedPlan(
        config=job.config,
        features=problem.features,
        contract=contract,
        split=split,
        warehouse=LazyWarehouse(problem.source, history),
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
    """Training rows (of folds, the last one's) and all evaluation rows; DataError if there are too few."""
    for fold in folds:
        try:
            check_training_count(_rows(dates, fold.train))
        except DataError as error:
            raise DataError(f"fold {fold.label}: {error}") from error
    train = _rows(dates, split.train)
    check_training_count(train)
    judged = [fold.evaluation for fold in folds] or ([split.evaluation] if split.evaluation else [])
    if not judged:
        return train, 0
    evaluated = sum(_rows(dates, days) for days in judged)
    check_evaluation_count(evaluated)
    return train, evaluated


def _rows(dates: np.ndarray, days: DateRange) -> int:
    return int(date_mask(dates, days).sum())


def group_jobs(planned: Sequence[PlannedJob]) -> tuple[Group, ...]:
    """Jobs that can share their fits, the costliest groups first, so that no worker is left alone with a long one."""
    members: dict[Any, list[PlannedJob]] = defaultdict(list)
    for one in planned:
        members[_fit_key(one)].append(one)
    groups = [Group(tuple(found), max(_iterations(one.job.config) for one in found)) for found in members.values()]
    return tuple(sorted(groups, key=lambda group: -group.seconds))


def _fit_key(planned: PlannedJob) -> tuple[Any, ...]:
    """What a fit sees; the number of iterations only by its kind."""
    config, plan = planned.job.config, planned.plan
    ranges = tuple(fold.train for fold in plan.folds) or (plan.split.train,)
    model = config.model.catboost if isinstance(config.model, settings.BlendConfig) else config.model
    if isinstance(model, settings.CatBoostConfig):
        model = fit_kind(model)
    return (plan.problem, ranges, config.validation, config.seed, model)


def _iterations(config: ExperimentConfig) -> int:
    return getattr(config.model, "iterations", 0)
