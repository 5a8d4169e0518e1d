"""Permutation importance of a model that uses one of two features."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from breakout.evaluation.importance import FeatureImportance, permutation_importance
from breakout.evaluation.metrics import area_under_roc, log_loss
from breakout.evaluation.resamples import DateResamples, draw_date_resamples
from tests.evaluation.known import known

NAMES = ("ignored", "used", "tiny")


def games() -> tuple[np.ndarray, np.ndarray, DateResamples]:
    generator = np.random.default_rng(3)
    X = generator.normal(size=(600, 3))
    y = (generator.random(600) < predict(X)).astype(float)
    dates = np.datetime64("2026-01-01") + generator.integers(0, 30, 600)
    return X, y, draw_date_resamples(dates, bootstrap_resamples=200, seed=1, confidence=0.95)


def predict(X: np.ndarray) -> np.ndarray:
    return np.asarray(1.0 / (1.0 + np.exp(-np.asarray(X)[:, 1])))


def importances(X: object, n_repeats: int = 5, names: tuple[str, ...] = NAMES) -> dict[str, FeatureImportance]:
    _, y, resamples = games()
    found = permutation_importance(predict, X, y, resamples, feature_names=names, n_repeats=n_repeats, seed=7)
    increases = [known(item.log_loss_increase.estimate) for item in found]
    assert increases == sorted(increases, reverse=True)
    return {item.feature: item for item in found}


def test_the_used_feature_comes_out_on_top_and_the_ignored_one_adds_nothing() -> None:
    found = importances(games()[0])
    assert not found["used"].adds_nothing
    assert known(found["used"].log_loss_increase.low) > 0.0
    assert known(found["used"].auc_decrease.low) > 0.0
    ignored = found["ignored"]
    assert ignored.adds_nothing
    assert (ignored.log_loss_increase.estimate, ignored.log_loss_increase.high) == (0.0, 0.0)
    assert ignored.auc_decrease.estimate == pytest.approx(0.0, abs=1e-12)


def test_a_single_shuffle_costs_what_scoring_the_shuffled_rows_by_hand_costs() -> None:
    X, y, _ = games()
    seen: list[np.ndarray] = []

    def spy(features: np.ndarray) -> np.ndarray:
        seen.append(np.array(features))
        return predict(features)

    (used,) = (
        item
        for item in permutation_importance(spy, X, y, games()[2], feature_names=NAMES, n_repeats=1, seed=7)
        if item.feature == "used"
    )
    shuffled = next(features for features in seen[1:] if (features[:, 1] != X[:, 1]).any())
    assert used.log_loss_increase.estimate == pytest.approx(
        known(log_loss(y, predict(shuffled))) - known(log_loss(y, predict(X)))
    )
    fall = known(area_under_roc(y, predict(X))) - known(area_under_roc(y, predict(shuffled)))
    assert used.auc_decrease.estimate == pytest.approx(fall)
    assert sorted(shuffled[:, 1]) == sorted(X[:, 1])
    assert (used.log_loss_sd, used.auc_sd) == (None, None)


def test_a_data_frame_gives_the_same_as_an_array_and_neither_is_changed() -> None:
    X = games()[0]
    frame = pd.DataFrame(X, columns=list(NAMES))
    assert importances(frame) == importances(X)
    np.testing.assert_array_equal(X, games()[0])
    np.testing.assert_array_equal(frame.to_numpy(), games()[0])


def test_shuffles_of_a_feature_do_not_depend_on_the_other_features() -> None:
    X = games()[0]
    assert importances(X[:, :2], names=NAMES[:2])["used"] == importances(X)["used"]


def test_with_one_class_the_auc_part_is_none_and_the_loss_part_stands() -> None:
    X, _, resamples = games()
    found = permutation_importance(predict, X, np.zeros(600), resamples, feature_names=NAMES, n_repeats=2, seed=7)
    assert {item.auc_decrease.estimate for item in found} == {None}
    assert {item.auc_sd for item in found} == {None}


def test_one_date_alone_leaves_open_what_adds_nothing() -> None:
    X, y, _ = games()
    one_date = draw_date_resamples(np.full(600, "2026-01-11"), bootstrap_resamples=30, seed=1, confidence=0.95)
    found = permutation_importance(predict, X, y, one_date, feature_names=NAMES, n_repeats=1, seed=7)
    assert {item.adds_nothing for item in found} == {None}


def test_names_that_do_not_fit_the_columns_are_refused() -> None:
    X, y, resamples = games()
    with pytest.raises(ValueError, match="3 columns, 2 names"):
        permutation_importance(predict, X, y, resamples, feature_names=NAMES[:2], n_repeats=1, seed=7)
