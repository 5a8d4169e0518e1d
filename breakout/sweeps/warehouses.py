"""The warehouses of a sweep while the sweep is planned.

Each warehouse is opened once, and the rows that several jobs share are read once.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from breakout.coverage import flawed_games_query, read_flawed_games
from breakout.dataset import SLICE_FEATURES, is_within_band
from breakout.features.query import get_training_data_query, seasons_before
from breakout.features.query_plan import plan_query
from breakout.sweeps.shared_rows import RowQuery, WarehouseFacts, array_of, fingerprints_of, read_answer
from breakout.warehouse.base import ClosedOnExit
from breakout.warehouse.cache import CachedWarehouse
from breakout.warehouse.cost import CostEstimate, Priced
from breakout.warehouse.opening import open_warehouse

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa

    from breakout.features.config import BreakoutFeatureConfig
    from breakout.settings.data_groups import WarehouseConfig
    from breakout.split import DateRange
    from breakout.warehouse.base import Warehouse

# The columns for `OpenedWarehouses.dates`. The first two are arguments of `is_within_band`.
_ROW_COLUMNS = ("season_points_avg", "games_before", "game_date")


@dataclass(frozen=True)
class OpenedWarehouse:
    """An opened warehouse.

    - `facts`: what jobs use without opening the warehouse.
    - `cached`: answers a query from the cache on disk, or else from `warehouse`.
    """

    facts: WarehouseFacts
    warehouse: Warehouse
    cached: CachedWarehouse


class OpenedWarehouses(ClosedOnExit):
    """The warehouses of a sweep, opened on first use and closed together.

    If `is_dry` is true, no rows that cost money are read, and nothing is written.
    """

    def __init__(self, cache: Path, *, is_dry: bool) -> None:
        self._cache, self._is_dry = cache, is_dry
        self._opened: dict[WarehouseConfig, OpenedWarehouse] = {}
        self._queries: dict[Any, RowQuery] = {}
        self._answers: dict[RowQuery, pa.Table | None] = {}
        self._closing = ExitStack()
        self.bytes_to_read: CostEstimate | None = None

    def close(self) -> None:
        self._closing.close()

    def open(self, config: WarehouseConfig, run: str) -> OpenedWarehouse:
        """Return the warehouse of a configuration, opened at the first call for this configuration.

        `run` is the name of the first job that needs the warehouse. DataError or ConfigurationError if the warehouse
        cannot be opened.
        """
        if config not in self._opened:
            warehouse = open_warehouse(config, labels={"command": "sweep", "run": run}, is_lazy=True)
            self._closing.callback(warehouse.close)
            refresh = getattr(config, "refresh", False)
            cached = CachedWarehouse(warehouse, self._cache, refresh=refresh, is_read_only=self._is_dry)
            description = cached.recall(f"describe {config}", warehouse.describe)
            facts = WarehouseFacts(config, run, self._cache, warehouse.sources, fingerprints_of(warehouse), description)
            self._opened[config] = OpenedWarehouse(facts, warehouse, cached)
        return self._opened[config]

    def row_query(self, opened: OpenedWarehouse, features: BreakoutFeatureConfig, span: DateRange) -> RowQuery:
        """Return the query for the rows that jobs with this warehouse and these features share.

        `span` covers the dates of all these jobs. ConfigurationError if a feature reads a column whose name is not made
        of letters, digits and _.
        """
        key = (opened.facts, features)
        if key not in self._queries:
            sql = get_training_data_query(
                (*features.names, *SLICE_FEATURES),
                sources=opened.facts.tables,
                registry=features.registry,
                has_points=True,
            )
            first = opened.warehouse.history_start(span.start, seasons_before(features.names, features.registry))
            self._queries[key] = RowQuery(opened.facts, features, span, first, sql)
        return self._queries[key]

    def dates(self, row_query: RowQuery, features: BreakoutFeatureConfig) -> np.ndarray | None:
        """Return the game date of each row whose player has a season average within the limits of `features`.

        The result has shape (n,). Return None in a dry run if reading costs money. DataError or ConfigurationError if
        the rows cannot be read.
        """
        if row_query not in self._answers:
            self._answers[row_query] = self._read(row_query)
        answer = self._answers[row_query]
        if answer is None:
            return None
        averages, games, dates = (array_of(answer[name]) for name in _ROW_COLUMNS)
        return np.asarray(dates[is_within_band(averages, games, features)])

    def _read(self, row_query: RowQuery) -> pa.Table | None:
        opened = self._opened[row_query.warehouse.config]
        if isinstance(opened.warehouse, Priced):
            cost = _estimate(opened.cached, row_query)
            self.bytes_to_read = cost if self.bytes_to_read is None else self.bytes_to_read + cost
            if self._is_dry:
                return None
        answer = read_answer(row_query, opened.cached).select(_ROW_COLUMNS)
        # This call fills the cache with the flawed games, so that workers need not open the warehouse to find them.
        read_flawed_games(opened.cached, row_query.warehouse.tables, row_query.parameters)
        return answer


def _estimate(warehouse: CachedWarehouse, row_query: RowQuery) -> CostEstimate:
    """Return the estimated cost of the query, of the checks before it, and of the search for flawed games."""
    days = row_query.span
    cost = warehouse.estimate_checks(days.start, days.end, row_query.seasons_before)
    if plan_query(row_query.features.registry, row_query.features.names).uses_availability:
        cost += warehouse.estimate_report_checks(days.start, days.end)
    cost += warehouse.estimate(row_query.sql, row_query.parameters)
    return cost + warehouse.estimate(flawed_games_query(row_query.warehouse.tables), row_query.parameters)
