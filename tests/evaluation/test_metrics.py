"""Metrics against scikit-learn, on hand-computed rows, and by laws that hold for all inputs."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from breakout.evaluation.metrics import area_under_roc, average_precision, brier_score, log_loss
from breakout.evaluation.reliability import bin_numbers, decompose_brier, expected_calibration_error

# Probabilities in sixteenths are exact floats, often equal, and sometimes 0 or 1.
ROWS = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 16)), min_size=1, max_size=60)
ROWS_OF_BOTH_CLASSES = ROWS.map(lambda rows: [(0, 3), (1, 5), *rows])


def columns(rows: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    y, sixteenths = np.array(rows, dtype=float).T
    return y, sixteenths / 16.0


@settings(deadline=None, max_examples=25)
@given(ROWS_OF_BOTH_CLASSES)
def test_metrics_agree_with_scikit_learn(rows: list[tuple[int, int]]) -> None:
    from sklearn import metrics as sklearn_metrics

    y, p = columns(rows)
    assert area_under_roc(y, p) == pytest.approx(sklearn_metrics.roc_auc_score(y, p), abs=1e-12)
    assert average_precision(y, p) == pytest.approx(sklearn_metrics.average_precision_score(y, p), abs=1e-12)
    assert log_loss(y, p) == pytest.approx(sklearn_metrics.log_loss(y, p), rel=1e-12)
    assert brier_score(y, p) == pytest.approx(sklearn_metrics.brier_score_loss(y, p), abs=1e-12)


@given(ROWS_OF_BOTH_CLASSES)
def test_ranking_metrics_are_unchanged_by_a_monotone_transform(rows: list[tuple[int, int]]) -> None:
    y, p = columns(rows)
    assert area_under_roc(y, p**2) == area_under_roc(y, p)
    assert average_precision(y, p**2) == average_precision(y, p)


@given(ROWS_OF_BOTH_CLASSES)
def test_reversing_the_scores_reverses_the_auc(rows: list[tuple[int, int]]) -> None:
    y, p = columns(rows)
    forwards, backwards = area_under_roc(y, p), area_under_roc(y, 1.0 - p)
    assert forwards is not None
    assert backwards is not None
    assert forwards + backwards == pytest.approx(1.0)


@settings(deadline=None, max_examples=50)
@given(ROWS, st.integers(0, 1000))
def test_no_metric_depends_on_the_order_of_rows(rows: list[tuple[int, int]], seed: int) -> None:
    order = np.random.default_rng(seed).permutation(len(rows))
    shuffled = [rows[position] for position in order]
    for metric in (area_under_roc, average_precision, log_loss, brier_score):
        assert metric(*columns(shuffled)) == pytest.approx(metric(*columns(rows)), abs=1e-12)
    first = expected_calibration_error(*columns(rows), 10)
    assert expected_calibration_error(*columns(shuffled), 10) == pytest.approx(first, abs=1e-12)


@pytest.mark.parametrize("y", [[0, 0, 0], [1, 1, 1], []])
def test_auc_and_average_precision_are_none_with_one_class(y: list[int]) -> None:
    p = [0.2, 0.4, 0.6][: len(y)]
    assert area_under_roc(y, p) is None
    assert average_precision(y, p) is None


def test_a_constant_probability_has_auc_one_half_and_the_base_rate_as_precision() -> None:
    assert area_under_roc([1, 0, 0, 0], [0.3] * 4) == 0.5
    assert average_precision([1, 0, 0, 0], [0.3] * 4) == 0.25


def test_four_rows_computed_by_hand() -> None:
    y, p = [0, 1, 0, 1], [0.1, 0.4, 0.4, 0.8]
    assert area_under_roc(y, p) == (1 + 0.5 + 2) / 4
    assert average_precision(y, p) == pytest.approx(0.5 * 1 + 0.5 * 2 / 3)
    assert brier_score(y, p) == pytest.approx((0.01 + 0.36 + 0.16 + 0.04) / 4)
    assert log_loss(y, p) == pytest.approx(-(math.log(0.9) + math.log(0.4) + math.log(0.6) + math.log(0.8)) / 4)


def test_a_certain_prediction_that_fails_costs_a_finite_loss() -> None:
    assert log_loss([1], [0.0]) == pytest.approx(36.04, abs=0.01)


def test_bins_without_ties_differ_by_at_most_one_row() -> None:
    counts = np.bincount(bin_numbers(np.linspace(0.0, 1.0, 37), 10))
    assert counts.size == 10
    assert set(counts.tolist()) == {3, 4}


def test_equal_probabilities_share_the_bin_of_their_middle_place() -> None:
    p = np.array([0.5, 0.1, 0.5, 0.5, 0.5, 0.9])
    assert bin_numbers(p, 3).tolist() == [1, 0, 1, 1, 1, 2]


@settings(deadline=None, max_examples=50)
@given(ROWS, st.integers(2, 4))
def test_a_repeated_row_counts_as_that_many_rows(rows: list[tuple[int, int]], times: int) -> None:
    once = expected_calibration_error(*columns(rows), 10)
    assert expected_calibration_error(*columns(rows * times), 10) == pytest.approx(once, abs=1e-12)


def test_calibration_error_by_hand_is_the_weighted_gap_of_the_bins() -> None:
    y, p = [0, 1, 1, 1], [0.2, 0.4, 0.6, 0.8]
    assert expected_calibration_error(y, p, 2) == pytest.approx(0.5 * abs(0.5 - 0.3) + 0.5 * abs(1.0 - 0.7))
    assert expected_calibration_error([], [], 10) is None


@given(ROWS, st.integers(1, 12))
def test_the_brier_decomposition_adds_up_exactly(rows: list[tuple[int, int]], n_bins: int) -> None:
    parts = decompose_brier(*columns(rows), n_bins)
    assert parts is not None
    total = parts.reliability - parts.resolution + parts.uncertainty
    total += parts.within_bin_variance - parts.within_bin_covariance
    assert total == pytest.approx(parts.brier, abs=1e-12)
    assert parts.brier == pytest.approx(brier_score(*columns(rows)), abs=1e-12)


@pytest.mark.parametrize(
    ("y", "p", "message"),
    [
        ([0, 2], [0.1, 0.2], "0 or 1"),
        ([0, 1], [0.1], "2 labels"),
        ([0, 1], [0.1, 1.2], "between 0 and 1"),
        ([0, 1], [0.1, float("nan")], "missing"),
        ([[0, 1]], [[0.1, 0.2]], "one-dimensional"),
    ],
)
def test_rows_that_cannot_be_judged_are_refused(y: list[Any], p: list[Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        area_under_roc(y, p)
