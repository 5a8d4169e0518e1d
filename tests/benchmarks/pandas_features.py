"""The ten shared features in vectorised pandas: groups by name, rows aligned by their index, no loop over rows.

Like the hand-written query, it assumes what is true of the embedded games: nobody plays twice on a date, and both
tables have every game.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

SEASON = ["player_lookup", "season_year"]
DEFENCE = ["opponent_team_abbr", "season_year"]


def build_features(players: pd.DataFrame, teams: pd.DataFrame) -> pd.DataFrame:
    """Return keys, label and features of the kept rows of every date, sorted by date, game and player.

    `players` and `teams` are the two source tables. A missing feature is NaN.
    """
    is_played = (players["season_type"] == "regular") & (players["minutes_played"] > 0) & players["points"].notna()
    played = players[is_played].sort_values([*SEASON, "game_date", "game_id"])
    season = played.groupby(SEASON)
    games_before = season.cumcount()
    points_before = season["points"].cumsum() - played["points"]
    average = points_before / games_before.where(games_before > 0)
    last_5 = _before(played, "points", 5).mean().droplevel([0, 1])
    spread = _before(played, "points", 10, min_periods=2).std().droplevel([0, 1])
    is_breakout = played["points"] * games_before >= 1.5 * points_before
    counts = is_breakout & (games_before >= 5) & (points_before > 0)
    rows = played[["player_lookup", "game_id", "game_date", "team_abbr"]].assign(
        is_breakout=is_breakout.astype("int64"),
        pts_vs_season_zscore=(last_5 - average) / spread.where(spread != 0),
        points_std_last_10=spread,
        explosion_ratio=_best_of_last_5(played) / average,
        days_since_breakout=(played["game_date"] - _latest_breakout(played, counts)).dt.days,
        home_away=(played["game_id"].str.split("_").str[2] == played["team_abbr"]).astype("float64"),
        points_avg_last_5=last_5,
        points_avg_season=average,
        minutes_avg_last_10=_before(played, "minutes_played", 10).mean().droplevel([0, 1]),
    )
    kept = rows[(games_before >= 5) & average.between(8, 16)].merge(_team_nights(teams), on=["game_id", "team_abbr"])
    return kept.sort_values(["game_date", "game_id", "player_lookup"], ignore_index=True)


def _before(played: pd.DataFrame, column: str, games: int, min_periods: int = 1) -> Any:
    """Return rolling windows of the `games` games before each row, by player and season."""
    previous = played.assign(previous=played.groupby(SEASON)[column].shift())
    return previous.groupby(SEASON)["previous"].rolling(games, min_periods=min_periods)


def _best_of_last_5(played: pd.DataFrame) -> pd.Series:
    """Return the most points in one of the five games before each row, of those within the last 30 days."""
    season = played.groupby(SEASON)
    month_before = played["game_date"] - pd.Timedelta(days=30)
    points = [
        season["points"].shift(back).where(season["game_date"].shift(back) >= month_before) for back in range(1, 6)
    ]
    return pd.concat(points, axis=1).max(axis=1)


def _latest_breakout(played: pd.DataFrame, counts: pd.Series) -> pd.Series:
    """Return the date of the latest breakout before each row."""
    dated = played.assign(breakout=played["game_date"].where(counts))
    known = dated.assign(breakout=dated.groupby(SEASON)["breakout"].ffill())
    latest: pd.Series = known.groupby(SEASON)["breakout"].shift()
    return latest


def _team_nights(teams: pd.DataFrame) -> pd.DataFrame:
    """Return the opponent's defensive rating and the back-to-back flag for each team and game."""
    games = teams[teams["season_type"] == "regular"].sort_values(["game_date", "game_id"])
    allowed = games.groupby(DEFENCE)
    before = games.assign(points=allowed["points_scored"].shift(), possessions=allowed["possessions"].shift())
    last_15 = before.groupby(DEFENCE)[["points", "possessions"]].rolling(15, min_periods=1).sum().droplevel([0, 1])
    previous = games.groupby(["team_abbr", "season_year"])["game_date"].shift()
    return games[["game_id", "team_abbr"]].assign(
        opponent_def_rating=100 * last_15["points"] / last_15["possessions"],
        back_to_back=(previous == games["game_date"] - pd.Timedelta(days=1)).astype("float64"),
    )
