"""The entries of the ledger: one row for each player of a predicted slate, with the features and the probability."""

from __future__ import annotations

import math
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Literal
from zoneinfo import ZoneInfo

import pyarrow as pa

if TYPE_CHECKING:
    from datetime import date

    from breakout.bundle.folder import Bundle
    from breakout.production.slate import Slate

Role = Literal["production", "shadow", "other"]

KEY = ["game_date", "game_id", "player_lookup", "bundle"]
INSTANT = pa.timestamp("us", tz="UTC")

# One row for each predicted player. `predicted_at` is the time at which the slate was built. `known_at` is the time at
# which the newest status in the injury reports up to the cutoff was reported, null if there is none. `tip_off` is null
# if the schedule has no time. `is_late` marks entries that were made at or after tip-off or, if that is unknown, at or
# after the end of the game date.
# `points_for_breakout` is the threshold in points. `features` holds the values by name, null where the default was
# filled. `ladder` holds P(points >= k) for k = 1, 2, ... and is null for models without one. `data` is the fingerprint
# of the source tables.
ENTRY_SCHEMA = pa.schema(
    [
        ("game_date", pa.date32()),
        ("game_id", pa.string()),
        ("player_lookup", pa.string()),
        ("player_full_name", pa.string()),
        ("team_abbr", pa.string()),
        ("opponent_team_abbr", pa.string()),
        ("bundle", pa.string()),
        ("name", pa.string()),
        ("run_id", pa.string()),
        ("contract", pa.string()),
        ("data", pa.string()),
        ("role", pa.string()),
        ("predicted_at", INSTANT),
        ("known_at", INSTANT),
        ("tip_off", INSTANT),
        ("is_late", pa.bool_()),
        ("probability", pa.float64()),
        ("points_for_breakout", pa.int64()),
        ("availability_status", pa.string()),
        ("ladder", pa.list_(pa.float64())),
        ("features", pa.map_(pa.string(), pa.float64())),
    ]
)


def build_entries(
    slate: Slate, bundle: Bundle, role: Role, data: str, tip_offs: dict[str, datetime], timezone: str
) -> pa.Table:
    """Return the entries of a slate that a bundle predicted, in the columns of ENTRY_SCHEMA and the slate's order.

    `data` is the fingerprint of the source tables. `tip_offs` maps game ids to the start of the game, as far as the
    schedule has it. `timezone` is the time zone in which a game date ends; for a game without a tip-off, that end
    decides whether an entry is late.
    """
    ends = end_of_day(slate.day, timezone)
    origin = {
        "name": bundle.manifest.name,
        "run_id": bundle.manifest.run_id,
        "data": data,
        "role": role,
        "predicted_at": slate.predicted_at,
        "known_at": slate.known_at,
    }
    rows: list[Any] = slate.ranked.to_dict("records")
    vectors: list[Any] = slate.features.to_dict("records")
    entries = []
    for row, values in zip(rows, vectors, strict=True):
        start = tip_offs.get(row["game_id"])
        features = [(name, None if math.isnan(value) else value) for name, value in values.items()]
        is_late = slate.predicted_at >= (start or ends)
        entries.append(row | origin | {"tip_off": start, "is_late": is_late, "features": features})
    return pa.Table.from_pylist(entries, ENTRY_SCHEMA)


def end_of_day(day: date, timezone: str) -> datetime:
    """Return the instant at which a date ends in a time zone, in UTC."""
    return datetime.combine(day + timedelta(days=1), time(), ZoneInfo(timezone)).astimezone(UTC)
