"""The interface of a ledger (the record of served predictions), and the function that opens the configured ledger.

A ledger in a folder is opened without an import of the BigQuery client.
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
    """A ledger (the record of served predictions) in a folder or in BigQuery.

    An entry is one prediction. A grade is its outcome. Entries and grades are added and never changed. A slate is the
    ranked players of one day by one model. Damaged files of a folder are skipped. Every method raises DataError if
    BigQuery refuses a request.
    """

    @property
    def source_log(self) -> SourceLog | None:
        """The log of the source rows that were available to predictions; None for a ledger in BigQuery."""
        ...

    def read_entries(self, columns: Sequence[str] = tuple(ENTRY_SCHEMA.names)) -> LedgerPart:
        """Return all predictions, with the columns `columns`, and a sentence about each damaged file."""
        ...

    def read_slate(self, day: date, bundle: str) -> pa.Table | None:
        """Return the newest predictions for a game date by one model; None if there are none.

        `bundle` is the fingerprint of the model. A damaged file is skipped, so earlier predictions may be returned.
        """
        ...

    def add_entries(self, entries: pa.Table) -> str | Path | None:
        """Add the predictions of one day by one model.

        Return the path of the new file; for BigQuery, a text such as `ledger.entries revision 2`. Add nothing and
        return None if `entries` has no rows, or if the model's newest predictions for the day are equal to `entries` in
        the columns `store.SAME`. DataError if the predictions cannot be written.
        """
        ...

    def read_grades(self) -> LedgerPart:
        """Return the history of outcomes, oldest first, and a sentence about each damaged file."""
        ...

    def update_grades(self, graded: pd.DataFrame, graded_at: datetime) -> GradeUpdate:
        """Add new and changed outcomes to the history; return the history before the call, and the added rows.

        `graded` is a result of `grading.grade_counted`, with the present outcomes. While a file of the history is
        damaged, nothing is added. DataError if the rows cannot be written.
        """
        ...


def open_ledger(config: LedgerConfig, outputs: str | Path) -> Ledger:
    """Return the configured ledger, in a folder below `outputs` or in BigQuery. The call reads and creates nothing."""
    if isinstance(config, FolderLedgerConfig):
        from breakout.ledger.store import FolderLedger

        return FolderLedger.of(outputs)
    from breakout.ledger.bigquery import BigQueryLedger

    return BigQueryLedger(config)
