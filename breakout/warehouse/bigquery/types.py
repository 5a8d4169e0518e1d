"""Conversions of query parameters, column types, result rows and job labels for BigQuery."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from google.cloud import bigquery

if TYPE_CHECKING:
    from collections.abc import Mapping

# The client names these types as legacy SQL does. The values are their names in GoogleSQL.
_STANDARD = {"INTEGER": "INT64", "FLOAT": "FLOAT64", "BOOLEAN": "BOOL"}
# The BigQuery type of a Python value is that of the first class it belongs to. A bool is also an int, and a datetime is
# also a date, so bool and datetime come first.
_KINDS = (
    (bool, "BOOL"),
    (int, "INT64"),
    (float, "FLOAT64"),
    (str, "STRING"),
    (datetime, "TIMESTAMP"),
    (date, "DATE"),
)


class Null:
    """A NULL of a given BigQuery type, as the value of a query parameter."""

    def __init__(self, type_name: str) -> None:
        self.type = type_name


def query_parameters(sql: str, parameters: Mapping[str, object]) -> list[Any]:
    """Return the typed query parameters whose @name the SQL text contains; leave out all others.

    Raise TypeError for a value that has no BigQuery type.
    """
    return [query_parameter(name, value) for name, value in parameters.items() if re.search(rf"@{name}\b", sql)]


def query_parameter(name: str | None, value: object) -> Any:
    """Return a query parameter with the BigQuery type of a Python value.

    A dict becomes a STRUCT, a list or tuple of dicts an ARRAY of STRUCT, and any other list or tuple an ARRAY of
    STRING. A Null has its own type. Other values are a bool, int, float, str, datetime or date; raise TypeError for any
    other type. `name` is None for an element of an array.
    """
    if isinstance(value, dict):
        return bigquery.StructQueryParameter(name, *(query_parameter(key, part) for key, part in value.items()))
    if isinstance(value, list | tuple):
        if value and isinstance(value[0], dict):
            return bigquery.ArrayQueryParameter(name, "STRUCT", [query_parameter(None, item) for item in value])
        return bigquery.ArrayQueryParameter(name, "STRING", list(value))
    if isinstance(value, Null):
        return bigquery.ScalarQueryParameter(name, value.type, None)
    for kind, type_name in _KINDS:
        if isinstance(value, kind):
            return bigquery.ScalarQueryParameter(name, type_name, value)
    raise TypeError(f"@{name} cannot be a query parameter: {value!r}")


def standard_type(field: Any) -> str:
    """Return the GoogleSQL type of a schema field, such as INT64, or ARRAY<INT64> for a repeated field."""
    standard = _STANDARD.get(field.field_type, str(field.field_type))
    return f"ARRAY<{standard}>" if field.mode == "REPEATED" else standard


def label(text: str) -> str:
    """Return a valid job label: the text in lower case, cut after 63 characters.

    Characters other than a to z, digits, hyphens and underscores become underscores.
    """
    return re.sub(r"[^a-z0-9_-]", "_", text.lower())[:63]


def conform(table: pa.Table) -> pa.Table:
    """Return the rows of a BigQuery result with the Arrow types that DuckDB returns for the same query.

    The results of the two databases can then be compared. Decimals and floats become double, integers int64, texts
    string and dates date32. Other columns, such as timestamps, keep their types.
    """
    fields = [pa.field(field.name, _target(field.type)) for field in table.schema]
    return table.cast(pa.schema(fields))


def _target(kind: pa.DataType) -> pa.DataType:
    types = pa.types
    if types.is_integer(kind):
        return pa.int64()
    if types.is_floating(kind) or types.is_decimal(kind):
        return pa.float64()
    if types.is_large_string(kind) or types.is_string_view(kind):
        return pa.string()
    if types.is_date(kind):
        return pa.date32()
    return kind
