"""Conversions of query parameters, column types, result rows and job labels for BigQuery."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from google.cloud import bigquery

if TYPE_CHECKING:
    from collections.abc import Mapping

# The keys are type names of legacy SQL, which the client uses. The values are the names in GoogleSQL.
_STANDARD = {"INTEGER": "INT64", "FLOAT": "FLOAT64", "BOOLEAN": "BOOL"}
# The BigQuery type of each Python class. A value has the type of the first class to which it belongs. bool comes before
# int, and datetime before date, because a bool is also an int and a datetime is also a date.
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
    """Return the typed query parameters for those values whose @name is in the SQL text.

    TypeError if one of these values has no BigQuery type.
    """
    return [query_parameter(name, value) for name, value in parameters.items() if re.search(rf"@{name}\b", sql)]


def query_parameter(name: str | None, value: object) -> Any:
    """Return a query parameter with the BigQuery type of a Python value.

    - dict: a STRUCT.
    - list or tuple of dicts: an ARRAY of STRUCT.
    - any other list or tuple: an ARRAY of STRING.
    - an object of the class `Null`: a NULL of the object's type.
    - bool, int, float, str, datetime, date: a scalar.

    `name` is None for an element of an array. TypeError for any other value.
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

    Decimals and floats become double, integers int64, texts string and dates date32. Other columns, such as timestamps,
    keep their types.
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
