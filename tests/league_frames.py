"""The games of the embedded sample in the columns of nba_api's LeagueGameLog and ScheduleLeagueV2.

For players, the sample lacks made shots and free throws, offensive and defensive rebounds, and fouls. These columns are
0.
"""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pandas as pd

from breakout.warehouse.sample import SAMPLE_FOLDER

_OF_PLAYERS = {
    "FGA": "fg_attempts",
    "FG3M": "three_pt_makes",
    "FG3A": "three_pt_attempts",
    "FTA": "ft_attempts",
    "REB": "rebounds",
    "AST": "assists",
    "STL": "steals",
    "BLK": "blocks",
    "TOV": "turnovers",
    "PTS": "points",
    "PLUS_MINUS": "plus_minus",
}
_OF_TEAMS = {
    "FGM": "fg_makes",
    "FGA": "fg_attempts",
    "FG3M": "three_pt_makes",
    "FG3A": "three_pt_attempts",
    "FTM": "ft_makes",
    "FTA": "ft_attempts",
    "OREB": "offensive_rebounds",
    "REB": "rebounds",
    "AST": "assists",
    "TOV": "turnovers",
    "PF": "personal_fouls",
    "PTS": "points_scored",
    "PLUS_MINUS": "margin_of_victory",
}


def sample_table(table: str, start: date, end: date) -> pd.DataFrame:
    """Return the rows of a table of the sample between two dates, both inclusive."""
    rows = pd.read_parquet(SAMPLE_FOLDER / f"{table}.parquet")
    return rows[pd.to_datetime(rows["game_date"]).dt.date.between(start, end)].reset_index(drop=True)


def game_logs(start: date, end: date) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the frames of players and of teams between two dates, of all games with player rows in the sample."""
    players = sample_table("player_game_summary", start, end)
    teams = sample_table("team_offense_game_summary", start, end)
    teams = teams[teams["game_id"].isin(players["game_id"])]
    ids = teams.drop_duplicates("game_id").set_index("game_id")["nba_game_id"].astype(str)
    log = _log(players, ids).assign(
        PLAYER_ID=players["player_lookup"].astype("category").cat.codes + 1000,
        PLAYER_NAME=players["player_full_name"],
        MIN=players["minutes_played"].astype("Int64"),
        **{name: players[column].astype("Int64") for name, column in _OF_PLAYERS.items()},
        **dict.fromkeys(("FGM", "FTM", "OREB", "DREB", "PF"), 0),
    )
    totals = {name: teams[column] for name, column in _OF_TEAMS.items()}
    return log, _log(teams, ids).assign(MIN=teams["minutes_total"], STL=0, BLK=0, **totals)


def _log(rows: pd.DataFrame, ids: pd.Series) -> pd.DataFrame:
    place = (rows["game_id"].str.split("_").str[2] == rows["team_abbr"]).map({True: " vs. ", False: " @ "})
    return pd.DataFrame(
        {
            "SEASON_ID": "2" + rows["season_year"].astype(str),
            "TEAM_ABBREVIATION": rows["team_abbr"],
            "GAME_ID": rows["game_id"].map(ids),
            "GAME_DATE": pd.to_datetime(rows["game_date"]).dt.strftime("%Y-%m-%d"),
            "MATCHUP": rows["team_abbr"] + place + rows["opponent_team_abbr"],
            "WL": rows["win_flag"].astype(bool).map({True: "W", False: "L"}),
        }
    )


def league_schedule(start: date, end: date) -> str:
    """Return the schedule between two dates as an answer of the league's service; the sample has 2025-26 only."""
    games: dict[str, list[dict[str, object]]] = {}
    rows = sample_table("schedule", start, end)
    for number, row in enumerate(rows.to_dict("records")):
        day = f"{row['game_date']:%Y-%m-%d}"
        games.setdefault(day, []).append(
            {
                "gameId": f"00225{number:05}",
                "gameDateEst": f"{day}T00:00:00Z",
                "gameDateTimeUTC": f"{day}T23:30:00Z",
                "gameStatusText": "7:30 pm ET",
                "homeTeam": {"teamTricode": row["home_team_abbr"]},
                "awayTeam": {"teamTricode": row["away_team_abbr"]},
            }
        )
    return json.dumps({"leagueSchedule": {"gameDates": [{"gameDate": day, "games": of} for day, of in games.items()]}})


def write_game_logs(folder: Path, start: date, end: date) -> None:
    """Write the frames of `game_logs` as players.csv and teams.csv; a missing number is an empty field."""
    for name, frame in zip(("players", "teams"), game_logs(start, end), strict=True):
        frame.to_csv(folder / f"{name}.csv", index=False)
