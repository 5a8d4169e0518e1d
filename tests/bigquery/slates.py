"""A made-up ranked slate, in the form that prediction writes."""

from __future__ import annotations

from datetime import date

import pandas as pd

from breakout.warehouse.bigquery.writing import SLATE_COLUMNS


def slate(bundle: str = "b1", day: date = date(2026, 2, 6), players: int = 3) -> pd.DataFrame:
    rows = [
        {
            "game_date": day,
            "bundle": bundle,
            "contract": "c1",
            "player_lookup": f"player{number}",
            "game_id": "20260206_MIA_BOS",
            "split": "slate",
            "probability": 0.1 + number / 7,
            "player_full_name": f"Player O'{number}",
            "team_abbr": "MIA",
            "opponent_team_abbr": "BOS",
            "is_home": 0,
            "season_points_avg": 11.25,
            "points_for_breakout": 17,
            "games_before": 30,
            "days_since_last_game": 2,
            "availability_status": "not_listed",
            "team_out": "",
            "opponent_out": "Player O'Out (doubtful)",
            "known_at": "2026-02-06T22:30:00Z",
            "top_features": None if number else "points_avg_season",
        }
        for number in range(players)
    ]
    return pd.DataFrame(rows, columns=list(SLATE_COLUMNS))
