"""A warehouse that runs the same query once, so that models with the same features share the rows of a slate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa

    from breakout.warehouse.base import Warehouse


class RememberingWarehouse:
    """A warehouse whose answers to `query` are kept in memory; all other calls go to the given warehouse."""

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse
        self._answers: dict[tuple[str, str], pa.Table] = {}

    def query(self, sql: str, parameters: Mapping[str, object]) -> pa.Table:
        """Return the rows of one SELECT; it runs only if it has not run with the same parameters before."""
        key = (sql, repr(sorted(parameters.items())))
        if key not in self._answers:
            self._answers[key] = self._warehouse.query(sql, parameters)
        return self._answers[key]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._warehouse, name)
