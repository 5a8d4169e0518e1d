"""The import of box scores and injury reports, which joins new rows with rows of earlier imports and writes tables."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import pandas as pd

from breakout.artifacts import file_lock
from breakout.box_scores.extracts import PLAYER_COLUMNS, SCHEDULE_COLUMNS, TEAM_COLUMNS, Extract
from breakout.box_scores.games import COUNTING, LeftOut, find_games
from breakout.box_scores.injury_reports import build_availability, build_reports
from breakout.box_scores.rows import (
    SharedName,
    build_players,
    build_schedule,
    build_teams,
    sum_players,
    whole_team_minutes,
)
from breakout.box_scores.table_writing import (
    AVAILABILITY,
    PLAYERS,
    REPORTS,
    SCHEDULE,
    TEAMS,
    StoredTables,
    TableChanges,
)
from breakout.errors import ConfigurationError, DataError

LOCK = ".import.lock"


@dataclass(frozen=True)
class ImportResult:
    """The result of an import of box scores or injury reports.

    - `changes`: the added, replaced and removed rows.
    - `left_out`: the games whose rows were left out, all or in part.
    - `shared_names`: names that several players have in one season.
    - `summed_games`: the number of games in this import with team rows that are sums of player rows.
    - `estimated_games`: the number of games in all imports so far whose possessions are estimates.
    - `unknown_names`: players in injury reports who have no row for the report's season in the player table.

    After an import of injury reports only `changes` and `unknown_names` are filled.
    """

    changes: TableChanges
    left_out: tuple[LeftOut, ...] = ()
    shared_names: tuple[SharedName, ...] = ()
    summed_games: int = 0
    estimated_games: int = 0
    unknown_names: tuple[str, ...] = ()


def import_lines(extract: Extract, source: str, folder: Path, now: datetime) -> ImportResult:
    """Write the rows of an extract into a folder of tables, and return the result.

    Rows of earlier imports are kept, but a new box score of a player or team in a game replaces the earlier one. If the
    extract has injury reports, only these and the schedule are imported.

    - `extract`: the contents of imported files in the common form.
    - `source`: the name of the source of the box scores.
    - `now`: the `imported_at` of new and changed rows.

    ConfigurationError if both the extract and the folder have box scores, but of different sources. DataError for one
    of these causes:

    - One player or team has two different box scores in one game.
    - A game has an unknown team, more or fewer than two teams, several dates, or the same id as another game.
    - The folder cannot be read or written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with file_lock(folder / LOCK):
        stored = StoredTables(folder)
        has_scores = extract.players is not None or extract.teams is not None
        held = stored.manifest.source
        if has_scores and held not in (None, source):
            raise ConfigurationError(
                f"{folder} holds box scores of {held}, whose ids of players are others: give {source} a folder of its"
                f" own with to=DIR, and compare the two with compare={folder}."
            )
        tables, result = _build(extract, stored)
        changes = stored.write(tables, source if has_scores else None, now)
    return replace(result, changes=changes)


def _build(extract: Extract, stored: StoredTables) -> tuple[dict[str, pd.DataFrame], ImportResult]:
    tables: dict[str, pd.DataFrame] = {}
    schedule = stored.read(SCHEDULE).rename(columns={"home_team_abbr": "home", "away_team_abbr": "away"})
    schedule = schedule[list(SCHEDULE_COLUMNS)]
    if extract.schedule is not None:
        schedule = _replace_lines(schedule, extract.schedule, ["source_game_id"])
        tables[SCHEDULE] = build_schedule(schedule, COUNTING)
    result = ImportResult(TableChanges())
    has_scores = bool(stored.manifest.rows(PLAYERS)) or extract.players is not None or extract.teams is not None
    if has_scores and extract.reports is None:
        tables[PLAYERS], tables[TEAMS], result = _build_games(extract, stored, schedule)
    if extract.reports is not None:
        # These keys identify a team's part of a report. If this part is imported again, it replaces its earlier rows.
        reports = _replace_rows(stored.read(REPORTS), extract.reports, ["game_date", "team_abbr", "reported_at"])
        tables[REPORTS], unknown = build_reports(reports, stored.read(PLAYERS))
        tables[AVAILABILITY] = build_availability(tables[REPORTS])
        result = replace(result, unknown_names=unknown)
    return tables, result


def _build_games(
    extract: Extract, stored: StoredTables, schedule: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame, ImportResult]:
    """Return all rows of the player table and of the team table, and the result of the import without its `changes`.

    The rows of earlier imports (`stored`) are included.
    """
    earlier_players, earlier_teams = _stored_lines(stored)
    players = _replace_lines(earlier_players, extract.players, ["source_game_id", "source_player_id"])
    players = _with_names(players, earlier_players)
    given = _replace_lines(earlier_teams, extract.teams, ["source_game_id", "team"])
    games, left_out = find_games(Extract(players, given, schedule))
    unnamed = players["player_full_name"].isna()
    players, without_name = players[~unnamed], players[unnamed]
    lacking = players[~players["source_game_id"].isin(given["source_game_id"])]
    if extract.teams is not None and extract.players is not None:
        lacking = lacking[~lacking["source_game_id"].isin(extract.players["source_game_id"])]
    summed = sum_players(lacking).assign(is_summed_from_players=True)
    lines = pd.concat([given.assign(is_summed_from_players=False), summed], ignore_index=True)
    lines = _with_minutes(lines, players)
    kept, unpaired = _keep_paired(games, players, lines)
    teams = build_teams(lines, kept)
    rows, shared = build_players(players, teams, kept)
    left_out += unpaired
    if extract.unfinished:
        left_out.append(LeftOut("not finished when they were downloaded", extract.unfinished))
    left_out += _unnamed(without_name, kept)
    new_games = set() if extract.players is None else set(extract.players["source_game_id"])
    summed_games = new_games & set(summed["source_game_id"]) & set(kept["source_game_id"])
    estimated_games = teams.loc[teams["is_possessions_estimated"], "source_game_id"].nunique()
    result = ImportResult(TableChanges(), tuple(left_out), tuple(shared), len(summed_games), estimated_games)
    return rows, teams, result


def _replace_lines(earlier: pd.DataFrame, incoming: pd.DataFrame | None, keys: list[str]) -> pd.DataFrame:
    """Return the incoming box scores, and the earlier box scores that no incoming one replaces.

    An incoming box score replaces the earlier box score that agrees with it in all columns `keys`.
    """
    if incoming is None:
        return earlier
    repeated = incoming[incoming.duplicated(keys, keep=False)]
    if len(repeated):
        row = repeated.iloc[0]
        name = row.get("player_full_name", row.get("team", ""))
        raise DataError(
            f"game {row['source_game_id']} holds {name} twice with different values; give only one of these rows."
        )
    return _replace_rows(earlier, incoming, keys)


def _replace_rows(earlier: pd.DataFrame, incoming: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Return all incoming rows, and each earlier row unless an incoming row has equal values in the columns `keys`."""
    replaced = pd.MultiIndex.from_frame(earlier[keys]).isin(pd.MultiIndex.from_frame(incoming[keys]))
    kept = earlier[~replaced]
    return pd.concat([kept, incoming], ignore_index=True) if len(kept) else incoming.reset_index(drop=True)


def _with_names(players: pd.DataFrame, earlier: pd.DataFrame) -> pd.DataFrame:
    """Return the players' box scores, with missing names filled in from other box scores with the same player id.

    Names come from `players` and from the `earlier` box scores. A name that neither of these has stays missing.
    """
    named = pd.concat([earlier, players], ignore_index=True) if len(earlier) else players
    named = named[named["player_full_name"].notna()].drop_duplicates("source_player_id", keep="last")
    known = players["source_player_id"].map(named.set_index("source_player_id")["player_full_name"]).astype("string")
    return players.assign(player_full_name=players["player_full_name"].fillna(known))


def _with_minutes(lines: pd.DataFrame, players: pd.DataFrame) -> pd.DataFrame:
    """Return the teams' box scores, with missing minutes filled in from the sums over the team's players.

    A sum is rounded to the minutes of a whole game: 240, and 25 more for each overtime. If the sum is not close to one
    of these numbers, the minutes stay missing.
    """
    keys = ["source_game_id", "team"]
    sums = whole_team_minutes(players.groupby(keys)["minutes"].sum()).rename("summed").astype("Float64")
    summed = lines.join(sums, on=keys)["summed"]
    return lines.assign(minutes=lines["minutes"].astype("Float64").fillna(summed))


def _keep_paired(games: pd.DataFrame, players: pd.DataFrame, teams: pd.DataFrame) -> tuple[pd.DataFrame, list[LeftOut]]:
    sides = teams.groupby("source_game_id")["team"].nunique()
    casts = players.groupby("source_game_id")["team"].nunique()
    has_teams = games["source_game_id"].map(sides).fillna(0) == 2
    has_players = games["source_game_id"].map(casts).fillna(0) == 2
    reasons = {
        "without rows of both teams (give the teams' file, or all players' rows)": ~has_teams,
        "without players of both teams": has_teams & ~has_players,
    }
    left_out = [
        LeftOut(reason, tuple(sorted(games.loc[is_out, "game_id"])))
        for reason, is_out in reasons.items()
        if is_out.any()
    ]
    return games[has_teams & has_players], left_out


def _unnamed(lines: pd.DataFrame, games: pd.DataFrame) -> list[LeftOut]:
    """Return a list with at most one LeftOut, which names the games in `games` that have box scores in `lines`.

    `lines` are box scores of players whose names are unknown. The import leaves out `lines`, but keeps the games.
    """
    found = lines[lines["source_game_id"].isin(games["source_game_id"])]
    if found.empty:
        return []
    ids = ", ".join(sorted(set(found["source_player_id"]))[:3])
    reason = f"without the rows of players whose name is unknown (ids {ids}; import a file with their names first)"
    return [LeftOut(reason, tuple(sorted(set(found["source_game_id"]))), action="kept")]


def _stored_lines(stored: StoredTables) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the box scores of players and of teams from earlier imports.

    A team's box score that is a sum over its players is left out. Estimated possessions become missing.
    """
    teams = stored.read(TEAMS)
    homes = teams.drop_duplicates(["source_game_id", "team_abbr"]).set_index(["source_game_id", "team_abbr"])
    players = _lines_of(stored.read(PLAYERS).join(homes["home_game"], on=["source_game_id", "team_abbr"]))
    teams = teams[~teams["is_summed_from_players"].fillna(False)]
    teams = _lines_of(teams.rename(columns={"points_scored": "points", "minutes_total": "minutes_played"}))
    teams["plus_minus"] = teams["margin_of_victory"]
    teams["possessions"] = teams["possessions"].mask(teams["is_possessions_estimated"].fillna(True))
    return players[list(PLAYER_COLUMNS)], teams[list(TEAM_COLUMNS)]


def _lines_of(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows of a source table with the column names of imported box scores, such as `team` for `team_abbr`."""
    renamed = {
        "team_abbr": "team",
        "opponent_team_abbr": "opponent",
        "home_game": "is_home",
        "win_flag": "is_won",
        "minutes_played": "minutes",
    }
    return rows.rename(columns=renamed)
