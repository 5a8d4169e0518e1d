"""Conversions of query parameters, column types, result rows and job labels for BigQuery."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from google.cloud import bigquery

if TYPE_CHECKING:
    from collections.abc import Mapping

# The GoogleSQL names of types whose legacy SQL names the client uses in schemas.
_STANDARD = {"INTEGER": "INT64", "FLOAT": "FLOAT64", "BOOLEAN": "BOOL"}
# The first match counts: bool comes before int, and datetime before date, because they are subclasses.
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
    """Return typed query parameters for the @names that the SQL text contains."""
    return [query_parameter(name, value) for name, value in parameters.items() if re.search(rf"@{name}\b", sql)]


def query_parameter(name: str | None, value: object) -> Any:
    """Return a query parameter with the BigQuery type of a Python value.

    A dict becomes a STRUCT, a list of dicts an ARRAY of STRUCT, and any other list an ARRAY of STRING. A Null has its
    own type. Raise TypeError for a value that is not one of these, nor a bool, int, float, str, datetime or date.
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
    """Return the GoogleSQL type of a schema field, such as ARRAY<INT64>."""
    standard = _STANDARD.get(field.field_type, str(field.field_type))
    return f"ARRAY<{standard}>" if field.mode == "REPEATED" else standard


def label(text: str) -> str:
    """Return a valid job label: the text in lower case, cut after 63 characters.

    Characters other than letters, digits, hyphens and underscores become underscores.
    """
    return re.sub(r"[^a-z0-9_-]", "_", text.lower())[:63]


def conform(table: pa.Table) -> pa.Table:
    """Return the rows with one Arrow type for each kind of column, so that results compare with those of DuckDB.

    NUMERIC and every float type become double, every integer type int64, every text type string and every date type
    date32. Other columns keep their types.
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
