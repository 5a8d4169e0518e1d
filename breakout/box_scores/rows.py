"""The rows of the source tables, computed from box scores and games.

The rows also have columns that imported files may lack: lookup names, opponents, possessions, usage rates and team
totals. In this module, a line is the box score of one player, or of one team, in one game.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from breakout.box_scores.extracts import COUNTS
from breakout.box_scores.names import player_lookup

if TYPE_CHECKING:
    from collections.abc import Sequence

GAME_CELLS = ("game_id", "game_date", "team_abbr", "opponent_team_abbr", "season_year", "season_type")
PLAYER_ROW = (
    "player_lookup",
    "player_full_name",
    *GAME_CELLS,
    "minutes_played",
    *COUNTS,
    "usage_rate",
    "win_flag",
    "source_game_id",
    "source_player_id",
)
TEAM_ROW = (
    *GAME_CELLS,
    "points_scored",
    *COUNTS[1:-1],
    "possessions",
    "is_possessions_estimated",
    "minutes_total",
    "home_game",
    "win_flag",
    "margin_of_victory",
    "source_game_id",
    "is_summed_from_players",
)
SCHEDULE_ROW = (
    "game_id",
    "game_date",
    "home_team_abbr",
    "away_team_abbr",
    "season_year",
    "season_type",
    "tip_off",
    "source_game_id",
)
FREE_THROW_SHARE = 0.44  # the usual estimate of the fraction of free-throw attempts that end a possession
TOLERANCE = 3  # minutes by which a team's sum of rounded minutes may differ from a whole game


@dataclass(frozen=True)
class SharedName:
    """A name that several players have in one season.

    - `season_year`: the year in which the season begins.
    - `lookups`: the `player_lookup` of each of these players, such as `jalenwilliams1631114`. A lookup ends with the
      source's id of the player.
    """

    name: str
    season_year: int
    lookups: tuple[str, ...]


def whole_team_minutes(minutes: pd.Series) -> pd.Series:
    """Return the minutes of teams, rounded to the minutes of a whole game: 240, and 25 more for each overtime.

    `minutes` are sums over a team's players. A sum becomes NA if it differs by more than TOLERANCE minutes from the
    nearest of these numbers.
    """
    overtimes = ((minutes - 240) / 25).round().clip(lower=0)
    whole = 240 + 25 * overtimes
    return whole.where((minutes - whole).abs() <= TOLERANCE).astype("Int64")


def sum_players(players: pd.DataFrame) -> pd.DataFrame:
    """Return the box scores of teams, as sums of the box scores of their players.

    A game is left out unless the minutes of both teams are close to the minutes of a whole game. A count, such as
    rebounds, is NA if all players of a team lack the count.
    """
    keys = ["source_game_id", "game_date", "team", "season_year", "season_type"]
    grouped = players.groupby(keys, dropna=False)
    totals = grouped[[*COUNTS, "minutes"]].sum(min_count=1).reset_index()
    for column in ("opponent", "is_home", "is_won"):
        totals[column] = grouped[column].first().to_numpy()
    totals = totals.astype({"is_home": "boolean", "is_won": "boolean"})
    totals["possessions"] = pd.array([pd.NA] * len(totals), "Int64")
    totals["minutes"] = whole_team_minutes(totals["minutes"]).astype("Float64")
    complete = totals.groupby("source_game_id")["minutes"].count()
    return totals[totals["source_game_id"].isin(complete.index[complete == 2])]


def build_teams(lines: pd.DataFrame, games: pd.DataFrame) -> pd.DataFrame:
    """Return rows of the table team_offense_game_summary: one for each box score in `lines` whose game is in `games`.

    Possessions come from the source if the source has them for both teams of a game. Otherwise they are estimated: the
    mean of FGA + 0.44 FTA - OREB + TOV over both teams, as a whole number. FGA and FTA are attempted field goals and
    free throws, OREB offensive rebounds, TOV turnovers. The estimate is missing if one of these counts is missing.
    """
    rows = _with_game(lines, games)
    own = rows["fg_attempts"] + FREE_THROW_SHARE * rows["ft_attempts"] - rows["offensive_rebounds"] + rows["turnovers"]
    game = rows.groupby("source_game_id")
    mean = own.groupby(rows["source_game_id"]).transform("sum") / 2
    is_known = own.notna().groupby(rows["source_game_id"]).transform("sum") == 2
    rows["is_possessions_estimated"] = game["possessions"].transform("count") < 2
    estimate = mean.where(is_known).round().astype("Int64")
    rows["possessions"] = rows["possessions"].mask(rows["is_possessions_estimated"], estimate).astype("Int64")
    rows["points_scored"] = rows["points"]
    rows["margin_of_victory"] = 2 * rows["points"] - game["points"].transform("sum")
    rows["minutes_total"] = rows["minutes"].round().astype("Int64")
    rows["home_game"] = rows["team"] == rows["home"]
    return rows[list(TEAM_ROW)]


def build_players(
    lines: pd.DataFrame, teams: pd.DataFrame, games: pd.DataFrame
) -> tuple[pd.DataFrame, list[SharedName]]:
    """Return rows of the table player_game_summary, and the names that several players have in one season.

    - `lines`: box scores of players. Box scores of games that are not in `games` are left out.
    - `teams`: rows of team_offense_game_summary.

    The usage rate is 100 * uses * (team minutes / 5) / (minutes * team uses), in percent with two decimals. Uses are
    FGA + 0.44 FTA + TOV (attempted field goals, attempted free throws, turnovers). The rate is missing if the player
    has no minutes, if the team has no uses, or if a count is missing. Missing team minutes count as 240.
    """
    rows = _with_game(lines, games)
    rows["player_lookup"] = rows["player_full_name"].map(player_lookup).astype("string")
    shared = _tell_apart(rows)
    rows["minutes_played"] = rows["minutes"]
    team = teams.set_index(["source_game_id", "team_abbr"])
    team_uses = (team["fg_attempts"] + FREE_THROW_SHARE * team["ft_attempts"] + team["turnovers"]).astype("Float64")
    minutes = team["minutes_total"].fillna(240).astype("Float64")
    per_use = (minutes / 5 / team_uses.where(team_uses > 0)).rename("per_use")
    rows = rows.join(per_use, on=["source_game_id", "team_abbr"])
    uses = rows["fg_attempts"] + FREE_THROW_SHARE * rows["ft_attempts"] + rows["turnovers"]
    played = rows["minutes"].where(rows["minutes"] > 0).astype("Float64")
    percent = (100 * uses * rows["per_use"] / played).astype("float64")
    # A half is rounded up, as in the league's tables. The addend 1e-7 is for halves that the division made a little too
    # small.
    rows["usage_rate"] = np.floor(100 * percent + 0.5 + 1e-7) / 100
    return rows[list(PLAYER_ROW)], shared


def _with_game(lines: pd.DataFrame, games: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of `lines` whose game is in `games`; add columns that describe the game, such as `game_id`."""
    kept = lines.drop(columns=["season_year", "season_type", "opponent", "is_home"])
    rows = kept.merge(games.drop(columns="game_date"), on="source_game_id", validate="many_to_one")
    rows["team_abbr"] = rows["team"]
    rows["opponent_team_abbr"] = rows["away"].where(rows["team"] == rows["home"], rows["home"])
    rows["win_flag"] = rows["is_won"]
    if "is_summed_from_players" not in rows:
        rows["is_summed_from_players"] = False
    return rows


def _tell_apart(rows: pd.DataFrame) -> list[SharedName]:
    """Append the source's player id to the `player_lookup` of players who share a name in a season; return these names.

    The column `player_lookup` is changed in `rows` itself.
    """
    people = rows[["season_year", "player_lookup", "player_full_name", "source_player_id"]]
    people = people.drop_duplicates(["season_year", "player_lookup", "source_player_id"])
    shared = people[people.duplicated(["season_year", "player_lookup"], keep=False)]
    suffixed = shared.assign(lookup=shared["player_lookup"] + shared["source_player_id"])
    keys = ["season_year", "player_lookup", "source_player_id"]
    found = rows[keys].merge(suffixed[[*keys, "lookup"]], "left", keys)["lookup"].to_numpy()
    rows["player_lookup"] = pd.Series(found, rows.index, dtype="string").fillna(rows["player_lookup"])
    return [
        SharedName(str(group["player_full_name"].iloc[0]), int(group["season_year"].iloc[0]), tuple(group["lookup"]))
        for _, group in suffixed.sort_values("lookup").groupby(["season_year", "player_lookup"])
    ]


def build_schedule(schedule: pd.DataFrame, season_types: Sequence[str]) -> pd.DataFrame:
    """Return the scheduled games of the given season types as rows of the source table `schedule`."""
    rows = schedule[schedule["season_type"].isin(season_types)].copy()
    date = pd.to_datetime(rows["game_date"]).dt.strftime("%Y%m%d")
    rows["game_id"] = (date + "_" + rows["away"] + "_" + rows["home"]).astype("string")
    rows = rows.rename(columns={"home": "home_team_abbr", "away": "away_team_abbr"})
    return rows[list(SCHEDULE_ROW)]
