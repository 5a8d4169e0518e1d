"""Query parameters with the BigQuery types of Python values, the GoogleSQL types of columns, and the types of rows."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from google.cloud import bigquery

if TYPE_CHECKING:
    from collections.abc import Mapping

# The schemas of the BigQuery client use the type names of legacy SQL.
_STANDARD = {"INTEGER": "INT64", "FLOAT": "FLOAT64", "BOOLEAN": "BOOL"}
# In this order, because Python's bool is an int and its datetime a date.
_KINDS = (
    (bool, "BOOL"),
    (int, "INT64"),
    (float, "FLOAT64"),
    (str, "STRING"),
    (datetime, "TIMESTAMP"),
    (date, "DATE"),
)


class Null:
    """A NULL of a BigQuery type, as a parameter."""

    def __init__(self, type_name: str) -> None:
        self.type = type_name


def query_parameters(sql: str, parameters: Mapping[str, object]) -> list[Any]:
    """Return typed query parameters for the @names that the SQL text uses."""
    return [query_parameter(name, value) for name, value in parameters.items() if re.search(rf"@{name}\b", sql)]


def query_parameter(name: str | None, value: object) -> Any:
    """Return a parameter of the value's type; a dict is a STRUCT, a list an ARRAY of STRUCT or of STRING."""
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
    """Return the GoogleSQL type of a schema field."""
    standard = _STANDARD.get(field.field_type, str(field.field_type))
    return f"ARRAY<{standard}>" if field.mode == "REPEATED" else standard


def label(text: str) -> str:
    """Return the text as a valid job label: at most 63 lower-case letters, digits, hyphens and underscores."""
    return re.sub(r"[^a-z0-9_-]", "_", text.lower())[:63]


def conform(table: pa.Table) -> pa.Table:
    """Return the rows in the common types: NUMERIC (Decimal) and every float as double, every integer as int64."""
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
