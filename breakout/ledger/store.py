"""The ledger (the record of served predictions) in a folder, as Parquet files that are added and never changed.

    outputs/ledger/entries/<game date>-<bundle>-<number>.parquet     the predictions of one day by one model; a higher
                                                                     number is a revision
    outputs/ledger/grades/<number>.parquet                           outcomes that were new or changed at one grading
    outputs/ledger/sources/                                          source rows; see `source_rows`
    outputs/ledger/.lock                                             the lock, held while a file is added

Readers skip a damaged file; `read_entries` and `read_grades` also return a sentence that names the file.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from breakout.errors import DataError
from breakout.ledger.entries import ENTRY_SCHEMA
from breakout.ledger.files import LedgerPart, add_file, list_files, lock_ledger, next_number, read_file, read_files
from breakout.ledger.grading import GRADE_SCHEMA, new_grades
from breakout.ledger.source_rows import SourceLog

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager
    from datetime import date, datetime

    import pandas as pd

FOLDER = "ledger"
# Two slates have the same predictions if they are equal in these columns. The times of the predictions may differ.
SAME = ("game_id", "player_lookup", "role", "probability", "points_for_breakout", "availability_status", "features")


@dataclass(frozen=True)
class GradeUpdate:
    """The result of `update_grades`: the history of outcomes before the call, and the new or changed outcomes.

    `changes` has the columns of GRADE_SCHEMA. While a file of the history is damaged, nothing is added and `changes`
    has no rows.
    """

    before: LedgerPart
    changes: pa.Table


@dataclass(frozen=True)
class FolderLedger:
    """The ledger in a folder; `opening.Ledger` describes the methods.

    The folder may be missing. Reading needs no lock. `add_entries` and `update_grades` take the lock of the folder; a
    caller of `add_grades` must hold the lock.
    """

    folder: Path

    @classmethod
    def of(cls, outputs: str | Path) -> FolderLedger:
        """Return the ledger in the folder `ledger` below `outputs`. This folder need not exist yet."""
        return cls(Path(outputs) / FOLDER)

    @property
    def source_log(self) -> SourceLog:
        return SourceLog(self.folder)

    def lock(self) -> AbstractContextManager[None]:
        return lock_ledger(self.folder)

    def read_entries(self, columns: Sequence[str] = tuple(ENTRY_SCHEMA.names)) -> LedgerPart:
        return read_files(self.folder / "entries", pa.schema([ENTRY_SCHEMA.field(name) for name in columns]))

    def read_slate(self, day: date, bundle: str) -> pa.Table | None:
        for path in reversed(self._slate_files(day, bundle)):
            with suppress(DataError):  # read an earlier revision if the newest one is damaged
                return read_file(path, ENTRY_SCHEMA)
        return None

    def add_entries(self, entries: pa.Table) -> Path | None:
        if not entries.num_rows:
            return None
        day, bundle = entries["game_date"][0].as_py(), entries["bundle"][0].as_py()
        with self.lock():
            before = self.read_slate(day, bundle)
            if before is not None and is_same(before, entries):
                return None
            number = next_number(self._slate_files(day, bundle))
            return add_file(entries, self.folder / "entries" / f"{day}-{bundle}-{number:04d}.parquet")

    def _slate_files(self, day: date, bundle: str) -> list[Path]:
        return list_files(self.folder / "entries", f"{day}-{bundle}-*")

    def read_grades(self) -> LedgerPart:
        return read_files(self.folder / "grades", GRADE_SCHEMA)

    def update_grades(self, graded: pd.DataFrame, graded_at: datetime) -> GradeUpdate:
        """Add new and changed outcomes to the history; return the history before the call, and the added rows.

        `graded` has the present outcomes. Nothing is added while a file of the history is damaged, because the outcomes
        in that file would be added again. DataError if a file cannot be written.
        """
        with self.lock():
            before = self.read_grades()
            changes = new_grades(graded, before.rows.to_pandas(), graded_at)
            changes = changes.slice(0, 0) if before.damaged else changes
            self.add_grades(changes)
        return GradeUpdate(before, changes)

    def add_grades(self, grades: pa.Table) -> Path | None:
        """Add outcomes to the history, and return the path of the new file; None if `grades` has no rows.

        The caller must hold the lock. DataError if the file cannot be written.
        """
        if not grades.num_rows:
            return None
        folder = self.folder / "grades"
        return add_file(grades, folder / f"{next_number(list_files(folder)):06d}.parquet")


def is_same(before: pa.Table, after: pa.Table) -> bool:
    """Return whether two slates have the same players and equal values in the columns SAME, regardless of row order."""
    order = [("game_id", "ascending"), ("player_lookup", "ascending")]
    first, second = (table.select(SAME).sort_by(order).to_pylist() for table in (before, after))
    return bool(first == second)
