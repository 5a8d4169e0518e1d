"""The conversion of tables of the package nba_api to the common form of an import.

The tables LeagueGameLog, PlayerGameLogs and PlayerGameLog have box scores. ScheduleLeagueV2 has scheduled games.
"""

from __future__ import annotations

import pandas as pd

from breakout.box_scores.extracts import (
    PLAYER_COLUMNS,
    SCHEDULE_COLUMNS,
    TEAM_COLUMNS,
    Extract,
    counts_of,
    dates_of,
    whole_numbers,
)
from breakout.box_scores.names import minutes_of, team_code
from breakout.errors import DataError

_COUNTS = {
    "points": "PTS",
    "assists": "AST",
    "rebounds": "REB",
    "offensive_rebounds": "OREB",
    "steals": "STL",
    "blocks": "BLK",
    "turnovers": "TOV",
    "personal_fouls": "PF",
    "fg_attempts": "FGA",
    "fg_makes": "FGM",
    "three_pt_attempts": "FG3A",
    "three_pt_makes": "FG3M",
    "ft_attempts": "FTA",
    "ft_makes": "FTM",
    "plus_minus": "PLUS_MINUS",
}
_LOG = {"GAME_ID", "GAME_DATE", "MATCHUP", "WL", "MIN", "FGA", "FTA", "OREB", "TOV", "PTS"}
_SCHEDULE = {"GAMEID", "HOMETEAM_TEAMTRICODE", "AWAYTEAM_TEAMTRICODE"}
_SEASON_TYPES = {"1": "preseason", "2": "regular", "3": "all_star", "4": "playoffs", "5": "play_in", "6": "cup_final"}
KINDS = "players or teams of LeagueGameLog, PlayerGameLogs, PlayerGameLog or ScheduleLeagueV2"


def extract_nba_api(rows: pd.DataFrame, where: str) -> Extract:
    """Return the content of one table of the package nba_api: scheduled games, or box scores of players or of teams.

    Box scores of unfinished games are left out; `unfinished` has the ids of these games. `where` names the file in
    error messages.

    DataError if the columns do not fit any known table. DataError also for an id, a matchup (a text such as `BOS vs.
    NYK`), a date, a count or minutes that cannot be read.
    """
    rows = rows.set_axis([str(name).upper() for name in rows.columns], axis=1)
    rows = rows.loc[:, ~rows.columns.duplicated()]
    if "GAMEID" in rows and (set(rows.columns) >= _SCHEDULE or rows.empty):
        return Extract(schedule=_schedule(rows, where))
    if not set(rows.columns) >= _LOG:
        missing = ", ".join(sorted(_LOG - set(rows.columns)))
        raise DataError(f"{where} is not one of nba_api's {KINDS}: it lacks {missing}; give a file of that kind.")
    is_player = "PLAYER_ID" in rows
    finished = rows[rows["WL"].notna()]
    unfinished = tuple(sorted(set(rows.loc[rows["WL"].isna(), "GAME_ID"].dropna())))
    lines = _lines(finished, where)
    if not is_player:
        possessions = finished.get("POSS", pd.Series(pd.NA, finished.index, dtype="string"))
        lines["possessions"] = whole_numbers(possessions, f"{where}, column POSS")
        return Extract(teams=lines[list(TEAM_COLUMNS)], unfinished=unfinished)
    lines["source_player_id"] = finished["PLAYER_ID"]
    name = finished["PLAYER_NAME"] if "PLAYER_NAME" in finished else pd.Series(pd.NA, finished.index, dtype="string")
    lines["player_full_name"] = name
    return Extract(players=lines[list(PLAYER_COLUMNS)], unfinished=unfinished)


def _lines(rows: pd.DataFrame, where: str) -> pd.DataFrame:
    matchup = rows["MATCHUP"].str.extract(r"^\s*(?P<team>\S+)\s+(?P<place>vs\.?|@)\s+(?P<opponent>\S+)\s*$")
    if matchup["place"].isna().any():
        wrong = rows.loc[matchup["place"].isna(), "MATCHUP"].iloc[0]
        raise DataError(f"{where}: MATCHUP {wrong!r} is neither `BOS vs. NYK` nor `NYK @ BOS`; correct the file.")
    game = game_facts(rows["GAME_ID"], where)
    return pd.DataFrame(
        {
            "source_game_id": game["id"],
            "game_date": dates_of(rows["GAME_DATE"], where),
            "team": matchup["team"].map(team_code),
            "opponent": matchup["opponent"].map(team_code),
            "is_home": (matchup["place"] != "@").astype("boolean"),
            "season_year": game["season_year"],
            "season_type": game["season_type"],
            "is_won": (rows["WL"] == "W").astype("boolean"),
            "minutes": minutes_of(rows["MIN"], f"{where}, column MIN"),
        },
        index=rows.index,
    ).join(counts_of(rows, _COUNTS, where))


def game_facts(game_ids: pd.Series, where: str) -> pd.DataFrame:
    """Return `id` (ten digits), `season_year` and `season_type` for the league's ids of games, such as 0022400061.

    In this example, 2 is the season type (regular) and 24 is the year in which the season begins. `where` names the
    file in error messages. DataError for a text that is no such id.
    """
    ids = game_ids.str.zfill(10)
    facts = ids.str.extract(r"^00(?P<type>[1-6])(?P<year>\d\d)\d{5}$")
    if facts["type"].isna().any():
        wrong = game_ids[facts["type"].isna()].iloc[0]
        raise DataError(f"{where}: {wrong!r} is no id of an NBA game, such as 0022400061; give a file of the NBA.")
    year = facts["year"].astype("Int64")
    return pd.DataFrame(
        {"id": ids, "season_year": year + 1900 + 100 * (year < 46), "season_type": facts["type"].map(_SEASON_TYPES)}
    )


def _schedule(rows: pd.DataFrame, where: str) -> pd.DataFrame:
    """Return the scheduled games whose two teams are known.

    A tip-off that is not fixed or cannot be read is missing.
    """
    if rows.empty:
        return pd.DataFrame(columns=list(SCHEDULE_COLUMNS))
    named = rows[rows["HOMETEAM_TEAMTRICODE"].notna() & rows["AWAYTEAM_TEAMTRICODE"].notna()]
    game = game_facts(named["GAMEID"], where)
    date = next((name for name in ("GAMEDATEEST", "GAMEDATE") if name in named), None)
    if date is None:
        raise DataError(f"{where}: the schedule has neither gameDateEst nor gameDate; download it anew.")
    tip_off = pd.to_datetime(named.get("GAMEDATETIMEUTC", pd.Series(pd.NA, named.index)), utc=True, errors="coerce")
    status = named.get("GAMESTATUSTEXT", pd.Series("", named.index))
    return pd.DataFrame(
        {
            "source_game_id": game["id"],
            "game_date": dates_of(named[date], where),
            "home": named["HOMETEAM_TEAMTRICODE"].map(team_code),
            "away": named["AWAYTEAM_TEAMTRICODE"].map(team_code),
            "season_year": game["season_year"],
            "season_type": game["season_type"],
            "tip_off": tip_off.mask(status.eq("TBD").fillna(value=False).astype(bool)),
        }
    )
