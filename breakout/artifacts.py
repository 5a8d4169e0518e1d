"""Functions that read files, and that write files and folders so that they appear whole or not at all.

A file is written under a temporary name beside its target, flushed to the disk, and then renamed to the target. Within
`flushed_together`, the files below one folder are flushed at the end of the block instead. Other functions compute
digests and lock a file.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import re
import shutil
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from breakout.errors import DataError, system_sentence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import pandas as pd
    import pyarrow as pa


T = TypeVar("T")

FLUSHING_THREADS = 4  # no more, because starting more threads costs more time than they save
SEAL_KEY = "seal"

# The names that `whole_file` gives to incomplete files and folders, and those that earlier versions gave to them.
_INCOMPLETE = re.compile(r"\..+\.[0-9a-f]{16}(\.\w+)?|\.(bundle|.+\.(json|yaml|parquet|html|csv|txt))\.\w+(\.\w+)?")

_flushed_later: ContextVar[Path | None] = ContextVar("_flushed_later", default=None)


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield a temporary path, to which the block writes. Then flush the written file and rename it to `path`.

    If the block raises, the temporary file is removed. DataError if `path` cannot be written or the disk is full, and
    for any OSError that the block raises.
    """
    with _writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f".{path.name}.{os.urandom(8).hex()}{path.suffix}")
        try:
            yield beside
            if not _is_flushed_later(path):
                for written in (*beside.rglob("*"), beside):
                    flush(written)
            beside.replace(path)
        except BaseException:
            with suppress(OSError):  # a failed removal must not hide the first error
                _remove(beside)
            raise


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """Yield a temporary folder. At the end of the block, flush its files and rename the folder to `path`.

    If the block raises, the temporary folder is removed. DataError if `path` cannot be written, or if `path` is a file
    or a folder that is not empty. DataError also for any OSError that the block raises, such as a full disk.
    """
    with whole_file(path) as beside:
        beside.mkdir()
        yield beside
    if not _is_flushed_later(path):
        with _writing(path):
            flush(path.parent)


def remove_incomplete(folder: Path) -> list[Path]:
    """Remove the temporary files and folders of `whole_file` and `whole_folder` below a folder; return their paths.

    A killed process leaves such files. Call this function only if no living process writes into the folder. DataError
    if a file or folder cannot be removed.
    """
    found = [path for path in sorted(folder.rglob(".*")) if _INCOMPLETE.fullmatch(path.name)]
    for path in found:
        with _writing(path):
            _remove(path)
    return found


@contextmanager
def flushed_together(folder: Path) -> Iterator[None]:
    """Flush all files below the folder to the disk at the end of the block.

    In the block, the functions of this module that write files do not flush each file in the folder. Several threads
    flush the files together, because flushing one file after another takes far longer. If the block raises, nothing is
    flushed. DataError if a file cannot be flushed.
    """
    token = _flushed_later.set(folder)
    try:
        yield
    finally:
        _flushed_later.reset(token)
    from concurrent.futures import ThreadPoolExecutor

    with _writing(folder), ThreadPoolExecutor(FLUSHING_THREADS) as threads:
        list(threads.map(flush, [folder, *folder.rglob("*")]))


def flush(path: Path) -> None:
    """Flush the content of a file, or the list of names in a folder, to the disk.

    OSError if the flush fails. For a folder on a file system that cannot flush folders, nothing happens.
    """
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if not (path.is_dir() and error.errno == errno.EINVAL):  # some file systems cannot flush folders
            raise
    finally:
        os.close(handle)


@contextmanager
def file_lock(path: Path, on_wait: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Lock a file exclusively during the block; the file is created if it does not exist.

    If the file is locked already, `on_wait` is called once. If `on_wait` raises, the exception is passed on; otherwise
    this function waits for the lock. The operating system releases the lock when the process ends, even if the process
    is killed. DataError if the file cannot be created.
    """
    with _writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a")
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            on_wait()
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file's content in hexadecimal; DataError if the file cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise DataError(system_sentence(f"{path} cannot be read", error)) from error


def json_digest(content: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a mapping of JSON types in hexadecimal, independent of the order of its keys."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _is_flushed_later(path: Path) -> bool:
    later = _flushed_later.get()
    return later is not None and path.is_relative_to(later)


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DataError(system_sentence(f"{path} cannot be written", error)) from error


def save_text(text: str, path: Path) -> None:
    """Write text as UTF-8.

    The file appears whole or not at all. DataError if the file cannot be written.
    """
    with whole_file(path) as beside:
        beside.write_text(text, encoding="utf-8")


def save_json(record: Any, path: Path) -> None:
    """Write a mapping, a dataclass or a msgspec structure as JSON, indented by two spaces.

    ValueError for NaN and infinity, which JSON does not have. DataError if the file cannot be written.
    """
    # `json.dumps` raises for NaN, which msgspec would write as null. msgspec indents the text, because `json.dumps`
    # takes many times longer for that.
    text = json.dumps(msgspec.to_builtins(record), ensure_ascii=False, allow_nan=False)
    save_text(msgspec.json.format(text, indent=2) + "\n", path)


def json_ready(value: Any) -> Any:
    """Return a value as JSON types; it may contain dataclasses, structures, mappings, sequences and numpy values.

    NaN and infinity become None. TypeError for a value that cannot be converted.
    """

    def to_plain(part: Any) -> Any:
        if hasattr(part, "tolist"):
            return part.tolist()
        raise TypeError(f"{type(part).__name__} has no JSON form")

    return msgspec.json.decode(msgspec.json.encode(value, enc_hook=to_plain))


def save_parquet(frame: pd.DataFrame, path: Path) -> None:
    """Write a table without its index as a Parquet file; DataError if the file cannot be written."""
    save_bytes(to_parquet(frame), path)


def to_parquet(frame: pd.DataFrame) -> bytes:
    """Return a table without its index as the content of a Parquet file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    # One thread is used, because starting more threads costs more time than they save.
    table = pa.Table.from_pandas(frame, preserve_index=False, nthreads=1)
    written = pa.BufferOutputStream()
    pq.write_table(table, written)
    return bytes(written.getvalue())


def save_bytes(content: bytes, path: Path) -> None:
    with whole_file(path) as beside:
        beside.write_bytes(content)


def save_sealed(record: Any, path: Path) -> None:
    """Write a mapping, a dataclass or a msgspec structure as JSON with a seal (a digest of its content).

    `load_sealed` compares the seal with the content, to detect later changes. ValueError for NaN and infinity.
    DataError if the file cannot be written.
    """
    content = msgspec.to_builtins(record)
    save_json({**content, SEAL_KEY: json_digest(content)}, path)


def load_json(path: Path) -> Any:
    """Read a JSON file; DataError that names the file if it is missing or damaged."""
    with _readable(path, "JSON"):
        return msgspec.json.decode(path.read_bytes())


def load_typed(path: Path, kind: type[T]) -> T:
    """Read a JSON file as the type `kind`.

    DataError that names the file if it is missing or damaged, or if its content has another type.
    """
    return as_typed(load_json(path), kind, path)


def load_sealed(path: Path, kind: type[T]) -> T:
    """Read a JSON file that `save_sealed` wrote with a seal (a digest of its content), as the type `kind`.

    DataError that names the file if it is missing, damaged or changed, or of another type. A file without a seal is
    accepted, because earlier versions wrote files without one.
    """
    record = load_json(path)
    if isinstance(record, dict) and SEAL_KEY in record:
        check_seal(record, path)
    return as_typed(record, kind, path)


def check_seal(record: Mapping[str, Any], path: Path) -> None:
    """Raise DataError that names `path` unless the seal of the record equals the digest of its other keys.

    The seal is the value of the key "seal". A record without a seal is refused too.
    """
    content = {key: value for key, value in record.items() if key != SEAL_KEY}
    if record.get(SEAL_KEY) != json_digest(content):
        raise DataError(f"{path} is damaged or was edited: its content does not match its seal.")


def as_typed(record: Any, kind: type[T], path: Path) -> T:
    """Convert a value of JSON types to the type `kind`; DataError that names `path` and the key of a wrong value."""
    try:
        return msgspec.convert(record, kind)
    except msgspec.ValidationError as error:
        raise DataError(f"{path} is damaged or was edited: {error}.") from error


def load_parquet(path: Path) -> pd.DataFrame:
    """Read a Parquet file; DataError that names the file if it is missing or damaged."""
    import pandas as pd

    with _readable(path, "Parquet"):
        return pd.read_parquet(path)


def load_columns(path: Path, columns: Sequence[str] | None = None) -> pa.Table:
    """Read a Parquet file, or some of its columns, without importing pandas.

    If `columns` is None, all columns are read. Columns that the file lacks are left out. DataError that names the file
    if it is missing or damaged.
    """
    import pyarrow.parquet as pq

    with _readable(path, "Parquet"), pq.ParquetFile(path) as file:
        return file.read(columns=None if columns is None else list(columns), use_threads=False)


@contextmanager
def _readable(path: Path, kind: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise DataError(f"{path} is missing.") from error
    except (OSError, ValueError) as error:
        # An OSError without errno is pyarrow's error about bad content.
        if isinstance(error, OSError) and error.errno is not None:
            raise DataError(system_sentence(f"{path} cannot be read", error)) from error
        raise DataError(f"{path} is damaged and cannot be read as {kind}.") from error
