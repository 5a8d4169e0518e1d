"""Warehouses that keep the results of queries, so that the same query need not run again.

`CachedWarehouse` keeps results in files. `RememberingWarehouse` keeps results in memory.

Each file of `CachedWarehouse` has one result and is called an entry. The name of an entry is a digest of the SQL text,
the parameters and the fingerprint of the source tables. If the source tables change, the names change too, so outdated
results are never used. Several processes may share the folder: the first process runs a query, and the others wait for
its entry.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import time
from contextlib import ExitStack
from datetime import date
from typing import TYPE_CHECKING, Any, cast

from breakout.artifacts import file_lock, whole_file
from breakout.errors import DataError
from breakout.warehouse.base import ClosedOnExit
from breakout.warehouse.cost import CostEstimate, Priced
from breakout.warehouse.tables import AVAILABILITY

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import pyarrow as pa

    from breakout.warehouse.base import Warehouse
    from breakout.warehouse.tables import SourceTables

logger = logging.getLogger("breakout")

LIMIT_BYTES = 2 * 2**30
_LAYOUT = 1  # increase this number when cached files change in format or meaning, so that earlier files are not used
_CHECKS = 2  # increase this number when a check is added, so that all tables are checked again
_LEFTOVER_SECONDS = 24 * 3600  # an older half-written file is removed, because the process that wrote it was killed
_LOCKS = 256  # the number of lock files: with so many, two queries rarely share one


class CachedWarehouse(ClosedOnExit):
    """A warehouse that keeps the results of another warehouse in Parquet files.

    - `inner`: the warehouse that runs a query whose result is not in a file.
    - `folder`: the folder of the files. Each file has one result and is called an entry.
    - `limit_bytes`: the largest total size of the entries. The least recently used entries are removed first.
    - `refresh`: ignore the existing entries. The first call of each query runs the query and replaces its entry.
    - `is_read_only`: read entries, but write none.

    Methods without a docstring call the same method of `inner`. All methods raise the errors of `inner`. A cache that
    cannot be read or written causes only a warning.
    """

    def __init__(
        self,
        inner: Warehouse,
        folder: Path,
        limit_bytes: int = LIMIT_BYTES,
        *,
        refresh: bool = False,
        is_read_only: bool = False,
    ) -> None:
        self._inner, self._folder, self._limit = inner, folder, limit_bytes
        self._refresh, self._is_read_only = refresh, is_read_only
        self._refreshed: set[str] = set()  # entries that this object replaced; if `refresh` is set, only these are read
        self._warned: set[str] = set()  # damaged entries already logged, so that each is logged once

    @property
    def sources(self) -> SourceTables:
        return self._inner.sources

    def query(self, sql: str, parameters: Mapping[str, object]) -> pa.Table:
        """Return the rows of one SELECT, from the cache if possible."""
        return self._ask(self._key(sql, parameters), lambda: self._inner.query(sql, parameters))

    def kept(self, sql: str, parameters: Mapping[str, object]) -> pa.Table | None:
        """Return the rows of one SELECT from the cache, without running the SELECT.

        None if the cache has no intact file with the rows, or if `refresh` is set and this object has not yet replaced
        the file.
        """
        return self._kept(self._key(sql, parameters))

    def recall(self, question: str, answer: Callable[[], str]) -> str:
        """Return the text that the cache keeps for `question` and the present source tables.

        If the cache has no such text, call `answer`, and keep and return its result. Errors of `answer` pass unchanged.
        """
        return str(self._ask(self._key(question, {}), lambda: _row({"answer": answer()})).to_pylist()[0]["answer"])

    def check_history(self, start: date, end: date, seasons_before: int = 1) -> None:
        """Check the player and team tables, unless they passed with equal arguments and are unchanged since."""
        key = self._check_key(start, end, seasons_before)
        self._check_once(key, lambda: self._inner.check_history(start, end, seasons_before))

    def check_schedule(self, start: date, end: date) -> None:
        """Let `inner` check the schedule at each call; the cache never keeps the result of this check."""
        self._inner.check_schedule(start, end)

    def check_availability(self, start: date, end: date) -> None:
        """Check the injury reports, unless they passed for equal dates and all tables are unchanged since."""
        self._check_once(self._reports_key(start, end), lambda: self._inner.check_availability(start, end))

    def _check_once(self, key: str, check: Callable[[], None]) -> None:
        def read() -> pa.Table:
            check()
            return _row({"is_checked": True})

        self._ask(key, read)

    def latest_game_date(self) -> date:
        """Return the newest game_date of player_game_summary, from the cache if possible."""
        rows = self._ask(self._key("latest_game_date", {}), lambda: _row({"latest": self._inner.latest_game_date()}))
        return cast("date", rows.to_pylist()[0]["latest"])

    def estimate(self, sql: str, parameters: Mapping[str, object]) -> CostEstimate:
        """Return the estimated cost of running a query now.

        The cost is 0 if the cache has the result or the wrapped warehouse is free.
        """
        return self._cost_now(self._key(sql, parameters), lambda priced: priced.estimate(sql, parameters))

    def estimate_checks(self, start: date, end: date, seasons_before: int = 1) -> CostEstimate:
        """Return the estimated cost of running `check_history` now.

        The cost is 0 if the cache has the result or the wrapped warehouse is free.
        """
        key = self._check_key(start, end, seasons_before)
        return self._cost_now(key, lambda priced: priced.estimate_checks(start, end, seasons_before))

    def estimate_report_checks(self, start: date, end: date) -> CostEstimate:
        """Return the estimated cost of running `check_availability` now.

        The cost is 0 if the cache has the result or the wrapped warehouse is free.
        """
        return self._cost_now(self._reports_key(start, end), lambda priced: priced.estimate_report_checks(start, end))

    def _cost_now(self, key: str, estimate: Callable[[Priced], CostEstimate]) -> CostEstimate:
        """Return the cost that `estimate` computes with the wrapped warehouse, or 0 if that warehouse is free.

        If the cache entry `key` would be used, all bytes count as saved, and none as scanned.
        """
        cost = estimate(self._inner) if isinstance(self._inner, Priced) else CostEstimate(0, 0.0)
        return cost if self._kept(key) is None else cost.cached()

    def history_start(self, start: date, seasons_before: int = 1) -> date:
        return self._inner.history_start(start, seasons_before)

    def columns(self, table: str) -> Mapping[str, str]:
        """Return the type of each column of a source table, from the cache if possible.

        The keys are column names in lower case.
        """
        # `_key` adds the state of the injury reports to every question that contains the full name of the injury table.
        # Only the question about that table needs the state, for which a paid query may be necessary.
        question = f"columns {self.sources.availability if table == AVAILABILITY.name else table}"
        rows = self._ask(self._key(question, {}), lambda: _row(dict(self._inner.columns(table)))).to_pylist()
        return {str(name): str(kind) for name, kind in rows[0].items()}

    def fingerprint(self, *, has_reports: bool = False) -> str:
        return self._inner.fingerprint(has_reports=has_reports)

    def describe(self) -> str:
        return self._inner.describe()

    def has_schedule(self) -> bool:
        return self._inner.has_schedule()

    def has_availability(self) -> bool:
        return self._inner.has_availability()

    def close(self) -> None:
        self._inner.close()

    def _key(self, question: str, parameters: Mapping[str, object]) -> str:
        has_reports = self._inner.sources.availability in question
        parts = [_LAYOUT, question, dict(parameters), self._inner.fingerprint(has_reports=has_reports)]
        return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()

    def _check_key(self, start: date, end: date, seasons_before: int) -> str:
        asked = {"start": start, "end": end, "seasons_before": seasons_before}
        return self._key(f"check_history {_CHECKS}", asked)

    def _reports_key(self, start: date, end: date) -> str:
        return self._key(f"check_availability {_CHECKS} {self.sources.availability}", {"start": start, "end": end})

    def _ask(self, key: str, read: Callable[[], pa.Table]) -> pa.Table:
        """Return the rows of the cache entry `key`.

        If the entry cannot be used, return the result of `read`, and save it unless `is_read_only` is set. A failure to
        lock or to save causes only a warning. Without the lock, `read` is called even if there is an entry.
        """
        if self._is_read_only:
            kept = self._kept(key)
            return read() if kept is None else kept
        with ExitStack() as stack:
            try:
                stack.enter_context(file_lock(self._folder / f".lock-{int(key[:8], 16) % _LOCKS:03d}"))
            except DataError as error:
                logger.warning("the cache cannot be used, reading the source: %s", error)
                return read()
            kept = self._kept(key)
            if kept is not None:
                return kept
            table = read()
            self._save(key, table)
            return table

    def _kept(self, key: str) -> pa.Table | None:
        is_to_reread = self._refresh and key not in self._refreshed
        return None if is_to_reread else self._load(key)

    def _load(self, key: str) -> pa.Table | None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        path = self._folder / f"{key}.parquet"
        try:
            # `read_table` would be shorter, but it imports pandas.
            with pq.ParquetFile(path, page_checksum_verification=True) as file:
                table = file.read(use_threads=False)
            if not self._is_read_only:
                os.utime(path)
        except FileNotFoundError:
            return None
        except (OSError, pa.ArrowException) as error:
            if key not in self._warned:
                self._warned.add(key)
                logger.warning("the cache entry %s is damaged (%s); reading the source.", path, type(error).__name__)
            return None
        logger.info("read %d rows from the cache %s", table.num_rows, self._folder)
        return table

    def _save(self, key: str, table: pa.Table) -> None:
        import pyarrow.parquet as pq

        try:
            with whole_file(self._folder / f"{key}.parquet") as beside:
                pq.write_table(table, beside, compression="zstd", write_page_checksum=True)
            self._refreshed.add(key)
            self._warned.discard(key)
            self._shrink()
        except (OSError, DataError) as error:
            logger.warning("the rows are not kept for the next run: %s", error)

    def _shrink(self) -> None:
        """Remove least recently used entries until the rest fit into the limit, and remove old half-written files."""
        entries = []
        for path in self._folder.glob("*.parquet"):
            try:
                stat = path.stat()
            except FileNotFoundError:  # another process has removed it
                continue
            if path.name.startswith("."):
                if time.time() - stat.st_mtime > _LEFTOVER_SECONDS:
                    path.unlink(missing_ok=True)
            else:
                entries.append((stat.st_mtime_ns, stat.st_size, path))
        total = 0
        for _, size, path in sorted(entries, reverse=True):
            total += size
            if total > self._limit:
                path.unlink(missing_ok=True)


def _row(record: dict[str, object]) -> pa.Table:
    import pyarrow as pa

    return pa.Table.from_pylist([record])


class RememberingWarehouse:
    """A warehouse that keeps the results of `query` in memory, and passes all other calls to `warehouse`.

    Several models with the same features then read the rows of a day only once.
    """

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse
        self._answers: dict[tuple[str, str], pa.Table] = {}

    def query(self, sql: str, parameters: Mapping[str, object]) -> pa.Table:
        """Return the rows of one SELECT, which runs only once for the same text and parameters."""
        key = (sql, repr(sorted(parameters.items())))
        if key not in self._answers:
            self._answers[key] = self._warehouse.query(sql, parameters)
        return self._answers[key]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._warehouse, name)
