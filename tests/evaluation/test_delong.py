"""DeLong's variance against a published example and against a computation from all pairs of rows."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import rankdata

from breakout.evaluation.metrics import area_under_roc
from tests.evaluation.delong import delong_auc, delong_difference, midranks

# Patients of DeLong, DeLong and Clarke-Pearson (1988): albumin, total protein, K-G score, outcome. The SAS/STAT User's
# Guide, "Comparing ROC Curves", prints the 43 complete records and their results.
PATIENTS = """
3.0 5.8 10 0  3.2 6.3 5 1  3.9 6.8 3 1  2.8 4.8 6 0  3.2 5.8 3 1  0.9 4.0 5 0  2.5 5.7 8 0  1.6 5.6 5 1
3.8 5.7  5 1  3.7 6.7 6 1  3.2 5.4 4 1  3.8 6.6 6 1  4.1 6.6 5 1  3.6 5.7 5 1  4.3 7.0 4 1  3.6 6.7 4 0
2.3 4.4  6 1  4.2 7.6 4 0  4.0 6.6 6 0  3.5 5.8 6 1  3.8 6.8 7 1  3.0 4.7 8 0  4.5 7.4 5 1  3.7 7.4 5 1
3.1 6.6  6 1  4.1 8.2 6 1  4.3 7.0 5 1  4.3 6.5 4 1  3.2 5.1 5 1  2.6 4.7 6 1  3.3 6.8 6 0  1.7 4.0 7 0
3.7 6.1  5 1  3.3 6.3 7 1  4.2 7.7 6 1  3.5 6.2 5 1  2.9 5.7 9 0  2.1 4.8 7 1  2.8 6.2 8 0  4.0 7.0 7 1
3.3 5.7  6 1  3.7 6.9 5 1  3.6 6.6 5 1
"""
TABLE = np.array(PATIENTS.split(), dtype=float).reshape(-1, 4)
ALBUMIN, TOTAL_PROTEIN, KG_SCORE = TABLE[:, 0], TABLE[:, 1], 10.0 - TABLE[:, 2]
OUTCOME = TABLE[:, 3]


@pytest.mark.parametrize(
    ("scores", "auc", "standard_error", "low", "high"),
    [
        (ALBUMIN, 0.7366, 0.0927, 0.5549, 0.9182),
        (KG_SCORE, 0.7258, 0.1028, 0.5243, 0.9273),
        (TOTAL_PROTEIN, 0.6478, 0.1000, 0.4518, 0.8439),
    ],
)
def test_auc_and_interval_equal_the_published_example(
    scores: np.ndarray, auc: float, standard_error: float, low: float, high: float
) -> None:
    found = delong_auc(OUTCOME, scores, confidence=0.95)
    assert found is not None
    figures = (found.estimate, found.standard_error, found.low, found.high)
    assert figures == pytest.approx((auc, standard_error, low, high), abs=5.1e-5)


@pytest.mark.parametrize(
    ("scores", "difference", "standard_error", "low", "high", "chi_square", "p_value"),
    [
        (ALBUMIN, 0.0108, 0.0953, -0.1761, 0.1976, 0.0127, 0.9102),
        (TOTAL_PROTEIN, -0.0780, 0.1046, -0.2830, 0.1271, 0.5554, 0.4561),
    ],
)
def test_paired_difference_equals_the_published_example(
    scores: np.ndarray,
    difference: float,
    standard_error: float,
    low: float,
    high: float,
    chi_square: float,
    p_value: float,
) -> None:
    found = delong_difference(OUTCOME, scores, KG_SCORE, confidence=0.95)
    assert found is not None
    assert found.z is not None
    figures = (found.estimate, found.standard_error, found.low, found.high, found.z**2, found.p_value)
    published = (difference, standard_error, low, high, chi_square, p_value)
    assert figures == pytest.approx(published, abs=5.1e-5)


def covariance_by_pairs(y: np.ndarray, first: np.ndarray, second: np.ndarray) -> float:
    """Return DeLong's covariance of two AUCs by its definition, from all pairs of rows."""

    def kernel(scores: np.ndarray) -> np.ndarray:
        above = scores[y == 1][:, None] - scores[y == 0][None, :]
        return np.asarray((above > 0) + 0.5 * (above == 0))

    a, b = kernel(first), kernel(second)
    of_breakouts = np.cov(a.mean(axis=1), b.mean(axis=1))[0, 1] / a.shape[0]
    of_others = np.cov(a.mean(axis=0), b.mean(axis=0))[0, 1] / a.shape[1]
    return float(of_breakouts + of_others)


@given(st.integers(0, 10_000))
def test_standard_errors_equal_the_definition_taken_pair_by_pair_with_ties(seed: int) -> None:
    generator = np.random.default_rng(seed)
    n_rows = int(generator.integers(6, 40))
    y = np.concatenate(([0.0, 0.0, 1.0, 1.0], generator.integers(0, 2, n_rows - 4)))
    first, second = generator.integers(0, 8, n_rows) / 8.0, generator.integers(0, 8, n_rows) / 8.0
    one = delong_auc(y, first, confidence=0.9)
    both = delong_difference(y, first, second, confidence=0.9)
    assert one is not None
    assert both is not None
    variance = covariance_by_pairs(y, first, first)
    paired = variance + covariance_by_pairs(y, second, second) - 2 * covariance_by_pairs(y, first, second)
    assert one.standard_error == pytest.approx(math.sqrt(max(variance, 0.0)), abs=1e-9)
    assert both.standard_error == pytest.approx(math.sqrt(max(paired, 0.0)), abs=1e-7)
    assert one.estimate == pytest.approx(area_under_roc(y, first))


def test_standard_errors_agree_with_an_independent_bootstrap_of_rows_to_the_third_decimal() -> None:
    generator = np.random.default_rng(5)
    y = (generator.random(1500) < 0.2).astype(float)
    first, second = (np.round(y * shift + generator.normal(size=y.size), 1) for shift in (0.4, 0.3))
    replicates = []
    for drawn in generator.integers(0, y.size, (1500, y.size)):
        is_breakout = y[drawn] == 1
        breakouts = is_breakout.sum()
        ranks = [rankdata(scores[drawn])[is_breakout].sum() for scores in (first, second)]
        wins = [rank - breakouts * (breakouts + 1) / 2 for rank in ranks]  # Mann and Whitney's U
        aucs = [won / (breakouts * (y.size - breakouts)) for won in wins]
        replicates.append((aucs[0], aucs[0] - aucs[1]))
    one, both = delong_auc(y, first, confidence=0.95), delong_difference(y, first, second, confidence=0.95)
    assert one is not None
    assert both is not None
    spread = np.std(replicates, axis=0, ddof=1)
    assert (one.standard_error, both.standard_error) == pytest.approx(tuple(spread), abs=5e-4)


def test_tied_scores_share_the_mean_of_their_places() -> None:
    assert midranks(np.array([3.0, 1.0, 3.0, 2.0])).tolist() == [3.5, 1.0, 3.5, 2.0]


def test_one_class_has_no_auc_and_no_difference() -> None:
    assert delong_auc([0, 0, 0], [0.1, 0.2, 0.3], confidence=0.95) is None
    assert delong_difference([1, 1], [0.1, 0.2], [0.3, 0.1], confidence=0.95) is None


def test_a_single_breakout_gives_an_auc_without_a_standard_error() -> None:
    found = delong_auc([0, 0, 1], [0.1, 0.3, 0.2], confidence=0.95)
    assert found is not None
    assert (found.estimate, found.standard_error, found.p_value) == (0.5, None, None)


def test_a_model_against_itself_differs_by_nothing_with_p_value_one() -> None:
    found = delong_difference(OUTCOME, ALBUMIN, ALBUMIN, confidence=0.95)
    assert found is not None
    assert (found.estimate, found.standard_error, found.z, found.p_value) == (0.0, 0.0, 0.0, 1.0)
