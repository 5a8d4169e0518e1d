"""The filling of missing values, and the feature lists that each mode allows."""

from __future__ import annotations

import math
import re

import numpy as np
import pandas as pd
import pytest

from breakout.conf_tree import load_presets
from breakout.errors import ConfigurationError, DataError
from breakout.features import BREAKOUT_FEATURE_ORDER, FEATURE_DEFAULTS, prepare_feature_vector, select_features

NAMES = ("home_away", "cv_ratio", "rest_days")


def test_one_row_becomes_an_array_in_the_order_of_the_names() -> None:
    row: dict[str, float | None] = {"rest_days": 2, "cv_ratio": None, "home_away": math.nan, "label": 1.0}
    vector = prepare_feature_vector(row, NAMES)
    assert vector.tolist() == [0.5, 0.4, 2.0]
    assert vector.dtype == np.float64


def test_many_rows_become_a_frame_in_the_order_of_the_names() -> None:
    rows = pd.DataFrame({"label": [1, 0], "rest_days": [2, None], "cv_ratio": [0.1, None], "home_away": [1, 0]})
    filled = prepare_feature_vector(rows, NAMES)
    assert filled.to_dict("list") == {"home_away": [1.0, 0.0], "cv_ratio": [0.1, 0.4], "rest_days": [2.0, 7.0]}
    assert set(map(str, filled.dtypes)) == {"float64"}
    assert rows["rest_days"].isna().sum() == 1


def test_one_row_and_many_rows_are_filled_alike() -> None:
    row = dict.fromkeys(BREAKOUT_FEATURE_ORDER)
    many = prepare_feature_vector(pd.DataFrame([row, row]))
    assert prepare_feature_vector(row).tolist() == many.iloc[1].tolist() == list(FEATURE_DEFAULTS.values())[:10]


def test_no_rows_stay_no_rows() -> None:
    assert prepare_feature_vector(pd.DataFrame(columns=list(NAMES)), NAMES).shape == (0, 3)


def test_a_true_zero_is_not_filled() -> None:
    assert prepare_feature_vector({"points_std_last_10": 0.0}, ("points_std_last_10",)).tolist() == [0.0]


@pytest.mark.parametrize("values", [{"home_away": 1.0}, pd.DataFrame({"home_away": [1.0]})])
def test_a_feature_that_nobody_computed_is_no_missing_value(values: pd.DataFrame) -> None:
    with pytest.raises(DataError, match="the features cv_ratio, rest_days were not computed"):
        prepare_feature_vector(values, NAMES)


def test_other_defaults_may_be_given() -> None:
    assert prepare_feature_vector({"cv_ratio": None}, ("cv_ratio",), {"cv_ratio": 9.0}).tolist() == [9.0]


def test_shared_mode_takes_the_shared_features_only() -> None:
    assert select_features("shared", list(BREAKOUT_FEATURE_ORDER)) == BREAKOUT_FEATURE_ORDER


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (BREAKOUT_FEATURE_ORDER[::-1], "stand in another order"),
        ((*BREAKOUT_FEATURE_ORDER, "cv_ratio"), "add cv_ratio;"),
        (BREAKOUT_FEATURE_ORDER[1:], "leave out pts_vs_season_zscore;"),
        (load_presets()["all"], f"add {', '.join(load_presets()['all'][10:13])} and 17 more;"),
        ((*BREAKOUT_FEATURE_ORDER[1:], "cv_ratio"), "add cv_ratio and leave out pts_vs_season_zscore;"),
    ],
)
def test_any_other_choice_in_shared_mode_names_the_way_out(names: tuple[str, ...], told: str) -> None:
    with pytest.raises(ConfigurationError, match=f"{re.escape(told)}.*mode=experimental"):
        select_features("shared", names)


def test_experimental_mode_takes_any_registered_names_in_any_order() -> None:
    assert select_features("experimental", ["team_pace", "home_away"]) == ("team_pace", "home_away")


@pytest.mark.parametrize("mode", ["shared", "experimental"])
@pytest.mark.parametrize(
    ("names", "told"),
    [
        ((), "empty"),
        (("cv_ration",), "did you mean cv_ratio?"),
        (("qqq",), "breakout features lists the known ones"),
        (("cv_ratio", "home_away", "cv_ratio"), "repeats cv_ratio"),
    ],
)
def test_a_wrong_name_is_refused_in_every_mode(mode: str, names: tuple[str, ...], told: str) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(told)):
        select_features(mode, names)
