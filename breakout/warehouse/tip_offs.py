"""The tip-offs of games, from the schedule."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

import pyarrow as pa

from breakout.warehouse.tables import SCHEDULE

if TYPE_CHECKING:
    from datetime import date, datetime

    from breakout.warehouse.base import Warehouse


def read_tip_offs(warehouse: Warehouse, start: date, end: date) -> dict[str, datetime]:
    """Return the tip-offs in UTC of the games from `start` to `end`, both inclusive, by game_id.

    Games without a tip-off are left out. The result is empty if the schedule or its column tip_off is missing.
    DataError if the schedule cannot be read.
    """
    if not warehouse.has_schedule() or "tip_off" not in warehouse.columns(SCHEDULE.name):
        return {}
    sql = f"""SELECT game_id, tip_off FROM {warehouse.sources.reference(SCHEDULE)}
WHERE game_date BETWEEN @start AND @end AND tip_off IS NOT NULL"""
    found = warehouse.query(sql, {"start": start, "end": end})
    starts = found["tip_off"].cast(pa.timestamp("us", tz="UTC")).to_pylist()
    return {
        game_id: begins.astimezone(UTC) for game_id, begins in zip(found["game_id"].to_pylist(), starts, strict=True)
    }
