"""Checks that the source tables agree on games, dates, teams and season types."""

from __future__ import annotations

from typing import TYPE_CHECKING

from breakout.errors import DataError
from breakout.warehouse import tables
from breakout.warehouse.checks.consistency_messages import Inconsistency, describe_rows
from breakout.warehouse.checks.consistency_query import consistency_query

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from breakout.warehouse.base import Warehouse
    from breakout.warehouse.tables import Table


def find_inconsistencies(
    warehouse: Warehouse,
    checked: Collection[Table] = tables.HISTORY_TABLES,
    parameters: Mapping[str, object] | None = None,
) -> list[Inconsistency]:
    """Return one Inconsistency for each kind of contradiction between the rows of the `checked` tables.

    The list is sorted: basic kinds, such as unknown season types, come first. `parameters` contains @history_start and
    @end, the first and the last date of the games to compare. If `parameters` is None, all games are compared.
    DataError if a table cannot be read.
    """
    sql = consistency_query(warehouse.sources, checked, is_filtered=bool(parameters))
    return describe_rows(warehouse.query(sql, parameters or {}).to_pylist())


def check_consistency(
    warehouse: Warehouse, checked: Collection[Table], parameters: Mapping[str, object] | None = None
) -> None:
    """Raise DataError if rows of the `checked` tables contradict each other, or if a table cannot be read.

    If there are several kinds of contradiction, the message describes only the most basic. `parameters` contains
    @history_start and @end, the first and the last date of the games to compare. If `parameters` is None, all
    games are compared.
    """
    found = find_inconsistencies(warehouse, checked, parameters)
    if found:
        raise DataError(found[0].message)
