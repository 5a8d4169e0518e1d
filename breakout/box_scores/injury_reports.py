"""Official injury reports, and the changes of statuses from report to report.

A report lists the statuses of players for several game dates. All its rows are stored, so that reports may be imported
in any order. The availability table has a player's first status for a game date, and each change of the status.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from breakout.box_scores.extracts import Extract, dates_of
from breakout.box_scores.names import CODES, code_of_full_name, player_lookup, team_code
from breakout.errors import ConfigurationError, DataError

EASTERN = ZoneInfo("America/New_York")
_COLUMNS = ("GAMEDATE", "TEAM", "PLAYERNAME", "CURRENTSTATUS", "REASON")
_STATUSES = ("out", "doubtful", "questionable", "probable", "available")
# The status of a row without a player. It means that the team has not submitted its part of the report yet.
NOT_SUBMITTED = "not_submitted"
_NOT_LISTED = "not_listed"
_REASONS = {
    "injury": "injury_illness",
    "illness": "injury_illness",
    "gleague": "g_league",
    "notwithteam": "not_with_team",
    "rest": "rest",
    "personal": "personal",
    "suspension": "suspension",
    "leaguesuspension": "suspension",
    "trade": "trade_pending",
    "conditioning": "conditioning",
    "returntocompetition": "conditioning",
    "coach": "coach_decision",
}
_IN_FILE_NAME = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d)[ _T-]+(?P<hour>\d{1,2})(?:[_:.-]?(?P<minute>\d\d))?(?P<half>[ _-]?[AP]M)?", re.IGNORECASE
)


def extract_injury_report(rows: pd.DataFrame, where: str, reported_at: datetime) -> Extract:
    """Return the rows of the injury report that was published at `reported_at`, a time with an offset.

    If a player has several rows for one team and game date, the first is kept. `where` names the file in error
    messages. DataError if a column is missing, for an unknown status or team, or for a date that cannot be read.
    """
    rows = rows.set_axis([re.sub(r"[^A-Z]", "", str(name).upper()) for name in rows.columns], axis=1)
    missing = [name for name in _COLUMNS if name not in rows]
    if missing:
        raise DataError(
            f"{where} is no injury report: it lacks {', '.join(missing)}; give the file that nbainjuries or"
            " nba-injury-report wrote."
        )
    rows = rows[rows["TEAM"].notna()]
    team = rows["TEAM"].map(lambda name: name if team_code(name) in CODES else code_of_full_name(name)).map(team_code)
    unknown = rows.loc[~team.isin(CODES), "TEAM"]
    if len(unknown):
        raise DataError(f"{where}: {unknown.iloc[0]!r} is no team of the NBA; correct the file.")
    name = rows["PLAYERNAME"].map(first_name_first, na_action="ignore").astype("string")
    status = rows["CURRENTSTATUS"].str.strip().str.lower().where(name.notna(), NOT_SUBMITTED)
    wrong = status[~status.isin((*_STATUSES, NOT_SUBMITTED))]
    if len(wrong):
        raise DataError(f"{where}: status {wrong.iloc[0]!r} is not one of {', '.join(_STATUSES)}; correct the file.")
    reports = pd.DataFrame(
        {
            "game_date": dates_of(rows["GAMEDATE"], where),
            "team_abbr": team.astype("string"),
            "player_lookup": name.map(player_lookup, na_action="ignore").astype("string").fillna(""),
            "player_full_name": name,
            "status": status,
            "reason": rows["REASON"].map(_reason, na_action="ignore").astype("string").where(name.notna()),
            "reported_at": pd.Timestamp(reported_at).tz_convert("UTC").as_unit("us"),
        }
    )
    return Extract(reports=reports.drop_duplicates(["game_date", "team_abbr", "player_lookup"]))


def report_time(given: str | None, file_name: str) -> datetime:
    """Return the time of an injury report: `given` or, if `given` is None, the time in the name of the report's file.

    `given` is the setting `reported_at`. A file name is, for example, Injury-Report_2024-10-22_05PM.json. A time
    without an offset is US Eastern. A file name with an hour but no minutes means half past that hour, because the
    league named its report of 17:30 `05PM` until December 2025.

    ConfigurationError if `given` is no time, or if `given` is None and the file name contains no time.
    """
    try:
        time = datetime.fromisoformat(given) if given is not None else _time_in(file_name)
    except ValueError:
        place = f"the time in the name {file_name}" if given is None else f"reported_at={given}"
        raise ConfigurationError(f"{place} does not exist; give it as reported_at=2024-10-22T17:30.") from None
    if time is None:
        raise ConfigurationError(
            f"{file_name} names no time of the report; give it with reported_at=2024-10-22T17:30 (US Eastern)."
        )
    return time if time.tzinfo else time.replace(tzinfo=EASTERN)


def _time_in(file_name: str) -> datetime | None:
    found = _IN_FILE_NAME.search(file_name)
    if found is None:
        return None
    hour, half = int(found["hour"]), (found["half"] or "").strip(" _-").upper()
    if half:
        hour = hour % 12 + 12 * (half == "PM")
    return datetime.fromisoformat(f"{found['day']}T{hour:02}:{found['minute'] or '30'}")


def first_name_first(name: str) -> str:
    """Return a name with the first name first: `Michael Porter Jr.` for `Porter Jr., Michael`."""
    last, comma, first = name.rpartition(",")
    return f"{first.strip()} {last.strip()}" if comma else name.strip()


def _reason(text: str) -> str:
    letters = re.sub(r"[\s-]", "", text.lower())  # the files of some seasons lack the spaces, so all are removed
    return next((kind for start, kind in _REASONS.items() if letters.startswith(start)), "other")


def build_reports(reports: pd.DataFrame, players: pd.DataFrame) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return the rows of injury reports with each player's `player_lookup`, and the sorted names of unknown players.

    `players` are the rows of the player table. A player is unknown if he has no row there for the report's season. If
    two players of a season share a name, the player who is on the team in the report is chosen.
    """
    season = _season_year(reports["game_date"])
    plain = players.assign(plain=players["player_full_name"].map(player_lookup))
    plain = plain.drop_duplicates(["season_year", "team_abbr", "plain", "player_lookup"], keep="last")
    by_team = plain.drop_duplicates(["season_year", "team_abbr", "plain"], keep=False)
    lookups = by_team.set_index(["season_year", "team_abbr", "plain"])["player_lookup"].to_dict()
    own = reports["player_full_name"].map(player_lookup, na_action="ignore").astype("string").fillna("")
    keys = zip(season, reports["team_abbr"], own, strict=True)
    found = pd.Series([lookups.get(key, key[2]) for key in keys], reports.index, dtype="string")
    known = set(zip(players["season_year"], players["player_lookup"], strict=True))
    is_unknown = [bool(lookup) and (year, lookup) not in known for year, lookup in zip(season, found, strict=True)]
    names = tuple(sorted(set(reports.loc[is_unknown, "player_full_name"])))
    columns = ["game_date", "team_abbr", "player_lookup", "player_full_name", "status", "reason", "reported_at"]
    return reports.assign(player_lookup=found)[columns], names


def _season_year(dates: pd.Series) -> pd.Series:
    dates = pd.to_datetime(dates)
    # Seasons end before August. Only the season 2019-20 ended later, in October 2020.
    is_ending = (dates.dt.month < 8) | ((dates.dt.year == 2020) & (dates.dt.month < 11))
    return dates.dt.year - is_ending


def build_availability(reports: pd.DataFrame) -> pd.DataFrame:
    """Return a row for each player's first status for a game date, and one for each change of the status.

    `reports` are the rows of injury reports. A player becomes not_listed if a later report for the date does not name
    him. He keeps his status if his team has not submitted its part of the later report yet. Rows with the status
    not_submitted are left out.
    """
    changes = [
        row
        for _, day in reports.sort_values("reported_at", kind="stable").groupby("game_date", sort=True)
        for row in _changes_of(day)
    ]
    return pd.DataFrame(changes, columns=list(reports.columns))


def _changes_of(day: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the first status of each player, and each change of a status, in the report rows for one game date."""
    changes: list[dict[str, Any]] = []
    latest: dict[tuple[str, str], dict[str, Any]] = {}
    for time, report in day.groupby("reported_at", sort=True):
        rows = [{str(name): value for name, value in row.items()} for row in report.to_dict("records")]
        waiting = {row["team_abbr"] for row in rows if row["status"] == NOT_SUBMITTED}
        listed = {(row["team_abbr"], row["player_lookup"]): row for row in rows if row["status"] != NOT_SUBMITTED}
        gone = {
            key: {**row, "status": _NOT_LISTED, "reason": None, "reported_at": time}
            for key, row in latest.items()
            if key not in listed and key[0] not in waiting and row["status"] != _NOT_LISTED
        }
        for key, row in {**listed, **gone}.items():
            if key not in latest or latest[key]["status"] != row["status"]:
                changes.append(row)
                latest[key] = row
    return changes
