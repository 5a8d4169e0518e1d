"""The model of points: laws of the ladder for every prediction, and simulated games with a known distribution."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from scipy import stats

from breakout import settings
from breakout.calibration import Calibrator
from breakout.dataset import Rows
from breakout.errors import ConfigurationError, DataError
from breakout.models import points as points_module
from breakout.models.base import FitParts
from breakout.models.kinds import fit_model, fit_twice
from breakout.models.ladder import EDGE, LADDER_LENGTH, PointsDistribution, predict_ladder
from breakout.models.points import PointsModel
from breakout.settings.composition import compose
from tests.models.test_models import default_config

LONG = np.arange(-2, 400)


@st.composite
def distributions(draw: st.DrawFn) -> PointsDistribution:
    n = draw(st.integers(1, 5))
    shape = draw(st.lists(st.floats(-3, 6), min_size=1, max_size=40))
    numbers = [st.lists(st.floats(*limits), min_size=n, max_size=n) for limits in ((-5, 60), (0.2, 20))]
    mean, spread = (np.array(draw(one)) for one in numbers)
    return PointsDistribution(mean, spread, np.sort(shape))


@hypothesis_settings(deadline=None, max_examples=40)
@given(distributions())
def test_a_ladder_never_rises_is_one_at_zero_and_keeps_away_from_certainty(points: PointsDistribution) -> None:
    ladder = points.at_least(np.broadcast_to(LONG, (len(points.mean), len(LONG))))
    assert (np.diff(ladder, axis=1) <= 0).all()
    assert (ladder[:, LONG <= 0] == 1).all()
    above = ladder[:, LONG >= 1]
    assert ((above >= EDGE) & (above <= 1 - EDGE)).all()
    chances = np.concatenate([ladder[:, 2:-1] - ladder[:, 3:], ladder[:, -1:]], axis=1)
    assert (chances >= 0).all()
    assert chances.sum(axis=1) == pytest.approx(1)


@hypothesis_settings(deadline=None, max_examples=40)
@given(distributions(), st.data(), st.floats(0.05, 3), st.floats(-3, 3))
def test_each_entry_of_a_calibrated_ladder_is_the_probability_of_its_points_bit_for_bit(
    points: PointsDistribution, data: st.DataObject, slope: float, intercept: float
) -> None:
    n = len(points.mean)
    needed = np.array(data.draw(st.lists(st.integers(1, LADDER_LENGTH), min_size=n, max_size=n)))
    steps = np.broadcast_to(np.arange(1, LADDER_LENGTH + 1), (n, LADDER_LENGTH))
    for calibrator in (Calibrator("none"), Calibrator("sigmoid", slope=slope, intercept=intercept)):
        ladder = calibrator.apply(points.at_least(steps))
        alone = calibrator.apply(points.at_least(needed[:, None])[:, 0])
        assert np.array_equal(ladder[np.arange(n), needed - 1], alone)
        assert (np.diff(ladder, axis=1) <= 0).all()


@hypothesis_settings(deadline=None, max_examples=40)
@given(st.lists(st.floats(-3, 3), min_size=2, max_size=200), st.floats(20, 40), st.floats(0.5, 6))
def test_the_mean_of_a_ladder_is_the_predicted_mean_within_rounding(
    shape: list[float], mean: float, spread: float
) -> None:
    centred = np.sort(np.array(shape) - np.mean(shape))
    points = PointsDistribution(np.array([mean]), np.array([spread]), centred)
    reach = np.arange(1, 120)
    found = points.at_least(reach[None, :]).sum()
    below_zero = spread * np.maximum(-(mean + spread * centred), 0).sum()
    assert abs(found - mean) <= 0.5 + len(reach) * EDGE + below_zero


def simulate(n: int, seed: int) -> tuple[Rows, np.ndarray]:
    """Return games whose points have a known distribution, and each game's mean.

    Points are negative binomial with variance 3 times the mean; the first of two features changes the mean by a
    quarter.
    """
    generator = np.random.default_rng(seed)
    X = pd.DataFrame(generator.normal(size=(n, 2)), columns=["form", "noise"])
    average = 8 + 8 * generator.random(n)
    mean = average * (1 + 0.25 * np.tanh(X["form"].to_numpy()))
    points = generator.negative_binomial(mean / 2, 1 / 3)
    needed = np.ceil(1.5 * average).astype(int)
    y = (points >= needed).astype(int)
    return Rows(X, y, points=points, season_average=average, points_for_breakout=needed), mean


def fitted(n: int) -> PointsModel:
    parts = FitParts(simulate(n, 1)[0], simulate(max(n // 4, 300), 2)[0])
    model = fit_twice(default_config("points"), parts, 42, {}, is_refit=True).final
    assert isinstance(model, PointsModel)
    return model


@pytest.fixture(scope="module")
def model() -> PointsModel:
    return fitted(6000)


def test_the_probability_of_a_breakout_is_the_ladders_entry_bit_for_bit(model: PointsModel) -> None:
    rows, _ = simulate(2000, 3)
    needed = rows.points_for_breakout
    assert needed is not None
    for calibrator in (Calibrator("none"), Calibrator("sigmoid", slope=0.83, intercept=-0.21)):
        ladder = predict_ladder(model, rows)
        assert ladder is not None
        ladder = calibrator.apply(ladder)
        entry = ladder[np.arange(len(rows)), needed - 1]
        assert np.array_equal(entry, calibrator.apply(model.predict_probability(rows)))
        assert (np.diff(ladder, axis=1) <= 0).all()


def test_the_ladder_comes_near_the_true_distribution_as_games_are_added(model: PointsModel) -> None:
    rows, mean = simulate(4000, 4)
    steps = np.arange(1, LADDER_LENGTH + 1)
    truth = stats.nbinom.sf(steps - 1, mean[:, None] / 2, 1 / 3)

    def excess(found: PointsModel) -> float:
        """Return by how much the mean CRPS exceeds that of the true distribution.

        The difference is the expected squared distance of the two ladders.
        """
        ladder = predict_ladder(found, rows)
        assert ladder is not None
        return float(((ladder - truth) ** 2).sum(axis=1).mean())

    few, many = excess(fitted(600)), excess(model)
    assert many < 0.035, "1 % of the CRPS of the truth, 3.3 points"
    assert many < few / 2


def test_a_feature_that_moves_the_points_has_the_larger_contributions(model: PointsModel) -> None:
    rows, _ = simulate(500, 5)
    sizes = np.abs(model.shap_values(rows)).mean(axis=0)
    assert sizes[0] > 5 * sizes[1]
    high = rows.X["form"].to_numpy() > 1
    assert (model.shap_values(rows)[high, 0] > 0).mean() > 0.9


def test_features_that_do_not_vary_over_the_later_half_of_the_rows_end_in_a_sentence() -> None:
    rows, validation = simulate(400, 1)[0], simulate(300, 2)[0]
    constant = rows.X.mask(pd.Series(np.arange(400) >= 200), 1.0)
    with pytest.raises(DataError, match="no feature varies"):
        fit_model(default_config("points"), FitParts(replace(rows, X=constant), validation), 42, {})


def test_only_a_refit_learns_from_the_validation_part() -> None:
    parts = FitParts(simulate(1000, 6)[0], simulate(400, 7)[0])
    config = default_config("points")
    assert isinstance(config, settings.PointsConfig)
    first = fit_model(config, parts, 42, {})
    again = points_module.refit(first, parts, config, 42, {})
    assert isinstance(first, PointsModel)
    assert (len(first.shape), len(again.shape)) == (500, 400)
    assert again.mean.tree_count_ == first.mean.tree_count_
    assert parts.validation.points is not None
    doubled = FitParts(parts.fit, replace(parts.validation, points=parts.validation.points * 2))
    unwatched = replace(config, early_stopping_rounds=0, iterations=50)
    one, other = (fit_model(unwatched, part, 42, {}).predict_probability(parts.fit) for part in (parts, doubled))
    assert np.array_equal(one, other), "the first fit stops on the validation part but does not learn from it"
    assert not np.array_equal(again.predict_probability(parts.fit), first.predict_probability(parts.fit))


def test_an_isotonic_calibration_of_a_ladder_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="isotonic"):
        compose("train", ["model=points", "calibration=isotonic"])
