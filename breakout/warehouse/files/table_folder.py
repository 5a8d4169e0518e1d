"""A folder of source tables in monthly Parquet files, with a manifest that names the valid files.

`write_folder` writes new files, then the manifest, and then removes the files that the manifest no longer names. A
changed file must have a new name. So a process that is killed leaves either the earlier tables or the new ones.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from breakout.artifacts import load_typed, save_bytes, save_json
from breakout.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping

MANIFEST = "tables.json"
FOLDER_TABLES = ("player_game_summary", "team_offense_game_summary", "schedule", "availability")


class Partition(msgspec.Struct, frozen=True):
    """A Parquet file with one month of a source table: its name and its number of rows."""

    file: str
    rows: int


class TableManifest(msgspec.Struct, frozen=True):
    """The list of a folder's valid files.

    - `source`: the source of the box scores; None if no box scores have been imported.
    - `tables`: for each table and each month, such as 2024-10, the file.
    """

    version: Literal[1] = 1
    source: str | None = None
    tables: dict[str, dict[str, Partition]] = msgspec.field(default_factory=dict)

    def rows(self, table: str) -> int:
        """Return the number of rows of a table; 0 if the folder does not contain it."""
        return sum(partition.rows for partition in self.tables.get(table, {}).values())


def read_manifest(folder: Path) -> TableManifest | None:
    """Return the manifest (the list of valid files) of a folder of tables; None if there is none.

    DataError if the manifest is damaged.
    """
    path = folder / MANIFEST
    return load_typed(path, TableManifest) if path.is_file() else None


def read_folder(folder: Path) -> TableManifest:
    """Return the manifest (the list of valid files) of a folder of tables.

    DataError if there is none or it is damaged.
    """
    manifest = read_manifest(folder)
    if manifest is None:
        raise DataError(f"{folder} holds no imported tables ({MANIFEST}); make them with breakout import KIND to=DIR.")
    return manifest


def table_paths(table: Path) -> tuple[str, ...] | None:
    """Return the valid files in the folder `table` of one source table, sorted by month.

    The manifest in the folder above names these files. None if there is no manifest or it lacks the table. DataError if
    the manifest is damaged.
    """
    manifest = read_manifest(table.parent)
    if manifest is None or table.name not in manifest.tables:
        return None
    return tuple(str(table / partition.file) for _, partition in sorted(manifest.tables[table.name].items()))


def write_folder(folder: Path, manifest: TableManifest, files: Mapping[tuple[str, str], bytes]) -> None:
    """Write new files and the manifest (the list of valid files), and remove Parquet files that are not in it.

    `files` maps a table and a file name to the content of the file. The caller must hold a lock on the folder.
    DataError if a file cannot be written. OSError if a file cannot be removed.
    """
    for (table, name), content in files.items():
        save_bytes(content, folder / table / name)
    save_json(manifest, folder / MANIFEST)
    remove_leftovers(folder, manifest)


def remove_leftovers(folder: Path, manifest: TableManifest) -> None:
    """Remove Parquet files that the manifest (the list of valid files) does not name, and half-written manifests.

    Only the folders of tables in the manifest are searched for Parquet files. The caller must hold a lock on the
    folder. OSError if a file cannot be removed.
    """
    for table in manifest.tables:
        named = {partition.file for partition in manifest.tables[table].values()}
        for path in (folder / table).glob("*.parquet"):
            if path.name not in named:
                path.unlink(missing_ok=True)
    for path in folder.glob(f".{MANIFEST}.*"):  # an incomplete manifest of a killed process
        path.unlink(missing_ok=True)
