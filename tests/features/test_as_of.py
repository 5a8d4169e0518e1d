"""Random histories: no feature depends on the row's own date or a later one, and the values are those of the oracle."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from random import Random
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from breakout.dataset import Dataset, build_dataset
from breakout.features.config import BreakoutFeatureConfig
from tests.builders import ALL_FEATURES, History, Row, as_listed, everyone, features_config, frame_of, raw_values
from tests.features.random_histories import Shape, disturbed, random_history, shapes

seeds = st.integers(0, 2**32 - 1)
EVER = date(2020, 1, 1), date(2030, 1, 1)

Test = Callable[..., None]


def examples(count: int, *, derandomize: bool = True) -> Callable[[Test], Test]:
    """Return the settings of a property test with `count` examples; with `derandomize` each run has the same ones."""
    quiet = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    return settings(max_examples=count, deadline=None, derandomize=derandomize, suppress_health_check=quiet)


def listed_features(history: History, rows: list[Row]) -> pd.DataFrame:
    """Return the features of these rows, computed as if their games were not played yet."""
    warehouse = history.open([as_listed(row) for row in rows])
    try:
        days = [row["game_date"] for row in rows]
        return frame_of(build_dataset(warehouse, everyone(), min(days), max(days), row_source="listed"))
    finally:
        warehouse.close()


def played_features(history: History, config: BreakoutFeatureConfig, start: date, end: date) -> Dataset:
    warehouse = history.open()
    try:
        return build_dataset(warehouse, config, start, end)
    finally:
        warehouse.close()


def assert_bitwise_equal(left: pd.DataFrame, right: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(left, right, check_exact=True)


@examples(12, derandomize=False)
@given(shapes, seeds)
def test_rows_on_or_after_the_day_change_no_feature(shape: Shape, seed: int) -> None:
    """Rows of one day have the same features after rows of that day and later days were disturbed, and without them."""
    history = random_history(shape)
    assume(history.players)
    tonight = Random(seed).choice(history.players)["game_date"]  # noqa: S311  (no secret)
    rows = [row for row in history.players if row["game_date"] == tonight]
    before = replace(
        history,
        players=[row for row in history.players if row["game_date"] < tonight],
        teams=[row for row in history.teams if row["game_date"] < tonight],
    )
    expected = listed_features(before, rows)
    assert_bitwise_equal(listed_features(history, rows), expected)
    assert_bitwise_equal(listed_features(disturbed(history, tonight, seed), rows), expected)


@examples(5)
@given(shapes, seeds)
def test_results_of_the_day_and_later_change_no_feature_of_a_played_row(shape: Shape, seed: int) -> None:
    """The replaced results include the row's own points and minutes, from which the label is computed."""
    history = random_history(shape)
    assume(history.players)
    rng = Random(seed)  # noqa: S311  (no secret)
    tonight = rng.choice(history.players)["game_date"]
    noisy = replace(
        history,
        players=[
            row | noise(rng, row, "points", "minutes_played") if row["game_date"] >= tonight else row
            for row in history.players
        ],
        teams=[
            row | noise(rng, row, "points_scored", "possessions") if row["game_date"] >= tonight else row
            for row in history.teams
        ],
    )
    expected = frame_of(played_features(history, everyone(), tonight, tonight))
    assert_bitwise_equal(frame_of(played_features(noisy, everyone(), tonight, tonight)), expected)


def noise(rng: Random, row: Row, *columns: str) -> dict[str, Any]:
    """Return random numbers for these columns; 0 and missing values stay, because they decide which games count."""
    return {column: rng.randint(1, 60) if row[column] else row[column] for column in columns}


@examples(5)
@given(shapes, seeds)
def test_unrelated_players_and_teams_change_nothing(shape: Shape, seed: int) -> None:
    history = random_history(shape)
    others = random_history(replace(shape, seed=seed, games=30), ("DAL", "LAL", "PHX"), prefix="x")
    both = replace(history, players=others.players + history.players, teams=others.teams + history.teams)
    alone = frame_of(played_features(history, everyone(), *EVER))
    among = frame_of(played_features(both, everyone(), *EVER))
    assert_bitwise_equal(among[~among["player_lookup"].str.startswith("x")].reset_index(drop=True), alone)


@examples(4)
@given(shapes, seeds, st.sampled_from([1, 3, 4]))
def test_the_order_of_the_source_rows_and_the_number_of_threads_change_nothing(
    shape: Shape, seed: int, threads: int
) -> None:
    history = random_history(shape)
    rng = Random(seed)  # noqa: S311  (no secret)
    tables = ("players", "teams", "reports", "schedule")
    shuffled = replace(history, **{name: shuffle(rng, getattr(history, name)) for name in tables}).open()
    shuffled.connection.execute(f"SET threads = {threads}")
    given = frame_of(build_dataset(shuffled, everyone(), *EVER))
    shuffled.close()
    assert_bitwise_equal(given, frame_of(played_features(history, everyone(), *EVER)))


def shuffle(rng: Random, rows: list[Row]) -> list[Row]:
    """Return the rows in random order."""
    return rng.sample(rows, len(rows))


targets = st.builds(
    features_config,
    st.just(ALL_FEATURES),
    min_ppg=st.sampled_from([0.0, 8.0, 10.5]),
    max_ppg=st.sampled_from([12.0, 16.0, 100.0]),
    breakout_multiplier=st.sampled_from([1.1, 1.3, 1.5, 2.0]),
    min_prior_games=st.sampled_from([1, 2, 5]),
    season_types=st.sampled_from([("regular",), ("regular", "cup_final")]),
)


@examples(20, derandomize=False)
@given(shapes, targets)
def test_random_histories_give_the_oracles_rows_labels_and_features(
    shape: Shape, config: BreakoutFeatureConfig
) -> None:
    history = random_history(shape)
    oracle = history.reference(config)
    dataset = played_features(history, config, *EVER)
    kept = [(row["player_lookup"], row["game_id"], row["is_breakout"]) for row in oracle.dataset_rows(*EVER)]
    values = raw_values(dataset)
    assert [(*key, int(label)) for key, label in zip(values, dataset.label, strict=True)] == kept
    source = {(row["player_lookup"], row["game_id"]): row for row in history.players}
    for key, row in values.items():
        assert row == {
            name: None if expected is None else pytest.approx(expected, rel=0, abs=1e-9)
            for name, expected in oracle.raw_features(source[key]).items()
        }, key
