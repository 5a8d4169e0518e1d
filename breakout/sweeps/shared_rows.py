"""The rows that jobs of a sweep share: one query reads them for all jobs with the same warehouse, features and target.

A cache on disk keeps the result of each query for all processes of the sweep. The key of a result consists of the
query's text and parameters and the warehouse's fingerprint. If the data or the feature definitions change, old
results are no longer found. A worker process opens the warehouse only if the cached result is missing or damaged.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from breakout.coverage import FlawedGame, read_flawed_games, seen_games
from breakout.dataset import SLICE_FEATURES, Dataset, ask_checked, dataset_of, select_role_players
from breakout.errors import DataError
from breakout.experiment.plan import RunPlan
from breakout.experiment.shared_work import SharedWork
from breakout.features.query import seasons_before
from breakout.split import DateRange, date_mask
from breakout.warehouse.base import ClosedOnExit
from breakout.warehouse.cache import CachedWarehouse
from breakout.warehouse.opening import open_warehouse

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    import pyarrow as pa

    from breakout.features.config import BreakoutFeatureConfig
    from breakout.settings.data_groups import WarehouseConfig
    from breakout.warehouse.base import Warehouse
    from breakout.warehouse.tables import SourceTables


@dataclass(frozen=True)
class WarehouseFacts:
    """The facts about a warehouse that jobs use without opening it.

    - `run`: the name of the first job that needs this warehouse. BigQuery labels each query with this name.
    - `cache`: the folder of cached query results.
    """

    config: WarehouseConfig
    run: str
    cache: Path
    tables: SourceTables
    fingerprints: tuple[str, str]  # the fingerprint of the data without injury reports, then with injury reports
    description: str


def fingerprints_of(warehouse: Warehouse) -> tuple[str, str]:
    """Return two fingerprints of a warehouse's data: without injury reports, then with them.

    Both are equal if the warehouse has no injury reports. DataError if the warehouse cannot be read.
    """
    return warehouse.fingerprint(), warehouse.fingerprint(has_reports=True)


@dataclass(frozen=True)
class RowQuery:
    """The query for the rows of all jobs with the same warehouse, features and target.

    - `span`: the dates of the rows, from the first to the last date that any of the jobs needs.
    - `history_start`: the first date whose games the query reads to compute the features.
    """

    warehouse: WarehouseFacts
    features: BreakoutFeatureConfig
    span: DateRange
    history_start: date
    sql: str

    @property
    def seasons_before(self) -> int:
        """The number of earlier seasons that the features read, in addition to the season of the row."""
        return seasons_before(self.features.names, self.features.registry)

    @property
    def parameters(self) -> dict[str, object]:
        """The values of the query's @parameters, by name."""
        return self.features.parameters(self.history_start, self.span.start, self.span.end)


class LazyWarehouse(ClosedOnExit):
    """A warehouse that is opened at the first call that needs it.

    The class has the methods of `Warehouse`. A method that opens the warehouse raises DataError if the data changed
    since the sweep was planned.
    """

    def __init__(self, row_query: RowQuery) -> None:
        self._row_query, self._facts = row_query, row_query.warehouse
        self._opened: Warehouse | None = None
        self.sources = row_query.warehouse.tables

    def _open(self) -> Warehouse:
        if self._opened is None:
            opened = open_warehouse(self._facts.config, labels={"command": "sweep", "run": self._facts.run})
            if fingerprints_of(opened) != self._facts.fingerprints:
                opened.close()
                raise DataError("the source has changed since the sweep was planned; run the sweep again.")
            self._opened = opened
        return self._opened

    def query(self, sql: str, parameters: Mapping[str, object]) -> pa.Table:
        return self._open().query(sql, parameters)

    def check_history(self, start: date, end: date, seasons_before: int = 1) -> None:
        self._open().check_history(start, end, seasons_before)

    def check_schedule(self, start: date, end: date) -> None:
        self._open().check_schedule(start, end)

    def check_availability(self, start: date, end: date) -> None:
        self._open().check_availability(start, end)

    def history_start(self, start: date, seasons_before: int = 1) -> date:
        """Return the first date whose games a query must read to compute the features of a game on `start`."""
        if (start, seasons_before) == (self._row_query.span.start, self._row_query.seasons_before):
            return self._row_query.history_start
        return self._open().history_start(start, seasons_before)

    def latest_game_date(self) -> date:
        return self._open().latest_game_date()

    def columns(self, table: str) -> Mapping[str, str]:
        return self._open().columns(table)

    def fingerprint(self, *, has_reports: bool = False) -> str:
        """Return the fingerprint that the data had when the sweep was planned."""
        return self._facts.fingerprints[has_reports]

    def describe(self) -> str:
        return self._facts.description

    def has_schedule(self) -> bool:
        return self._open().has_schedule()

    def has_availability(self) -> bool:
        return self._open().has_availability()

    def close(self) -> None:
        if self._opened is not None:
            self._opened.close()


def array_of(column: pa.ChunkedArray) -> np.ndarray:
    """Return a column of numbers or days as an array of shape (n,). The column must have no missing values."""
    import pyarrow as pa

    # `ChunkedArray.to_numpy` is not used, because it imports pandas.
    values = column.combine_chunks()
    if pa.types.is_date32(values.type):
        return np.from_dlpack(values.view(pa.int32())).astype("datetime64[D]")
    return np.from_dlpack(values)


def read_answer(row_query: RowQuery, warehouse: CachedWarehouse) -> pa.Table:
    """Return the rows of a query from the cache, or from the warehouse if the cache lacks them.

    - DataError if the source rows fail a check, or if the query fails.
    - ConfigurationError if a feature needs injury reports and no table of injury reports is configured.
    - ConfigurationError if a feature reads a column whose name is not made of letters, digits and _.
    """
    kept = warehouse.kept(row_query.sql, row_query.parameters)
    if kept is not None:
        return kept
    return ask_checked(warehouse, row_query.features, row_query.span.start, row_query.span.end, row_query.sql)


@dataclass(frozen=True)
class PreparedPlan(RunPlan):
    """The plan of a run that takes its rows from the result of `row_query`.

    `work` stores the rows for all jobs of a process, so that the process reads them only once. The methods raise
    DataError if the rows cannot be read.
    """

    row_query: RowQuery = field(kw_only=True)
    work: SharedWork = field(default_factory=SharedWork, kw_only=True, compare=False)

    def build_train(self) -> Dataset:
        return self._rows(self.split.train)

    def build_evaluation(self) -> Dataset | None:
        """Return the evaluation rows; None if the run only trains."""
        return None if self.split.evaluation is None else self._rows(self.split.evaluation)

    def build_span(self) -> Dataset:
        """Return the rows of all folds of a walk forward, from the first training date to the last evaluation date."""
        return self._rows(self.ranges()["folds"])

    def find_flawed_games(self, days: DateRange) -> list[FlawedGame]:
        """Return the flawed games that can enter the features of rows on the dates `days`.

        In a flawed game, the player table and the team table contradict each other.
        """
        flawed = self.work.once("flawed games", self.row_query, self._read_flawed_games)
        return seen_games(flawed, self.features, days.start, days.end)

    def _read_flawed_games(self) -> list[FlawedGame]:
        with self._open_cached() as cached:
            return read_flawed_games(cached, self.row_query.warehouse.tables, self.row_query.parameters)

    def _rows(self, days: DateRange) -> Dataset:
        def cut() -> Dataset:
            rows = self.work.once("answer", self.row_query, self._read_rows)
            found = rows.take(date_mask(rows.dates, days))
            return found if self.row_query.features == self.features else select_role_players(found, self.features)

        return self.work.once("rows", (self.row_query, self.features, days), cut)

    def _read_rows(self) -> Dataset:
        with self._open_cached() as cached:
            answer = read_answer(self.row_query, cached)
        return dataset_of(answer, self.row_query.features, SLICE_FEATURES)

    def _open_cached(self) -> CachedWarehouse:
        return CachedWarehouse(LazyWarehouse(self.row_query), self.row_query.warehouse.cache)
