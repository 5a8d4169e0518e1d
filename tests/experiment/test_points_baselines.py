"""The baselines of a distribution use the player's earlier games and no other game."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from breakout.dataset import build_dataset, select_role_players
from breakout.experiment.points_baselines import build_baselines, negative_binomial_ladder, read_history
from breakout.warehouse.sample import open_sample
from tests.builders import everyone, features_config

NAMES = ("points_avg_last_5",)


def test_a_negative_binomial_ladder_has_the_mean_and_the_variance_that_are_given() -> None:
    ladder = negative_binomial_ladder(np.array([10.0, 10.0]), np.array([30.0, 4.0]), 200)
    steps = np.arange(1, 201)
    assert ladder[0] == pytest.approx(stats.nbinom.sf(steps - 1, 5, 1 / 3))
    assert ladder[1] == pytest.approx(stats.poisson.sf(steps - 1, 10)), "a variance below the mean is a Poisson's"
    assert ladder.sum(axis=1) == pytest.approx([10, 10])
    squares = ((2 * steps - 1) * ladder).sum(axis=1)
    assert squares - 100 == pytest.approx([30, 10])


def test_baselines_are_made_of_the_games_before_the_row() -> None:
    config = features_config(NAMES)
    with open_sample() as warehouse:
        rows = build_dataset(warehouse, config, date(2025, 12, 1), date(2025, 12, 3))
        history = read_history(config, warehouse, rows)
    history = history[history["player_lookup"].isin(set(rows.keys["player_lookup"]))]
    found = build_baselines(history, rows, 60)
    changed = history.assign(
        points=np.where(history["day"] >= (date(2025, 12, 1) - date(1970, 1, 1)).days, 99, history["points"])
    )
    older = history.assign(season_year=2022, day=0, points=50)  # seasons that the query may also return
    with_older = build_baselines(pd.concat([older, history]), rows, 60)
    assert all(np.array_equal(ladder, with_older[name]) for name, ladder in found.items())
    first_day = rows.dates == rows.dates.min()
    later = build_baselines(changed, rows, 60)
    for name, ladder in found.items():
        assert np.array_equal(ladder[first_day], later[name][first_day])
    row = 5
    mine = history[history["player_lookup"] == rows.keys["player_lookup"].iloc[row]]
    before = mine[pd.to_datetime(mine["day"], unit="D") < pd.Timestamp(rows.dates[row])]
    last = before["points"].to_numpy()[-20:]
    assert found["last_games"][row] == pytest.approx([(last >= k).mean() for k in range(1, 61)])
    assert rows.season_average is not None
    season = before[before["season_year"] == 2025]["points"]
    assert season.mean() == pytest.approx(rows.season_average[row])


def test_role_players_selected_from_everyone_are_the_rows_of_the_query() -> None:
    wide, narrow = everyone(NAMES, min_prior_games=5), features_config(NAMES)
    with open_sample() as warehouse:
        days = (date(2026, 1, 5), date(2026, 1, 20))
        selected = select_role_players(build_dataset(warehouse, wide, *days), narrow)
        asked = build_dataset(warehouse, narrow, *days)
    assert selected.fingerprint == asked.fingerprint
    assert selected.wider is not None
    assert len(selected.wider) > 2 * len(selected)
    assert replace(selected, wider=None).widest.fingerprint == asked.fingerprint
