"""The reading of one CSV file into Arrow, after a check of every line.

Python's csv module checks each line strictly and counts lines. Arrow then parses the same text, about ten times as fast
as the csv module would. Arrow alone would accept damaged quotes, and its errors would not name the line.
"""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from breakout.warehouse.files.table_files import TableFiles

if TYPE_CHECKING:
    import pyarrow as pa

_DELIMITERS = (",", ";", "\t", "|")
# These texts are read as NULL: pandas, R, Excel and databases write them for a missing value.
MISSING = ("", "NULL", "null", "NaN", "nan", "None", "NA", "N/A", "#N/A", "<NA>", "\\N")


@dataclass(frozen=True)
class CsvFile:
    """A CSV file of a source table; `files` are all files of the table."""

    files: TableFiles
    path: str
    has_gzip: bool

    def read(self, declared: Collection[str]) -> pa.Table:
        """Check every line and return the rows, with the columns in `declared` (lower-case names) as text.

        The types of all other columns are inferred. Texts in MISSING become NULL. Empty lines and columns without a
        name are left out.

        DataError for one of these causes:

        - A line has more or fewer fields than the header, repeats the header or has damaged quotes. The message names
          the line.
        - The file cannot be opened, decompressed or parsed, is not UTF-8, or does not fit into memory.
        - The header has no declared column.
        """
        with self._checked():
            with self._open_text() as text:
                delimiter, header, count = self._check_lines(text, declared)
            with self._open() as file:
                rows = _parse(file, delimiter, header, declared)
        if rows.num_rows != count:
            raise self.files.cannot_be_read(self.path, f"{count} lines hold rows, but {rows.num_rows} were parsed")
        return rows

    def line_of(self, column: str, value: str | None) -> int | None:
        """Return the number of the first line that has the text `value` in a column; None if no line has it.

        If the row spans several lines, the number of its last line is returned. `column` is the name as the header
        spells it; ValueError if the header lacks it. The file must be one that `read` accepted.
        """
        with self._open_text() as text:
            delimiter = _delimiter_of(text)
            reader = csv.reader(text, delimiter=delimiter)
            place = next(reader).index(column)
            return next((reader.line_num for row in reader if row and row[place] == value), None)

    @contextmanager
    def _checked(self) -> Iterator[None]:
        """Raise DataError if the `with` block fails to open, decompress, decode or parse the file."""
        import pyarrow as pa

        try:
            yield
        except UnicodeDecodeError:
            reason = f"{self._undecodable_line()} is not UTF-8 text; save the file as UTF-8"
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            reason = f"it is damaged ({error})"
        except OSError as error:
            reason = error.strerror or str(error)
        except MemoryError:
            reason = "there is not enough memory"
        except pa.ArrowException as error:
            reason = str(error).strip().splitlines()[0].rstrip(".")
        else:
            return
        raise self.files.cannot_be_read(self.path, reason) from None

    def _open(self) -> BinaryIO:
        return cast("BinaryIO", gzip.open(self.path)) if self.has_gzip else Path(self.path).open("rb")

    def _open_text(self) -> io.TextIOWrapper:
        return io.TextIOWrapper(self._open(), encoding="utf-8-sig", newline="")

    def _undecodable_line(self) -> str:
        with self._open() as file:
            for number, line in enumerate(file, start=1):
                try:
                    line.decode()
                except UnicodeDecodeError as error:
                    return f"line {number} (byte 0x{line[error.start]:02x})"
        return "it"

    def _check_lines(self, text: io.TextIOWrapper, declared: Collection[str]) -> tuple[str, list[str], int]:
        """Check every line; return the delimiter, the header and the number of rows."""
        delimiter = _delimiter_of(text)
        reader = csv.reader(text, delimiter=delimiter, strict=True)
        count = 0
        try:
            header = next(reader, [])
            if not any(name.lower() in declared for name in header):
                reason = f"its first line names no column of {self.files.table}; it must hold the names of the columns"
                raise self.files.cannot_be_read(self.path, reason)
            width = len(header)
            for row in reader:
                if len(row) != width and row:
                    raise self.files.cannot_be_read(self.path, _ragged(reader.line_num, row, header, declared))
                if row == header:
                    raise self.files.cannot_be_read(self.path, _repeated_header(reader.line_num))
                count += bool(row)
        except csv.Error as error:
            raise self.files.cannot_be_read(self.path, f"line {reader.line_num}: {error}") from None
        return delimiter, header, count


def _delimiter_of(text: io.TextIOWrapper) -> str:
    """Return the most frequent delimiter of the first line, and rewind the text to its beginning."""
    first = text.readline()
    text.seek(0)
    return max(_DELIMITERS, key=first.count)


def _ragged(line: int, row: Sequence[str], header: Sequence[str], declared: Collection[str]) -> str:
    if sum(name.lower() in declared for name in row) > len(row) // 3:
        return _repeated_header(line)
    return f"line {line} has {len(row)} fields, but the header has {len(header)}; correct that line"


def _repeated_header(line: int) -> str:
    return f"line {line} is a second header; write what follows it into a file of its own"


def _parse(file: BinaryIO, delimiter: str, header: Sequence[str], declared: Collection[str]) -> pa.Table:
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    named: list[Any] = [name for name in header if name]  # pandas writes its index without a name: leave it out
    return arrow_csv.read_csv(
        file,
        read_options=arrow_csv.ReadOptions(use_threads=False),
        parse_options=arrow_csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
        convert_options=arrow_csv.ConvertOptions(
            include_columns=named,
            column_types={name: pa.string() for name in named if name.lower() in declared},
            null_values=MISSING,
            strings_can_be_null=True,
        ),
    )
