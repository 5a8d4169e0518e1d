"""The comparison of distributions: it finds drift in small and large windows, and finds none if there is none."""

from __future__ import annotations

import json
import math
import re

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2, ks_2samp

from breakout.dataset import Dataset
from breakout.features import BREAKOUT_FEATURE_ORDER, FEATURE_DEFAULTS, validate_feature_distributions

DRAWS = 100


def numbers(seed: int, rows: int, shift: float = 0.0) -> pd.DataFrame:
    """Return features of several kinds: normal, skewed with many defaults, a flag, a count and a rare flag."""
    rng = np.random.default_rng(seed)
    points = rng.normal(12, 3, rows)
    return pd.DataFrame(
        {
            "points_avg_season": points + 3 * shift,
            "days_since_breakout": np.where(rng.random(rows) < 0.3, 30.0, rng.exponential(15, rows).round()),
            "home_away": rng.integers(0, 2, rows).astype(float),
            "games_in_last_7_days": rng.binomial(5, 0.6, rows).astype(float),
            "back_to_back": (rng.random(rows) < 0.05).astype(float),
        }
    )


@pytest.mark.parametrize("rows", [50, 100, 1000, 5000])
def test_no_drift_raises_no_alarm(rows: int) -> None:
    alarms = sum(
        bool(validate_feature_distributions(numbers(seed, rows), numbers(10_000 + seed, rows)).drifted)
        for seed in range(DRAWS)
    )
    assert alarms <= 5


@pytest.mark.parametrize(("reference", "current"), [(5000, 50), (50, 5000), (3000, 300)])
def test_no_drift_raises_no_alarm_between_windows_of_unequal_length(reference: int, current: int) -> None:
    alarms = sum(
        bool(validate_feature_distributions(numbers(seed, reference), numbers(10_000 + seed, current)).drifted)
        for seed in range(DRAWS // 2)
    )
    assert alarms <= 2


@pytest.mark.parametrize(("rows", "shift"), [(50, 1.5), (100, 1.0), (1000, 0.5), (5000, 0.5)])
def test_a_real_shift_is_found_and_named(rows: int, shift: float) -> None:
    found = [
        validate_feature_distributions(numbers(seed, rows), numbers(10_000 + seed, rows, shift)).drifted
        for seed in range(20)
    ]
    assert sum("points_avg_season" in names for names in found) >= 19


def test_a_flag_that_turns_and_defaults_that_spread_are_found() -> None:
    reference, current = numbers(1, 1000), numbers(2, 1000)
    current["home_away"] = 0.5
    current.loc[:600, "days_since_breakout"] = 30.0
    report = validate_feature_distributions(reference, current)
    assert report.drifted == ("days_since_breakout", "home_away")
    by_name = {feature.name: feature for feature in report.features}
    assert by_name["home_away"].current.default_share == 1.0
    assert by_name["home_away"].reference.default_share == 0.0


def test_a_sure_but_small_difference_is_no_drift() -> None:
    report = validate_feature_distributions(numbers(1, 200_000), numbers(2, 200_000, shift=0.05))
    (first, *_) = report.features
    assert first.ks_p_value is not None
    assert first.ks_p_value < 1e-6
    assert report.drifted == ()


def test_psi_is_what_is_counted_by_hand() -> None:
    """The deciles of all values are 0, 0.5 and 1, which gives four bins, of which the second and fourth are empty."""
    reference = pd.DataFrame({"home_away": [0.0] * 6 + [1.0] * 2})
    current = pd.DataFrame({"home_away": [0.0] * 2 + [1.0] * 6})
    (feature,) = validate_feature_distributions(reference, current, significance=0.02).features
    # With half a row more in each bin, the counts are 6.5, 0.5, 2.5, 0.5 of 10 and 2.5, 0.5, 6.5, 0.5 of 10.
    assert feature.psi == pytest.approx(0.4 * math.log(6.5 / 2.5) - 0.4 * math.log(2.5 / 6.5), rel=1e-12)
    # One feature and two measures, so the level is 0.02 / 2. Two occupied bins leave one degree of freedom.
    assert feature.psi_limit == pytest.approx((1 / 8 + 1 / 8) * chi2.ppf(0.99, 1), rel=1e-12)


def test_ks_is_scipys() -> None:
    reference, current = numbers(3, 400), numbers(4, 250, shift=0.3)
    for feature in validate_feature_distributions(reference, current).features:
        expected = ks_2samp(reference[feature.name], current[feature.name], method="asymp")
        assert feature.ks == pytest.approx(expected.statistic, rel=1e-12)
        assert feature.ks_p_value == pytest.approx(expected.pvalue, rel=1e-9)


@pytest.mark.parametrize("rows", [30, 300, 20_000])
def test_a_feature_is_drifted_exactly_where_a_measure_exceeds_its_limit(rows: int) -> None:
    for shift in (0.0, 0.1, 0.2, 0.4, 0.8):
        for feature in validate_feature_distributions(numbers(3, rows), numbers(4, rows, shift=shift)).features:
            measures = (feature.psi, feature.psi_limit), (feature.ks, feature.ks_limit)
            exceeds = [value > limit for value, limit in measures if value is not None and limit is not None]
            assert len(exceeds) == 2
            assert feature.is_drifted == any(exceeds)


def test_moments_and_quantiles_are_the_samples_own() -> None:
    frame = pd.DataFrame({"points_avg_season": [8.0, 12.0, 12.0, 16.0]})
    (feature,) = validate_feature_distributions(frame, frame).features
    assert (feature.reference.rows, feature.reference.mean) == (4, 12.0)
    assert feature.reference.sd == pytest.approx(math.sqrt(32 / 3))
    assert feature.reference.quantiles["0.5"] == 12.0
    assert feature.reference.default_share == 0.5
    assert (feature.psi, feature.ks, feature.is_drifted) == (0.0, 0.0, False)


@pytest.mark.parametrize("empty_side", [0, 1])
def test_a_window_without_rows_has_nothing_to_compare(empty_side: int) -> None:
    frames = [numbers(1, 50), numbers(2, 50)]
    frames[empty_side] = frames[empty_side].iloc[:0]
    report = validate_feature_distributions(*frames)
    assert report.drifted == ()
    assert {feature.psi for feature in report.features} == {None}
    json.dumps(report.to_dict(), allow_nan=False)


def test_one_row_a_side_is_compared_without_a_complaint() -> None:
    report = validate_feature_distributions(numbers(1, 1), numbers(2, 1))
    assert report.drifted == ()
    json.dumps(report.to_dict(), allow_nan=False)


def test_a_feature_that_is_not_there_is_refused() -> None:
    with pytest.raises(KeyError, match="home_away"):
        validate_feature_distributions(numbers(1, 10), numbers(2, 10).drop(columns="home_away"))


def test_a_warning_tells_the_numbers_and_the_report_is_json() -> None:
    report = validate_feature_distributions(numbers(1, 500), numbers(2, 500, shift=1.0))
    (warning,) = report.warnings
    assert re.match(
        r"points_avg_season drifted: PSI \d\.\d+ \(limit \d\.\d+\), KS \d\.\d+ \(limit \d\.\d+\), mean 1", warning
    )
    record = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    assert record["drifted"] == ["points_avg_season"]
    assert [feature["name"] for feature in record["features"]] == list(numbers(1, 1).columns)


def test_the_sample_between_two_halves_of_a_season_is_told_feature_by_feature(every_feature: Dataset) -> None:
    X = every_feature.X[list(BREAKOUT_FEATURE_ORDER)]
    season = every_feature.context["season_year"].to_numpy()
    report = validate_feature_distributions(X[season == 2023], X[season == 2024], defaults=FEATURE_DEFAULTS)
    assert [feature.name for feature in report.features] == list(BREAKOUT_FEATURE_ORDER)
    assert "home_away" not in report.drifted
