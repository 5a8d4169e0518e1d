"""The interface of a ledger, and the function that opens the configured one.

The function imports only the kind of ledger that is configured, so that a ledger in a folder does not need the BigQuery
client.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from breakout.ledger.entries import ENTRY_SCHEMA
from breakout.settings import FolderLedgerConfig

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime
    from pathlib import Path

    import pandas as pd
    import pyarrow as pa

    from breakout.ledger.files import LedgerPart
    from breakout.ledger.source_rows import SourceLog
    from breakout.ledger.store import GradeUpdate
    from breakout.settings import LedgerConfig


class Ledger(Protocol):
    """A ledger in a folder or in BigQuery. Entries and grades are added and never changed.

    A damaged file of a folder is left out when it is read. Every method raises DataError if BigQuery refuses a request.
    """

    @property
    def source_log(self) -> SourceLog | None:
        """The log of the source rows that predictions could read; None if the ledger does not record source rows."""
        ...

    def read_entries(self, columns: Sequence[str] = tuple(ENTRY_SCHEMA.names)) -> LedgerPart:
        """Return the given columns of all entries that can be read, and a sentence about each damaged file.

        DataError if BigQuery refuses the request.
        """
        ...

    def read_slate(self, day: date, bundle: str) -> pa.Table | None:
        """Return the entries of a bundle's newest slate for a game date; None if there is no slate.

        A damaged file is skipped, so an earlier slate may be returned. DataError if BigQuery refuses the request.
        """
        ...

    def add_entries(self, entries: pa.Table) -> str | Path | None:
        """Add the entries of one slate; return the path of their file, or their table and revision as one text.

        Add nothing and return None if there are no entries, or if the newest slate of the date and bundle has the same
        predictions (see `store.is_same`). DataError if the entries cannot be written.
        """
        ...

    def read_grades(self) -> LedgerPart:
        """Return the history of grades that can be read, oldest first, and a sentence about each damaged file.

        DataError if BigQuery refuses the request.
        """
        ...

    def update_grades(self, graded: pd.DataFrame, graded_at: datetime) -> GradeUpdate:
        """Add the outcomes that are new or changed; return the history before the call and the added rows.

        `graded` is a result of `grading.grade_counted`. Nothing is added while a file of the history is damaged.
        DataError if the rows cannot be written.
        """
        ...


def open_ledger(config: LedgerConfig, outputs: str | Path) -> Ledger:
    """Return the configured ledger, in a folder below `outputs` or in BigQuery; nothing is read yet."""
    if isinstance(config, FolderLedgerConfig):
        from breakout.ledger.store import FolderLedger

        return FolderLedger.of(outputs)
    from breakout.ledger.bigquery import BigQueryLedger

    return BigQueryLedger(config)
