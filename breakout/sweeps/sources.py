"""The rows of a sweep: one query reads them for all jobs of the same source, features and target.

The result of the query is kept in a cache on disk, which all processes of the sweep read. The key of an entry is made
of the text of the query, its parameters and the fingerprint of the source, so a changed source or contract has another
entry. A worker process opens the source only if the entry is missing or damaged.
"""

from __future__ import annotations

from contextlib import closing
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
class Source:
    """The facts about a warehouse that jobs use without opening it: settings, tables, fingerprints, description.

    `cache` is the folder of cached query results. `run` is the name of the first job of the sweep that needs this
    warehouse; BigQuery attaches it as a label to each query.
    """

    config: WarehouseConfig
    run: str
    cache: Path
    tables: SourceTables
    fingerprints: tuple[str, str]  # of the data without injury reports, and with them
    description: str


def fingerprints_of(warehouse: Warehouse) -> tuple[str, str]:
    """Return the fingerprints of a warehouse without and with injury reports."""
    return warehouse.fingerprint(), warehouse.fingerprint(has_reports=True)


@dataclass(frozen=True)
class Problem:
    """The description of rows that several jobs share.

    The rows have one source, one set of features and one target. `span` covers all dates that any of the jobs needs,
    `history_start` is the first day that the features of these rows read, and `sql` is the query for the rows.
    """

    source: Source
    features: BreakoutFeatureConfig
    span: DateRange
    history_start: date
    sql: str

    @property
    def seasons_before(self) -> int:
        """The number of earlier seasons, besides the season of a row, that the features of the row read."""
        return seasons_before(self.features.names, self.features.registry)

    @property
    def parameters(self) -> dict[str, object]:
        """The values of the query's @parameters."""
        return self.features.parameters(self.history_start, self.span.start, self.span.end)


class LazyWarehouse(ClosedOnExit):
    """A warehouse that opens the source of a problem at the first call that needs it.

    Table names, fingerprint, description, and the start of the history for the problem's dates need no open source. A
    call that opens the source raises DataError if the source changed since the sweep was planned.
    """

    def __init__(self, problem: Problem) -> None:
        self._problem, self._source = problem, problem.source
        self._opened: Warehouse | None = None
        self.sources = problem.source.tables

    def _open(self) -> Warehouse:
        if self._opened is None:
            labels = {"command": "sweep", "run": self._source.run}
            opened = open_warehouse(self._source.config, labels=labels)
            if fingerprints_of(opened) != self._source.fingerprints:
                opened.close()
                raise DataError("the source has changed since the sweep was planned; run the sweep again.")
            self._opened = opened
        return self._opened

    def query(self, sql: str, parameters: Mapping[str, object]) -> pa.Table:
        """Run one SELECT on the source, as `Warehouse.query` does."""
        return self._open().query(sql, parameters)

    def check_history(self, start: date, end: date, seasons_before: int = 1) -> None:
        """Check the source rows that feature rows from start to end depend on, as `Warehouse.check_history` does."""
        self._open().check_history(start, end, seasons_before)

    def check_schedule(self, start: date, end: date) -> None:
        """Check the schedule of the source, as `Warehouse.check_schedule` does."""
        self._open().check_schedule(start, end)

    def check_availability(self, start: date, end: date) -> None:
        """Check the injury reports of the source, as `Warehouse.check_availability` does."""
        self._open().check_availability(start, end)

    def history_start(self, start: date, seasons_before: int = 1) -> date:
        """Return the first day that a row of `start` reads, as `Warehouse.history_start` does."""
        if (start, seasons_before) == (self._problem.span.start, self._problem.seasons_before):
            return self._problem.history_start
        return self._open().history_start(start, seasons_before)

    def latest_game_date(self) -> date:
        """Return the newest game_date of the source."""
        return self._open().latest_game_date()

    def columns(self, table: str) -> Mapping[str, str]:
        """Return the name and the type of each column of a source table."""
        return self._open().columns(table)

    def fingerprint(self, *, has_reports: bool = False) -> str:
        """Return the fingerprint that the source had when the sweep was planned."""
        return self._source.fingerprints[has_reports]

    def describe(self) -> str:
        """Return the description of the source."""
        return self._source.description

    def has_schedule(self) -> bool:
        """Return whether the settings of the source name a schedule."""
        return self._open().has_schedule()

    def has_availability(self) -> bool:
        """Return whether the settings of the source name a table of injury reports."""
        return self._open().has_availability()

    def close(self) -> None:
        """Close the source, if it was opened."""
        if self._opened is not None:
            self._opened.close()


def array_of(column: pa.ChunkedArray) -> np.ndarray:
    """Return a column of numbers or days as an array, shape (n,).

    `ChunkedArray.to_numpy` is not used because it imports pandas.
    """
    import pyarrow as pa

    values = column.combine_chunks()
    if pa.types.is_date32(values.type):
        return np.from_dlpack(values.view(pa.int32())).astype("datetime64[D]")
    return np.from_dlpack(values)


def problem_answer(problem: Problem, warehouse: CachedWarehouse) -> pa.Table:
    """Return all rows of a problem from the cache, or from the source if the cache lacks them.

    Rows from the source are checked before they are put into the cache.
    """
    kept = warehouse.kept(problem.sql, problem.parameters)
    if kept is not None:
        return kept
    return ask_checked(warehouse, problem.features, problem.span.start, problem.span.end, problem.sql)


def read_rows(problem: Problem) -> Dataset:
    """Return all rows of a problem from the cache, or from the source if the cache entry is missing or damaged."""
    source = LazyWarehouse(problem)
    with closing(source):
        answer = problem_answer(problem, CachedWarehouse(source, problem.source.cache))
    return dataset_of(answer, problem.features, SLICE_FEATURES)


@dataclass(frozen=True)
class PreparedPlan(RunPlan):
    """A plan of a run that selects its rows from those of a problem, which are read once for all jobs of a process.

    `work` holds these rows, and other work that the jobs of one process share.
    """

    problem: Problem = field(kw_only=True)
    work: SharedWork = field(default_factory=SharedWork, kw_only=True, compare=False)

    def build_train(self) -> Dataset:
        """Return the training rows."""
        return self._rows(self.split.train)

    def build_evaluation(self) -> Dataset | None:
        """Return the evaluation rows; None if the run only trains."""
        return None if self.split.evaluation is None else self._rows(self.split.evaluation)

    def build_span(self) -> Dataset:
        """Return the rows of all folds of a walk forward, from the first training date to the last evaluation date."""
        start, end = min(fold.train.start for fold in self.folds), self.folds[-1].evaluation.end
        return self._rows(DateRange(start, end))

    def find_flawed_games(self, days: DateRange) -> list[FlawedGame]:
        """Return the flawed games that rows of these days can read."""
        problem = self.problem

        def read() -> list[FlawedGame]:
            source = LazyWarehouse(problem)
            with closing(source):
                cached = CachedWarehouse(source, problem.source.cache)
                return read_flawed_games(cached, problem.source.tables, problem.parameters)

        flawed = self.work.once("flawed games", problem, read)
        return seen_games(flawed, self.features, days.start, days.end)

    def _rows(self, days: DateRange) -> Dataset:
        problem = self.problem

        def cut() -> Dataset:
            rows = self.work.once("answer", problem, lambda: read_rows(problem))
            found = rows.take(date_mask(rows.dates, days))
            return found if problem.features == self.features else select_role_players(found, self.features)

        return self.work.once("rows", (problem, self.features, days), cut)
