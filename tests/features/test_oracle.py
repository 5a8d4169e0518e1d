"""The embedded sample against an independent implementation: rows, labels and features, before and after defaults.

The slow test compares all 22,394 rows, the others a few rows of each kind of edge case.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest

from breakout.dataset import Dataset, build_dataset
from breakout.features.registry import FEATURE_DEFAULTS
from breakout.warehouse.duckdb import DuckDBWarehouse
from tests.builders import Row, features_config, raw_values
from tests.features.conftest import SAMPLE_END, SAMPLE_START, source_rows
from tests.reference import ReferenceHistory

PARTS = 16
TOLERANCE = 1e-9


@pytest.fixture(scope="session")
def source(player_rows: list[Row]) -> dict[tuple[str, str], Row]:
    return {(row["player_lookup"], row["game_id"]): row for row in player_rows}


def differences(dataset: Dataset, reference: ReferenceHistory, source: dict[tuple[str, str], Row]) -> list[str]:
    """Return a description of each value that differs from the independent implementation, or is filled wrongly."""
    found = []
    filled = dataset.X.to_dict("records")
    for (key, values), after in zip(raw_values(dataset).items(), filled, strict=True):
        for name, expected in reference.raw_features(source[key]).items():
            value = values[name]
            if (value is None) != (expected is None) or (
                value is not None and expected is not None and not abs(value - expected) <= TOLERANCE
            ):
                found.append(f"{key} {name}: {value} is not {expected}")
            default_or_value = FEATURE_DEFAULTS[name] if value is None else value
            if after[name] != default_or_value:
                found.append(f"{key} {name}: filled with {after[name]}, not {default_or_value}")
    return found


def first_of_season(dataset: Dataset) -> np.ndarray:
    """Return a mask of each player's first kept row of each season."""
    who = pd.DataFrame({"player": dataset.keys["player_lookup"], "season": dataset.context["season_year"]})
    return np.asarray(~who.duplicated())


def with_a_new_team(dataset: Dataset) -> np.ndarray:
    """Return a mask of the rows in which a player has another team than in his kept row before."""
    who = dataset.keys["player_lookup"]
    before = dataset.context["team_abbr"].groupby(who).shift()
    return np.asarray(before.notna() & (before != dataset.context["team_abbr"]))


def exactly_at_the_band(dataset: Dataset) -> np.ndarray:
    return np.asarray(dataset.context["season_points_avg"].isin([8.0, 16.0]))


def exactly_a_breakout(dataset: Dataset, source: dict[tuple[str, str], Row]) -> np.ndarray:
    points = [source[key]["points"] for key in raw_values(dataset)]
    games = dataset.context["games_before"].to_numpy(dtype="float64")
    total = np.rint(dataset.context["season_points_avg"].to_numpy(dtype="float64") * games)
    return np.asarray(np.asarray(points) * games * 2 == total * 3)


EDGES: dict[str, Callable[[Dataset], np.ndarray]] = {
    "first kept game of a season": first_of_season,
    "new team": with_a_new_team,
    "season average of exactly 8 or 16": exactly_at_the_band,
    "back to back": lambda dataset: np.asarray(dataset.X["back_to_back"] == 1),
    "long absence": lambda dataset: np.asarray(
        (pd.to_datetime(dataset.keys["game_date"]) - pd.to_datetime(dataset.context["last_game_date"])).dt.days > 30
    ),
    "a missed game": lambda dataset: np.asarray(dataset.X["games_since_dnp"] == 0),
    "a missing regular": lambda dataset: np.asarray(dataset.X["team_points_missing_last_game"] > 0),
    **{
        f"missing {name}": lambda dataset, name=name: np.asarray(dataset.is_missing[name])  # type: ignore[misc]
        for name in ("explosion_ratio", "days_since_breakout", "games_since_dnp", "points_avg_prior_season")
    },
}


def some_rows(dataset: Dataset, mask: np.ndarray, count: int) -> Dataset:
    """Return `count` rows of those that the mask marks, or all if there are fewer; the same in every run."""
    places = np.flatnonzero(mask)
    chosen = np.random.default_rng(7).choice(places, min(count, len(places)), replace=False)
    return dataset.take(np.isin(np.arange(len(dataset)), chosen))


@pytest.mark.parametrize("edge", EDGES)
def test_rows_of_every_edge_hold_the_oracles_values(
    edge: str, every_feature: Dataset, reference: ReferenceHistory, source: dict[tuple[str, str], Row]
) -> None:
    rows = some_rows(every_feature, EDGES[edge](every_feature), 20)
    assert len(rows) >= 10
    assert differences(rows, reference, source) == []


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_every_row_holds_the_oracles_values(
    part: int, every_feature: Dataset, reference: ReferenceHistory, source: dict[tuple[str, str], Row]
) -> None:
    rows = every_feature.take(np.array_split(np.arange(len(every_feature)), PARTS)[part])
    assert differences(rows, reference, source) == []


def kept_and_label(dataset: Dataset) -> list[tuple[Any, ...]]:
    keys = dataset.keys
    return list(zip(keys["game_date"], keys["game_id"], keys["player_lookup"], dataset.label.tolist(), strict=True))


def oracle_rows(reference: ReferenceHistory) -> list[tuple[Any, ...]]:
    rows = reference.dataset_rows(SAMPLE_START, SAMPLE_END)
    return [(row["game_date"], row["game_id"], row["player_lookup"], row["is_breakout"]) for row in rows]


def test_kept_rows_and_labels_are_the_oracles(every_feature: Dataset, reference: ReferenceHistory) -> None:
    assert kept_and_label(every_feature) == oracle_rows(reference)


def test_another_target_keeps_the_oracles_rows_and_labels(sample: DuckDBWarehouse, player_rows: list[Row]) -> None:
    changes: dict[str, Any] = {
        "min_ppg": 10.0,
        "max_ppg": 22.5,
        "breakout_multiplier": 1.3,
        "min_prior_games": 12,
        "season_types": ("regular", "playoffs", "play_in"),
    }
    dataset = build_dataset(sample, features_config(["points_avg_season"], **changes), SAMPLE_START, SAMPLE_END)
    other = ReferenceHistory(player_rows, source_rows(sample, "team_offense_game_summary"), **changes)
    assert kept_and_label(dataset) == oracle_rows(other)


@pytest.mark.parametrize(
    ("start", "end", "rows", "rate"),
    [
        (date(2025, 11, 2), date(2026, 1, 10), 3653, 0.1749),
        (date(2026, 1, 11), date(2026, 2, 5), 1515, 0.1822),
        (date(2025, 11, 1), date(2026, 1, 31), 4911, 0.1745),
        (date(2026, 2, 1), date(2026, 2, 5), 298, 0.2248),
        (date(2023, 10, 1), date(2025, 10, 1), 17156, 0.1969),
        (date(2025, 10, 2), date(2026, 2, 5), 5238, 0.1779),
        (SAMPLE_START, SAMPLE_END, 22394, 0.1925),
    ],
)
def test_a_window_holds_the_known_rows_and_rate(
    start: date, end: date, rows: int, rate: float, sample: DuckDBWarehouse
) -> None:
    dataset = build_dataset(sample, features_config(["points_avg_season"]), start, end)
    assert len(dataset) == rows
    assert dataset.breakout_rate == pytest.approx(rate, abs=5e-5)


def test_the_sample_has_the_known_ties(every_feature: Dataset, source: dict[tuple[str, str], Row]) -> None:
    assert exactly_at_the_band(every_feature).sum() == 301
    ties = exactly_a_breakout(every_feature, source)
    assert ties.sum() == 40
    assert every_feature.label[ties].all()


def test_a_date_range_chooses_rows_and_never_cuts_history(sample: DuckDBWarehouse, every_feature: Dataset) -> None:
    one_day = date(2026, 1, 20)
    alone = build_dataset(sample, features_config(), one_day, one_day)
    among = every_feature.take(every_feature.keys["game_date"].to_numpy() == one_day)
    assert len(alone) > 20
    pd.testing.assert_frame_equal(alone.X, among.X, check_exact=True)
