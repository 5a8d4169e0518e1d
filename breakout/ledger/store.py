"""The files of the ledger: entries and grades as Parquet, one file for each call that had something new.

    outputs/ledger/entries/<game date>-<bundle>-<number>.parquet     the entries of one slate; a later one is a revision
    outputs/ledger/grades/<number>.parquet                           outcomes that a call found new or changed
    outputs/ledger/sources/<log>/<number>.parquet                    source rows that a call found new, changed or gone
    outputs/ledger/.lock                                             the lock, held while a file is added

Files are added and never changed. A file appears whole or not at all, so a killed process leaves no part of one. A
damaged file is named, and the others are still read.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from breakout.artifacts import file_lock, load_columns, remove_incomplete, save_bytes
from breakout.errors import DataError
from breakout.ledger.entries import ENTRY_SCHEMA
from breakout.ledger.grading import GRADE_SCHEMA, new_grades
from breakout.ledger.source_rows import HASH_SCHEMA, KnownRows, name_log, new_versions

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager
    from datetime import date, datetime

    from breakout.warehouse.tables import Table

FOLDER = "ledger"
# Two entries of a slate that agree in these columns hold the same prediction, whenever they were made.
SAME = ("game_id", "player_lookup", "role", "probability", "points_for_breakout", "availability_status", "features")


@dataclass(frozen=True)
class LedgerPart:
    """The rows of all readable files of one kind, and a sentence on each damaged file.

    The rows are in the order of the files' names. A ledger in BigQuery has an order of its own, and no damaged files.
    """

    rows: pa.Table
    damaged: tuple[str, ...]


@dataclass(frozen=True)
class GradeUpdate:
    """The history of grades before a call, and the rows in GRADE_SCHEMA that the call found new or changed."""

    before: LedgerPart
    changes: pa.Table


@dataclass(frozen=True)
class RecordedRows:
    """The recorded versions of a table's rows, and a sentence on each damaged file."""

    known: KnownRows
    damaged: tuple[str, ...]


@dataclass(frozen=True)
class FolderLedger:
    """The ledger in a folder. Reading needs no lock; methods that add a file take it, except `add_grades`."""

    folder: Path

    keeps_source_rows = True

    @classmethod
    def of(cls, outputs: str | Path) -> FolderLedger:
        """Return the ledger below an outputs folder; its own folder may be missing."""
        return cls(Path(outputs) / FOLDER)

    def lock(self) -> AbstractContextManager[None]:
        """Lock the ledger for additions; waits for another process that holds the lock."""
        return file_lock(self.folder / ".lock")

    def read_entries(self, columns: Sequence[str] = tuple(ENTRY_SCHEMA.names)) -> LedgerPart:
        """Read these columns of all entries."""
        return self._read("entries", pa.schema([ENTRY_SCHEMA.field(name) for name in columns]))

    def read_slate(self, day: date, bundle: str) -> pa.Table | None:
        """Return the newest readable entries of a bundle for one date; None if there are none."""
        for path in reversed(self._files("entries", f"{day}-{bundle}-*")):
            with suppress(DataError):
                return _read_as(path, ENTRY_SCHEMA)
        return None

    def add_entries(self, entries: pa.Table) -> Path | None:
        """Add the entries of one slate, and return their file.

        None if there are no entries, or if the newest ones of that date and bundle hold the same prediction.
        """
        if not entries.num_rows:
            return None
        day, bundle = entries["game_date"][0].as_py(), entries["bundle"][0].as_py()
        with self.lock():
            before = self.read_slate(day, bundle)
            if before is not None and is_same(before, entries):
                return None
            number = len(self._files("entries", f"{day}-{bundle}-*")) + 1
            return self._write(entries, self.folder / "entries" / f"{day}-{bundle}-{number:04d}.parquet")

    def read_grades(self) -> LedgerPart:
        """Read the history of grades, oldest first."""
        return self._read("grades", GRADE_SCHEMA)

    def update_grades(self, graded: pd.DataFrame, graded_at: datetime) -> GradeUpdate:
        """Add the outcomes that the history lacks; two calls at once do not add the same ones.

        Nothing is added while a file of the history is damaged, because its outcomes would be added again.
        """
        with self.lock():
            before = self.read_grades()
            changes = new_grades(graded, before.rows.to_pandas(), graded_at)
            changes = changes.slice(0, 0) if before.damaged else changes
            self.add_grades(changes)
        return GradeUpdate(before, changes)

    def add_grades(self, grades: pa.Table) -> Path | None:
        """Add outcomes to the history, and return their file; None without rows. The caller holds the lock."""
        if not grades.num_rows:
            return None
        number = len(self._files("grades")) + 1
        return self._write(grades, self.folder / "grades" / f"{number:06d}.parquet")

    def read_source_rows(self, table: Table, extra: Sequence[str]) -> RecordedRows:
        """Read the recorded versions of a table's rows, with the columns `extra` beyond the declared ones."""
        files, damaged = [], []
        for path in self._files(f"sources/{name_log(table, extra)}"):
            try:
                files.append(load_columns(path))
            except DataError as error:
                damaged.append(str(error))
        versions = pa.concat_tables(files, promote_options="permissive").to_pandas() if files else pd.DataFrame()
        return RecordedRows(KnownRows(table, versions), tuple(damaged))

    def record_source_rows(
        self, table: Table, extra: Sequence[str], now: pd.DataFrame, days: tuple[date, date], at: datetime
    ) -> Path | None:
        """Record those of a table's rows between two dates that are new, changed or gone.

        `now` has all present rows between the dates, with the columns `extra` beyond the declared ones. Return the file
        with the recorded rows, None if there are none.
        """
        kind = f"sources/{name_log(table, extra)}"
        with self.lock():
            paths = self._files(kind)
            hashes = [HASH_SCHEMA.empty_table()]
            for path in paths:
                with suppress(DataError):  # the rows of a damaged file are recorded again
                    hashes.append(_read_as(path, HASH_SCHEMA))
            versions = new_versions(table, pa.concat_tables(hashes), now, days, at)
            if not versions.num_rows:
                return None
            return self._write(versions, self.folder / kind / f"{len(paths) + 1:06d}.parquet")

    def _files(self, kind: str, pattern: str = "[!.]*") -> list[Path]:
        return sorted((self.folder / kind).glob(f"{pattern}.parquet"))

    def _read(self, kind: str, schema: pa.Schema) -> LedgerPart:
        tables, damaged = [schema.empty_table()], []
        for path in self._files(kind):
            try:
                tables.append(_read_as(path, schema))
            except DataError as error:
                damaged.append(str(error))
        return LedgerPart(pa.concat_tables(tables), tuple(damaged))

    def _write(self, table: pa.Table, path: Path) -> Path:
        remove_incomplete(path.parent)  # what killed processes left; the lock is held, so nobody writes there now
        content = pa.BufferOutputStream()
        pq.write_table(table, content)
        save_bytes(bytes(content.getvalue()), path)
        return path


def _read_as(path: Path, schema: pa.Schema) -> pa.Table:
    try:
        return load_columns(path, schema.names).select(schema.names).cast(schema)
    except (pa.ArrowException, KeyError) as error:
        raise DataError(f"{path} is damaged or of another version: {error}.") from error


def is_same(before: pa.Table, after: pa.Table) -> bool:
    """Return whether two slates have the same players, with equal values in the columns SAME."""
    order = [("game_id", "ascending"), ("player_lookup", "ascending")]
    first, second = (table.select(SAME).sort_by(order).to_pylist() for table in (before, after))
    return bool(first == second)
