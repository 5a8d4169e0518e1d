"""The log of the source rows that were available to predictions, with their values at that time.

    outputs/ledger/sources/<log>/<number>.parquet    rows of a source table that `SourceLog.record` found new, changed
                                                     or gone

A comparison of the present tables with the log finds later corrections.

A prediction can read the earlier games of its season and of the two seasons before, and the schedule and the injury
reports of its day. The first call of `SourceLog.record` records all of these rows. A later call records the rows that
are new, changed or gone.

A log is named after its table. If features read columns that `warehouse.tables` does not declare, the name ends with a
digest of the names of these columns.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa

from breakout.artifacts import load_columns
from breakout.errors import DataError
from breakout.features.query_plan import plan_query
from breakout.features.sources import extra_columns
from breakout.ledger.entries import INSTANT
from breakout.ledger.files import add_file, list_files, lock_ledger, next_number, read_file
from breakout.warehouse.base import first_day_seen
from breakout.warehouse.tables import AVAILABILITY, HISTORY_TABLES, SCHEDULE, TEAM_OFFENSE_GAME_SUMMARY

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date, datetime

    from breakout.bundle.folder import Bundle
    from breakout.warehouse.base import Warehouse
    from breakout.warehouse.tables import Table

KEPT_TABLES = (*HISTORY_TABLES, SCHEDULE, AVAILABILITY)
SEASONS_BEFORE = 2  # the largest number of earlier seasons that features read
_NEVER_READ = {"player_full_name", "reason"}
# The columns with hashes of a row's key and of the whole row. The hashes show which rows are new or changed, so that
# the recorded values need not be read.
KEY_HASH, ROW_HASH = "key_hash", "row_hash"
HASH_SCHEMA = pa.schema(
    [(KEY_HASH, pa.uint64()), (ROW_HASH, pa.uint64()), ("game_date", pa.date32()), ("is_removed", pa.bool_())]
)


def dates_read(table: Table, day: date) -> tuple[date, date]:
    """Return the first and the last game date for which predictions for `day` can read rows of a table.

    For the schedule and the injury reports, both dates are `day`. For other tables, the dates for 2025-12-01 are
    2023-09-01 (see `first_day_seen`) and 2025-11-30.
    """
    if table in HISTORY_TABLES:
        return first_day_seen(day, SEASONS_BEFORE), day - timedelta(days=1)
    return day, day


def read_source_rows(warehouse: Warehouse, table: Table, days: tuple[date, date], extra: Sequence[str]) -> pd.DataFrame:
    """Return the rows of a table between two dates, both inclusive.

    The result has the declared columns of `table` and, if the table has them, the columns `extra`. The full names of
    players and the reasons in injury reports are left out, because no feature reads them. Numbers are float64 and times
    are in UTC. DataError if the table cannot be read.
    """
    present = warehouse.columns(table.name)
    names = [
        column.name
        for column in table.columns
        if column.name not in _NEVER_READ | {"season_type"} and (not column.is_optional or column.name in present)
    ]
    names += [name for name in extra if name in present and name not in names]
    season_type = [f"{warehouse.sources.season_type} AS season_type"] if table.has_season_type else []
    sql = f"""SELECT {", ".join([*names, *season_type])} FROM {warehouse.sources.reference(table)}
WHERE game_date BETWEEN @start AND @end"""  # noqa: S608 - names are checked or declared, dates are parameters
    answer = warehouse.query(sql, {"start": days[0], "end": days[1]})
    typed = answer.cast(pa.schema([field.with_type(_kept_type(field.type)) for field in answer.schema]))
    rows: pd.DataFrame = typed.to_pandas()
    return rows


def _kept_type(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return pa.float64()
    return INSTANT if pa.types.is_timestamp(kind) else kind


def tables_read(bundle: Bundle) -> Iterator[tuple[Table, tuple[str, ...]]]:
    """Yield each table that predictions of a bundle can read, with the undeclared columns that the features read.

    Undeclared columns are those that `warehouse.tables` does not list. The table of injury reports is left out if no
    feature of the bundle reads it.
    """
    inputs = plan_query(bundle.features.registry, bundle.features.names).inputs
    for table in KEPT_TABLES:
        if table in HISTORY_TABLES:
            source = "team_games" if table is TEAM_OFFENSE_GAME_SUMMARY else "played"
            yield table, tuple(extra_columns(source, inputs[source]))
        elif table is not AVAILABILITY or bundle.contract.has_reports:
            yield table, ()


@dataclass(frozen=True)
class KnownRows:
    """All recorded versions of the rows of one source table, oldest first, and a sentence about each damaged file.

    `versions` has the columns of the table, recorded_at (the time of the recording), is_removed, and hashes of the row.
    If is_removed is true, the row was gone at that time, and game_date is the only column of the table with a value.
    `versions` is empty and has no columns if nothing was recorded.
    """

    versions: pd.DataFrame
    damaged: tuple[str, ...]

    def at(self, instant: datetime, first: date, last: date) -> pd.DataFrame | None:
        """Return the rows for game dates from `first` to `last`, both inclusive, as they were known at `instant`.

        None if no row of any date was recorded up to `instant`.
        """
        if self.versions.empty:
            return None
        recorded = self.versions[self.versions["recorded_at"] <= instant]
        if recorded.empty:
            return None
        newest = recorded.drop_duplicates(KEY_HASH, keep="last")
        return newest[~newest["is_removed"] & newest["game_date"].between(first, last)]


@dataclass(frozen=True)
class SourceLog:
    """The logs of all source tables in the folder of a ledger.

    A log keeps every version of a table's rows that was available to a prediction. Features can read columns that
    `warehouse.tables` does not list. A table has one log for each set of such columns.
    """

    ledger: Path

    def read(self, table: Table, extra: Sequence[str]) -> KnownRows:
        """Return the recorded versions of a source table's rows, and a sentence about each damaged file.

        `extra` names the columns of the log that `warehouse.tables` does not list.
        """
        files, damaged = [], []
        for path in list_files(self._folder(table, extra)):
            try:
                files.append(load_columns(path))
            except DataError as error:
                damaged.append(str(error))
        versions = pa.concat_tables(files, promote_options="permissive").to_pandas() if files else pd.DataFrame()
        return KnownRows(versions, tuple(damaged))

    def record(
        self, table: Table, extra: Sequence[str], now: pd.DataFrame, days: tuple[date, date], at: datetime
    ) -> Path | None:
        """Record the rows of a source table that are new, changed or gone at the instant `at`.

        `now` has all present rows between the dates `days`, both inclusive. `extra` names the columns of the log that
        `warehouse.tables` does not list. Return the path of the new file; None if no row is new, changed or gone.
        DataError if the file cannot be written.
        """
        folder = self._folder(table, extra)
        with lock_ledger(self.ledger):
            paths = list_files(folder)
            hashes = [HASH_SCHEMA.empty_table()]
            for path in paths:
                with suppress(DataError):  # skip a damaged file, so that its rows are recorded again
                    hashes.append(read_file(path, HASH_SCHEMA))
            versions = new_versions(table, pa.concat_tables(hashes), now, days, at)
            return add_file(versions, folder / f"{next_number(paths):06d}.parquet") if versions.num_rows else None

    def _folder(self, table: Table, extra: Sequence[str]) -> Path:
        digest = hashlib.sha256(" ".join(sorted(extra)).encode()).hexdigest()[:8]
        return self.ledger / "sources" / (f"{table.name}-{digest}" if extra else table.name)


def new_versions(
    table: Table, recorded: pa.Table, now: pd.DataFrame, days: tuple[date, date], recorded_at: datetime
) -> pa.Table:
    """Return the rows to record: new and changed rows with is_removed false, and gone rows with is_removed true.

    `recorded` has all recorded versions of the table's rows, oldest first, with the columns of HASH_SCHEMA. `now` has
    all present rows between the dates `days`, both inclusive.
    """
    key, row = _hash_rows(now, table.key), _hash_rows(now, sorted(now.columns))
    newest = recorded.to_pandas().drop_duplicates(KEY_HASH, keep="last")
    newest = newest[~newest["is_removed"].astype(bool) & newest["game_date"].between(*days)]
    is_new = ~np.isin(row, newest[ROW_HASH].to_numpy(dtype="uint64"))
    gone = newest[~np.isin(newest[KEY_HASH].to_numpy(dtype="uint64"), key)]
    stamp = pd.Timestamp(recorded_at).as_unit("us")
    hashes = {KEY_HASH: key[is_new], ROW_HASH: row[is_new]}
    kept = pa.Table.from_pandas(now[is_new].assign(**hashes, recorded_at=stamp, is_removed=False), preserve_index=False)
    if gone.empty:
        return kept
    removed = gone[[KEY_HASH, "game_date"]].assign(**{ROW_HASH: np.uint64(0)}, recorded_at=stamp, is_removed=True)
    return pa.concat_tables([kept, pa.Table.from_pandas(removed, preserve_index=False)], promote_options="default")


def _hash_rows(rows: pd.DataFrame, columns: Sequence[str]) -> np.ndarray:
    hashed: np.ndarray = pd.util.hash_pandas_object(rows[list(columns)], index=False).to_numpy(dtype="uint64")
    return hashed
