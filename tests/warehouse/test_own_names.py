"""Tables whose columns have other names (`warehouse.columns`), and tables of a DuckDB database file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest

from breakout.errors import BreakoutError, ConfigurationError, DataError
from breakout.settings.composition import compose
from breakout.warehouse.base import Warehouse
from breakout.warehouse.opening import open_warehouse
from tests.builders import PLAYER_SCHEMA, SCHEDULE_SCHEMA, TEAM_SCHEMA, History
from tests.warehouse.opening import open_files

PLAYERS, TEAMS = "player_game_summary", "team_offense_game_summary"
RENAMED = {"points": "PTS", "points_scored": "pts", "minutes_played": "Min", "game_date": "GAME_DATE_EST"}


@pytest.fixture
def history() -> History:
    built = History()
    for number in range(3):
        built.plays(number, 8 + number)
        built.plays(number, 12, player="bob", usage=None)
    built.tips_off(5, "19:30")
    return built


def tables_of(history: History, names: dict[str, str]) -> dict[str, pa.Table]:
    """Return the source tables with columns renamed by `names`, and with dates as text YYYY-MM-DD."""
    tables = {
        PLAYERS: pa.Table.from_pylist(history.players, PLAYER_SCHEMA),
        TEAMS: pa.Table.from_pylist(history.teams, TEAM_SCHEMA),
        "schedule": pa.Table.from_pylist(history.schedule, SCHEDULE_SCHEMA),
    }
    return {
        name: rows.set_column(
            rows.column_names.index("game_date"), "game_date", rows["game_date"].cast(pa.string())
        ).rename_columns([names.get(column, column) for column in rows.column_names])
        for name, rows in tables.items()
    }


def points_of(warehouse: Warehouse) -> list[dict[str, Any]]:
    sql = (
        "SELECT player_lookup, points, minutes_played, game_date FROM nba_analytics.player_game_summary "
        "ORDER BY player_lookup, game_date"
    )
    with warehouse:
        found: list[dict[str, Any]] = warehouse.query(sql, {}).to_pylist()
    return found


@pytest.fixture
def expected(history: History) -> list[dict[str, Any]]:
    return points_of(history.open())


def paths(folder: Path, kind: str) -> dict[str, Path]:
    return {name: folder / f"{name}.{kind}" for name in (PLAYERS, TEAMS, "schedule")}


def write(folder: Path, history: History, kind: str, names: dict[str, str] = RENAMED) -> None:
    for name, rows in tables_of(history, names).items():
        target = folder / f"{name}.{kind}"
        pa.csv.write_csv(rows, target) if kind == "csv" else pa.parquet.write_table(rows, target)


NAMES = {"points": "PTS", "points_scored": "PTS", "minutes_played": "MIN", "game_date": "game_date_est"}


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_columns_of_other_names_are_read_whatever_their_letter_case(
    kind: str, tmp_path: Path, history: History, expected: list[dict[str, Any]]
) -> None:
    write(tmp_path, history, kind)
    assert points_of(open_files(**paths(tmp_path, kind), columns=NAMES)) == expected


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_further_column_of_another_name_is_read_as_a_number(kind: str, tmp_path: Path, history: History) -> None:
    write(tmp_path, history, kind, {"three_pt_attempts": "FG3A"})
    files = [f"warehouse.{name}={path}" for name, path in paths(tmp_path, kind).items()]
    config = compose("train", ["warehouse=duckdb", *files, "warehouse.columns={three_pt_attempts: fg3a}"])
    with open_warehouse(config.warehouse) as warehouse:
        found = warehouse.query("SELECT SUM(three_pt_attempts) AS n FROM nba_analytics.player_game_summary", {})
    assert found.to_pylist() == [{"n": 18}]


def test_a_named_column_takes_the_place_of_one_with_our_name(
    tmp_path: Path, history: History, expected: list[dict[str, Any]]
) -> None:
    for row in history.players:
        row["three_pt_attempts"], row["points"] = row["points"], 0
    write(tmp_path, history, "parquet", {})
    found = points_of(open_files(**paths(tmp_path, "parquet"), columns={"points": "three_pt_attempts"}))
    assert found == expected


@pytest.mark.parametrize(
    ("columns", "problem"),
    [
        (NAMES | {"points": "PTZ"}, "is PTS meant"),
        ({"point": "PTS"}, "lacks the columns .*points"),
        ({"PTS": "points"}, "write our name first"),
        ({"points": "PTS", "fg_attempts": "pts"}, "two columns of player_game_summary from pts"),
        (NAMES | {"usage_rate": "USG"}, "from a column USG, which no table has"),
    ],
)
def test_a_wrong_name_is_refused_with_the_one_that_is_probably_meant(
    columns: dict[str, str], problem: str, tmp_path: Path, history: History
) -> None:
    write(tmp_path, history, "parquet")
    with pytest.raises(BreakoutError, match=problem):
        open_files(**paths(tmp_path, "parquet"), columns=columns)


@pytest.fixture
def database(tmp_path: Path, history: History) -> Path:
    """Return a DuckDB file with players in the schema main, teams in the schema nba, and the schedule as a view."""
    path = tmp_path / "my games.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE SCHEMA nba")
        for name, rows in tables_of(history, {}).items():
            connection.register("incoming", rows)
            place = {PLAYERS: name, TEAMS: f"nba.{name}"}.get(name, "fixtures")
            connection.execute(f"CREATE TABLE {place} AS FROM incoming")
        connection.execute("CREATE VIEW schedule AS SELECT * FROM fixtures")
    return path


def test_the_tables_of_a_database_file_are_found_by_their_names(database: Path, expected: list[dict[str, Any]]) -> None:
    warehouse = open_files(database=database)
    assert warehouse.has_schedule()
    before = warehouse.fingerprint()
    assert points_of(warehouse) == expected
    with duckdb.connect(str(database)) as connection:  # fails if the warehouse still has the file open
        connection.execute("UPDATE player_game_summary SET points = points + 1")
    assert open_files(database=database).fingerprint() != before


def test_tables_of_other_names_in_a_database_file_are_named(database: Path, expected: list[dict[str, Any]]) -> None:
    with duckdb.connect(str(database)) as connection:
        connection.execute(f"ALTER TABLE {PLAYERS} RENAME TO Boxes; ALTER TABLE Boxes RENAME points TO PTS")
        connection.execute(f"CREATE TABLE {TEAMS} AS FROM nba.{TEAMS} LIMIT 0")
    values = {PLAYERS: "boxes", TEAMS: f"nba.{TEAMS}", "columns": {"points": "PTS"}}
    assert points_of(open_files(database=database, **values)) == expected


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({PLAYERS: "player_game_sumary"}, "did you mean player_game_summary"),
        ({"schedule": "nba.fixtures"}, "did you mean main.fixtures"),
    ],
)
def test_a_table_that_a_database_file_lacks_is_refused(values: dict[str, str], problem: str, database: Path) -> None:
    with pytest.raises(DataError, match=problem):
        open_files(database=database, **values)


@pytest.mark.parametrize("key", ["folder", "database", PLAYERS])
def test_a_path_below_the_home_folder_of_an_unknown_user_is_refused(key: str) -> None:
    with pytest.raises(ConfigurationError, match=f"warehouse.{key} names ~nosuchuser/x.*home folder"):
        open_files(**{PLAYERS: "a.parquet", TEAMS: "b.parquet"} | {key: "~nosuchuser/x"})


def test_ambiguous_and_absent_tables_files_that_are_no_database_and_two_sources_are_refused(
    database: Path, tmp_path: Path
) -> None:
    with duckdb.connect(str(database)) as connection:
        connection.execute(f"CREATE TABLE {TEAMS} AS FROM nba.{TEAMS}")
    with pytest.raises(DataError, match=f"main.{TEAMS} and nba.{TEAMS}; choose one with"):
        open_files(database=database)
    with duckdb.connect(str(tmp_path / "empty.duckdb")):
        pass
    with pytest.raises(DataError, match=f"holds no table {PLAYERS}"):
        open_files(database=tmp_path / "empty.duckdb")
    (tmp_path / "text.duckdb").write_text("no database", encoding="utf-8")
    with pytest.raises(DataError, match="cannot be opened as a DuckDB database"):
        open_files(database=tmp_path / "text.duckdb")
    with pytest.raises(DataError, match="there is no file at"):
        open_files(database=tmp_path / "absent.duckdb")
    with pytest.raises(ConfigurationError, match="exclude each other"):
        open_files(database=database, folder=tmp_path)
