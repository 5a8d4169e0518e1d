"""The planning of a batch of jobs: it finds the dates and rows of each job, and refuses jobs that cannot start."""

from __future__ import annotations

import functools
from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from breakout import settings
from breakout.errors import BreakoutError, DataError
from breakout.experiment.plan import check_evaluation_count, check_training_count, folds_of, widen_population
from breakout.features.config import BreakoutFeatureConfig
from breakout.features.contract import Contract, build_contract
from breakout.split import DateRange, Fold, Split, date_mask, folds_with_games, resolve_window
from breakout.sweeps.job import Job, Refusal, refuse
from breakout.sweeps.plan import PlannedJob, SweepPlan, group_jobs
from breakout.sweeps.shared_rows import LazyWarehouse, PreparedPlan, RowQuery
from breakout.sweeps.warehouses import OpenedWarehouse, OpenedWarehouses

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import numpy as np


class _Resolved(NamedTuple):
    """A job with its opened warehouse, its features and its dates, before its rows are read."""

    job: Job
    opened: OpenedWarehouse
    features: BreakoutFeatureConfig
    split: Split
    folds: tuple[Fold, ...]

    @property
    def learned(self) -> BreakoutFeatureConfig:
        """The feature configuration that selects the rows from which the model learns.

        `train_min_ppg` and `train_max_ppg` can let a points model learn from players whose season average is outside
        the target's limits.
        """
        return widen_population(self.features, self.job.config.model)

    @property
    def dates(self) -> DateRange:
        """The training and evaluation dates as one range, over all folds of a walk forward."""
        splits = [fold.split for fold in self.folds] or [self.split]
        ends = [(split.evaluation or split.train).end for split in splits]
        return DateRange(min(split.train.start for split in splits), max(ends))


def plan_sweep(jobs: Sequence[Job], cache: Path, *, is_dry: bool = False) -> SweepPlan:
    """Return the plan of jobs, with the dates and the numbers of rows of each job.

    A job that cannot start becomes a refusal, with the BreakoutError that says why. `cache` is the folder of cached
    query results. If `is_dry` is true, rows that cost money are not read, and their numbers are None.
    """
    refused: list[Refusal] = []
    planned: list[PlannedJob] = []
    contract_of = functools.cache(build_contract)  # Building a contract takes a third of a second.
    with OpenedWarehouses(cache, is_dry=is_dry) as warehouses:
        resolved = list(_resolve(jobs, warehouses, refused))
        spans = _spans(resolved)
        for one in resolved:
            try:
                row_query = warehouses.row_query(one.opened, one.learned, spans[one.opened.facts, one.learned])
                dates = warehouses.dates(row_query, one.features)
                contract = contract_of(one.features)
                expanded = _expand(one, dates)
            except BreakoutError as error:
                refused.append(refuse(one.job, error))
                continue
            for part in expanded:
                try:
                    planned.append(_planned(part, row_query, contract, dates))
                except BreakoutError as error:
                    refused.append(refuse(part.job, error))
        return SweepPlan(group_jobs(planned), tuple(refused), warehouses.bytes_to_read)


def _resolve(jobs: Sequence[Job], warehouses: OpenedWarehouses, refused: list[Refusal]) -> Iterator[_Resolved]:
    """Yield the jobs that have valid dates, features and warehouses; add the others to `refused`."""
    for job in jobs:
        config = job.config
        try:
            features = BreakoutFeatureConfig.from_settings(config)
            opened = warehouses.open(config.warehouse, config.name)
            yield _Resolved(job, opened, features, resolve_window(config.window, opened.cached), folds_of(config))
        except BreakoutError as error:
            refused.append(refuse(job, error))


def _spans(resolved: Sequence[_Resolved]) -> dict[Any, DateRange]:
    """Return one date range for each pair of warehouse and features. The range covers all jobs with this pair.

    The keys are pairs of `WarehouseFacts` and `BreakoutFeatureConfig`.
    """
    needed: dict[Any, list[DateRange]] = defaultdict(list)
    for one in resolved:
        needed[one.opened.facts, one.learned].append(one.dates)
    return {
        key: DateRange(min(days.start for days in found), max(days.end for days in found))
        for key, found in needed.items()
    }


def _expand(resolved: _Resolved, dates: np.ndarray | None) -> list[_Resolved]:
    """Return one job per fold of a walk forward if `window.fold_jobs` is true, else the job itself.

    Folds without a game to evaluate are left out; DataError if no fold remains. `dates` contains the game date of each
    row, shape (n,). If `dates` is None, the games are unknown and the job is returned unchanged.
    """
    window = resolved.job.config.window
    if not isinstance(window, settings.WalkForwardWindowConfig) or dates is None:
        return [resolved]
    folds = folds_with_games(resolved.folds, dates, window.folds)
    if not window.fold_jobs:
        return [resolved._replace(split=folds[-1].split, folds=folds)]
    return [resolved._replace(job=fold_job(resolved.job, fold), split=fold.split, folds=()) for fold in folds]


def fold_job(job: Job, fold: Fold) -> Job:
    """Return one fold of a walk forward as a job, with the fold's dates in its settings and overrides."""
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


def _planned(resolved: _Resolved, row_query: RowQuery, contract: Contract, dates: np.ndarray | None) -> PlannedJob:
    """Return the job with its plan; DataError if the job has too few training or evaluation rows.

    `dates` contains the game date of each row, shape (n,). If `dates` is None, rows are not counted.
    """
    plan = PreparedPlan(
        config=resolved.job.config,
        features=resolved.features,
        contract=contract,
        split=resolved.split,
        warehouse=LazyWarehouse(row_query),
        folds=resolved.folds,
        row_query=row_query,
    )
    counts = (None, None) if dates is None else _count_rows(resolved.split, resolved.folds, dates)
    return PlannedJob(resolved.job, plan, *counts)


def _count_rows(split: Split, folds: tuple[Fold, ...], dates: np.ndarray) -> tuple[int, int]:
    """Return the numbers of training and evaluation rows; DataError if there are too few.

    `dates` contains the game date of each row, shape (n,). For a walk forward, the numbers are the training rows of the
    last fold and the evaluation rows of all folds. Without evaluation dates, the second number is 0.
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
