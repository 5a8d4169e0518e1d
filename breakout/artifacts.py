"""Files that appear whole or not at all: written beside their place, flushed, then renamed onto it.

Those of a run are flushed together, before it says that it is completed.
"""

from __future__ import annotations

import errno
import json
import os
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from breakout.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd
    import pyarrow as pa


FLUSHING_THREADS = 4  # enough for the disk to merge what waits; more cost more than they save

_flushed_later: ContextVar[Path | None] = ContextVar("_flushed_later", default=None)


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A path beside `path` to write to; on leaving it takes the place of `path`, on an error it is removed.

    DataError where the place cannot be written or the disk is full.
    """
    with _told(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f".{path.name}.{os.urandom(8).hex()}{path.suffix}")
        try:
            yield beside
            later = _flushed_later.get()
            if later is None or not path.is_relative_to(later):
                _flush(beside)
            beside.replace(path)
        except BaseException:
            beside.unlink(missing_ok=True)
            raise


@contextmanager
def flushed_together(folder: Path) -> Iterator[None]:
    """Files written below the folder meanwhile reach the disk on leaving, side by side: one by one waits far longer."""
    token = _flushed_later.set(folder)
    try:
        yield
    finally:
        _flushed_later.reset(token)
    from concurrent.futures import ThreadPoolExecutor

    with _told(folder), ThreadPoolExecutor(FLUSHING_THREADS) as threads:
        list(threads.map(_flush, [folder, *folder.rglob("*")]))


def _flush(path: Path) -> None:
    """Return when the disk holds a file's content, or the names in a folder."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if not (path.is_dir() and error.errno == errno.EINVAL):  # a file system that cannot do this for folders
            raise
    finally:
        os.close(handle)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        told = error.strerror or str(error)
        raise DataError(f"{path} cannot be written ({told}); choose another place.") from error


def save_text(text: str, path: Path) -> None:
    """Write UTF-8 text."""
    with whole_file(path) as beside:
        beside.write_text(text, encoding="utf-8")


def save_json(record: Any, path: Path) -> None:
    """Write JSON with two-space indent; NaN and infinity are refused with ValueError, they are no JSON."""
    text = json.dumps(record, ensure_ascii=False, allow_nan=False)  # its own indent is many times slower
    save_text(msgspec.json.format(text, indent=2) + "\n", path)


def save_parquet(frame: pd.DataFrame, path: Path) -> None:
    """Write a table without its index."""
    save_bytes(to_parquet(frame), path)


def to_parquet(frame: pd.DataFrame) -> bytes:
    """A table without its index as the content of a Parquet file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.Table.from_pandas(frame, preserve_index=False, nthreads=1)  # threads cost more than so few columns
    written = pa.BufferOutputStream()
    pq.write_table(table, written)
    return bytes(written.getvalue())


def save_bytes(content: bytes, path: Path) -> None:
    """Write what is encoded already."""
    with whole_file(path) as beside:
        beside.write_bytes(content)


def load_json(path: Path) -> Any:
    """Read JSON; DataError naming the file if it is missing or damaged."""
    with _readable(path, "JSON"):
        return msgspec.json.decode(path.read_bytes())


def load_parquet(path: Path) -> pd.DataFrame:
    """Read a table; DataError naming the file if it is missing or damaged."""
    import pandas as pd

    with _readable(path, "Parquet"):
        return pd.read_parquet(path)


def load_columns(path: Path) -> pa.Table:
    """Read a table without pandas; DataError naming the file if it is missing or damaged."""
    import pyarrow.parquet as pq

    with _readable(path, "Parquet"), pq.ParquetFile(path) as file:
        return file.read(use_threads=False)


@contextmanager
def _readable(path: Path, kind: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise DataError(f"{path} is missing.") from error
    except (OSError, ValueError) as error:
        raise DataError(f"{path} is damaged and cannot be read as {kind}.") from error
