"""The reading of the user's files, and error messages that name the table, the column and the rows."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest

from breakout.cli import main
from breakout.dataset import build_dataset
from breakout.errors import DataError
from breakout.warehouse.duckdb import DuckDBWarehouse
from tests.builders import GAME_FEATURES, PLAYER_SCHEMA, TEAM_SCHEMA, History, Row, day, features_config, frame_of

EVER = date(2020, 1, 1), date(2030, 1, 1)
PLAYERS, TEAMS = "player_game_summary", "team_offense_game_summary"

Change = Callable[[list[Row]], list[Row]]


@pytest.fixture(scope="module")
def history() -> History:
    built = History()
    for number in range(8):
        built.plays(number, 8 + number)
        built.plays(number, 12, player="bob", usage=None)
    return built


def tables_of(history: History) -> dict[str, pa.Table]:
    return {
        PLAYERS: pa.Table.from_pylist(history.players, PLAYER_SCHEMA),
        TEAMS: pa.Table.from_pylist(history.teams, TEAM_SCHEMA),
    }


def write(tables: dict[str, pa.Table], folder: Path, kind: str = "parquet") -> dict[str, str]:
    """Write the tables as files, and return their paths by table."""
    paths = {}
    for name, table in tables.items():
        path = folder / f"{name}.{kind}"
        (pa.csv.write_csv if kind == "csv" else pa.parquet.write_table)(table, path)
        paths[name] = str(path)
    return paths


def built_from(files: dict[str, str]) -> pd.DataFrame:
    warehouse = DuckDBWarehouse(files)
    try:
        return frame_of(build_dataset(warehouse, features_config(GAME_FEATURES), *EVER))
    finally:
        warehouse.close()


@pytest.fixture(scope="module")
def whole(history: History, tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """Return the dataset of the unchanged tables."""
    return built_from(write(tables_of(history), tmp_path_factory.mktemp("whole")))


def with_column(table: pa.Table, name: str, values: list[Any], kind: pa.DataType | None = None) -> pa.Table:
    """Return the table with other values in a column."""
    return table.set_column(table.column_names.index(name), name, pa.array(values, kind))


def test_csv_gives_what_parquet_gives(history: History, whole: pd.DataFrame, tmp_path: Path) -> None:
    tables = tables_of(history)
    assert len(whole) > 4
    pd.testing.assert_frame_equal(built_from(write(tables, tmp_path, "csv")), whole, check_exact=True)


def test_a_glob_reads_several_files_as_one_table(history: History, whole: pd.DataFrame, tmp_path: Path) -> None:
    tables = tables_of(history)
    for month, rows in enumerate((tables[PLAYERS].slice(0, 5), tables[PLAYERS].slice(5))):
        folder = tmp_path / "games" / str(month)
        folder.mkdir(parents=True)
        # The order of the columns differs, because they are matched by name.
        pa.parquet.write_table(rows.select(rows.column_names[::-1]), folder / "part.parquet")
    teams = write({TEAMS: tables[TEAMS]}, tmp_path)
    files = {PLAYERS: str(tmp_path / "games" / "**" / "*.parquet"), **teams}
    pd.testing.assert_frame_equal(built_from(files), whole, check_exact=True)


def test_a_path_may_hold_a_quote(history: History, tmp_path: Path) -> None:
    folder = tmp_path / "o'neal's"
    folder.mkdir()
    assert len(built_from(write(tables_of(history), folder))) > 4


@pytest.mark.parametrize(
    ("column", "kind"),
    [
        ("points", pa.int32()),
        ("points", pa.float64()),
        ("points", pa.decimal128(38, 9)),
        ("minutes_played", pa.int64()),
        ("minutes_played", pa.float32()),
        ("minutes_played", pa.decimal128(38, 9)),
        ("game_date", pa.timestamp("us")),
        ("game_date", pa.timestamp("ns")),
        ("season_year", pa.uint16()),
        ("player_lookup", pa.large_string()),
    ],
)
def test_types_that_hold_the_same_values_are_read_alike(
    column: str, kind: pa.DataType, history: History, whole: pd.DataFrame, tmp_path: Path
) -> None:
    tables = tables_of(history)
    cast = tables[PLAYERS].column(column).cast(kind)
    tables[PLAYERS] = tables[PLAYERS].set_column(tables[PLAYERS].column_names.index(column), column, cast)
    pd.testing.assert_frame_equal(built_from(write(tables, tmp_path)), whole, check_exact=True)


def test_names_are_text_to_every_expression_and_leave_as_text(history: History, tmp_path: Path) -> None:
    """Check that names stored as ENUM behave as text, also in order and in comparison with unknown names."""
    tables = tables_of(history)
    names = ["zoë", "a", "Z", "éric", "ab", "o'neal"]
    rows = tables[PLAYERS].slice(0, len(names))
    tables[PLAYERS] = with_column(rows, "player_lookup", names)
    warehouse = DuckDBWarehouse(write(tables, tmp_path))
    assert warehouse.columns(PLAYERS)["player_lookup"].startswith("ENUM")
    found = warehouse.query(
        """SELECT player_lookup, CONCAT(UPPER(player_lookup), '!') AS loud, player_lookup = 'nobody' AS is_nobody,
          IF(player_lookup = 'a', player_lookup, 'another') AS other, LENGTH(player_lookup) AS length,
          team_abbr < 'BOS' AS is_before
        FROM `nba_analytics.player_game_summary` ORDER BY player_lookup""",
        {},
    )
    assert {found.schema.field(name).type for name in ("player_lookup", "loud", "other")} == {pa.string()}
    assert found["player_lookup"].to_pylist() == sorted(names, key=str.encode)
    assert found["loud"].to_pylist() == [f"{name.upper()}!" for name in sorted(names, key=str.encode)]
    assert not any(found["is_nobody"].to_pylist())
    assert found["other"].to_pylist().count("another") == len(names) - 1
    assert found["length"].to_pylist() == [len(name) for name in sorted(names, key=str.encode)]
    assert found["is_before"].to_pylist() == [team < "BOS" for team in rows["team_abbr"].to_pylist()]
    among = "SELECT game_id FROM `nba_analytics.player_game_summary` WHERE player_lookup IN UNNEST(@who)"
    assert len(warehouse.query(among, {"who": ["zoë", "nobody"]})) == 1
    warehouse.close()


def test_numbers_may_stand_for_names(history: History, whole: pd.DataFrame, tmp_path: Path) -> None:
    tables = tables_of(history)
    numbers = {name: 200 + place for place, name in enumerate(sorted(set(whole["player_lookup"])))}
    numbers = {name: numbers.get(name, 300) for name in tables[PLAYERS]["player_lookup"].to_pylist()}
    ids = [numbers[name] for name in tables[PLAYERS]["player_lookup"].to_pylist()]
    tables[PLAYERS] = with_column(tables[PLAYERS], "player_lookup", ids, pa.int64())
    numbered = built_from(write(tables, tmp_path))
    renamed = whole.assign(player_lookup=whole["player_lookup"].map(lambda name: str(numbers[name])))
    pd.testing.assert_frame_equal(numbered, renamed, check_exact=True)


def spoiled(column: str, value: Any, kind: pa.DataType | None = None) -> Callable[[pa.Table], pa.Table]:
    """Return a function that sets the third value of a column."""

    def spoil(table: pa.Table) -> pa.Table:
        values = table.column(column).to_pylist()
        if kind == pa.string():
            values = [None if old is None else str(old) for old in values]
        values[2] = value
        return with_column(table, column, values, kind or table.schema.field(column).type)

    return spoil


def twice(table: pa.Table) -> pa.Table:
    return pa.concat_tables([table, table.slice(3, 1)])


def in_both_teams(table: pa.Table) -> pa.Table:
    again = table.slice(3, 1)
    teams = {"team_abbr": again["opponent_team_abbr"], "opponent_team_abbr": again["team_abbr"]}
    for name, values in teams.items():
        again = again.set_column(again.column_names.index(name), name, values)
    return pa.concat_tables([table, again])


BAD_TABLES: list[tuple[str, str, Callable[[pa.Table], pa.Table], list[str]]] = [
    ("a missing column", PLAYERS, lambda table: table.drop_columns(["points"]), ["lacks the column points"]),
    (
        "two missing columns",
        TEAMS,
        lambda table: table.drop_columns(["possessions", "minutes_total"]),
        ["lacks the columns possessions, minutes_total"],
    ),
    (
        "no season type",
        PLAYERS,
        lambda table: table.drop_columns(["season_type"]),
        ["lacks the column season_type", "warehouse.season_type=regular"],
    ),
    ("text", PLAYERS, spoiled("points", "DNP", pa.string()), ["column points must be INT64", "VARCHAR", "'DNP'"]),
    ("a fraction", PLAYERS, spoiled("points", 12.5, pa.float64()), ["column points must be INT64", "'12.5'"]),
    (
        "a decimal fraction",
        TEAMS,
        spoiled("possessions", Decimal("98.25"), pa.decimal128(38, 9)),
        ["column possessions must be INT64", "98.25"],
    ),
    ("a text date", PLAYERS, spoiled("game_date", "soon", pa.string()), ["column game_date must be DATE", "'soon'"]),
    ("a key twice", PLAYERS, twice, ["the key stands more than once in 2 rows", "_NYK_BOS, bob)"]),
    (
        "a player in both teams",
        PLAYERS,
        in_both_teams,
        [f"{PLAYERS}.parquet): the key stands more than once in 2 rows", "_NYK_BOS, bob) for BOS and NYK;"],
    ),
    ("a team twice", TEAMS, twice, ["the key stands more than once in 2 rows", "(game_id, team_abbr)", "NYK)"]),
    ("negative points", PLAYERS, spoiled("points", -1), ["points is negative in 1 row", "_NYK_BOS, ann)"]),
    ("negative minutes", PLAYERS, spoiled("minutes_played", -0.5), ["minutes_played is negative in 1 row"]),
    ("endless minutes", PLAYERS, spoiled("minutes_played", float("inf")), ["minutes_played is infinite", "in 1 row"]),
    (
        "endless points",
        PLAYERS,
        spoiled("points", float("inf"), pa.float64()),
        ["column points must be INT64", "'inf'"],
    ),
    ("no player's game", PLAYERS, lambda table: table.slice(0, 0), ["has no rows", "warehouse.player_game_summary="]),
    ("no team's game", TEAMS, lambda table: table.slice(0, 0), ["has no rows"]),
    ("negative possessions", TEAMS, spoiled("possessions", -90), ["possessions is negative in 1 row"]),
    ("no player", PLAYERS, spoiled("player_lookup", None), ["player_lookup is NULL in 1 row", ", None)"]),
    ("no date", PLAYERS, spoiled("game_date", None), ["game_date is NULL in 1 row"]),
    ("no season", TEAMS, spoiled("season_year", None), ["season_year is NULL in 1 row"]),
    ("no opponent", TEAMS, spoiled("opponent_team_abbr", None), ["opponent_team_abbr is NULL in 1 row"]),
]


@pytest.mark.parametrize(
    ("name", "spoil", "expected"), [case[1:] for case in BAD_TABLES], ids=[c[0] for c in BAD_TABLES]
)
def test_a_table_that_cannot_be_is_refused_by_name(
    name: str, spoil: Callable[[pa.Table], pa.Table], expected: list[str], history: History, tmp_path: Path
) -> None:
    tables = tables_of(history)
    tables[name] = spoil(tables[name])
    with pytest.raises(DataError) as refused:
        DuckDBWarehouse(write(tables, tmp_path))
    message = str(refused.value)
    assert message.startswith(name)
    assert "\n" not in message
    assert [part for part in expected if part not in message] == []
    assert refused.value.exit_code == 3


def test_a_message_names_only_a_few_of_many_rows(tmp_path: Path) -> None:
    built = History()
    for number in range(9):
        built.plays(number, 10)
    tables = tables_of(built)
    tables[PLAYERS] = pa.concat_tables([tables[PLAYERS]] * 3)
    with pytest.raises(DataError) as refused:
        DuckDBWarehouse(write(tables, tmp_path))
    assert "in 27 rows, for example" in str(refused.value)
    assert str(refused.value).count("_NYK_BOS, ann)") <= 5


@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_a_file_that_is_no_table_is_refused(kind: str, history: History, tmp_path: Path) -> None:
    files = write(tables_of(history), tmp_path, kind)
    Path(files[PLAYERS]).write_bytes(b"")
    with pytest.raises(DataError, match=PLAYERS):
        DuckDBWarehouse(files)


def test_a_truncated_parquet_file_is_named_with_the_remedy(history: History, tmp_path: Path) -> None:
    files = write(tables_of(history), tmp_path)
    path = Path(files[PLAYERS])
    path.write_bytes(path.read_bytes()[:-20])
    damaged = rf"\({re.escape(str(path))}\) is damaged and cannot be read as Parquet; write it again, or remove it\."
    with pytest.raises(DataError, match=damaged):
        DuckDBWarehouse(files)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"player_game_summary: no file at .*; correct warehouse\.player_game"):
        DuckDBWarehouse({PLAYERS: str(tmp_path / "nowhere.parquet"), TEAMS: str(tmp_path / "nowhere.parquet")})


def test_a_folder_is_refused_with_the_glob_of_its_files(history: History, tmp_path: Path) -> None:
    files = write(tables_of(history), tmp_path)
    with pytest.raises(DataError, match=r"player_game_summary: .* is a folder; name its files, as in .*\*\.parquet"):
        DuckDBWarehouse(files | {PLAYERS: str(tmp_path)})


def test_a_history_cut_before_its_first_game_has_no_rows(history: History) -> None:
    warehouse = DuckDBWarehouse.from_arrow({name: table.slice(0, 0) for name, table in tables_of(history).items()})
    with pytest.raises(DataError, match="player_game_summary has no rows"):
        warehouse.latest_game_date()
    assert len(build_dataset(warehouse, features_config(GAME_FEATURES), *EVER)) == 0
    warehouse.close()


def test_a_table_that_was_not_given_is_named() -> None:
    with pytest.raises(DataError, match=r"has no player_game_summary; give it with warehouse\.player_game"):
        build_dataset(DuckDBWarehouse({}), features_config(GAME_FEATURES), *EVER)


def test_the_fingerprint_follows_the_content_of_the_files(history: History, tmp_path: Path) -> None:
    files = write(tables_of(history), tmp_path)
    first, again = DuckDBWarehouse(files).fingerprint(), DuckDBWarehouse(files).fingerprint()
    tables = tables_of(history)
    tables[PLAYERS] = spoiled("points", 40)(tables[PLAYERS])
    assert first == again
    assert DuckDBWarehouse(write(tables, tmp_path)).fingerprint() != first


def test_files_left_for_later_are_checked_with_the_first_question(history: History, tmp_path: Path) -> None:
    tables = tables_of(history)
    tables[PLAYERS] = spoiled("points", -1)(tables[PLAYERS])
    warehouse = DuckDBWarehouse(write(tables, tmp_path), is_lazy=True)
    assert warehouse.fingerprint()
    for _ in range(2):
        with pytest.raises(DataError, match="points is negative"):
            warehouse.latest_game_date()


def test_files_left_for_later_that_change_before_they_are_read_are_refused(history: History, tmp_path: Path) -> None:
    warehouse = DuckDBWarehouse(write(tables_of(history), tmp_path), is_lazy=True)
    tables = tables_of(history)
    tables[PLAYERS] = spoiled("points", 40)(tables[PLAYERS])
    write(tables, tmp_path)
    with pytest.raises(DataError, match="changed while they were read; run again"):
        build_dataset(warehouse, features_config(GAME_FEATURES), *EVER)


def test_facts_of_a_warehouse_are_those_of_its_files(history: History, tmp_path: Path) -> None:
    warehouse = DuckDBWarehouse(write(tables_of(history), tmp_path))
    assert warehouse.latest_game_date() == day(7)
    assert warehouse.describe() == f"duckdb, games to {day(7)}"
    assert not warehouse.has_schedule()
    assert dict(warehouse.columns(PLAYERS))["points"] == "BIGINT"


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        (lambda table: table.drop_columns(["points"]), "lacks the column points"),
        (spoiled("points", "DNP", pa.string()), "column points must be INT64"),
        (twice, "the key stands more than once"),
    ],
)
def test_the_program_refuses_with_exit_code_3_and_one_sentence(
    spoil: Callable[[pa.Table], pa.Table],
    expected: str,
    history: History,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    tables = tables_of(history)
    tables[PLAYERS] = spoil(tables[PLAYERS])
    files = write(tables, tmp_path)
    monkeypatch.chdir(tmp_path)
    words = ["warehouse=duckdb", *(f"warehouse.{name}={path}" for name, path in files.items())]
    assert main(["dataset", "start=2025-11-01", "end=2025-11-30", "out=rows.parquet", *words]) == 3
    shown = capsys.readouterr()
    assert shown.err.startswith(f"breakout: {PLAYERS} (") or shown.err.startswith(f"breakout: {PLAYERS}: ")
    assert expected in shown.err
    assert (shown.out, shown.err.count("\n")) == ("", 1)
    assert not (tmp_path / "rows.parquet").exists()


def test_a_lack_of_memory_is_one_sentence(history: History, tmp_path: Path) -> None:
    warehouse = DuckDBWarehouse(write(tables_of(history), tmp_path))
    warehouse.connection.execute("SET temp_directory = ''")
    warehouse.connection.execute("SET memory_limit = '8MB'")
    with pytest.raises(DataError, match="not enough memory") as refused:
        warehouse.query("SELECT ARRAY_AGG(number) AS numbers FROM UNNEST(GENERATE_ARRAY(1, 1000000)) AS number", {})
    assert "\n" not in str(refused.value)
    warehouse.close()
