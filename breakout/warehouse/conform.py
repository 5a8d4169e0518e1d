"""The Arrow types that all engines return: string, date32, int64, double and bool."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa


def conform(table: pa.Table) -> pa.Table:
    """Return the rows in the common types: NUMERIC (Decimal) and every float as double, every integer as int64."""
    import pyarrow as pa

    fields = [pa.field(field.name, _target(field.type)) for field in table.schema]
    return table.cast(pa.schema(fields))


def _target(kind: pa.DataType) -> pa.DataType:
    import pyarrow as pa

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
