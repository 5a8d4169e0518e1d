"""The interface of a ledger, and the opening of the configured one.

Only the module of the configured ledger is imported.
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
    """A ledger in a folder or in BigQuery. Entries and grades are added and never changed."""

    @property
    def source_log(self) -> SourceLog | None:
        """The log of the source rows that predictions could read; None if the ledger keeps no source rows."""
        ...

    def read_entries(self, columns: Sequence[str] = tuple(ENTRY_SCHEMA.names)) -> LedgerPart:
        """Read these columns of all entries."""
        ...

    def read_slate(self, day: date, bundle: str) -> pa.Table | None:
        """Return the newest entries of a bundle for one date; None if there are none."""
        ...

    def add_entries(self, entries: pa.Table) -> str | Path | None:
        """Add the entries of one slate, and return their file or their table and revision.

        None if there are no entries, or if the newest ones of their date and bundle hold the same prediction.
        """
        ...

    def read_grades(self) -> LedgerPart:
        """Read the history of grades, oldest first."""
        ...

    def update_grades(self, graded: pd.DataFrame, graded_at: datetime) -> GradeUpdate:
        """Add the outcomes that the history lacks; return the history before the call and the rows added."""
        ...


def open_ledger(config: LedgerConfig, outputs: str | Path) -> Ledger:
    """Return the configured ledger, a folder below `outputs` or BigQuery tables; nothing is read yet."""
    if isinstance(config, FolderLedgerConfig):
        from breakout.ledger.store import FolderLedger

        return FolderLedger.of(outputs)
    from breakout.ledger.bigquery import BigQueryLedger

    return BigQueryLedger(config)
