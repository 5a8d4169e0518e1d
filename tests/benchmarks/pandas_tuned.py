"""The ten shared features in pandas, tuned by an expert: groups by integer codes, positions in place of indexes.

In: both source tables as DataFrames. Out: keys, label and features of the kept rows, NaN where missing. Like the
hand-written query it leans on what holds for the embedded games: nobody plays twice on a date, every game stands in
both tables.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

SEASON = ["player_lookup", "season_year"]


def build_features(players: pd.DataFrame, teams: pd.DataFrame) -> pd.DataFrame:
    """The rows of every date, sorted as ours."""
    own = _own_form(players)
    games = own.merge(_team_nights(teams), on=["game_id", "team_abbr"], validate="many_to_one")
    games["home_away"] = (games["game_id"].str.rsplit("_", n=1).str[-1] == games["team_abbr"]).astype("float64")
    return games.sort_values(["game_date", "game_id", "player_lookup"], ignore_index=True)


def _own_form(players: pd.DataFrame) -> pd.DataFrame:
    is_played = (players["season_type"] == "regular") & (players["minutes_played"] > 0) & players["points"].notna()
    played = players[is_played].sort_values([*SEASON, "game_date", "game_id"], ignore_index=True)
    code = played.groupby(SEASON, sort=False).ngroup()
    season = played.groupby(code, sort=False)
    date, points = played["game_date"], played["points"]
    games_before = season.cumcount()
    points_before = season["points"].cumsum() - points
    average = points_before / games_before.where(games_before > 0)
    spread = _rolling(played, code, "points", 10, "std")
    last_5 = _rolling(played, code, "points", 5, "mean")
    best = pd.concat([_recent_points(season, date, back) for back in range(1, 6)], axis=1).max(axis=1)
    is_breakout = points * games_before >= 1.5 * points_before
    breakout_date = date.where(is_breakout & (games_before >= 5) & (points_before > 0))
    latest_breakout = breakout_date.groupby(code, sort=False).ffill().groupby(code, sort=False).shift()
    is_kept = (games_before >= 5) & (points_before >= 8 * games_before) & (points_before <= 16 * games_before)
    return played[["player_lookup", "game_id", "game_date", "team_abbr"]].assign(
        is_breakout=is_breakout.astype("int64"),
        pts_vs_season_zscore=(last_5 - average) / spread.where(spread != 0),
        points_std_last_10=spread,
        explosion_ratio=best / average,
        days_since_breakout=(date - latest_breakout).dt.days,
        points_avg_last_5=last_5,
        points_avg_season=average,
        minutes_avg_last_10=_rolling(played, code, "minutes_played", 10, "mean"),
    )[is_kept]


def _rolling(played: pd.DataFrame, code: pd.Series, column: str, games: int, how: str) -> pd.Series:
    """Over the `games` games before each row; the rows are sorted by player and season, so positions are enough."""
    needed = 2 if how == "std" else 1
    values = played[column].groupby(code, sort=False).rolling(games, min_periods=needed).agg(how).to_numpy()
    shifted: pd.Series = pd.Series(values).groupby(code, sort=False).shift()
    return shifted


def _recent_points(season: pd.api.typing.DataFrameGroupBy[Any, Any], date: pd.Series, back: int) -> pd.Series:
    """Points of so many games before, if that game was played within the last 30 days."""
    is_recent = season["game_date"].shift(back) >= date - pd.Timedelta(days=30)
    points: pd.Series = season["points"].shift(back).where(is_recent)
    return points


def _team_nights(teams: pd.DataFrame) -> pd.DataFrame:
    """The opponent's defence and the second night in a row, a row for each team and game."""
    games = teams[teams["season_type"] == "regular"].sort_values(["game_date", "game_id"], ignore_index=True)
    allowed = games.groupby(["opponent_team_abbr", "season_year"], sort=False)
    totals = allowed[["points_scored", "possessions"]].cumsum()
    before = totals.groupby(allowed.ngroup(), sort=False)
    last_15 = before.shift(1) - before.shift(16).fillna(0)
    previous = games.groupby(["team_abbr", "season_year"], sort=False)["game_date"].shift()
    return games[["game_id", "team_abbr"]].assign(
        opponent_def_rating=100 * last_15["points_scored"] / last_15["possessions"],
        back_to_back=np.where(previous == games["game_date"] - pd.Timedelta(days=1), 1.0, 0.0),
    )
