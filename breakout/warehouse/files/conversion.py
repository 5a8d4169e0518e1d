"""The conversion of a file's columns to the declared types, as SQL expressions in DuckDB's dialect.

Each conversion has a condition for values that the declared type cannot represent. `FileReader` first searches for such
values, and converts the columns only if there are none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from breakout.warehouse.tables import Column

DUCKDB_TYPE = {
    "STRING": "VARCHAR",
    "DATE": "DATE",
    "TIMESTAMP": "TIMESTAMPTZ",
    "INT64": "BIGINT",
    "FLOAT64": "DOUBLE",
    "BOOL": "BOOLEAN",
}

_INTEGERS = {
    "TINYINT",
    "SMALLINT",
    "INTEGER",
    "BIGINT",
    "HUGEINT",
    "UTINYINT",
    "USMALLINT",
    "UINTEGER",
    "UBIGINT",
}
_FLOATS = {"FLOAT", "DOUBLE"}
_TEXTS = {"VARCHAR", "ENUM"}
NULL_TYPE = "NULL"  # the type of a CSV column without any value
_NAIVE_TIMESTAMPS = {"TIMESTAMP", "TIMESTAMP_NS", "TIMESTAMP_MS", "TIMESTAMP_S"}
_INTEGER_TEXT = r"\s*[+-]?\d+(\.0*)?\s*"
_NUMBER_TEXT = r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*"
_ISO_DATE = r"\d{4}-\d{2}-\d{2}([ T]00:00(:00(\.0+)?)?)?"
_ISO_INSTANT = r"\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(:\d{2}(\.\d+)?)? ?(Z|UTC|[+-]\d{2}(:?\d{2})?)"

_DATE_ADVICE = (
    "write dates as YYYY-MM-DD, or declare how they are written with warehouse.date_format, such as %m/%d/%Y "
    "(month first) or %d/%m/%Y (day first)"
)
_INSTANT = "TIMESTAMP, with a time zone"
_INSTANT_ADVICE = "write each instant with its time zone, as in 2026-02-05T22:30:00Z or 2026-02-05 17:30:00-05:00"
_CALENDAR_DATE = "write the US Eastern calendar date of each game, as DATE or as text YYYY-MM-DD"
_NUMBER_ADVICE = "write numbers with a decimal point and without separators of thousands"


@dataclass(frozen=True)
class SourceColumn:
    """A column of a file.

    - `spelling`: the name of the column as the file spells it.
    - `type`: the DuckDB type.
    - `is_untyped`: true for columns of CSV files and columns from the names of folders. Their text may represent a
      number.
    """

    spelling: str
    type: str
    is_untyped: bool = False

    @property
    def base_type(self) -> str:
        """The type without its parameters, such as DECIMAL for DECIMAL(18,3)."""
        return re.sub(r"\(.*", "", self.type)

    @property
    def is_number(self) -> bool:
        """Whether the type is an integer, float or decimal type; text with digits does not count."""
        return self.base_type in _INTEGERS | _FLOATS | {"DECIMAL"}

    @property
    def sql(self) -> str:
        """The name of the column as a quoted SQL identifier."""
        return quoted_name(self.spelling)


@dataclass(frozen=True)
class Conversion:
    """The conversion of a column to its declared type.

    - `value`: the SQL expression of the converted value.
    - `problem`: the SQL condition for rows whose value cannot be converted; None if every value can.
    - `expected`: the declared type, for the error message about such rows.
    - `advice`: the remedy, for the same message.
    """

    value: str
    problem: str | None = None
    expected: str = ""
    advice: str = "correct the source and run again"


def conversion_of(column: Column, source: SourceColumn, date_format: str | None) -> Conversion:
    """Return the conversion of a file's column `source` to the declared type of the table's column `column`.

    `date_format` is the strptime format of dates that are text; None means YYYY-MM-DD. If the file's type does not fit
    at all, every value except NULL counts as a problem.
    """
    if column.type == "STRING":
        return _to_string(source)
    if column.type == "DATE":
        return _to_date(source, date_format)
    if column.type == "TIMESTAMP":
        return _to_instant(source)
    if column.type == "BOOL":
        return _to_flag(source)
    return _to_number(column, source)


def quoted_name(name: str) -> str:
    """Return the name as an SQL identifier in double quotes."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Return the text as an SQL literal in single quotes."""
    return "'" + text.replace("'", "''") + "'"


def _to_string(source: SourceColumn) -> Conversion:
    name = source.sql
    if source.base_type in _TEXTS | _INTEGERS:
        return Conversion(f"CAST({name} AS VARCHAR)")
    if source.base_type == "BLOB":
        # Decode plain bytes as UTF-8: older programs write text to Parquet without declaring that it is text.
        decoded = f"TRY(decode({name}))"
        return Conversion(decoded, f"{name} IS NOT NULL AND {decoded} IS NULL", "UTF-8 text")
    return _impossible(source, "STRING")


def _to_date(source: SourceColumn, date_format: str | None) -> Conversion:
    name = source.sql
    if source.base_type == "DATE":
        return Conversion(name)
    if source.base_type in _NAIVE_TIMESTAMPS:
        problem = f"{name} != date_trunc('day', {name})"
        return Conversion(f"CAST({name} AS DATE)", problem, "DATE, without a time of day", _CALENDAR_DATE)
    if source.base_type in _TEXTS | {"BLOB"}:
        text = f"TRY(decode({name}))" if source.base_type == "BLOB" else f"CAST({name} AS VARCHAR)"
        return _text_to_date(name, text, date_format)
    return _impossible(source, "DATE", _CALENDAR_DATE)


def _text_to_date(name: str, text: str, date_format: str | None) -> Conversion:
    if date_format is None:
        date = f"TRY_CAST(left({text}, 10) AS DATE)"
        problem = f"{name} IS NOT NULL AND (NOT coalesce(regexp_full_match({text}, '{_ISO_DATE}'), false)"
        return Conversion(date, f"{problem} OR {date} IS NULL)", "DATE", _DATE_ADVICE)
    instant = f"try_strptime({text}, {literal(date_format)})"
    problem = f"{name} IS NOT NULL AND coalesce({instant} != date_trunc('day', {instant}), true)"
    expected = f"DATE, written as warehouse.date_format={date_format} and without a time of day"
    return Conversion(f"CAST({instant} AS DATE)", problem, expected)


def _to_instant(source: SourceColumn) -> Conversion:
    name = source.sql
    if source.base_type == "TIMESTAMP WITH TIME ZONE":
        return Conversion(name)
    if source.base_type in _TEXTS:
        # Add seconds to an instant that lacks them, and a colon to an offset such as +0100, because DuckDB needs both.
        seconds = f"regexp_replace({name}, '^(.{{16}})([Z+ -])', '\\1:00\\2')"
        text = f"regexp_replace({seconds}, '([+-]\\d{{2}})(\\d{{2}})$', '\\1:\\2')"
        instant = f"TRY_CAST({text} AS TIMESTAMPTZ)"
        problem = f"{name} IS NOT NULL AND (NOT regexp_full_match({name}, '{_ISO_INSTANT}') OR {instant} IS NULL)"
        return Conversion(instant, problem, _INSTANT, _INSTANT_ADVICE)
    return replace(_impossible(source, "TIMESTAMP", _INSTANT_ADVICE), expected=_INSTANT)


def _to_flag(source: SourceColumn) -> Conversion:
    if source.base_type == "BOOLEAN":
        return Conversion(source.sql)
    flag = f"TRY_CAST(CAST({source.sql} AS VARCHAR) AS BOOLEAN)"
    return Conversion(flag, f"{source.sql} IS NOT NULL AND {flag} IS NULL", "BOOL", "write true or false")


def _to_number(column: Column, source: SourceColumn) -> Conversion:
    name, base, is_integer = source.sql, source.base_type, column.type == "INT64"
    if base in _TEXTS and source.is_untyped:
        pattern = _INTEGER_TEXT if is_integer else _NUMBER_TEXT
        value = f"TRY_CAST(TRY_CAST({name} AS DOUBLE) AS {DUCKDB_TYPE[column.type]})"
        problem = f"{name} IS NOT NULL AND (NOT regexp_full_match({name}, '{pattern}') OR {value} IS NULL)"
        return Conversion(value, problem, column.type, _NUMBER_ADVICE)
    if not source.is_number:
        return _impossible(source, column.type)
    # NaN becomes NULL, because pandas writes NaN for a missing number.
    value = f"if(isnan({name}), NULL, {name})" if base in _FLOATS else name
    cast = f"CAST({value} AS {DUCKDB_TYPE[column.type]})"
    if not is_integer or base in _INTEGERS - {"HUGEINT", "UBIGINT"}:
        return Conversion(cast)
    problem = f"{value} IS NOT NULL AND ({value} != floor({value}) OR TRY_CAST({value} AS BIGINT) IS NULL)"
    return Conversion(cast, problem, column.type)


def _impossible(source: SourceColumn, declared: str, advice: str = Conversion.advice) -> Conversion:
    """Return the conversion of a column whose type cannot become the declared type: any value but NULL is a problem."""
    value = f"CAST(NULL AS {DUCKDB_TYPE[declared]})"
    return Conversion(value, f"{source.sql} IS NOT NULL", declared, advice)
