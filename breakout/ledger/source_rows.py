"""The source rows that predictions read, kept as they were at that time, so that a later correction can be named.

    outputs/ledger/sources/<log>/<number>.parquet    the rows of a source table that a call found new, changed or gone

A log is named after its table, with a digest of the columns beyond the declared ones that a model's features read, if
there are any.
A prediction of a day can read the earlier games of its season and of the two seasons before, and the schedule and the
injury reports of the day itself. The first prediction keeps all of these rows, a later one those that are new, changed
or gone.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa

from breakout.features.query_plan import plan_query
from breakout.features.sources import extra_columns
from breakout.warehouse.base import first_day_seen
from breakout.warehouse.tables import AVAILABILITY, HISTORY_TABLES, SCHEDULE, TEAM_OFFENSE_GAME_SUMMARY

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date, datetime

    from breakout.features.config import BreakoutFeatureConfig
    from breakout.warehouse.base import Warehouse
    from breakout.warehouse.tables import Table

KEPT_TABLES = (*HISTORY_TABLES, SCHEDULE, AVAILABILITY)
SEASONS_BEFORE = 2  # the features that look back furthest read so many seasons before the present one
ROW = "(row)"
ABSENT, PRESENT = "absent", "present"
_NEVER_READ = {"player_full_name", "reason"}
# Hashes of a row's key and of all its columns, by which a call finds new and changed rows without reading old values.
KEY_HASH, ROW_HASH = "key_hash", "row_hash"
HASH_SCHEMA = pa.schema(
    [(KEY_HASH, pa.uint64()), (ROW_HASH, pa.uint64()), ("game_date", pa.date32()), ("is_removed", pa.bool_())]
)


@dataclass(frozen=True)
class CellChange:
    """One cell of a source row that differs between two times.

    If the whole row was added or removed, `column` is ROW, and `before` and `now` are ABSENT and PRESENT. `key` names
    the row, `teams` has the codes of its teams, and `player` its player_lookup, empty in tables without players.
    """

    table: str
    key: str
    column: str
    before: str
    now: str
    player: str
    teams: frozenset[str]


@dataclass(frozen=True)
class KnownRows:
    """All recorded versions of the rows of one table, oldest first.

    `versions` has the columns of the table, those of HASH_SCHEMA, and recorded_at. A version with is_removed says that
    the row was gone at recorded_at; it has the hash of the key and the game date, but neither key nor values.
    """

    table: Table
    versions: pd.DataFrame

    def at(self, instant: datetime, first: date, last: date) -> pd.DataFrame | None:
        """Return the rows of first..last as they were known at an instant; None if nothing was recorded by then."""
        if self.versions.empty:
            return None
        recorded = self.versions[self.versions["recorded_at"] <= instant]
        if recorded.empty:
            return None
        newest = recorded.drop_duplicates(KEY_HASH, keep="last")
        return newest[~newest["is_removed"] & newest["game_date"].between(first, last)]


@dataclass(frozen=True)
class RowDifferences:
    """The difference between known rows and present ones, joined by key.

    `joined` has the key, each other column twice, with the suffixes `_before` and `_now`, and `_merge` of pandas.
    `differing` has a mask over the rows of `joined` for each column outside the key; rows that only one side has are
    not marked.
    """

    joined: pd.DataFrame
    differing: dict[str, np.ndarray]

    @property
    def is_different(self) -> np.ndarray:
        """A mask of the rows of `joined` that were added, removed or changed."""
        came_or_went = (self.joined["_merge"] != "both").to_numpy(dtype=bool)
        different: np.ndarray = np.logical_or.reduce([came_or_went, *self.differing.values()])
        return different


def name_log(table: Table, extra: Sequence[str]) -> str:
    """Return the name of the log of a table's rows with the columns `extra` beyond the declared ones."""
    digest = hashlib.sha256(" ".join(sorted(extra)).encode()).hexdigest()[:8]
    return f"{table.name}-{digest}" if extra else table.name


def dates_read(table: Table, day: date) -> tuple[date, date]:
    """Return the first and the last game date of the rows of a table that predictions of a day can read."""
    if table in HISTORY_TABLES:
        return first_day_seen(day, SEASONS_BEFORE), day - timedelta(days=1)
    return day, day


def read_source_rows(warehouse: Warehouse, table: Table, days: tuple[date, date], extra: Sequence[str]) -> pd.DataFrame:
    """Return the rows of a table between two dates: its declared columns, and those of `extra` that it has.

    Numbers are float64. Full names of players and reasons of statuses, which no feature reads, are left out.
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
    return pa.timestamp("us", tz="UTC") if pa.types.is_timestamp(kind) else kind


def extra_columns_of(features: BreakoutFeatureConfig, table: Table) -> list[str]:
    """Return the columns of a table beyond the declared ones that features read."""
    if table not in HISTORY_TABLES:
        return []
    source = "team_games" if table is TEAM_OFFENSE_GAME_SUMMARY else "played"
    return extra_columns(source, plan_query(features.registry, features.names).inputs[source])


def new_versions(
    table: Table, recorded: pa.Table, now: pd.DataFrame, days: tuple[date, date], recorded_at: datetime
) -> pa.Table:
    """Return the rows to record: present ones that are new or changed, and those that are gone, with is_removed.

    `recorded` has the columns of HASH_SCHEMA of all versions, oldest first. `now` has all present rows between the two
    dates.
    """
    key, row = _hashes(now, table.key), _hashes(now, sorted(now.columns))
    newest = recorded.to_pandas().drop_duplicates(KEY_HASH, keep="last")
    newest = newest[~newest["is_removed"].astype(bool) & newest["game_date"].between(*days)]
    is_kept = ~np.isin(row, newest[ROW_HASH].to_numpy(dtype="uint64"))
    gone = newest[~np.isin(newest[KEY_HASH].to_numpy(dtype="uint64"), key)]
    stamp = pd.Timestamp(recorded_at).as_unit("us")
    hashes = {KEY_HASH: key[is_kept], ROW_HASH: row[is_kept]}
    kept = pa.Table.from_pandas(
        now[is_kept].assign(**hashes, recorded_at=stamp, is_removed=False), preserve_index=False
    )
    if gone.empty:
        return kept
    removed = gone[[KEY_HASH, "game_date"]].assign(**{ROW_HASH: np.uint64(0)}, recorded_at=stamp, is_removed=True)
    # The types of `kept` are unknown if it has no rows.
    schema = HASH_SCHEMA.append(pa.field("recorded_at", pa.timestamp("us", tz="UTC")))
    tables = [kept, pa.Table.from_pandas(removed, schema, preserve_index=False)]
    return pa.concat_tables(tables, promote_options="default")


def _hashes(rows: pd.DataFrame, columns: Sequence[str]) -> np.ndarray:
    """Return a 64-bit hash of some columns of each row, shape (n,) uint64."""
    hashed: np.ndarray = pd.util.hash_pandas_object(rows[list(columns)], index=False).to_numpy(dtype="uint64")
    return hashed


def compare_with_known(known: KnownRows, before: pd.DataFrame, now: pd.DataFrame) -> RowDifferences:
    """Compare `before`, which `KnownRows.at` returned, with the present rows `now`."""
    key = list(known.table.key)
    values = [name for name in now.columns if name not in key]
    joined = before.reindex(columns=[*key, *values]).merge(
        now, on=key, how="outer", suffixes=("_before", "_now"), indicator=True
    )
    are_both = (joined["_merge"] == "both").to_numpy(dtype=bool)
    differing = {}
    for name in values:
        old, new = joined[f"{name}_before"], joined[f"{name}_now"]
        differing[name] = are_both & ~((old == new) | (old.isna() & new.isna())).to_numpy(dtype=bool)
    return RowDifferences(joined, differing)


def list_changes(known: KnownRows, before: pd.DataFrame, now: pd.DataFrame) -> Iterator[CellChange]:
    """Yield every cell that differs between known and present rows, and every row that was added or removed."""
    found = compare_with_known(known, before, now)
    names = list(found.differing)
    places = np.flatnonzero(found.is_different)
    rows: list[Any] = found.joined.iloc[places].to_dict("records")
    for place, row in zip(places, rows, strict=True):
        side = "before" if row["_merge"] == "left_only" else "now"
        named = {name: row[f"{name}_{side}"] for name in names} | {name: row[name] for name in known.table.key}
        cells = [
            (name, *(_text(row[f"{name}_{end}"]) for end in ("before", "now")))
            for name in names
            if found.differing[name][place]
        ]
        if row["_merge"] != "both":
            cells = [(ROW, ABSENT, PRESENT) if side == "now" else (ROW, PRESENT, ABSENT)]
        for column, old, new in cells:
            yield CellChange(
                table=known.table.name,
                key=" ".join(str(row[name]) for name in known.table.key),
                column=column,
                before=old,
                now=new,
                player=str(named.get("player_lookup", "")),
                teams=frozenset(str(value) for name, value in named.items() if name.endswith("team_abbr")),
            )


def _text(value: Any) -> str:
    if pd.isna(value):
        return "NULL"
    return f"{value:.10g}" if isinstance(value, float) else str(value)
