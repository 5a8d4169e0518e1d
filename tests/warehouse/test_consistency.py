"""Contradictions between tables, which the program refuses, and maps of codes and season types that resolve them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pytest

from breakout.dataset import build_dataset
from breakout.errors import DataError
from breakout.settings.composition import compose
from breakout.warehouse.base import Warehouse
from breakout.warehouse.checks.consistency import find_inconsistencies
from breakout.warehouse.checks.consistency_query import TABLES
from breakout.warehouse.opening import open_warehouse
from breakout.warehouse.sample import open_sample
from tests.builders import (
    FIRST_DAY,
    PLAYER_SCHEMA,
    SCHEDULE_SCHEMA,
    TEAM_SCHEMA,
    History,
    Row,
    day,
    features_config,
    frame_of,
)
from tests.commands import call
from tests.warehouse.opening import open_files

CODES = ("team_abbr", "opponent_team_abbr", "home_team_abbr", "away_team_abbr")
LAST = day(14)
# Features of all columns that maps change: teams, opponents, home and away from game_id, dates.
FEATURES = ("points_avg_season", "opponent_def_rating", "team_pace", "home_away", "rest_days")


class Tables:
    """Tables in which two pairs of teams meet every second day; a test changes them before it opens them."""

    def __init__(self) -> None:
        history = History()
        for number in range(0, 15, 2):
            for team, opponent, player in (("BKN", "PHX", "ann"), ("LAL", "GSW", "bob")):
                history.plays(number, 8 + number, player=player, team=team, opponent=opponent)
                history.plays(number, 12, player=f"{player}2", team=opponent, opponent=team, is_home=False)
        self.players, self.teams = history.players, history.teams
        self.schedule: list[Row] = [
            {
                "game_id": row["game_id"],
                "game_date": row["game_date"],
                "home_team_abbr": row["team_abbr"],
                "away_team_abbr": row["opponent_team_abbr"],
                "season_year": row["season_year"],
                "season_type": row["season_type"],
            }
            for row in self.teams
            if row["game_id"].endswith(row["team_abbr"])
        ]

    @property
    def all(self) -> list[Row]:
        return [*self.players, *self.teams, *self.schedule]

    def write(self, folder: Path) -> dict[str, Path]:
        """Write the tables as files into a new folder, and return their paths by table."""
        folder.mkdir(parents=True, exist_ok=True)
        named = {
            "player_game_summary": (self.players, PLAYER_SCHEMA),
            "team_offense_game_summary": (self.teams, TEAM_SCHEMA),
            "schedule": (self.schedule, SCHEDULE_SCHEMA),
        }
        for name, (rows, schema) in named.items():
            pa.parquet.write_table(pa.Table.from_pylist(rows, schema), folder / f"{name}.parquet")
        return {name: folder / f"{name}.parquet" for name in named}

    def open(self, folder: Path, **values: Any) -> Warehouse:
        """Write the tables as files, and open them with these values of the warehouse's settings."""
        return open_files(**self.write(folder), **values)


def change(rows: list[Row], column: str, value: Any, where: Callable[[Row], bool] = bool) -> None:
    """Set a column of the rows for which `where` is true, to `value` or to the result of `value(row)`."""
    for row in filter(where, rows):
        row[column] = value(row) if callable(value) else value


def recode(rows: list[Row], old: str, new: str) -> None:
    """Replace a team's code in all columns, also inside game_id."""
    for row in rows:
        for column in CODES:
            if row.get(column) == old:
                row[column] = new
        row["game_id"] = "_".join(new if part == old else part for part in row["game_id"].split("_"))


def exchanged(row: Row) -> Row:
    return row | {"home_team_abbr": row["away_team_abbr"], "away_team_abbr": row["home_team_abbr"]}


def later(row: Row) -> Any:
    return row["game_date"] + timedelta(days=1)


def is_opening(row: Row) -> bool:
    return bool(row["game_date"] == day(0) and "BKN" in row["game_id"])


def dated_by_utc(tables: Tables) -> None:
    change(tables.players, "game_date", later)


def schedule_dated_by_utc(tables: Tables) -> None:
    change(tables.schedule, "game_date", later)


def everything_dated_by_utc_but_the_id(tables: Tables) -> None:
    change(tables.all, "game_date", later)


def dated_by_utc_with_an_id_of_its_own(tables: Tables) -> None:
    for row in tables.players:
        row["game_date"] = later(row)
        row["game_id"] = f"{row['game_date']:%Y%m%d}{row['game_id'][8:]}"
    tables.schedule.clear()


def schedule_dated_by_utc_with_ids_of_its_own(tables: Tables) -> None:
    for row in tables.schedule:
        row["game_date"] = later(row)
        row["game_id"] = f"{row['game_date']:%Y%m%d}{row['game_id'][8:]}"


def seasons_named_by_the_year_of_the_date(tables: Tables) -> None:
    for row in tables.all:
        row["game_date"] += timedelta(days=55)
        row["game_id"] = f"{row['game_date']:%Y%m%d}{row['game_id'][8:]}"
        row["season_year"] = row["game_date"].year


def last_season_of_a_coming_game(tables: Tables) -> None:
    last = max(tables.schedule, key=lambda row: row["game_date"])
    coming = {"game_id": f"{day(16):%Y%m%d}{last['game_id'][8:]}", "game_date": day(16), "season_year": 2024}
    tables.schedule.append(last | coming)


def two_dates_in_the_team_table(tables: Tables) -> None:
    change(tables.teams, "game_date", later, lambda row: is_opening(row) and row["team_abbr"] == "BKN")


def lower(rows: list[Row], columns: Sequence[str]) -> None:
    for row in rows:
        row.update({column: row[column].lower() for column in columns if column in row})


def lower_case(tables: Tables) -> None:
    lower(tables.players, CODES)


def trailing_space(tables: Tables) -> None:
    change(tables.teams, "team_abbr", "LAL ", lambda row: row["team_abbr"] == "LAL")
    change(tables.teams, "opponent_team_abbr", "LAL ", lambda row: row["opponent_team_abbr"] == "LAL")


def trailing_space_in_the_team_column_alone(tables: Tables) -> None:
    change(tables.teams, "team_abbr", "LAL ", lambda row: row["team_abbr"] == "LAL")
    tables.players = [row for row in tables.players if "LAL" not in row["game_id"]]
    tables.schedule.clear()


def everything_in_lower_case_but_the_id(tables: Tables) -> None:
    lower(tables.all, CODES)


def old_code_in_the_players(tables: Tables) -> None:
    recode(tables.players, "BKN", "BRK")


def old_code_in_the_teams(tables: Tables) -> None:
    recode(tables.teams, "BKN", "BRK")


def old_code_of_opponents_alone(tables: Tables) -> None:
    change(tables.players, "opponent_team_abbr", "PHO", lambda row: row["opponent_team_abbr"] == "PHX")


def short_code_in_the_schedule(tables: Tables) -> None:
    recode(tables.schedule, "GSW", "GS")


def a_season_the_team_table_lacks(tables: Tables) -> None:
    tables.players += [
        row | {"season_year": 2024, "game_date": row["game_date"] - timedelta(365), "game_id": f"old_{number}_PHX_BKN"}
        for number, row in enumerate(tables.players[:1])
    ]


def a_team_against_two(tables: Tables) -> None:
    change(tables.players, "opponent_team_abbr", "LAL", lambda row: is_opening(row) and row["player_lookup"] == "ann")


def a_team_against_itself(tables: Tables) -> None:
    change([*tables.teams, *tables.players], "opponent_team_abbr", lambda row: row["team_abbr"], is_opening)
    change(tables.schedule, "away_team_abbr", "BKN", is_opening)


def one_side_of_a_game(tables: Tables) -> None:
    tables.teams.remove(next(row for row in tables.teams if is_opening(row) and row["team_abbr"] == "PHX"))


def an_id_of_other_teams(tables: Tables) -> None:
    change(tables.all, "game_id", f"{FIRST_DAY:%Y%m%d}_PHX_SAS", is_opening)


def an_id_with_a_number_at_its_end(tables: Tables) -> None:
    change(tables.all, "game_id", lambda row: f"{row['game_id']}_1")


def home_and_away_exchanged_in_the_schedule(tables: Tables) -> None:
    tables.schedule = [exchanged(row) for row in tables.schedule]


def two_rows_a_game_in_the_schedule(tables: Tables) -> None:
    tables.schedule += [exchanged(row) for row in tables.schedule]


def the_same_game_under_two_ids_in_the_schedule(tables: Tables) -> None:
    row = tables.schedule[0]
    tables.schedule.append(exchanged(row) | {"game_id": f"{FIRST_DAY:%Y%m%d}_BKN_PHX"})


def the_same_game_under_two_ids(tables: Tables) -> None:
    copies = [row | {"game_id": f"{FIRST_DAY:%Y%m%d}_BKN_PHX"} for row in tables.teams if is_opening(row)]
    tables.teams += copies
    tables.players += [
        row | {"game_id": copies[0]["game_id"], "player_lookup": "cal"} for row in tables.players if is_opening(row)
    ][:1]


def another_id_in_the_team_table(tables: Tables) -> None:
    change(tables.teams, "game_id", f"{FIRST_DAY:%Y%m%d}_BKN_PHX", is_opening)


def another_id_without_teams_in_the_players(tables: Tables) -> None:
    change(tables.players, "game_id", lambda row: f"00{row['game_date']:%m%d}{row['game_id'].count('BKN')}")


def a_player_in_two_games(tables: Tables) -> None:
    change(tables.players, "player_lookup", "ann", lambda row: row["player_lookup"] == "bob")


def another_season_year_in_one_table(tables: Tables) -> None:
    change(tables.players, "season_year", 2026)


def another_season_year_in_the_schedule(tables: Tables) -> None:
    change(tables.schedule, "season_year", 2026)


def another_type_in_one_table(tables: Tables) -> None:
    change(tables.teams, "season_type", "playoffs", is_opening)


def types_in_words(tables: Tables) -> None:
    change(tables.all, "season_type", "Regular Season")


def types_in_numbers(tables: Tables) -> None:
    change(tables.teams, "season_type", "2")


def one_unknown_type(tables: Tables) -> None:
    change(tables.schedule, "season_type", "preseason", is_opening)


@pytest.mark.parametrize(
    ("spoil", "named"),
    [
        (dated_by_utc, ["20251101_PHX_BKN", "2025-11-01", "2025-11-02", "player_game_summary"]),
        (schedule_dated_by_utc, ["20251101_PHX_BKN", "2025-11-02 in schedule"]),
        (two_dates_in_the_team_table, ["20251101_PHX_BKN", "2025-11-02 in team_offense_game_summary"]),
        (everything_dated_by_utc_but_the_id, ["20251101_PHX_BKN", "2025-11-02"]),
        (dated_by_utc_with_an_id_of_its_own, ["20251101_PHX_BKN", "20251102_PHX_BKN"]),
        (schedule_dated_by_utc_with_ids_of_its_own, ["20251103_PHX_BKN", "20251104_PHX_BKN", "schedule"]),
        (seasons_named_by_the_year_of_the_date, ["2025 ends on 2025-12-30", "2026 begins on 2026-01-01"]),
        (last_season_of_a_coming_game, ["2024 ends on 2025-11-17", "2025 begins on 2025-11-01"]),
        (trailing_space_in_the_team_column_alone, ["'LAL'", "nearest 'LAL '"]),
        (lower_case, ["'bkn'", "nearest 'BKN'", "bkn: BKN", "warehouse.team_codes="]),
        (trailing_space, ["'LAL'", "nearest 'LAL '"]),
        (everything_in_lower_case_but_the_id, ["20251101_PHX_BKN", "bkn"]),
        (old_code_in_the_players, ["player_game_summary", "'BRK'", "{BRK: BKN}"]),
        (old_code_in_the_teams, ["'BKN'", "nearest 'BRK'", "{BRK: BKN}"]),
        (old_code_of_opponents_alone, ["'PHO'", "{PHO: PHX}"]),
        (short_code_in_the_schedule, ["schedule", "'GS'", "{GS: GSW}"]),
        (a_season_the_team_table_lacks, ["2024", "team_offense_game_summary"]),
        (a_team_against_two, ["20251101_PHX_BKN", "BKN against LAL", "BKN against PHX"]),
        (a_team_against_itself, ["20251101_PHX_BKN"]),
        (one_side_of_a_game, ["20251101_PHX_BKN", "team_offense_game_summary"]),
        (an_id_of_other_teams, ["20251101_PHX_SAS"]),
        (an_id_with_a_number_at_its_end, ["20251101_PHX_BKN_1"]),
        (home_and_away_exchanged_in_the_schedule, ["20251101_PHX_BKN", "schedule"]),
        (two_rows_a_game_in_the_schedule, ["20251101_PHX_BKN", "schedule", "game_id"]),
        (the_same_game_under_two_ids_in_the_schedule, ["20251101_PHX_BKN", "20251101_BKN_PHX"]),
        (the_same_game_under_two_ids, ["20251101_PHX_BKN", "20251101_BKN_PHX"]),
        (another_id_in_the_team_table, ["20251101_PHX_BKN", "20251101_BKN_PHX"]),
        (another_id_without_teams_in_the_players, ["20251101_PHX_BKN", "0011011"]),
        (a_player_in_two_games, ["ann", "20251101_PHX_BKN", "20251101_GSW_LAL"]),
        (another_season_year_in_one_table, ["20251101_PHX_BKN", "2025", "2026 in player_game_summary"]),
        (another_season_year_in_the_schedule, ["2026 in schedule"]),
        (another_type_in_one_table, ["20251101_PHX_BKN", "'playoffs' in team_offense_game_summary"]),
        (types_in_words, ["'Regular Season' in 32 rows", "{Regular Season: regular}"]),
        (types_in_numbers, ["'2' in 32 rows", "{2: regular}"]),
        (one_unknown_type, ["'preseason' in 1 row", "schedule", "preseason: null"]),
    ],
)
def test_tables_that_contradict_each_other_are_refused(
    spoil: Callable[[Tables], None], named: list[str], tmp_path: Path
) -> None:
    tables = Tables()
    spoil(tables)
    with pytest.raises(DataError) as caught:
        tables.open(tmp_path)
    assert not [text for text in named if text not in str(caught.value)], str(caught.value)
    assert caught.value.exit_code == 3
    assert str(caught.value).count("\n") == 0


def nothing(tables: Tables) -> None:
    del tables


def an_absent_player(tables: Tables) -> None:
    """Add a row with 0 minutes for ann to a game of another team, on a date on which ann also plays."""
    row = next(row for row in tables.players if row["player_lookup"] == "bob")
    tables.players.append(row | {"player_lookup": "ann", "minutes_played": 0.0, "points": 0})


def a_team_game_without_players(tables: Tables) -> None:
    tables.players = [row for row in tables.players if not is_opening(row)]


def a_game_that_the_team_table_lacks(tables: Tables) -> None:
    tables.teams = [row for row in tables.teams if not is_opening(row)]


def a_schedule_of_another_season(tables: Tables) -> None:
    change(tables.schedule, "season_year", 2026)
    for row in tables.schedule:
        row["game_date"] += timedelta(days=365)
        row["game_id"] = f"{row['game_date']:%Y%m%d}{row['game_id'][8:]}"


def ids_without_teams(tables: Tables) -> None:
    numbers = {row["game_id"]: f"00225{number:05d}" for number, row in enumerate(tables.teams)}
    change(tables.all, "game_id", lambda row: numbers[row["game_id"]])


def a_cup_final_with_another_home_team_in_the_schedule(tables: Tables) -> None:
    change(tables.all, "season_type", "cup_final", is_opening)
    tables.schedule[0] = exchanged(tables.schedule[0]) | {"game_id": f"{FIRST_DAY:%Y%m%d}_BKN_PHX"}


@pytest.mark.parametrize(
    "vary",
    [
        nothing,
        an_absent_player,
        a_team_game_without_players,
        a_game_that_the_team_table_lacks,
        a_schedule_of_another_season,
        ids_without_teams,
        a_cup_final_with_another_home_team_in_the_schedule,
    ],
)
def test_what_real_tables_hold_is_accepted(vary: Callable[[Tables], None], tmp_path: Path) -> None:
    tables = Tables()
    vary(tables)
    tables.open(tmp_path).close()


def test_the_sample_contradicts_itself_nowhere() -> None:
    warehouse = open_sample()
    assert find_inconsistencies(warehouse, TABLES) == []
    warehouse.close()


def built(warehouse: Warehouse) -> pd.DataFrame:
    with warehouse:
        return frame_of(build_dataset(warehouse, features_config(FEATURES, min_prior_games=1), FIRST_DAY, LAST))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """Return the dataset of the unchanged tables."""
    rows = built(Tables().open(tmp_path_factory.mktemp("whole")))
    assert len(rows) > 10
    return rows


@pytest.mark.parametrize(
    ("spoil", "maps"),
    [
        (old_code_in_the_players, {"team_codes": {"BRK": "BKN"}}),
        (old_code_in_the_teams, {"team_codes": {"BRK": "BKN"}}),
        (old_code_of_opponents_alone, {"team_codes": {"PHO": "PHX"}}),
        (short_code_in_the_schedule, {"team_codes": {"GS": "GSW"}}),
        (lower_case, {"team_codes": {"bkn": "BKN", "phx": "PHX", "lal": "LAL", "gsw": "GSW"}}),
        (trailing_space, {"team_codes": {"LAL ": "LAL"}}),
        (types_in_words, {"season_types": {"Regular Season": "regular"}}),
        (types_in_numbers, {"season_types": {2: "regular"}}),
    ],
)
def test_a_map_gives_the_rows_of_tables_that_fit(
    spoil: Callable[[Tables], None], maps: dict[str, Any], whole: pd.DataFrame, tmp_path: Path
) -> None:
    tables = Tables()
    spoil(tables)
    pd.testing.assert_frame_equal(built(tables.open(tmp_path, **maps)), whole, check_exact=True)


def test_the_map_of_a_message_makes_the_tables_fit(tmp_path: Path) -> None:
    for number, spoil in enumerate((old_code_in_the_teams, trailing_space, types_in_words)):
        tables = Tables()
        spoil(tables)
        with pytest.raises(DataError) as caught:
            tables.open(tmp_path / str(number))
        override = str(caught.value).split("'warehouse.")[1].split("'")[0]
        files = [f"warehouse.{name}={path}" for name, path in tables.write(tmp_path / str(number)).items()]
        mapped = compose("train", ["warehouse=duckdb", *files, f"warehouse.{override}"])
        open_warehouse(mapped.warehouse).close()


def test_rows_of_a_type_that_is_mapped_to_null_are_left_out(whole: pd.DataFrame, tmp_path: Path) -> None:
    tables = Tables()
    for rows in (tables.players, tables.teams):
        for row in [row for row in rows if row["game_date"] == LAST]:
            other = row | {"game_date": day(20), "game_id": "20251121_EAST_WEST", "season_type": "All Star"}
            pair = {"BKN": "EAST", "LAL": "EAST", "PHX": "WEST", "GSW": "WEST"}
            rows.append(other | {column: pair[row[column]] for column in CODES[:2]})
    tables.teams = list({(row["game_id"], row["team_abbr"]): row for row in tables.teams}.values())
    left_out = tables.open(tmp_path, season_types={"All Star": None})
    assert str(left_out.latest_game_date()) == str(LAST)
    pd.testing.assert_frame_equal(built(left_out), whole, check_exact=True)


def test_other_maps_are_another_source(tmp_path: Path) -> None:
    plain = Tables().open(tmp_path)
    mapped = Tables().open(tmp_path, team_codes={"BRK": "BKN"})
    assert plain.fingerprint() != mapped.fingerprint()
    plain.close()
    mapped.close()


def test_the_doctor_lists_what_it_checks_and_refuses_tables_that_contradict_each_other(tmp_path: Path) -> None:
    tables = Tables()
    files = [f"warehouse.{name}={path}" for name, path in tables.write(tmp_path).items()]
    answer = call("doctor", "warehouse=duckdb", *files)
    assert answer.code == 0
    line = next(line for line in answer.out.splitlines() if line.startswith("ok      tables against each other: "))
    for checked in ("game_id", "game dates", "team codes", "season types", "season years", "opponents"):
        assert checked in line
    two_dates_in_the_team_table(tables)
    tables.write(tmp_path)
    answer = call("doctor", "warehouse=duckdb", *files)
    assert answer.code == 3
    assert "failed  warehouse: " in answer.out
    assert "20251101_PHX_BKN" in answer.out


def test_the_doctor_enforces_the_lock_of_shared_mode() -> None:
    answer = call("doctor", "features.names=[home_away]")
    assert answer.code == 2
    assert "mode=experimental" in answer.err
