"""The kept rows and their labels in close cases: ties, missing numbers, seasons, trades.

In the comments, S is the season average of points.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from breakout.dataset import Dataset, build_dataset
from breakout.errors import DataError
from breakout.warehouse.duckdb import DuckDBWarehouse
from breakout.warehouse.files.reading import ReadOptions
from tests.builders import (
    FIRST_DAY,
    GAME_FEATURES,
    PLAYER_SCHEMA,
    TEAM_SCHEMA,
    History,
    Row,
    day,
    everyone,
    features_config,
    frame_of,
    open_tables,
    raw_values,
)

EVER = date(2020, 1, 1), date(2030, 1, 1)
AVERAGE = ("points_avg_season",)


def games_of(*points: int) -> History:
    history = History()
    history.season(*points)
    return history


def kept(history: History, **changes: Any) -> list[tuple[int, int]]:
    """Return the number of the day and the label of each kept row."""
    dataset = history.build(features_config(AVERAGE, **changes))
    return [
        ((game_date - FIRST_DAY).days, int(label))
        for game_date, label in zip(dataset.keys["game_date"], dataset.label, strict=True)
    ]


@pytest.mark.parametrize(
    ("before", "points", "label"),
    [
        ((10, 10, 10, 10, 10), 15, 1),
        ((10, 10, 10, 10, 10), 14, 0),
        ((10, 10, 10, 10, 10, 10, 10), 15, 1),
        ((9, 10, 11, 12, 13, 11), 17, 1),  # S = 11, 1.5 S = 16.5
        ((9, 10, 11, 12, 13, 11), 16, 0),
        ((11, 11, 10), 16, 1),  # S = 32/3, 1.5 S = 16
        ((12, 11, 11, 12, 11, 11), 17, 1),  # S = 34/3, 1.5 S = 17
    ],
)
def test_a_breakout_begins_at_exactly_one_and_a_half_averages(before: tuple[int, ...], points: int, label: int) -> None:
    history = games_of(*before, points)
    assert kept(history, min_prior_games=len(before)) == [(2 * len(before), label)]


@pytest.mark.parametrize(
    ("multiplier", "before", "points", "label"),
    [
        (1.3, (10, 10, 10, 10, 10), 13, 1),
        (1.3, (10, 10, 10, 10, 10, 10), 13, 1),
        (1.3, (10,) * 7, 13, 1),  # as floats, 1.3 * 70 is above 91
        (1.3, (10,) * 5, 12, 0),
        (1.1, (10,) * 5, 11, 1),  # as floats, 1.1 * 50 is above 55
        (1.1, (10,) * 7, 11, 1),
        (2.0, (9, 9, 9, 9, 9), 18, 1),
        (1.7, (10,) * 5, 17, 1),
        (1.7, (10,) * 5, 16, 0),
    ],
)
def test_ties_hold_for_every_multiplier(multiplier: float, before: tuple[int, ...], points: int, label: int) -> None:
    history = games_of(*before, points)
    rows = kept(history, breakout_multiplier=multiplier, min_prior_games=len(before))
    assert rows == [(2 * len(before), label)]


@pytest.mark.parametrize(
    ("before", "is_kept"),
    [
        ((8, 8, 8, 8, 8), True),
        ((8, 8, 8, 8, 7), False),
        ((16, 16, 16, 16, 16), True),
        ((16, 16, 16, 16, 17), False),
        ((7, 8, 9, 7, 8, 9), True),
        ((0, 0, 0, 0, 48, 0), True),  # S = 8 exactly
        ((7, 8, 9, 7, 8, 8), False),  # S = 47/6
    ],
)
def test_the_points_band_holds_its_ends(before: tuple[int, ...], *, is_kept: bool) -> None:
    history = games_of(*before, 10)
    assert (2 * len(before) in dict(kept(history))) == is_kept


def test_a_band_of_fractions_holds_its_ends() -> None:
    history = games_of(10, 10, 10, 10, 11, 12)  # S = 10.2 before the last game
    assert dict(kept(history, min_ppg=10.2)).keys() == {10}
    assert dict(kept(history, min_ppg=10.21)).keys() == set()
    assert dict(kept(history, max_ppg=10.2)).keys() == {10}
    assert dict(kept(history, max_ppg=10.19)).keys() == set()


@pytest.mark.parametrize("games", [1, 3, 5, 7])
def test_rows_begin_after_so_many_games(games: int) -> None:
    rows = kept(games_of(*[10] * 9), min_prior_games=games)
    assert [number for number, _ in rows] == [2 * index for index in range(games, 9)]


def test_a_row_of_zero_minutes_is_no_game_even_with_points() -> None:
    history = History()
    for number, points in enumerate((10, 10, 10, 10, 10)):
        history.plays(number, points)
    history.plays(5, 40, minutes=0)
    history.plays(6, 10)
    assert history.build(features_config(AVERAGE)).X["points_avg_season"].tolist() == [10.0]
    assert kept(history) == [(6, 0)]


@pytest.mark.parametrize("changes", [{"points": None}, {"minutes": None}, {"points": 0, "minutes": 0}])
def test_who_did_not_play_may_have_a_row_or_not(changes: dict[str, Any]) -> None:
    """The kept rows and their features are the same with and without rows of the games that a player missed."""
    absent, present = History(), History()
    for history in (absent, present):
        for number in range(14):
            history.plays(number, 8 + number % 5, player="bob")
            if number not in (3, 9):
                history.plays(number, 8 + number % 7, usage=10 + number)
            elif history is present:
                history.plays(number, **({"points": 9, "minutes": 20.0} | changes))
            else:
                history.game(number)
    without, given = absent.build(everyone()), present.build(everyone())
    pd.testing.assert_frame_equal(frame_of(without), frame_of(given))
    assert len(without) == 13 + 11


def test_games_of_one_day_are_not_in_each_others_history() -> None:
    history = History()
    for number in range(5):
        history.plays(number, 10)
    first = history.plays(6, 40, suffix="A")
    second = history.plays(6, 10, suffix="B", opponent="MIA")
    rows = raw_values(history.build(features_config()))
    assert rows["ann", first["game_id"]]["points_avg_season"] == 10
    assert rows["ann", second["game_id"]]["points_avg_season"] == 10
    assert rows["ann", second["game_id"]]["back_to_back"] == 0
    assert rows["ann", second["game_id"]]["rest_days"] == 2


def test_a_missing_regular_is_counted_once_for_each_of_two_games_of_a_day() -> None:
    history = History()
    for number in range(6):
        history.plays(number, 10)
        if number < 5:
            history.plays(number, 12, player="bob")
    for suffix in ("A", "B"):
        history.plays(6, 10, suffix=suffix)
    rows = [row for (player, _), row in raw_values(history.build(features_config())).items() if player == "ann"]
    assert [row["team_points_missing_last_game"] for row in rows] == [0, 12, 12]


def test_a_regular_who_played_the_other_game_of_the_tenth_last_day_is_forgotten() -> None:
    """The team has two games on day 4. bob played only the first, which is the team's eleventh last game."""
    history = History()
    for number in range(5):
        history.plays(number, 5, suffix="A")
        history.plays(number, 12, player="bob", suffix="A")
    history.plays(4, 5, suffix="B")
    for number in range(5, 14):
        history.plays(number, 5)
    assert history.tonight(14, names=("team_points_missing_last_game",)) == {"team_points_missing_last_game": 0}


def with_a_cup_final() -> History:
    history = History()
    for number in range(5):
        history.plays(2 * number, 10)
    history.plays(11, 40, minutes=40, season_type="cup_final")
    history.plays(12, 10)
    return history


def test_a_cup_final_does_not_count_even_for_rest() -> None:
    (row,) = raw_values(with_a_cup_final().build(features_config())).values()
    assert row["points_avg_season"] == 10
    assert row["minutes_avg_last_10"] == 30
    assert row["back_to_back"] == 0
    assert row["rest_days"] == 4
    assert row["opponent_def_rating"] == 110


def test_a_cup_final_counts_where_it_is_enabled() -> None:
    history = with_a_cup_final()
    rows = raw_values(history.build(features_config(season_types=("regular", "cup_final"))))
    assert [row["points_avg_season"] for row in rows.values()] == [10, 15]
    assert [row["back_to_back"] for row in rows.values()] == [0, 1]


def test_a_game_of_unknown_type_does_not_count() -> None:
    history = games_of(10, 10, 10, 10, 10)
    history.plays(10, 40, season_type=None)
    history.plays(12, 10)
    assert kept(history) == [(12, 0)]


def test_a_traded_player_keeps_his_games_and_takes_the_new_teams_rest() -> None:
    history = History()
    for number in range(5):
        history.plays(2 * number, 10, team="CHI", opponent="MIA")
    history.game(10, "BOS", "NYK")
    history.plays(11, 16)
    (row,) = raw_values(history.build(features_config())).values()
    assert row["points_avg_season"] == 10
    assert row["back_to_back"] == 1
    assert row["games_since_dnp"] is None
    assert kept(history) == [(11, 1)]


def test_null_usage_and_shots_are_missing_only_where_nothing_is_left() -> None:
    history = History()
    for number in range(5):
        history.plays(2 * number, 10, usage=None, shots=None)
    history.plays(10, 10, usage=25, shots=8)
    history.plays(12, 10)
    first, second = raw_values(history.build(features_config())).values()
    assert (first["fg_attempts_avg_last_5"], first["usage_rate_trend"]) == (None, None)
    assert (second["fg_attempts_avg_last_5"], second["usage_rate_trend"]) == (8, 0)


def build_from(players: Iterable[Row], teams: Iterable[Row], schema: pa.Schema) -> Dataset:
    warehouse = open_tables(players, teams, player_schema=schema)
    try:
        return build_dataset(warehouse, features_config(), *EVER)
    finally:
        warehouse.close()


def with_type(column: str, kind: pa.DataType) -> pa.Schema:
    return PLAYER_SCHEMA.set(PLAYER_SCHEMA.get_field_index(column), pa.field(column, kind))


def test_numeric_that_arrives_as_decimal_is_the_same_number() -> None:
    history = History()
    minutes = ["31.2", "28.75", "30.333333333", "0.000000001", "47.9", "12.5", "33.3"]
    for number, text in enumerate(minutes):
        history.plays(number, 10, minutes=float(text))
    decimals = [row | {"minutes_played": Decimal(text)} for row, text in zip(history.players, minutes, strict=True)]
    given = build_from(decimals, history.teams, with_type("minutes_played", pa.decimal128(38, 9)))
    expected = build_from(history.players, history.teams, PLAYER_SCHEMA)
    pd.testing.assert_frame_equal(frame_of(given), frame_of(expected), check_exact=True)
    assert len(given) == 2


def test_minutes_with_nine_decimals_add_exactly() -> None:
    history = History()
    minutes = [Fraction(31_234_567_891 + 7 * index, 10**9) for index in range(10)]
    for number, value in enumerate(minutes):
        history.plays(number, 10, minutes=float(value))
    history.plays(10, 10)
    row = list(raw_values(history.build(features_config())).values())[-1]
    assert row["minutes_avg_last_10"] == float(sum(minutes) / 10)


@pytest.mark.parametrize("column", ["points", "minutes_played", "fg_attempts", "usage_rate"])
def test_a_nan_is_a_null(column: str) -> None:
    """A file that pandas has written has NaN for a missing number."""
    history = games_of(10, 10, 10, 10, 10, 10, 10, 10)
    nothing: list[Row] = [row | ({column: None} if index == 2 else {}) for index, row in enumerate(history.players)]
    nan = [row | ({column: float("nan")} if index == 2 else {}) for index, row in enumerate(history.players)]
    given = build_from(nan, history.teams, with_type(column, pa.float64()))
    expected = build_from(nothing, history.teams, PLAYER_SCHEMA)
    pd.testing.assert_frame_equal(frame_of(given), frame_of(expected), check_exact=True)
    assert 2 <= len(given) <= 3


def test_a_date_that_arrives_as_a_timestamp_is_its_day() -> None:
    history = games_of(10, 10, 10, 10, 10, 10, 10)
    stamped = [row | {"game_date": datetime.combine(row["game_date"], datetime.min.time())} for row in history.players]
    given = build_from(stamped, history.teams, with_type("game_date", pa.timestamp("us")))
    expected = build_from(history.players, history.teams, PLAYER_SCHEMA)
    pd.testing.assert_frame_equal(frame_of(given), frame_of(expected), check_exact=True)
    assert len(given) == 2


def test_a_warehouse_without_season_type_takes_the_constant(tmp_path: Any) -> None:
    history = games_of(10, 10, 10, 10, 10, 10, 10)
    files = {}
    for name, rows, schema in (
        ("player_game_summary", history.players, PLAYER_SCHEMA),
        ("team_offense_game_summary", history.teams, TEAM_SCHEMA),
    ):
        files[name] = str(tmp_path / f"{name}.parquet")
        table = pa.Table.from_pylist(rows, schema).drop_columns(["season_type"])
        table.to_pandas().to_parquet(files[name])
    regular = DuckDBWarehouse(files, ReadOptions(season_type="regular"))
    cup = DuckDBWarehouse(files, ReadOptions(season_type="cup_final"))
    given = build_dataset(regular, features_config(GAME_FEATURES), *EVER)
    expected = history.build(features_config(GAME_FEATURES))
    pd.testing.assert_frame_equal(frame_of(given), frame_of(expected), check_exact=True)
    assert len(given) == 2
    assert len(build_dataset(cup, features_config(GAME_FEATURES), *EVER)) == 0


def test_seasons_are_told_by_season_year_not_by_the_calendar() -> None:
    history = History()
    for number in range(5):
        history.plays(number, 10, season_year=2024)
    history.plays(6, 10, season_year=2025)
    assert kept(history) == []
    assert len(history.players) == 6
    assert history.players[-1]["game_date"] == day(6)


def test_an_infinite_feature_is_refused_with_its_row() -> None:
    history = History()
    number = history.season(10, 12, 14, 9, 11, 10)
    history.plays(number, 10, minutes=float("inf"))
    history.plays(number + 2, 10)
    with pytest.raises(DataError, match="minutes_avg_last_10 is infinite for ann"):
        history.build(everyone(["minutes_avg_last_10"]))
