"""The sources of a sweep during its planning: each source is opened once, and rows that jobs share are read once."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from breakout.coverage import flawed_games_query, read_flawed_games
from breakout.dataset import SLICE_FEATURES, is_within_band
from breakout.features.contract import Contract, build_contract
from breakout.features.query import get_training_data_query, seasons_before
from breakout.features.query_plan import plan_query
from breakout.features.registry import REGISTRY
from breakout.sweeps.sources import Problem, Source, array_of, fingerprints_of, problem_answer
from breakout.warehouse.cache import CachedWarehouse
from breakout.warehouse.cost import CostEstimate, Priced
from breakout.warehouse.opening import open_warehouse

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    import pyarrow as pa

    from breakout.features.config import BreakoutFeatureConfig
    from breakout.settings.data_groups import WarehouseConfig
    from breakout.split import DateRange
    from breakout.warehouse.base import Warehouse

# The columns that decide whether a row is in a points band, and the date of the row.
_ROW_COLUMNS = ("season_points_avg", "games_before", "game_date")


@dataclass(frozen=True)
class OpenedSource:
    """An opened warehouse; `cached` answers its queries from the cache if it can, `facts` describes it to jobs."""

    facts: Source
    warehouse: Warehouse
    cached: CachedWarehouse


class Sources:
    """The sources of a sweep, opened on first use and closed together.

    If `is_dry` is true, nothing is read that costs money, and nothing is written.
    """

    def __init__(self, cache: Path, *, is_dry: bool) -> None:
        self._cache, self._is_dry = cache, is_dry
        self._opened: dict[WarehouseConfig, OpenedSource] = {}
        self._problems: dict[Any, Problem] = {}
        self._answers: dict[Problem, pa.Table | None] = {}
        self._contracts: dict[BreakoutFeatureConfig, Contract] = {}
        self._closing = ExitStack()
        self.bytes_to_read: CostEstimate | None = None

    def __enter__(self) -> Sources:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.close()

    def open(self, config: WarehouseConfig, run: str) -> OpenedSource:
        """Return the warehouse of a configuration, opened at the first call.

        `run` is the name of the job that needs it first.
        """
        if config not in self._opened:
            warehouse = open_warehouse(config, labels={"command": "sweep", "run": run}, is_lazy=True)
            self._closing.callback(warehouse.close)
            refresh = getattr(config, "refresh", False)
            cached = CachedWarehouse(warehouse, self._cache, refresh=refresh, is_read_only=self._is_dry)
            description = cached.recall(f"describe {config}", warehouse.describe)
            facts = Source(config, run, self._cache, warehouse.sources, fingerprints_of(warehouse), description)
            self._opened[config] = OpenedSource(facts, warehouse, cached)
        return self._opened[config]

    def problem(self, source: OpenedSource, features: BreakoutFeatureConfig, span: DateRange) -> Problem:
        """Return the description of the rows that jobs with this source and these features share.

        `span` covers the dates that any of these jobs needs.
        """
        key = (source.facts, features)
        if key not in self._problems:
            sql = get_training_data_query(
                (*features.names, *SLICE_FEATURES),
                sources=source.facts.tables,
                registry=features.registry,
                has_points=True,
            )
            first = source.warehouse.history_start(span.start, seasons_before(features.names, features.registry))
            self._problems[key] = Problem(source.facts, features, span, first, sql)
        return self._problems[key]

    def contract(self, features: BreakoutFeatureConfig) -> Contract:
        """Return the contract of features and target; it is built once, because building takes a third of a second."""
        if features not in self._contracts:
            self._contracts[features] = build_contract(features)
        return self._contracts[features]

    def dates(self, problem: Problem, features: BreakoutFeatureConfig) -> np.ndarray | None:
        """Return the game date of each row within the points band of `features`, shape (n,).

        The rows of a problem are read at the first call. The result is None in a dry run if reading costs money.
        """
        if problem not in self._answers:
            self._answers[problem] = self._read(problem)
        answer = self._answers[problem]
        if answer is None:
            return None
        averages, games, dates = (array_of(answer[name]) for name in _ROW_COLUMNS)
        return np.asarray(dates[is_within_band(averages, games, features)])

    def _read(self, problem: Problem) -> pa.Table | None:
        opened = self._opened[problem.source.config]
        if isinstance(opened.warehouse, Priced):
            cost = opened.cached.estimate_checks(problem.span.start, problem.span.end, problem.seasons_before)
            cost += opened.cached.estimate(problem.sql, problem.parameters)
            cost += opened.cached.estimate(flawed_games_query(problem.source.tables), problem.parameters)
            if plan_query(REGISTRY, problem.features.names).uses_availability:
                cost += opened.cached.estimate_report_checks(problem.span.start, problem.span.end)
            self.bytes_to_read = cost if self.bytes_to_read is None else self.bytes_to_read + cost
            if self._is_dry:
                return None
        answer = problem_answer(problem, opened.cached).select(_ROW_COLUMNS)
        # Workers find these games in the cache and need not open the source.
        read_flawed_games(opened.cached, problem.source.tables, problem.parameters)
        return answer
