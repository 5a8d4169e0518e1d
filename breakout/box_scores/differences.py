"""The comparison, cell by cell, of two folders of source tables that were imported from different sources."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from breakout.box_scores.table_writing import PLAYERS, TEAMS, StoredTables, differing_cells
from breakout.errors import DataError
from breakout.warehouse.files.table_folder import read_folder

_KEYS = {PLAYERS: ["game_id", "player_lookup"], TEAMS: ["game_id", "team_abbr"]}
_OF_THE_SOURCE = {"imported_at", "source_game_id", "source_player_id", "is_summed_from_players", "game_date"}
EXAMPLES = 3


@dataclass(frozen=True)
class ColumnDifference:
    """The differences between two folders of tables in one column of a table.

    - `cells`: the number of rows that both folders have.
    - `differing`: the number of these rows in which the column differs.
    - `examples`: at most EXAMPLES texts such as `20241022_NYK_BOS, jaysontatum: 37 and 36`. Each has the key of a row,
      the value in the first folder and the value in the second folder.
    """

    table: str
    column: str
    differing: int
    cells: int
    examples: tuple[str, ...]


@dataclass(frozen=True)
class FolderDifferences:
    """The differences between two folders of tables.

    - `seasons`: the first years of the seasons that both folders have; only these are compared.
    - `columns`: the columns with differing cells.
    - `only_here`: the number of rows that only the first folder has, by table.
    - `only_there`: the number of rows that only the second folder has, by table.
    """

    seasons: tuple[int, ...]
    columns: tuple[ColumnDifference, ...]
    only_here: dict[str, int]
    only_there: dict[str, int]


def compare_folders(folder: Path, other: Path) -> FolderDifferences:
    """Compare the player tables and the team tables of two folders, and return the differences.

    Only seasons, rows and columns that both folders have are compared. The source's ids, times of import,
    `is_summed_from_players` and game dates are not compared; a game's date is part of its game id. DataError if a
    folder has no imported tables, if a table cannot be read, or if no season is in both folders.
    """
    for one in (folder, other):
        read_folder(one)
    here, there = StoredTables(folder), StoredTables(other)
    seasons = set(here.read(TEAMS)["season_year"]) & set(there.read(TEAMS)["season_year"])
    if not seasons:
        raise DataError(f"{folder} and {other} share no season; import one season from both sources.")
    columns: list[ColumnDifference] = []
    only_here, only_there = {}, {}
    for table, keys in _KEYS.items():
        sides = [one.read(table) for one in (here, there)]
        first, second = (rows[rows["season_year"].isin(seasons)].set_index(keys).sort_index() for rows in sides)
        shared = first.index.intersection(second.index)
        only_here[table], only_there[table] = len(first) - len(shared), len(second) - len(shared)
        columns += _columns(table, first.loc[shared], second.loc[shared])
    return FolderDifferences(tuple(sorted(int(year) for year in seasons)), tuple(columns), only_here, only_there)


def _columns(table: str, first: pd.DataFrame, second: pd.DataFrame) -> list[ColumnDifference]:
    found = []
    for column in first.columns:
        if column in _OF_THE_SOURCE or column not in second:
            continue
        differs = differing_cells(first[column], second[column])
        examples = [
            f"{', '.join(key)}: {first.loc[key, column]} and {second.loc[key, column]}"
            for key in first.index[differs][:EXAMPLES]
        ]
        if differs.any():
            found.append(ColumnDifference(table, column, int(differs.sum()), len(first), tuple(examples)))
    return found
