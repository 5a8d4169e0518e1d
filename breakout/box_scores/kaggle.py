"""The conversion of a file of box scores from Kaggle to the common form of an import.

The file is PlayerStatistics of the data set "Historical NBA Data and Player Box Scores". It has no box scores of teams.
"""

from __future__ import annotations

import pandas as pd

from breakout.box_scores.extracts import PLAYER_COLUMNS, Extract, counts_of, dates_of
from breakout.box_scores.names import code_of_name, minutes_of
from breakout.box_scores.nba_api import game_facts
from breakout.errors import DataError

_COUNTS = {
    "points": "points",
    "assists": "assists",
    "rebounds": "reboundsTotal",
    "offensive_rebounds": "reboundsOffensive",
    "steals": "steals",
    "blocks": "blocks",
    "turnovers": "turnovers",
    "personal_fouls": "foulsPersonal",
    "fg_attempts": "fieldGoalsAttempted",
    "fg_makes": "fieldGoalsMade",
    "three_pt_attempts": "threePointersAttempted",
    "three_pt_makes": "threePointersMade",
    "ft_attempts": "freeThrowsAttempted",
    "ft_makes": "freeThrowsMade",
    "plus_minus": "plusMinusPoints",
}
_NEEDED = (
    *("firstName", "lastName", "personId", "gameId", "playerteamCity", "playerteamName", "opponentteamCity"),
    *("opponentteamName", "home", "numMinutes", "points", "fieldGoalsAttempted"),
)


def extract_kaggle(rows: pd.DataFrame, where: str) -> Extract:
    """Return the players' box scores in Kaggle's file PlayerStatistics.

    Rows without a team are left out. Season and season type are read from the league's game id. `where` names the file
    in error messages. DataError if a column is missing, or for an id, a date, a count or minutes that cannot be read.
    """
    date = next((name for name in ("gameDateTimeEst", "gameDate") if name in rows), None)
    missing = [name for name in _NEEDED if name not in rows] + ([] if date else ["gameDate"])
    if date is None or missing:
        raise DataError(
            f"{where} is not Kaggle's PlayerStatistics: it lacks {', '.join(missing)}; give PlayerStatistics.csv."
        )
    rows = rows[rows["playerteamName"].notna()]
    game = game_facts(rows["gameId"], where)
    lines = pd.DataFrame(
        {
            "source_game_id": game["id"],
            "game_date": dates_of(rows[date], where),
            "team": _codes(rows["playerteamCity"], rows["playerteamName"]),
            "opponent": _codes(rows["opponentteamCity"], rows["opponentteamName"]),
            "is_home": _flags(rows["home"]),
            "season_year": game["season_year"],
            "season_type": game["season_type"],
            "is_won": _flags(rows["win"]) if "win" in rows else pd.NA,
            "source_player_id": rows["personId"],
            "player_full_name": (rows["firstName"].fillna("") + " " + rows["lastName"].fillna("")).str.strip(),
            "minutes": minutes_of(rows["numMinutes"], f"{where}, column numMinutes"),
        },
        index=rows.index,
    )
    return Extract(players=lines.join(counts_of(rows, _COUNTS, where))[list(PLAYER_COLUMNS)])


def rows_of_season(rows: pd.DataFrame, season: str | None) -> pd.DataFrame:
    """Return the rows of Kaggle's file PlayerStatistics whose game ids belong to a season such as 2026-27.

    All rows are returned if `season` is None or if there is no column gameId. Choose rows before the conversion,
    because the file has 1.6 million rows.
    """
    if season is None or "gameId" not in rows:
        return rows
    return rows[rows["gameId"].str.zfill(10).str[3:5] == season[2:4]]


def _codes(cities: pd.Series, names: pd.Series) -> pd.Series:
    pairs = zip(cities.fillna(""), names.fillna(""), strict=True)
    return pd.Series([code_of_name(city, name) for city, name in pairs], cities.index, dtype="string")


def _flags(values: pd.Series) -> pd.Series:
    return values.str.lower().map({"1": True, "0": False, "true": True, "false": False}).astype("boolean")
