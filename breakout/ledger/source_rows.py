"""The source rows that predictions read, kept as they were known, so that a later correction can be named.

    outputs/ledger/sources/<table>/<number>.parquet    the rows of a source table that a call found new or changed

A prediction of a day can read the games of its season and the two before, and the schedule and the injury reports of
the day itself. The first prediction keeps all of these rows, a later one those that are new, changed or gone.
"""

from __future__ import annotations

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
SEASONS_BEFORE = 2  # what the features with the longest memory read
ROW = "(row)"
ABSENT, PRESENT = "absent", "present"
_NEVER_READ = {"player_full_name", "reason"}
_STAMPS = ("recorded_at", "is_removed")


@dataclass(frozen=True)
class CellChange:
    """One cell of a source row that differs between two times; `column` is ROW if the whole row came or went.

    `key` names the row, `teams` its teams (or its team) and `player` its player, empty in tables without players.
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

    `versions` has the table's columns, recorded_at, is_removed and `file`, the position of the file in `columns`, which
    lists the columns that each file recorded.
    """

    table: Table
    versions: pd.DataFrame
    columns: tuple[frozenset[str], ...]

    @classmethod
    def from_files(cls, table: Table, files: Sequence[pa.Table]) -> KnownRows:
        """Return the versions that these files hold; the files are in the order of their writing."""
        frames = [file.to_pandas().assign(file=number) for number, file in enumerate(files)]
        names = [*table.key, *_STAMPS, "game_date", "file"]
        versions = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=list(dict.fromkeys(names)))
        return cls(table, versions, tuple(frozenset(file.column_names) for file in files))

    def at(self, instant: datetime, first: date, last: date) -> pd.DataFrame | None:
        """Return the rows of first..last as they were known at an instant; None if nothing was recorded by then."""
        recorded = self.versions[self.versions["recorded_at"] <= instant] if len(self.versions) else self.versions
        if not len(recorded):
            return None
        newest = recorded.drop_duplicates(list(self.table.key), keep="last")
        is_present = (newest["is_removed"] == False) & newest["game_date"].between(first, last)  # noqa: E712 - objects
        return newest[is_present]

    def is_recorded(self, files: pd.Series, column: str) -> np.ndarray:
        """Return whether each row's file, given by its position, recorded a column."""
        holding = [number for number, columns in enumerate(self.columns) if column in columns]
        return files.isin(holding).to_numpy(dtype=bool)


@dataclass(frozen=True)
class RowDifferences:
    """The difference between known rows and present ones, joined by key.

    `joined` has each column twice, with the suffixes `_before` and `_now`, `_merge`, and `file` of the known version.
    `differing` holds a mask over its rows for each value column, `is_unrecorded` marks rows with a column that their
    version does not have.
    """

    joined: pd.DataFrame
    differing: dict[str, np.ndarray]
    is_unrecorded: np.ndarray

    @property
    def is_added(self) -> np.ndarray:
        return (self.joined["_merge"] == "right_only").to_numpy(dtype=bool)

    @property
    def is_removed(self) -> np.ndarray:
        return (self.joined["_merge"] == "left_only").to_numpy(dtype=bool)

    @property
    def is_changed(self) -> np.ndarray:
        changed: np.ndarray = np.logical_or.reduce([np.zeros(len(self.joined), dtype=bool), *self.differing.values()])
        return changed


def dates_read(table: Table, day: date) -> tuple[date, date]:
    """Return the first and the last game date of the rows of a table that predictions of a day can read."""
    if table in HISTORY_TABLES:
        return first_day_seen(day, SEASONS_BEFORE), day - timedelta(days=1)
    return day, day


def read_source_rows(warehouse: Warehouse, table: Table, days: tuple[date, date], extra: Sequence[str]) -> pd.DataFrame:
    """Return the rows of a table between two dates: its columns, and those of `extra` that it has.

    Numbers are float64. Names of people and reasons, which no feature reads, are left out.
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


def compare_with_known(known: KnownRows, before: pd.DataFrame, now: pd.DataFrame) -> RowDifferences:
    """Compare known rows with present ones; columns that a version did not record are not compared."""
    key = list(known.table.key)
    values = [name for name in now.columns if name not in key]
    left = before.reindex(columns=[*key, *values, "file"])
    joined = left.merge(now, on=key, how="outer", suffixes=("_before", "_now"), indicator=True)
    are_both = (joined["_merge"] == "both").to_numpy(dtype=bool)
    differing, is_unrecorded = {}, np.zeros(len(joined), dtype=bool)
    for name in values:
        old, new = joined[f"{name}_before"], joined[f"{name}_now"]
        is_recorded = known.is_recorded(joined["file"], name)
        is_equal = ((old == new) | (old.isna() & new.isna())).to_numpy(dtype=bool)
        differing[name] = are_both & is_recorded & ~is_equal
        is_unrecorded |= are_both & ~is_recorded
    return RowDifferences(joined, differing, is_unrecorded)


def new_versions(known: KnownRows, now: pd.DataFrame, days: tuple[date, date], recorded_at: datetime) -> pa.Table:
    """Return the rows to record: present ones that are new, changed or not fully recorded, and those that are gone."""
    before = known.at(recorded_at, *days)
    key = list(known.table.key)
    if before is None:
        return _stamped(now, recorded_at, is_removed=False)
    found = compare_with_known(known, before, now)
    is_kept = found.is_added | found.is_changed | found.is_unrecorded
    kept = now.merge(found.joined.loc[is_kept, key], on=key)
    gone = before.merge(found.joined.loc[found.is_removed, key], on=key).reindex(columns=now.columns)
    if gone.empty:
        return _stamped(kept, recorded_at, is_removed=False)
    tables = [_stamped(kept, recorded_at, is_removed=False), _stamped(gone, recorded_at, is_removed=True)]
    return pa.concat_tables(tables, promote_options="permissive")


def _stamped(rows: pd.DataFrame, recorded_at: datetime, *, is_removed: bool) -> pa.Table:
    stamp = pd.Timestamp(recorded_at).as_unit("us")
    return pa.Table.from_pandas(rows.assign(recorded_at=stamp, is_removed=is_removed), preserve_index=False)


def list_changes(known: KnownRows, before: pd.DataFrame, now: pd.DataFrame) -> Iterator[CellChange]:
    """Yield every cell that differs between known and present rows, and every row that came or went."""
    found = compare_with_known(known, before, now)
    names = list(found.differing)
    places = np.flatnonzero(found.is_added | found.is_removed | found.is_changed)
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
