"""A local copy of the source tables, in which an audit removes or changes rows before it computes features again.

The tables of `Replay` are views. A view shows the copied table or, during a check, a changed version of it.
"""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

import pandas as pd

from breakout.warehouse import tables
from breakout.warehouse.duckdb import DuckDBWarehouse
from breakout.warehouse.duckdb_tables import choose_threads
from breakout.warehouse.tables import SourceTables

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import date

    import pyarrow as pa

    from breakout.warehouse.base import Warehouse

# Noise (random values) replaces these columns of results, and the user's further columns that features read. Columns
# that identify games, teams and players stay unchanged. The numbers say how many different values noise has in each
# column.
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
LATER_REPORTS = timedelta(days=7)  # injury reports are copied for games up to this long after the audit's last date


class Replay(DuckDBWarehouse):
    """A warehouse of copied source tables; `changed(...)` replaces their content for the duration of a `with` block."""

    def __init__(
        self,
        source: Warehouse,
        start: date,
        end: date,
        extra: Mapping[str, set[str]],
        seasons_before: int = 1,
        *,
        has_reports: bool = False,
    ) -> None:
        """Copy the source rows from which the rows of the dates `start` to `end` are built.

        - `extra`: columns to copy in addition to the declared columns, by table (the player table or the team table).
        - `seasons_before`: how many seasons the features of a row read in addition to the row's own season.
        - `has_reports`: whether to copy injury reports (from `start` to LATER_REPORTS after `end`) and times of
          tip-off.

        DataError if `source` cannot be read.
        """
        super().__init__({}, label="replay")
        window: dict[str, object] = {"history_start": source.history_start(start, seasons_before), "end": end}
        self._amounts: dict[str, dict[str, int]] = {}
        for table, results in (
            (tables.PLAYER_GAME_SUMMARY, _PLAYER_RESULTS),
            (tables.TEAM_OFFENSE_GAME_SUMMARY, _TEAM_RESULTS),
        ):
            declared = [column.name for column in table.columns if column.name != "season_type"]
            others = sorted(extra.get(table.name, set()) - set(declared))
            self._copy(table, [*declared, *others, f"{source.sources.season_type} AS season_type"], source, window)
            self._amounts[table.name] = results | dict.fromkeys(others, 20)
        self.connection.execute(
            "CREATE TABLE main.schedule (game_date DATE, home_team_abbr VARCHAR, away_team_abbr VARCHAR, "
            "tip_off TIMESTAMPTZ)"
        )
        self._show("schedule", "FROM main.schedule")
        if has_reports:
            self._copy_reports(source, start, end)
        choose_threads(self.connection)

    def _copy(self, table: tables.Table, columns: Iterable[str], source: Warehouse, dates: dict[str, object]) -> None:
        sql = f"""SELECT {", ".join(columns)}
FROM {source.sources.reference(table)}
WHERE game_date BETWEEN @history_start AND @end"""
        self._create(f"main.{table.name}", source.query(sql, dates))
        self._show(table.name, f"FROM main.{table.name}")
        self.loaded.add(table.name)

    def _copy_reports(self, source: Warehouse, start: date, end: date) -> None:
        self.sources = SourceTables(has_tip_off=True)
        dates: dict[str, object] = {"history_start": start, "end": end + LATER_REPORTS}
        columns = ["game_date", "team_abbr", "player_lookup", "status", "reported_at"]
        self._copy(tables.AVAILABILITY, columns, source, dates)
        if source.has_schedule() and source.sources.has_tip_off:
            self._copy(tables.SCHEDULE, ["game_date", "home_team_abbr", "away_team_abbr", "tip_off"], source, dates)

    @contextmanager
    def changed(self, **selects: str) -> Iterator[Replay]:
        """Replace the rows of tables until the `with` block ends.

        `selects` maps the name of a table to the SELECT of its new rows. A SELECT reads the unchanged rows of a table
        as `main.TABLE`.
        """
        try:
            for table, select in selects.items():
                self._show(table, select)
            yield self
        finally:
            for table in selects:
                self._show(table, f"FROM main.{table}")

    def _show(self, table: str, select: str) -> None:
        self.connection.execute(f"CREATE OR REPLACE VIEW nba_analytics.{table} AS {select}")

    def list_rows(self, rows: pd.DataFrame) -> None:
        """Write the players and games of `rows`, without results, into the table `slate`."""
        self._create("nba_analytics.slate", rows[list(_LISTED)])
        self.connection.execute("ALTER TABLE nba_analytics.slate ALTER game_date TYPE DATE")

    def schedule_games(self, rows: pd.DataFrame, season_type: str) -> None:
        """Write the table `main.tonight`: a schedule of the games in `rows` (rows of players).

        All games get `season_type`. The time of tip-off comes from `main.schedule`; it is NULL if that table lacks the
        game. Rows whose `is_home` is missing are left out.
        """
        home, away = ("team_abbr", "opponent_team_abbr"), ("opponent_team_abbr", "team_abbr")
        sides = [
            rows.loc[rows["is_home"] == is_home, ["game_id", "game_date", "season_year", *teams]].set_axis(
                ["game_id", "game_date", "season_year", "home_team_abbr", "away_team_abbr"], axis=1
            )
            for is_home, teams in ((1, home), (0, away))
        ]
        games = pd.concat(sides).drop_duplicates().assign(season_type=season_type)
        self._create("main.games_of_day", games)
        self.connection.execute(
            """CREATE OR REPLACE TABLE main.tonight AS
            SELECT games.* REPLACE (CAST(games.game_date AS DATE) AS game_date), tip_off
            FROM main.games_of_day AS games
            LEFT JOIN main.schedule AS known
            ON known.game_date = CAST(games.game_date AS DATE) AND known.home_team_abbr = games.home_team_abbr"""
        )

    def _create(self, table: str, rows: pa.Table | pd.DataFrame) -> None:
        self.connection.register("incoming", rows)
        self.connection.execute(f"CREATE OR REPLACE TABLE {table} AS FROM incoming")
        self.connection.unregister("incoming")

    def noise(self, table: str, where: str, seed: int) -> str:
        """Return a SELECT of all rows of `table`, with random results in the rows that meet the SQL condition `where`.

        Results are columns such as points and minutes. Equal seeds give equal values.
        """
        key = "game_id, player_lookup" if table == "player_game_summary" else "game_id, team_abbr"
        replaced = ", ".join(
            f"CASE WHEN {where} THEN 1 + hash({key}, '{column}', {seed}) % {limit} ELSE {column} END AS {column}"
            for column, limit in self._amounts[table].items()
        )
        return f"SELECT * REPLACE ({replaced}) FROM main.{table}"

    def history_start(self, start: date, seasons_before: int = 1) -> date:
        """Return the date of the first copied game in the season `seasons_before` years before the season of `start`.

        If no game of that season was copied, the result is the date of the first copied game in a later season. If no
        game on or after `start` was copied, the result is `start`.
        """
        sql = """SELECT MIN(game_date) FROM main.player_game_summary WHERE season_year >=
            (SELECT MIN(season_year) - ? FROM main.player_game_summary WHERE game_date >= ?)"""
        first = self.connection.execute(sql, [seasons_before, start]).fetchone()
        return first[0] if first and first[0] else start

    def rows_from(self, day: date, game_id: str) -> pd.DataFrame:
        """Return the keys of the source rows that belong to the game `game_id` or are dated on or after `day`.

        Columns: source (the table), game_id, who (player_lookup or team_abbr) and game_date. The rows are sorted by
        date.
        """
        parts = []
        for table, second in (("player_game_summary", "player_lookup"), ("team_offense_game_summary", "team_abbr")):
            columns = f"'{table}' AS source, game_id, {second} AS who, game_date"
            sql = f"SELECT {columns} FROM main.{table} WHERE game_date >= ? OR game_id = ?"
            parts.append(self.connection.execute(sql, [day, game_id]).df())
        return pd.concat(parts).sort_values(["game_date", "source", "game_id", "who"], ignore_index=True)
