"""Functions that read files, and that write files and folders so that they appear whole or not at all.

A file is written under a temporary name in the same folder, flushed to the disk, and then renamed. Other functions
compute digests and lock a file.
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

FLUSHING_THREADS = 4  # starting more threads would cost more time than they save
SEAL_KEY = "seal"

# The pattern of names that this and earlier versions of `whole_file` give to incomplete files and folders.
_INCOMPLETE = re.compile(r"\..+\.[0-9a-f]{16}(\.\w+)?|\.(bundle|.+\.(json|yaml|parquet|html|csv|txt))\.\w+(\.\w+)?")

_flushed_later: ContextVar[Path | None] = ContextVar("_flushed_later", default=None)


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield a temporary path for the block to write to; then flush the file and rename it to `path`.

    If the block raises, the temporary file is removed. DataError if `path` cannot be written, and for any OSError in
    the block, such as a full disk.
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
    """Yield a temporary folder for the block to fill; then flush its files and rename it to `path`.

    If the block raises, the temporary folder is removed. DataError if `path` is a file or a folder that is not empty.
    An OSError in the block, such as a full disk, becomes a DataError too.
    """
    with whole_file(path) as beside:
        beside.mkdir()
        yield beside
    if not _is_flushed_later(path):
        with _writing(path):
            flush(path.parent)


def remove_incomplete(folder: Path) -> list[Path]:
    """Remove temporary files and folders that killed processes left below a folder; return their paths.

    Call this function only if no living process writes into the folder. DataError if a file or folder cannot be
    removed.
    """
    found = [path for path in sorted(folder.rglob(".*")) if _INCOMPLETE.fullmatch(path.name)]
    for path in found:
        with _writing(path):
            _remove(path)
    return found


@contextmanager
def flushed_together(folder: Path) -> Iterator[None]:
    """Flush all files below the folder to the disk at the end of the block, with several threads.

    Inside the block, the functions of this module do not flush the files that they write below the folder. If the block
    raises, nothing is flushed. DataError if a file cannot be flushed.
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
    """Flush the content of a file, or the list of names in a folder, to the disk; OSError if the flush fails."""
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
    """Lock a file exclusively during the block. The file is created if it does not exist.

    If the file is locked already, `on_wait` is called once. Then the function waits, unless `on_wait` raises. The
    operating system releases the lock even if the process is killed. DataError if the file cannot be created.
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
    """Return the SHA-256 of a mapping of JSON types in hexadecimal; the order of the keys has no influence."""
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
    """Write text as UTF-8; DataError if the file cannot be written."""
    with whole_file(path) as beside:
        beside.write_text(text, encoding="utf-8")


def save_json(record: Any, path: Path) -> None:
    """Write a mapping, a dataclass or a msgspec structure as JSON, indented by two spaces.

    ValueError for NaN and infinity, which JSON does not have. DataError if the file cannot be written.
    """
    # `json.dumps` encodes the record, because it raises for NaN, while msgspec would write null. msgspec indents the
    # text, because it is many times faster at that.
    text = json.dumps(msgspec.to_builtins(record), ensure_ascii=False, allow_nan=False)
    save_text(msgspec.json.format(text, indent=2) + "\n", path)


def json_ready(value: Any) -> Any:
    """Convert a value to JSON types. NaN and infinity become None.

    The value may contain dataclasses, msgspec structures, mappings, sequences and numpy values. TypeError for a value
    that cannot be converted.
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

    # `nthreads` is 1, because starting more threads costs more time than they save.
    table = pa.Table.from_pandas(frame, preserve_index=False, nthreads=1)
    written = pa.BufferOutputStream()
    pq.write_table(table, written)
    return bytes(written.getvalue())


def save_bytes(content: bytes, path: Path) -> None:
    with whole_file(path) as beside:
        beside.write_bytes(content)


def save_sealed(record: Any, path: Path) -> None:
    """Write a mapping, a dataclass or a msgspec structure as JSON with a seal (a digest of its content).

    `load_sealed` uses the seal to detect later changes. ValueError for NaN and infinity. DataError if the file cannot
    be written.
    """
    content = msgspec.to_builtins(record)
    save_json({**content, SEAL_KEY: json_digest(content)}, path)


def load_json(path: Path) -> Any:
    """Read a JSON file; DataError if the file is missing or damaged."""
    with _readable(path, "JSON"):
        return msgspec.json.decode(path.read_bytes())


def load_typed(path: Path, kind: type[T]) -> T:
    """Read a JSON file as the type `kind`; DataError if the file is missing, damaged or of another type."""
    return as_typed(load_json(path), kind, path)


def load_sealed(path: Path, kind: type[T]) -> T:
    """Read a JSON file that `save_sealed` wrote, as the type `kind`.

    DataError if the file is missing, damaged, of another type, or changed since it was written. Earlier versions wrote
    files without a seal; such files are accepted.
    """
    record = load_json(path)
    if isinstance(record, dict) and SEAL_KEY in record:
        check_seal(record, path)
    return as_typed(record, kind, path)


def check_seal(record: Mapping[str, Any], path: Path) -> None:
    """Raise DataError unless the key `seal` of a record contains the digest of the other keys.

    `path` is the file that the message names. A record without a seal is refused too.
    """
    content = {key: value for key, value in record.items() if key != SEAL_KEY}
    if record.get(SEAL_KEY) != json_digest(content):
        raise DataError(f"{path} is damaged or was edited: its content does not match its seal.")


def as_typed(record: Any, kind: type[T], path: Path) -> T:
    """Convert a value of JSON types to the type `kind`; DataError, which names `path`, if that is impossible."""
    try:
        return msgspec.convert(record, kind)
    except msgspec.ValidationError as error:
        raise DataError(f"{path} is damaged or was edited: {error}.") from error


def load_parquet(path: Path) -> pd.DataFrame:
    """Read a Parquet file; DataError if the file is missing or damaged."""
    import pandas as pd

    with _readable(path, "Parquet"):
        return pd.read_parquet(path)


def load_columns(path: Path, columns: Sequence[str] | None = None) -> pa.Table:
    """Read a Parquet file, or some of its columns, without importing pandas.

    If `columns` is None, all columns are read. Columns that the file lacks are left out. DataError if the file is
    missing or damaged.
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
