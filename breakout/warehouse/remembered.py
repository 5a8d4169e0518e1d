"""A warehouse that answers the same query once: models with the same features share the rows of a slate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa

    from breakout.warehouse.base import Warehouse


class RememberingWarehouse:
    """A warehouse whose answers are kept in memory for as long as the object lives; all else is the warehouse's own."""

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse
        self._answers: dict[tuple[str, str], pa.Table] = {}

    def query(self, sql: str, parameters: Mapping[str, object]) -> pa.Table:
        """Run one SELECT, or return the answer to the same one."""
        key = (sql, repr(sorted(parameters.items())))
        if key not in self._answers:
            self._answers[key] = self._warehouse.query(sql, parameters)
        return self._answers[key]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._warehouse, name)
