"""Builders of ledger entries and of player rows, for tests."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pandas as pd
import pyarrow as pa

from breakout.ledger.entries import ENTRY_SCHEMA

DAY = date(2026, 1, 5)
GAME = "20260105_NYK_BOS"
MORNING = datetime(2026, 1, 5, 15, tzinfo=UTC)


def entry(player: str = "ann", **changed: Any) -> dict[str, Any]:
    """Return an entry for GAME on DAY; `changed` replaces the values of columns."""
    known = {
        "game_date": DAY,
        "game_id": GAME,
        "player_lookup": player,
        "player_full_name": player.title(),
        "team_abbr": "BOS",
        "opponent_team_abbr": "NYK",
        "bundle": "b1",
        "name": "model",
        "run_id": "run",
        "contract": "c",
        "data": "d",
        "role": "production",
        "predicted_at": MORNING,
        "is_late": False,
        "probability": 0.2,
        "points_for_breakout": 15,
        "features": [("points_avg_season", 10.0), ("cv_ratio", None)],
    }
    return known | changed


def table(*entries: dict[str, Any]) -> pa.Table:
    return pa.Table.from_pylist(list(entries), ENTRY_SCHEMA)


def frame(*entries: dict[str, Any]) -> pd.DataFrame:
    entered: pd.DataFrame = table(*entries).to_pandas()
    return entered


def results(*rows: tuple[str, date, str, str, int | None, float | None]) -> pd.DataFrame:
    """Return player rows with game_id, game_date, player_lookup, team_abbr, points, minutes_played, in this order."""
    names = ["game_id", "game_date", "player_lookup", "team_abbr", "points", "minutes_played"]
    return pd.DataFrame(list(rows), columns=names).astype({"points": "float64", "minutes_played": "float64"})
