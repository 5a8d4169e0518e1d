"""Copies of the embedded sample as separate leagues: other players, teams and games with the same numbers."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from breakout.warehouse.sample import open_sample

TABLES = ("player_game_summary", "team_offense_game_summary")
REPORTS = "availability"
# The names of players and teams end with the league's number; a game_id stays YYYYMMDD_AWAY_HOME.
_GAME_ID = "concat(left(game_id, 9), split_part(game_id, '_', 2), league, '_', split_part(game_id, '_', 3), league)"
_RENAMED = {"player_lookup": "player_lookup || league", "game_id": _GAME_ID} | {
    column: f"{column} || league" for column in ("team_abbr", "opponent_team_abbr")
}


def write_leagues(times: int, folder: Path) -> dict[str, str]:
    """Write source tables and injury reports of `times` leagues as Parquet files; return the path of each table."""
    sample = open_sample()
    sample.check_availability(date.min, date.max)
    leagues = f"(SELECT 'L' || number AS league FROM range({times}) AS numbers(number))"  # noqa: S608
    files = {table: str(folder / f"{table}_{times}.parquet") for table in (*TABLES, REPORTS)}
    for table, path in files.items():
        columns = ", ".join(f"{_RENAMED[name]} AS {name}" for name in _RENAMED if name in sample.columns(table))
        sql = f"SELECT * EXCLUDE (league) REPLACE ({columns}) FROM nba_analytics.{table}, {leagues}"  # noqa: S608
        sample.connection.sql(sql).write_parquet(path)
    sample.close()
    return files
