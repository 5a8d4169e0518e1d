"""What it would cost to read the rows of a plan: a warehouse, features and dates in, an estimate out. Reads nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from breakout.features.query import get_training_data_query
from breakout.warehouse.cost import CostEstimate, Priced

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from breakout.features.config import BreakoutFeatureConfig
    from breakout.warehouse.base import Warehouse


def estimate_rows(
    warehouse: Warehouse,
    config: BreakoutFeatureConfig,
    start: date,
    end: date,
    slice_features: Sequence[str] = (),
) -> CostEstimate | None:
    """The cost of `build_dataset` with the same arguments, its checks included; None where reading is free."""
    if not isinstance(warehouse, Priced):
        return None
    sql = get_training_data_query((*config.names, *slice_features), sources=warehouse.sources)
    parameters = config.parameters(warehouse.history_start(start), start, end)
    return warehouse.estimate(sql, parameters) + warehouse.estimate_checks(start, end)
