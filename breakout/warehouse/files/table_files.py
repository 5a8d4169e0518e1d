"""The files of a source table: the search by path or glob, the kinds of files, and a digest of their contents."""

from __future__ import annotations

import glob
import hashlib
import os
import re
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import unquote

from breakout.artifacts import file_digest
from breakout.errors import DataError
from breakout.settings.named_files import expand_home
from breakout.warehouse.files.table_folder import table_paths
from breakout.warehouse.tables import PRICES

FileKind = Literal["parquet", "csv", "gzipped csv", "database"]

_CSV_SUFFIXES = (".csv", ".tsv", ".txt")
_HIVE_FOLDER = re.compile(r"([^/=]+)=([^/]*)")
_HIVE_NULL = "__HIVE_DEFAULT_PARTITION__"


@dataclass(frozen=True)
class TableFiles:
    """The files of one source table.

    - `table`: the name of the source table.
    - `pattern`: the configured path or glob. For a table in a DuckDB file, a text that names the file and the table.
    - `paths`: the paths of the files. For a table in a DuckDB file, the file and its log of changes (.wal), if there is
      one.
    - `relation`: the quoted name of the table in a DuckDB file, otherwise None.
    """

    table: str
    pattern: str
    paths: tuple[str, ...]
    relation: str | None = None

    def where(self, path: str | None = None) -> str:
        """Return the text `TABLE (PATH)` for messages; if `path` is None, PATH is the configured pattern."""
        return f"{self.table} ({path or self.pattern})"

    def cannot_be_read(self, path: str, reason: str | None) -> DataError:
        return DataError(f"{self.where(path)} cannot be read: {reason}.")


def find_files(table: str, pattern: str) -> TableFiles:
    """Return the files that a path or a glob names for the source table `table`, sorted by path.

    A path that exists is taken literally, even if it contains special characters of globs. The path may also be the
    folder of one table that `breakout import` wrote. The manifest in the folder above then names the files,
    sorted by month.

    DataError for one of these causes:

    - There is no file.
    - A path is another kind of folder, a pipe or a device.
    - The name of a file is not UTF-8.
    - The manifest is damaged.

    ConfigurationError if the pattern begins with `~USER` and there is no such user.
    """
    imported = table_paths(expand_home(pattern, _setting_of(table)))
    if imported is not None:
        return TableFiles(table, pattern, imported)
    paths = sorted(glob.glob(_escape_existing(os.path.expanduser(pattern)), recursive=True))  # noqa: PTH111, PTH207  (pathlib has no absolute globs)
    if not paths:
        raise DataError(_no_file_message(table, pattern))
    files = TableFiles(table, pattern, tuple(paths))
    for path in paths:
        _check_is_file(files, path)
    return files


def _escape_existing(pattern: str) -> str:
    """Escape special characters of globs in the longest beginning of the pattern that exists as a path."""
    existing, rest = Path(), list(Path(pattern).parts)
    while rest and os.path.lexists(existing / rest[0]):
        existing /= rest.pop(0)
    return str(Path(glob.escape(str(existing)), *rest))


def _no_file_message(table: str, pattern: str) -> str:
    reason = ""
    if not glob.has_magic(pattern):
        try:
            Path(pattern).expanduser().lstat()
        except FileNotFoundError:
            pass
        except (OSError, ValueError) as error:
            reason = f" ({getattr(error, 'strerror', None) or error})"
    return f"{table}: no file at {pattern}{reason}; correct {_setting_of(table)}=PATH (Parquet or CSV, globs allowed)."


def _setting_of(table: str) -> str:
    return "prices.file" if table == PRICES.name else f"warehouse.{table}"


def _check_is_file(files: TableFiles, path: str) -> None:
    try:
        path.encode()
    except UnicodeEncodeError:
        shown = os.fsencode(path).decode("utf-8", "backslashreplace")
        raise DataError(f"{files.table}: the name of the file {shown} is not UTF-8; rename the file.") from None
    try:
        mode = Path(path).stat().st_mode
    except OSError as error:
        raise files.cannot_be_read(path, error.strerror) from error
    if stat.S_ISDIR(mode):
        example = f"{_setting_of(files.table)}='{path}/*.parquet'"
        raise DataError(f"{files.table}: {path} is a folder; name its files, as in {example}.")
    if not stat.S_ISREG(mode):
        raise DataError(f"{files.table}: {path} is not a regular file; copy its content into one and name that.")


def kind_of(files: TableFiles, path: str) -> FileKind:
    """Determine the kind of a file from its first bytes and its suffix.

    The kind is "database" if `files` is a table in a DuckDB file. DataError if the file cannot be opened, is empty or
    is of an unknown kind.
    """
    if files.relation is not None:
        return "database"
    try:
        with Path(path).open("rb") as file:
            head = file.read(4)
    except OSError as error:
        raise files.cannot_be_read(path, error.strerror) from error
    if not head:
        raise files.cannot_be_read(path, "it is empty; write it again, or remove it")
    name = path.lower().removesuffix(".gz")
    if head == b"PAR1":
        return "parquet"
    if name.endswith(_CSV_SUFFIXES):
        return "gzipped csv" if head[:2] == b"\x1f\x8b" else "csv"
    reason = f"it is neither Parquet nor CSV; name a CSV file {' or '.join('*' + suffix for suffix in _CSV_SUFFIXES)}"
    raise files.cannot_be_read(path, reason)


def hive_values(path: str) -> dict[str, str | None]:
    """Return the column values in the folder names of a path, such as `season_year=2025/`.

    The keys are the column names in lower case. A value is None if the folder has Hive's name for NULL.
    """
    found = (_HIVE_FOLDER.fullmatch(part) for part in Path(path).parts[:-1])
    pairs = {match[1].lower(): unquote(match[2]) for match in found if match}
    return {name: None if value == _HIVE_NULL else value for name, value in pairs.items()}


def digest_of(tables: Iterable[TableFiles], options: Mapping[str, object]) -> str:
    """Return a digest (16 hex digits) of the names and contents of files, and of the options for reading them.

    Folder names are included only if the option hive_partitioning reads columns from them. DataError if a file cannot
    be read.
    """
    digest = hashlib.sha256(repr(options.get("season_type")).encode())
    others = {name: value for name, value in options.items() if name != "season_type" and value}
    if others:
        digest.update(repr(sorted(others.items())).encode())
    for files in tables:
        for path in files.paths:
            digest.update(f"{files.table}:{Path(path).name}:{files.relation or ''}".encode())
            if options.get("hive_partitioning"):
                digest.update(repr(sorted(hive_values(path).items())).encode())
            digest.update(bytes.fromhex(file_digest(Path(path))))
    return digest.hexdigest()[:16]
