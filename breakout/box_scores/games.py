"""The games of imported box scores: the choice of the games to import, their home teams and their ids."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from breakout.box_scores.names import CODES
from breakout.errors import DataError

if TYPE_CHECKING:
    from breakout.box_scores.extracts import Extract

# Only games of these season types are imported, not preseason and All-Star games.
COUNTING = ("regular", "cup_final", "play_in", "playoffs")
FIRST_SEASON_OF_CODES = 1996  # from the season 1996-97 on, CODES has all teams
EXAMPLES = 3  # the largest number of games that a description names


@dataclass(frozen=True)
class LeftOut:
    """The games whose rows an import left out, all or in part, for one reason.

    - `games`: the names or ids of the games.
    - `action`: "left out" if no row of the games was imported, "kept" if only some of their rows were left out.
    """

    reason: str
    games: tuple[str, ...]
    action: str = "left out"

    def describe(self) -> str:
        """Return a text such as "1 game left out, preseason: 2024-10-04 BOS and DEN (0012400001)".

        At most EXAMPLES games are named.
        """
        named = ", ".join(self.games[:EXAMPLES]) + (", ..." if len(self.games) > EXAMPLES else "")
        return (
            f"{len(self.games):,} {'game' if len(self.games) == 1 else 'games'} {self.action}, {self.reason}: {named}"
        )


def find_games(extract: Extract) -> tuple[pd.DataFrame, list[LeftOut]]:
    """Return one row for each game to import, and the games that were left out, by reason.

    Columns of the rows: source_game_id, game_date, season_year, season_type, home, away, game_id. Home team and season
    type come from the schedule in `extract`. For a game that the schedule lacks, they come from the box scores.

    These games are left out:

    - Preseason and All-Star games.
    - Games without a known home team.
    - Games of two teams that are both missing in CODES.
    - Games of seasons before FIRST_SEASON_OF_CODES, if a team is missing in CODES.

    DataError for these games:

    - A game of the season FIRST_SEASON_OF_CODES or later, if only one of its teams is missing in CODES.
    - A game whose box scores do not name two teams and one date.
    - Two games with one id.
    """
    sides = _sides(extract)
    games = sides.groupby("source_game_id", as_index=False, sort=True).agg(
        game_date=("game_date", "min"),
        last_date=("game_date", "max"),
        season_year=("season_year", "first"),
        season_type=("season_type", "first"),
        first=("team", "min"),
        second=("team", "max"),
        teams=("team", "nunique"),
    )
    homes = sides[sides["is_home"].fillna(False)].groupby("source_game_id")["team"].agg(["min", "nunique"])
    aways = sides[~sides["is_home"].fillna(True)].groupby("source_game_id")["team"].agg(["min", "nunique"])
    games["home"] = games["source_game_id"].map(homes["min"].where(homes["nunique"] == 1)).astype("string")
    away = games["source_game_id"].map(aways["min"].where(aways["nunique"] == 1)).astype("string")
    other = games["second"].where(games["first"] == away, games["first"]).where(away.notna())
    is_named = games["source_game_id"].isin(homes.index)
    games["home"] = games["home"].fillna(other.mask(is_named))
    games, left_out = _without_exhibitions(games)
    _check_sides(games)
    games = _with_schedule(games, extract.schedule)
    games, without_home = _split(games, games["home"].notna(), "at a neutral site and in no schedule that was imported")
    games["away"] = games["second"].where(games["home"] == games["first"], games["first"])
    date = games["game_date"].dt.strftime("%Y%m%d")
    games["game_id"] = (date + "_" + games["away"] + "_" + games["home"]).astype("string")
    _check_ids(games)
    columns = ["source_game_id", "game_date", "season_year", "season_type", "home", "away", "game_id"]
    return games[columns], [*left_out, *without_home]


def _sides(extract: Extract) -> pd.DataFrame:
    """Return rows with the teams of each game, including teams that appear only as an opponent.

    A team of a game may have several rows. Rows that come from the column `opponent` have no `is_home`.
    """
    columns = ["source_game_id", "game_date", "season_year", "season_type", "team", "is_home", "opponent"]
    lines = pd.concat([part[columns] for part in (extract.teams, extract.players) if part is not None])
    lines = lines.drop_duplicates()
    opponents = lines[lines["opponent"].notna()]
    is_home = pd.Series(pd.NA, opponents.index, dtype="boolean")
    return pd.concat([lines, opponents.assign(team=opponents["opponent"], is_home=is_home)])


def _split(games: pd.DataFrame, is_kept: pd.Series, reason: str) -> tuple[pd.DataFrame, list[LeftOut]]:
    names = tuple(sorted(name_games(games[~is_kept])))
    return games[is_kept].copy(), [LeftOut(reason, names)] if names else []


def name_games(games: pd.DataFrame) -> list[str]:
    """Return the name of each game for messages, such as "2024-10-22 BOS and NYK (0022400061)".

    `games` has the columns game_date, first, second (the two teams) and source_game_id.
    """
    return [
        f"{row.game_date:%Y-%m-%d} {row.first} and {row.second} ({row.source_game_id})"
        for row in games[["game_date", "first", "second", "source_game_id"]].itertuples()
    ]


def _without_exhibitions(games: pd.DataFrame) -> tuple[pd.DataFrame, list[LeftOut]]:
    games, preseason = _split(games, games["season_type"] != "preseason", "preseason")
    n_unknown = (~games[["first", "second"]].isin(CODES)).sum(axis=1)
    is_old = games["season_year"] < FIRST_SEASON_OF_CODES
    is_show = (games["season_type"] == "all_star") | ((n_unknown == 2) & ~is_old)
    games, shows = _split(games, ~is_show, "All-Star and Rising Stars")
    is_kept = ~((n_unknown > 0) & is_old)[games.index]
    games, old = _split(games, is_kept, f"teams of before {FIRST_SEASON_OF_CODES} without a code")
    wrong = games[n_unknown[games.index] > 0]
    if len(wrong):
        row = wrong.iloc[0]
        code = row["first"] if row["first"] not in CODES else row["second"]
        raise DataError(f"{code!r} is no code of an NBA team (game {row['source_game_id']}); correct it in the file.")
    return games, [*preseason, *shows, *old]


def _check_sides(games: pd.DataFrame) -> None:
    wrong = games[(games["teams"] != 2) | (games["game_date"] != games["last_date"])]
    if len(wrong):
        row = wrong.iloc[0]
        what = (
            f"{row['teams']} teams" if row["teams"] != 2 else f"dates {row['game_date']:%F} and {row['last_date']:%F}"
        )
        raise DataError(f"game {row['source_game_id']} has {what}; correct or leave out its rows.")


def _with_schedule(games: pd.DataFrame, schedule: pd.DataFrame | None) -> pd.DataFrame:
    """Return the games with home team and season type from the schedule; games that `schedule` lacks are unchanged."""
    if schedule is None or schedule.empty:
        return games
    listed = schedule.assign(
        first=schedule[["home", "away"]].min(axis=1), second=schedule[["home", "away"]].max(axis=1)
    ).drop_duplicates(["game_date", "first", "second"])
    listed = listed[["game_date", "first", "second", "home", "season_type"]]
    joined = games.merge(listed, "left", ["game_date", "first", "second"], suffixes=("", "_listed"))
    joined["home"] = joined["home_listed"].fillna(joined["home"])
    joined["season_type"] = joined["season_type_listed"].fillna(joined["season_type"])
    return joined


def _check_ids(games: pd.DataFrame) -> None:
    twice = games[games["game_id"].duplicated(keep=False)]
    if len(twice):
        ids = ", ".join(twice.loc[twice["game_id"] == twice["game_id"].iloc[0], "source_game_id"])
        raise DataError(f"game {twice['game_id'].iloc[0]} stands twice, as {ids}; leave one of them out.")
