"""The writing of imported rows into a folder of tables, with one file for each table and month.

A row that did not change keeps its `imported_at` (the time of the import that wrote it). A month without changes keeps
its file.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import pandas as pd

from breakout.artifacts import load_parquet, to_parquet
from breakout.box_scores.rows import PLAYER_ROW, SCHEDULE_ROW, TEAM_ROW
from breakout.warehouse.files.table_folder import (
    Partition,
    TableManifest,
    read_manifest,
    remove_leftovers,
    write_folder,
)

PLAYERS, TEAMS, SCHEDULE, AVAILABILITY = (
    "player_game_summary",
    "team_offense_game_summary",
    "schedule",
    "availability",
)
REPORTS, CORRECTIONS = "injury_reports", "corrections"
REPORT_ROW = ("game_date", "team_abbr", "player_lookup", "player_full_name", "status", "reason", "reported_at")
# For each table, the columns that identify a row.
KEYS = {
    PLAYERS: ("source_game_id", "source_player_id"),
    TEAMS: ("source_game_id", "team_abbr"),
    SCHEDULE: ("source_game_id",),
    REPORTS: ("game_date", "team_abbr", "player_lookup", "reported_at"),
    AVAILABILITY: ("game_date", "team_abbr", "player_lookup", "reported_at"),
}
CORRECTION_ROW = ("table", "game_date", "game_id", "who", "column", "old", "new", "imported_at", "replaced_at")
ROWS = {
    PLAYERS: PLAYER_ROW,
    TEAMS: TEAM_ROW,
    SCHEDULE: SCHEDULE_ROW,
    REPORTS: REPORT_ROW,
    AVAILABILITY: REPORT_ROW,
    CORRECTIONS: CORRECTION_ROW,
}
_DATES, _TIMES = {"game_date"}, {"imported_at", "replaced_at", "reported_at", "tip_off"}
_FLOATS = {"minutes_played", "usage_rate"}
_FLAGS = {"win_flag", "home_game", "is_possessions_estimated", "is_summed_from_players"}
_TEXTS = {
    *("game_id", "team_abbr", "opponent_team_abbr", "home_team_abbr", "away_team_abbr", "season_type"),
    *("player_lookup", "player_full_name", "source_game_id", "source_player_id", "status", "reason"),
    *("table", "who", "column", "old", "new"),
}


@dataclass
class TableChanges:
    """The changes that an import made in the rows of the stored tables.

    - `added`, `replaced`, `removed`: the number of such rows, by table.
    - `corrections`: one row for each changed cell of a replaced row. CORRECTION_ROW has the columns. Only the player
      table, the team table and the schedule have corrections.
    """

    added: dict[str, int] = field(default_factory=dict)
    replaced: dict[str, int] = field(default_factory=dict)
    removed: dict[str, int] = field(default_factory=dict)
    corrections: pd.DataFrame = field(default_factory=lambda: typed(pd.DataFrame(columns=list(CORRECTION_ROW))))

    @property
    def is_empty(self) -> bool:
        return not any(sum(counts.values()) for counts in (self.added, self.replaced, self.removed))


def typed(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with the column types of the stored files; a column without a defined type gets Int64.

    ValueError or TypeError if a value does not fit its type.
    """
    return pd.DataFrame({name: _typed_column(rows[name], str(name)) for name in rows.columns}, index=rows.index)


def _typed_column(values: pd.Series, name: str) -> pd.Series:
    if name in _DATES:
        return pd.to_datetime(values).dt.as_unit("s")
    if name in _TIMES:
        return pd.to_datetime(values, utc=True).dt.as_unit("us")
    if name in _FLOATS:
        return values.astype("Float64").astype("float64")
    if name in _TEXTS:
        return values.astype("string")
    return values.astype("boolean") if name in _FLAGS else values.astype("Int64")


class StoredTables:
    """The imported tables of a folder; each table is read at most once.

    `manifest` lists the files of the tables. It is empty for a folder without tables. DataError if the manifest is
    damaged.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.manifest = read_manifest(folder) or TableManifest()
        self._rows: dict[str, pd.DataFrame] = {}

    def read(self, table: str) -> pd.DataFrame:
        """Return all rows of a table; no rows if the folder lacks the table. DataError if a file cannot be read."""
        if table not in self._rows:
            partitions = self.manifest.tables.get(table, {})
            frames = [load_parquet(self.folder / table / partition.file) for _, partition in sorted(partitions.items())]
            columns = [*ROWS[table], *([] if table == CORRECTIONS else ["imported_at"])]
            rows = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=columns)
            self._rows[table] = typed(rows)
        return self._rows[table]

    def write(self, tables: dict[str, pd.DataFrame], source: str | None, now: datetime) -> TableChanges:
        """Replace all rows of the given tables, and return the changes.

        - `tables`: the rows of each table, by name. Tables that are not named stay unchanged.
        - `source`: the name of the source of the box scores; None keeps the stored name.
        - `now`: the `imported_at` of new and changed rows.

        Changed cells are recorded in the table `corrections`. Nothing is written if no row changed. Files that a killed
        process left are removed. The caller must hold a lock on the folder. DataError if a file cannot be read or
        written.
        """
        changes = TableChanges()
        stamped = {name: self._stamp(name, typed(rows), now, changes) for name, rows in tables.items()}
        if changes.is_empty:
            remove_leftovers(self.folder, self.manifest)
            return changes
        if len(changes.corrections):
            stamped[CORRECTIONS] = pd.concat([self.read(CORRECTIONS), changes.corrections], ignore_index=True)
        files: dict[tuple[str, str], bytes] = {}
        partitions = dict(self.manifest.tables)
        for name, rows in stamped.items():
            partitions[name] = _partitions(name, rows, files)
        manifest = TableManifest(source=source or self.manifest.source, tables=partitions)
        known = {(table, one.file) for table, months in self.manifest.tables.items() for one in months.values()}
        write_folder(self.folder, manifest, {key: value for key, value in files.items() if key not in known})
        return changes

    def _stamp(self, name: str, rows: pd.DataFrame, now: datetime, changes: TableChanges) -> pd.DataFrame:
        """Return the rows of the table `name` with the column `imported_at`, and add the changes to `changes`.

        A row that equals the stored row keeps its `imported_at`; other rows get `now`.
        """
        keys = list(KEYS[name])
        old = self.read(name).set_index(keys)
        index = pd.MultiIndex.from_frame(rows[keys]) if len(keys) > 1 else pd.Index(rows[keys[0]])
        earlier = old.reindex(index).reset_index(drop=True)
        is_new = ~index.isin(old.index)
        cells = [column for column in ROWS[name] if column not in keys]
        new = rows.reset_index(drop=True)
        differs = pd.DataFrame({cell: differing_cells(earlier[cell], new[cell]) for cell in cells}, index=new.index)
        is_changed = differs.any(axis=1).to_numpy() & ~is_new
        changes.added[name] = int(is_new.sum())
        changes.replaced[name] = int(is_changed.sum())
        changes.removed[name] = int((~old.index.isin(index)).sum())
        if name in {PLAYERS, TEAMS, SCHEDULE} and is_changed.any():
            listed = _corrections(name, earlier[is_changed], new[is_changed], differs[is_changed], now)
            changes.corrections = pd.concat([changes.corrections, listed], ignore_index=True)
        stamp = pd.Series(now, new.index, dtype="datetime64[us, UTC]")
        new["imported_at"] = earlier["imported_at"].where(~(is_new | is_changed), stamp)
        return new[[*ROWS[name], "imported_at"]]


def differing_cells(first: pd.Series, second: pd.Series) -> pd.Series:
    """Return a mask of the rows in which two columns differ; two missing values are equal."""
    return ~((first == second).fillna(False).astype(bool) | (first.isna() & second.isna()))


def _corrections(name: str, old: pd.DataFrame, new: pd.DataFrame, differs: pd.DataFrame, now: datetime) -> pd.DataFrame:
    """Return one row with the columns CORRECTION_ROW for each changed cell; `differs` marks the changed cells.

    The column `who` has the player or the team. For the schedule, it has the home team.
    """
    who = {PLAYERS: "player_lookup", TEAMS: "team_abbr", SCHEDULE: "home_team_abbr"}[name]
    named = new[["game_date", "game_id", who]].set_axis(["game_date", "game_id", "who"], axis=1)
    parts = []
    for column in differs.columns:
        where = differs[column].to_numpy()
        if where.any():
            part = named[where].copy()
            part["column"], part["table"] = column, name
            part["old"] = old[column][where].astype("string").to_numpy()
            part["new"] = new[column][where].astype("string").to_numpy()
            part["imported_at"] = old["imported_at"][where].to_numpy()
            parts.append(part)
    listed = pd.concat(parts, ignore_index=True).assign(replaced_at=now)
    return typed(listed[list(CORRECTION_ROW)]).sort_values(["table", "game_id", "who", "column"], kind="stable")


def _partitions(name: str, rows: pd.DataFrame, files: dict[tuple[str, str], bytes]) -> dict[str, Partition]:
    """Split the rows of a table by month, and return the name and number of rows of each month's file.

    The content of each file is added to `files`. A file is named after its month and a digest of its content.
    """
    month = rows["game_date"].dt.strftime("%Y-%m")
    order = [
        column for column in ("game_date", "game_id", "team_abbr", "player_lookup", "reported_at") if column in rows
    ]
    found = {}
    for label, part in rows.groupby(month, sort=True):
        kept = part.sort_values(order, kind="stable") if name != CORRECTIONS else part
        content = to_parquet(kept.assign(game_date=kept["game_date"].dt.date).reset_index(drop=True))
        file = f"{label}-{hashlib.sha256(content).hexdigest()[:12]}.parquet"
        files[name, file] = content
        found[str(label)] = Partition(file, len(part))
    return found
