"""The entries of the ledger (the record of served predictions): one row for each ranked player of a day.

An entry has the features of the player and the predicted probability of a breakout.
"""

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

# The columns of an entry. These need an explanation:
#   data                  the fingerprint of the source tables
#   predicted_at          the time at which the slate was built
#   known_at              the time of the newest injury report that the slate used; null if it used none
#   tip_off               null if the schedule does not have it
#   is_late               whether predicted_at is at or after tip_off or, if tip_off is null, after the game date
#   points_for_breakout   the fewest points that are a breakout
#   ladder                P(points >= k) for k = 1, 2, ...; null for a model that does not predict it
#   features              values by name; null where the feature's default was used
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
    """Return one entry for each ranked player of a slate, with the columns of ENTRY_SCHEMA.

    - `slate`: the ranked players of one day, as `bundle` (a saved model) predicted them.
    - `data`: the fingerprint of the source tables.
    - `tip_offs`: the tip-off of each game, by game id, where known.
    - `timezone`: the time zone of the game dates, such as America/New_York.
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
    """Return the instant, in UTC, at which the date `day` ends in a time zone such as America/New_York."""
    return datetime.combine(day + timedelta(days=1), time(), ZoneInfo(timezone)).astimezone(UTC)
