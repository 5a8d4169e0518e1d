"""A local copy of the source tables in which an audit removes or changes rows before it computes features again.

`Replay` is a warehouse whose tables are views. They show the unchanged copies, or the changed rows of a check.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pandas as pd

from breakout.warehouse import tables
from breakout.warehouse.duckdb import DuckDBWarehouse

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date

    from breakout.warehouse.base import Warehouse

# The columns that hold results. Noise replaces these only, so who played when, where and against whom is kept.
_PLAYER_RESULTS = {"points": 61, "minutes_played": 48, "fg_attempts": 31, "usage_rate": 45}
_TEAM_RESULTS = {"points_scored": 160, "possessions": 125, "minutes_total": 290}
_LISTED = (
    "player_lookup",
    "game_id",
    "game_date",
    "season_year",
    "team_abbr",
    "opponent_team_abbr",
    "is_home",
)


class Replay(DuckDBWarehouse):
    """A warehouse of copied history tables; `changed(...)` replaces their rows for the duration of a block."""

    def __init__(
        self, source: Warehouse, start: date, end: date, extra: Mapping[str, set[str]], seasons_before: int = 1
    ) -> None:
        """Copy the source rows that are needed to build the rows from `start` to `end`.

        `extra` maps the name of a table to further columns to copy. `seasons_before` is the number of seasons before a
        row's own season that its features read.
        """
        super().__init__({}, label="replay")
        window: dict[str, object] = {"history_start": source.history_start(start, seasons_before), "end": end}
        self._amounts: dict[str, dict[str, int]] = {}
        for table, results in (
            (tables.PLAYER_GAME_SUMMARY, _PLAYER_RESULTS),
            (tables.TEAM_OFFENSE_GAME_SUMMARY, _TEAM_RESULTS),
        ):
            others = sorted(extra.get(table.name, set()))
            columns = [column.name for column in table.columns if column.name != "season_type"] + others
            sql = f"""SELECT {", ".join(columns)}, {source.sources.season_type} AS season_type
FROM {source.sources.reference(table)}
WHERE game_date BETWEEN @history_start AND @end"""
            self.connection.register("incoming", source.query(sql, window))
            self.connection.execute(f"CREATE TABLE main.{table.name} AS FROM incoming")
            self.connection.unregister("incoming")
            self.connection.execute(f"CREATE VIEW nba_analytics.{table.name} AS FROM main.{table.name}")
            self.loaded.add(table.name)
            self._amounts[table.name] = results | dict.fromkeys(others, 20)

    @contextmanager
    def changed(self, players: str, teams: str) -> Iterator[Replay]:
        """Make the tables show these SELECTs over `main.<table>` inside the block, and the copies after the block."""
        selects = {"player_game_summary": players, "team_offense_game_summary": teams}
        try:
            for table, select in selects.items():
                self.connection.execute(f"CREATE OR REPLACE VIEW nba_analytics.{table} AS {select}")
            yield self
        finally:
            for table in selects:
                self.connection.execute(f"CREATE OR REPLACE VIEW nba_analytics.{table} AS FROM main.{table}")

    def list_rows(self, rows: pd.DataFrame) -> None:
        """Make these rows (identity columns only) the table `slate`, as games that are not played yet."""
        self._create("slate", rows[list(_LISTED)])

    def schedule_games(self, rows: pd.DataFrame, season_type: str) -> None:
        """Make the games of these rows the schedule, all with one season type."""
        home, away = ("team_abbr", "opponent_team_abbr"), ("opponent_team_abbr", "team_abbr")
        sides = [
            rows.loc[rows["is_home"] == is_home, ["game_id", "game_date", "season_year", *teams]].set_axis(
                ["game_id", "game_date", "season_year", "home_team_abbr", "away_team_abbr"], axis=1
            )
            for is_home, teams in ((1, home), (0, away))
        ]
        games = pd.concat(sides).drop_duplicates().assign(season_type=season_type)
        self._create("schedule", games)

    def _create(self, table: str, rows: pd.DataFrame) -> None:
        self.connection.register("incoming", rows)
        self.connection.execute(f"CREATE OR REPLACE TABLE nba_analytics.{table} AS FROM incoming")
        self.connection.execute(f"ALTER TABLE nba_analytics.{table} ALTER game_date TYPE DATE")
        self.connection.unregister("incoming")

    def noise(self, table: str, where: str, seed: int) -> str:
        """Return a SELECT of the whole table with noise as results in the rows that satisfy `where`.

        The noise is equal for equal seeds.
        """
        key = "game_id, player_lookup" if table == "player_game_summary" else "game_id, team_abbr"
        replaced = ", ".join(
            f"CASE WHEN {where} THEN 1 + hash({key}, '{column}', {seed}) % {limit} ELSE {column} END AS {column}"
            for column, limit in self._amounts[table].items()
        )
        return f"SELECT * REPLACE ({replaced}) FROM main.{table}"

    def history_start(self, start: date, seasons_before: int = 1) -> date:
        """Return the first day of the seasons that a row of `start` reads, by the rule of a partitioned warehouse."""
        sql = """SELECT MIN(game_date) FROM main.player_game_summary WHERE season_year >=
            (SELECT MIN(season_year) - ? FROM main.player_game_summary WHERE game_date >= ?)"""
        first = self.connection.execute(sql, [seasons_before, start]).fetchone()
        return first[0] if first and first[0] else start

    def rows_from(self, day: date, game_id: str) -> pd.DataFrame:
        """Return table and key of each source row of a game, and of each dated on or after a day, sorted by date."""
        parts = []
        for table, second in (("player_game_summary", "player_lookup"), ("team_offense_game_summary", "team_abbr")):
            columns = f"'{table}' AS source, game_id, {second} AS who, game_date"
            sql = f"SELECT {columns} FROM main.{table} WHERE game_date >= ? OR game_id = ?"
            parts.append(self.connection.execute(sql, [day, game_id]).df())
        return pd.concat(parts).sort_values(["game_date", "source", "game_id", "who"], ignore_index=True)
