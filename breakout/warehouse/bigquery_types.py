"""Types at BigQuery's border: Python values in, typed query parameters out; a column's standard type by name."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from google.cloud import bigquery

if TYPE_CHECKING:
    from collections.abc import Mapping

# The client still speaks of legacy types.
_STANDARD = {"INTEGER": "INT64", "FLOAT": "FLOAT64", "BOOLEAN": "BOOL"}
# The first that fits: a bool is an int to Python, a datetime a date.
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
    """Typed query parameters for the @names that the text uses."""
    return [query_parameter(name, value) for name, value in parameters.items() if re.search(rf"@{name}\b", sql)]


def query_parameter(name: str | None, value: object) -> Any:
    """A parameter of the type that the Python value has; a dict is a STRUCT, a list an ARRAY of it or of STRING."""
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
    """The GoogleSQL type of a schema field."""
    standard = _STANDARD.get(field.field_type, str(field.field_type))
    return f"ARRAY<{standard}>" if field.mode == "REPEATED" else standard


def label(text: str) -> str:
    """The text as a job label may be: lower-case letters, digits, hyphens and underscores, at most 63 of them."""
    return re.sub(r"[^a-z0-9_-]", "_", text.lower())[:63]
