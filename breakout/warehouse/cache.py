"""Warehouses that keep the results of queries, so that the same query need not run again.

`CachedWarehouse` keeps results in Parquet files. It wraps another warehouse, the source, which runs a query if there is
no file with its result. Such a file is called a cache entry. The name of an entry is a digest of the SQL text, the
parameters and the source's fingerprint. A change of the source changes the fingerprint, so an outdated entry is never
used. Processes may share the folder of entries: the first process runs a query, and the others wait for its entry. A
damaged entry is replaced. If the folder grows too large, the least recently used entries are removed.

`RememberingWarehouse` keeps results in memory.
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
_LAYOUT = 1  # increase this number when the content of cached files changes its meaning: earlier files are then unused
_CHECKS = 2  # increase this number when a check is added: tables that passed the earlier checks are then checked again
_LEFTOVER_SECONDS = 24 * 3600  # a half-written file older than this is removed: the process that wrote it was killed
_LOCKS = 256  # number of lock files; with this many, two queries rarely wait for the same one


class CachedWarehouse(ClosedOnExit):
    """A warehouse that keeps the results of `inner`, the source, in at most `limit_bytes` of files in `folder`.

    A file with one result is called a cache entry. If `refresh` is true, this object runs each query once even if there
    is an entry, and the new result replaces the entry. If `is_read_only` is true, entries are read but not written.
    Methods without a docstring call the same method of the source. All methods raise the errors of the source; a cache
    that cannot be read or written causes only a warning.
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
        self._refreshed: set[str] = set()  # entries that this object has replaced; with `refresh` only these are read
        self._warned: set[str] = set()  # damaged entries already logged, so that each is logged once

    @property
    def sources(self) -> SourceTables:
        return self._inner.sources

    def query(self, sql: str, parameters: Mapping[str, object]) -> pa.Table:
        """Return the rows of one SELECT from the cache; if they are not there, run the SELECT and keep its rows.

        Raise DataError if the wrapped warehouse cannot run the SELECT.
        """
        return self._ask(self._key(sql, parameters), lambda: self._inner.query(sql, parameters))

    def kept(self, sql: str, parameters: Mapping[str, object]) -> pa.Table | None:
        """Return the rows of one SELECT from its cache entry (a file with the rows).

        Return None if the entry is absent, damaged or to be refreshed. Raise DataError if the wrapped warehouse cannot
        compute its fingerprint, which is a part of the entry's name.
        """
        return self._kept(self._key(sql, parameters))

    def recall(self, question: str, answer: Callable[[], str]) -> str:
        """Return the text that the cache keeps under the key `question` for the present state of the source tables.

        If the cache has no such text, call `answer`, and keep and return its text. Errors of `answer` pass unchanged.
        """
        return str(self._ask(self._key(question, {}), lambda: _row({"answer": answer()})).to_pylist()[0]["answer"])

    def check_history(self, start: date, end: date, seasons_before: int = 1) -> None:
        """Check the player and team tables of the wrapped warehouse, unless they have passed this check before.

        A cache entry (a file) records that unchanged tables passed with the same arguments. If the cache is to be
        refreshed, only an entry that this object wrote counts. Raise DataError if a check fails.
        """
        key = self._check_key(start, end, seasons_before)
        self._check_once(key, lambda: self._inner.check_history(start, end, seasons_before))

    def check_schedule(self, start: date, end: date) -> None:
        """Check the schedule in the wrapped warehouse each time, because this result is not kept.

        Raise DataError if the check fails.
        """
        self._inner.check_schedule(start, end)

    def check_availability(self, start: date, end: date) -> None:
        """Check the injury reports of the wrapped warehouse, unless they have passed this check before.

        A cache entry (a file) records that unchanged tables passed for the same dates. If the cache is to be refreshed,
        only an entry that this object wrote counts. Raise DataError if a check fails, and ConfigurationError if no
        table of injury reports is configured.
        """
        self._check_once(self._reports_key(start, end), lambda: self._inner.check_availability(start, end))

    def _check_once(self, key: str, check: Callable[[], None]) -> None:
        def read() -> pa.Table:
            check()
            return _row({"is_checked": True})

        self._ask(key, read)

    def latest_game_date(self) -> date:
        """Return the newest game_date of player_game_summary, from the cache or from the wrapped warehouse.

        Raise DataError if the table has no rows.
        """
        rows = self._ask(self._key("latest_game_date", {}), lambda: _row({"latest": self._inner.latest_game_date()}))
        return cast("date", rows.to_pylist()[0]["latest"])

    def estimate(self, sql: str, parameters: Mapping[str, object]) -> CostEstimate:
        """Return the estimated cost of running a query now.

        The cost is 0 if the cache has the result, or if the wrapped warehouse is free. Raise DataError if that
        warehouse refuses the query.
        """
        return self._cost_now(self._key(sql, parameters), lambda priced: priced.estimate(sql, parameters))

    def estimate_checks(self, start: date, end: date, seasons_before: int = 1) -> CostEstimate:
        """Return the estimated cost of running `check_history` now.

        The cost is 0 if the cache has the result, or if the wrapped warehouse is free. Raise DataError if that
        warehouse refuses a query.
        """
        key = self._check_key(start, end, seasons_before)
        return self._cost_now(key, lambda priced: priced.estimate_checks(start, end, seasons_before))

    def estimate_report_checks(self, start: date, end: date) -> CostEstimate:
        """Return the estimated cost of running `check_availability` now.

        The cost is 0 if the cache has the result, or if the wrapped warehouse is free. Raise DataError if that
        warehouse refuses a query.
        """
        return self._cost_now(self._reports_key(start, end), lambda priced: priced.estimate_report_checks(start, end))

    def _cost_now(self, key: str, estimate: Callable[[Priced], CostEstimate]) -> CostEstimate:
        """Return the cost that `estimate` computes with the wrapped warehouse; the cost is 0 if that warehouse is free.

        If the cache entry `key` (a file with a result) would be used, no bytes are scanned, and the bytes of the
        estimate count as saved.
        """
        cost = estimate(self._inner) if isinstance(self._inner, Priced) else CostEstimate(0, 0.0)
        return cost if self._kept(key) is None else cost.cached()

    def history_start(self, start: date, seasons_before: int = 1) -> date:
        return self._inner.history_start(start, seasons_before)

    def columns(self, table: str) -> Mapping[str, str]:
        """Return the type of each column of a source table by lower-case name, from the cache if possible.

        Otherwise the wrapped warehouse reads the types. Raise DataError if the wrapped warehouse cannot read the table.
        """
        # `_key` makes the key of the cache entry from this text. If the text contains the full name of the table of
        # injury reports, the key depends on the state of the reports, and finding that state may need a query that
        # costs. So only this table is named by its full name, and every other table by its short name.
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
        """Return the rows of the cache entry `key` (a file with a result).

        If the entry is absent, damaged or to be refreshed, return the rows that `read` returns, and save them unless
        `is_read_only` is set. If saving fails, log a warning. If the lock file cannot be created, log a warning and
        call `read`, even if there is an entry.
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
        """Return the rows of the cache entry `key` (a file); None if it is absent, damaged or cannot be read."""
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
        """Remove the least recently used cache entries (files) until the rest fits the limit of bytes.

        Also remove the half-written files that killed processes left more than a day ago.
        """
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

    For example, if several models with the same features predict the games of one day, the rows are read only once.
    """

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse
        self._answers: dict[tuple[str, str], pa.Table] = {}

    def query(self, sql: str, parameters: Mapping[str, object]) -> pa.Table:
        """Return the rows of one SELECT; run the SELECT unless this object has run it with these parameters before.

        Raise DataError if `warehouse` cannot run the SELECT.
        """
        key = (sql, repr(sorted(parameters.items())))
        if key not in self._answers:
            self._answers[key] = self._warehouse.query(sql, parameters)
        return self._answers[key]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._warehouse, name)
