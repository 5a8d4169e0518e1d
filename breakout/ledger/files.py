"""The Parquet files in the folder of a ledger, which are added under a lock and never changed.

A file appears whole or not at all, even if the process that writes it is killed.
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
    """The readable predictions or outcomes of a ledger, and a sentence about each damaged file.

    In a folder, `rows` are in the order of the file names. In BigQuery, predictions are sorted by game date, outcomes
    by the time of grading, and `damaged` is empty.
    """

    rows: pa.Table
    damaged: tuple[str, ...]


def lock_ledger(folder: Path) -> AbstractContextManager[None]:
    """Return a context manager that holds the lock of a ledger's folder, and waits for the lock if necessary.

    A caller of `add_file` must hold this lock. DataError if the lock file cannot be created.
    """
    return file_lock(folder / ".lock")


def list_files(folder: Path, pattern: str = "[!.]*") -> list[Path]:
    """Return the Parquet files of a folder, sorted by name; [] if the folder is missing.

    `pattern` is a glob for the name without extension. The default excludes hidden files.
    """
    return sorted(folder.glob(f"{pattern}.parquet"))


def next_number(files: Sequence[Path]) -> int:
    """Return one more than the highest number in the names of `files`, such as 8 for `7.parquet` or `a-7.parquet`.

    The number is the whole name or its part after the last hyphen. Other names are ignored; if all are, the result is
    1. The files are not counted, because the count is too low after a user has deleted a damaged file.
    """
    numbers = [path.stem.rpartition("-")[2] for path in files]
    return max((int(number) for number in numbers if number.isdecimal()), default=0) + 1


def read_file(path: Path, schema: pa.Schema) -> pa.Table:
    """Return the columns of `schema` from a Parquet file, converted to the types of `schema`.

    DataError if the file is missing or damaged, or if a column is missing or cannot be converted.
    """
    try:
        return load_columns(path, schema.names).select(schema.names).cast(schema)
    except (pa.ArrowException, KeyError) as error:
        raise DataError(f"{path} is damaged or of another version: {error}.") from error


def read_files(folder: Path, schema: pa.Schema) -> LedgerPart:
    """Return the columns of `schema` from all Parquet files in a folder, and a sentence about each damaged file."""
    tables, damaged = [schema.empty_table()], []
    for path in list_files(folder):
        try:
            tables.append(read_file(path, schema))
        except DataError as error:
            damaged.append(str(error))
    return LedgerPart(pa.concat_tables(tables), tuple(damaged))


def add_file(table: pa.Table, path: Path) -> Path:
    """Write `table` to the new Parquet file `path`, and return `path`.

    Unfinished files of killed processes are removed from the folder first. The caller must hold the lock of the
    ledger's folder. DataError if a file cannot be written or removed.
    """
    remove_incomplete(path.parent)
    content = pa.BufferOutputStream()
    pq.write_table(table, content)
    save_bytes(bytes(content.getvalue()), path)
    return path
