"""Builders of ledger entries, player rows and unusual shadows, for tests."""

from __future__ import annotations

import shutil
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from breakout.artifacts import SEAL_KEY, file_digest, load_json, save_sealed
from breakout.bundle.folder import Bundle
from breakout.bundle.manifest import MANIFEST_FILE, bundle_fingerprint
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


def add_refused_shadow(bundle: Bundle, outputs: Path) -> str:
    """Add a copy of a bundle to the shadows, with intact files but settings of an unknown version; return its name."""
    beside = outputs / "refused"
    copied = shutil.copytree(bundle.folder, beside)
    text = (copied / "settings.yaml").read_text(encoding="utf-8")
    (copied / "settings.yaml").write_text(text.replace("config_version: 2", "config_version: 99"), encoding="utf-8")
    record = load_json(copied / MANIFEST_FILE)
    record["files"]["settings.yaml"] = file_digest(copied / "settings.yaml")
    record["fingerprint"] = bundle_fingerprint(record)
    save_sealed({key: value for key, value in record.items() if key != SEAL_KEY}, copied / MANIFEST_FILE)
    (outputs / "shadows").mkdir(exist_ok=True)
    beside.rename(outputs / "shadows" / record["fingerprint"])
    return str(record["fingerprint"])
