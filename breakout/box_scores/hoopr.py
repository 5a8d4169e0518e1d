"""The conversion of the R package hoopR's tables of ESPN box scores to the common form of an import.

hoopR's functions `load_nba_player_box` and `load_nba_team_box` return these tables.
"""

from __future__ import annotations

import pandas as pd

from breakout.box_scores.extracts import PLAYER_COLUMNS, TEAM_COLUMNS, Extract, counts_of, dates_of
from breakout.box_scores.names import minutes_of, team_code
from breakout.errors import DataError

_SHARED = {
    "assists": "assists",
    "offensive_rebounds": "offensive_rebounds",
    "steals": "steals",
    "blocks": "blocks",
    "personal_fouls": "fouls",
    "fg_attempts": "field_goals_attempted",
    "fg_makes": "field_goals_made",
    "three_pt_attempts": "three_point_field_goals_attempted",
    "three_pt_makes": "three_point_field_goals_made",
    "ft_attempts": "free_throws_attempted",
    "ft_makes": "free_throws_made",
}
_OF_PLAYERS = {
    **_SHARED,
    "points": "points",
    "rebounds": "rebounds",
    "turnovers": "turnovers",
    "plus_minus": "plus_minus",
}
_OF_TEAMS = {**_SHARED, "points": "team_score", "rebounds": "total_rebounds", "turnovers": "total_turnovers"}
_BOTH = {"game_id", "season", "season_type", "game_date", "team_abbreviation", "field_goals_attempted"}
_PLAYER = _BOTH | {"athlete_id", "athlete_display_name", "minutes", "points", "home_away", "opponent_team_abbreviation"}
_TEAM = _BOTH | {"team_home_away", "team_score", "opponent_team_abbreviation"}
_SEASON_TYPES = {"1": "preseason", "2": "regular", "3": "playoffs", "4": "preseason", "5": "play_in"}
# The dates of the finals of the league's cup, on which no other game was played. ESPN counts the finals as games of the
# regular season, but the league does not.
_CUP_FINALS = ("2023-12-09", "2024-12-17", "2025-12-16")


def extract_hoopr(rows: pd.DataFrame, where: str) -> Extract:
    """Return the box scores in one table of the R package hoopR, either of players or of teams.

    Rows without a team are left out. The finals of the league's cup up to 2025 are recognised by their dates. A later
    final counts as a regular game unless an imported schedule corrects its season type.

    `where` names the file in error messages. DataError if the table is neither player_box nor team_box. DataError also
    for a season, a season type, a date, a count or minutes that cannot be read.
    """
    is_player = "athlete_id" in rows
    missing = (_PLAYER if is_player else _TEAM) - set(rows.columns)
    if missing:
        raise DataError(
            f"{where} is neither hoopR's player_box nor its team_box: it lacks {', '.join(sorted(missing))}; give the"
            " frame of load_nba_player_box or load_nba_team_box."
        )
    rows = rows[rows["team_abbreviation"].notna()]
    if "total_turnovers" not in rows and not is_player:
        rows = rows.assign(total_turnovers=rows.get("turnovers", pd.Series(pd.NA, rows.index, dtype="string")))
    lines = _lines(rows, where, "home_away" if is_player else "team_home_away")
    if not is_player:
        lines["minutes"] = float("nan")
        lines["possessions"] = pd.array([pd.NA] * len(lines), "Int64")
        return Extract(teams=lines.join(counts_of(rows, _OF_TEAMS, where))[list(TEAM_COLUMNS)])
    lines = lines.join(counts_of(rows, _OF_PLAYERS, where))
    lines["minutes"] = minutes_of(rows["minutes"], f"{where}, column minutes")
    lines["source_player_id"], lines["player_full_name"] = rows["athlete_id"], rows["athlete_display_name"]
    return Extract(players=lines[list(PLAYER_COLUMNS)])


def _lines(rows: pd.DataFrame, where: str, place: str) -> pd.DataFrame:
    season_type = rows["season_type"].map(_SEASON_TYPES)
    if season_type.isna().any():
        wrong = rows.loc[season_type.isna(), "season_type"].iloc[0]
        raise DataError(f"{where}: season_type {wrong} is not one of {', '.join(_SEASON_TYPES)}; correct the file.")
    season = pd.to_numeric(rows["season"], errors="coerce")
    if season.isna().any():
        raise DataError(f"{where}: season {rows.loc[season.isna(), 'season'].iloc[0]} is no year; correct the file.")
    date = dates_of(rows["game_date"], where)
    is_final = date.isin(pd.to_datetime(list(_CUP_FINALS))) & (season_type == "regular")
    won = rows.get("team_winner", pd.Series(pd.NA, rows.index, dtype="string"))
    return pd.DataFrame(
        {
            "source_game_id": rows["game_id"],
            "game_date": date,
            "team": rows["team_abbreviation"].map(team_code),
            "opponent": rows["opponent_team_abbreviation"].map(team_code, na_action="ignore"),
            "is_home": (rows[place].str.lower() == "home").astype("boolean"),
            "season_year": season.astype("Int64") - 1,
            "season_type": season_type.mask(is_final, "cup_final"),
            "is_won": won.str.lower().map({"true": True, "false": False}).astype("boolean"),
        },
        index=rows.index,
    )
