"""The interface of a ledger (the record of served predictions), and the function that opens the configured ledger.

`open_ledger` imports only the kind of ledger that is configured, so that a ledger in a folder does not need the
BigQuery client.
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

    An entry is one prediction, a grade is the outcome of an entry. Entries and grades are added and never changed. The
    methods that read a folder skip damaged files. Every method raises DataError if BigQuery refuses a request.
    """

    @property
    def source_log(self) -> SourceLog | None:
        """The log of the source rows (rows of the warehouse's tables) that predictions could read.

        None for a ledger in BigQuery, which does not record source rows.
        """
        ...

    def read_entries(self, columns: Sequence[str] = tuple(ENTRY_SCHEMA.names)) -> LedgerPart:
        """Return the given columns of all entries (predictions) that can be read.

        The field `damaged` of the result has a sentence about each damaged file. The result has no rows if there are no
        entries. DataError if BigQuery refuses the request.
        """
        ...

    def read_slate(self, day: date, bundle: str) -> pa.Table | None:
        """Return the entries (predictions) of a bundle's newest slate for a game date; None if there is no slate.

        A slate has the ranked players of one day. `bundle` is the fingerprint of a saved model. A damaged file is
        skipped, so an earlier slate may be returned. DataError if BigQuery refuses the request.
        """
        ...

    def add_entries(self, entries: pa.Table) -> str | Path | None:
        """Add the entries (predictions) of one slate (one day's ranked players) of one bundle (a saved model).

        Return the path of the new file, or the BigQuery table and the revision as one text. Add nothing and return None
        if there are no entries, or if the newest slate of the date and bundle has the same predictions. Times are not
        compared. DataError if the entries cannot be written.
        """
        ...

    def read_grades(self) -> LedgerPart:
        """Return the history of grades (outcomes of predictions), oldest first, and a sentence about each damaged file.

        The history has no rows if there are no grades. DataError if BigQuery refuses the request.
        """
        ...

    def update_grades(self, graded: pd.DataFrame, graded_at: datetime) -> GradeUpdate:
        """Add the outcomes that are new or changed; return the history of grades before the call, and the added rows.

        `graded` has the present outcome of each counted entry (prediction), as `grading.grade_counted` returns it.
        Nothing is added while a file of the history is damaged. DataError if the rows cannot be written.
        """
        ...


def open_ledger(config: LedgerConfig, outputs: str | Path) -> Ledger:
    """Return the configured ledger (the record of served predictions), in a folder below `outputs` or in BigQuery.

    Nothing is read or created yet.
    """
    if isinstance(config, FolderLedgerConfig):
        from breakout.ledger.store import FolderLedger

        return FolderLedger.of(outputs)
    from breakout.ledger.bigquery import BigQueryLedger

    return BigQueryLedger(config)
