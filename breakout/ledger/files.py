"""The Parquet files of a ledger's folder. They are added under a lock and never changed.

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
    """The rows of all readable files of one kind, and a sentence on each damaged file.

    The rows are in the order of the files' names. A ledger in BigQuery has an order of its own, and no damaged files.
    """

    rows: pa.Table
    damaged: tuple[str, ...]


def lock_ledger(folder: Path) -> AbstractContextManager[None]:
    """Return a context manager that locks a ledger's folder for additions; it waits while another process has the lock.

    `add_file` must be called under this lock.
    """
    return file_lock(folder / ".lock")


def list_files(folder: Path, pattern: str = "[!.]*") -> list[Path]:
    """Return the Parquet files of a folder whose names without extension match `pattern`, sorted by name."""
    return sorted(folder.glob(f"{pattern}.parquet"))


def next_number(files: Sequence[Path]) -> int:
    """Return the number after the highest in the names of `files`, which end in a number; 1 without files.

    It is not the number of files plus one: after a damaged file was deleted, that number may be the newest file's.
    """
    return max((int(path.stem.rpartition("-")[2]) for path in files), default=0) + 1


def read_file(path: Path, schema: pa.Schema) -> pa.Table:
    """Return the columns of `schema` of a file; DataError if the file is damaged or lacks a column."""
    try:
        return load_columns(path, schema.names).select(schema.names).cast(schema)
    except (pa.ArrowException, KeyError) as error:
        raise DataError(f"{path} is damaged or of another version: {error}.") from error


def read_files(folder: Path, schema: pa.Schema) -> LedgerPart:
    """Return the columns of `schema` of all files of a folder, which may be missing."""
    tables, damaged = [schema.empty_table()], []
    for path in list_files(folder):
        try:
            tables.append(read_file(path, schema))
        except DataError as error:
            damaged.append(str(error))
    return LedgerPart(pa.concat_tables(tables), tuple(damaged))


def add_file(table: pa.Table, path: Path) -> Path:
    """Write a new file and return its path; the unfinished files of killed processes are removed from its folder.

    DataError if the file cannot be written.
    """
    remove_incomplete(path.parent)
    content = pa.BufferOutputStream()
    pq.write_table(table, content)
    save_bytes(bytes(content.getvalue()), path)
    return path
