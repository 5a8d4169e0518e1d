"""The Parquet files in the folder of a ledger (the record of served predictions).

Files are added under a lock and never changed. A file appears whole or not at all, even if the process that writes the
file is killed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from breakout.artifacts import file_lock, load_columns, remove_incomplete, save_bytes
from breakout.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path


@dataclass(frozen=True)
class LedgerPart:
    """All entries (predictions) or all grades (outcomes of entries) of a ledger that can be read.

    `damaged` has a sentence about each damaged file. For a ledger in a folder, `rows` are in the order of the file
    names. In BigQuery, entries are sorted by game date and grades by time of grading, and `damaged` is empty.
    """

    rows: pa.Table
    damaged: tuple[str, ...]


def lock_ledger(folder: Path) -> AbstractContextManager[None]:
    """Return a context manager that holds the lock of a ledger's folder (the record of served predictions).

    If another process holds the lock, entering the context waits. A caller of `add_file` must hold this lock. On
    entering, DataError if the lock file cannot be created.
    """
    return file_lock(folder / ".lock")


def list_files(folder: Path, pattern: str = "[!.]*") -> list[Path]:
    """Return the Parquet files of a folder whose names without extension match the glob `pattern`, sorted by name.

    The default pattern matches all names but hidden ones. The list is empty if the folder does not exist.
    """
    return sorted(folder.glob(f"{pattern}.parquet"))


def next_number(files: Sequence[Path]) -> int:
    """Return one more than the highest number at the end of the names of `files`; 1 if no name ends in a number.

    The number is the name without extension, or its part after the last hyphen. A file with any other name, such as a
    copy that a user made, is ignored. The number of files is not used, because it is too low after a user has deleted a
    damaged file.
    """
    numbers = [path.stem.rpartition("-")[2] for path in files]
    return max((int(number) for number in numbers if number.isdecimal()), default=0) + 1


def read_file(path: Path, schema: pa.Schema) -> pa.Table:
    """Return the columns of `schema` from a Parquet file, converted to the types of `schema`.

    DataError if the file is missing or damaged, lacks a column, or has a column that cannot be converted.
    """
    try:
        return load_columns(path, schema.names).select(schema.names).cast(schema)
    except (pa.ArrowException, KeyError) as error:
        raise DataError(f"{path} is damaged or of another version: {error}.") from error


def read_files(folder: Path, schema: pa.Schema) -> LedgerPart:
    """Return the columns of `schema` from all Parquet files in a folder; no rows if the folder does not exist.

    A damaged file is left out, and the field `damaged` of the result has a sentence about the file.
    """
    tables, damaged = [schema.empty_table()], []
    for path in list_files(folder):
        try:
            tables.append(read_file(path, schema))
        except DataError as error:
            damaged.append(str(error))
    return LedgerPart(pa.concat_tables(tables), tuple(damaged))


def add_file(table: pa.Table, path: Path) -> Path:
    """Write `table` to the new Parquet file `path`, and return `path`.

    Unfinished files that killed processes left in the same folder are removed first. The caller must hold the lock of
    the ledger's folder. DataError if a file cannot be written or removed.
    """
    remove_incomplete(path.parent)
    content = pa.BufferOutputStream()
    pq.write_table(table, content)
    save_bytes(bytes(content.getvalue()), path)
    return path
