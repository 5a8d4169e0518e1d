"""The chosen threshold, the threshold table and the top rows against hand-computed values and brute force."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import ArrayLike

from breakout.evaluation.ranked_replicates import replicate_ranked
from breakout.evaluation.resamples import DateResamples, draw_date_resamples
from breakout.evaluation.rows import check_rows
from breakout.evaluation.thresholds import (
    TopRows,
    choose_threshold,
    expected_hits,
    threshold_row,
    threshold_table,
    top_rows,
)
from tests.evaluation.known import known


def one_date_a_row(n_rows: int) -> DateResamples:
    dates = np.datetime64("2026-01-11") + np.arange(n_rows)
    return draw_date_resamples(dates, bootstrap_resamples=100, seed=1, confidence=0.95)


def top(y: ArrayLike, p: ArrayLike, *fractions: float) -> tuple[TopRows, ...]:
    """Return the top fractions of rows, each of which has a date of its own."""
    labels, probabilities = check_rows(y, p)
    resamples = one_date_a_row(labels.size)
    ranked = replicate_ranked(labels, probabilities, resamples, 1, fractions)
    return top_rows(labels, probabilities, resamples, fractions, ranked.top_hit_rate)


@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 10)), min_size=1, max_size=60), st.integers(1, 8))
def test_the_choice_equals_a_search_over_every_score(rows: list[tuple[int, int]], min_flagged: int) -> None:
    y, tenths = np.array(rows).T
    p = tenths / 10.0
    choice = choose_threshold(y, p, target_precision=0.6, min_flagged=min_flagged)
    flags = {score: p >= score for score in np.unique(p)}
    enough = [s for s, f in flags.items() if f.sum() >= min_flagged and 5 * y[f].sum() >= 3 * f.sum()]
    assert (choice is None) == (not enough)
    if choice is not None:
        assert (choice.rule, choice.threshold) == ("target_precision", min(enough))
        assert choice.flagged == flags[choice.threshold].sum()


def test_precision_exactly_at_the_target_is_enough() -> None:
    y = np.array([1, 1, 1, 0, 0] * 4 + [0] * 10)
    p = np.array([0.6] * 20 + [0.1] * 10)
    choice = choose_threshold(y, p, target_precision=0.6, min_flagged=20)
    assert choice is not None
    assert (choice.threshold, choice.rule, choice.flagged, choice.precision) == (
        0.6,
        "target_precision",
        20,
        0.6,
    )


def test_nineteen_flagged_rows_are_not_enough() -> None:
    y = np.array([1] * 19 + [0] * 30)
    p = np.array([0.6] * 19 + [0.1] * 30)
    assert choose_threshold(y, p, target_precision=0.6, min_flagged=20) is None


def test_a_threshold_needs_rows() -> None:
    with pytest.raises(ValueError, match="no rows"):
        choose_threshold([], [], target_precision=0.6, min_flagged=20)


def test_a_threshold_row_by_hand() -> None:
    row = threshold_row([1, 0, 1, 0], [0.9, 0.5, 0.4, 0.1], 0.5, one_date_a_row(4))
    assert (row.precision.estimate, row.recall, row.f1, row.share_flagged) == (0.5, 0.5, 0.5, 0.5)
    assert (row.flagged, row.hits) == (2, 1)


def test_precision_is_none_if_nobody_is_flagged() -> None:
    row = threshold_row([1, 0], [0.2, 0.1], 0.7, one_date_a_row(2))
    assert (row.precision.estimate, row.precision.low, row.recall, row.f1, row.flagged) == (
        None,
        None,
        0.0,
        0.0,
        0,
    )


def test_recall_is_none_without_a_breakout() -> None:
    row = threshold_row([0, 0], [0.2, 0.8], 0.7, one_date_a_row(2))
    assert (row.precision.estimate, row.recall, row.f1) == (0.0, None, 0.0)


def test_the_table_agrees_with_scikit_learn_and_marks_the_chosen_threshold() -> None:
    from sklearn.metrics import precision_recall_fscore_support

    generator = np.random.default_rng(0)
    p = generator.random(400)
    y = (generator.random(400) < p).astype(float)
    thresholds = (0.3, 0.4, 0.5, 0.6, 0.7)
    table = threshold_table(y, p, one_date_a_row(400), thresholds=thresholds, chosen=0.55)
    assert [row.threshold for row in table] == [0.3, 0.4, 0.5, 0.55, 0.6, 0.7]
    assert [row.is_chosen for row in table] == [False, False, False, True, False, False]
    for row in table:
        expected = precision_recall_fscore_support(y, p >= row.threshold, average="binary")[:3]
        assert (row.precision.estimate, row.recall, row.f1) == pytest.approx(expected)
        assert known(row.precision.low) <= known(row.precision.estimate) <= known(row.precision.high)


def test_a_chosen_threshold_that_is_a_table_threshold_stands_once() -> None:
    table = threshold_table([1, 0], [0.6, 0.2], one_date_a_row(2), thresholds=(0.3, 0.5), chosen=0.5)
    assert [(row.threshold, row.is_chosen) for row in table] == [(0.3, False), (0.5, True)]


def test_hits_across_a_tie_are_the_mean_over_all_orders_of_the_tied_rows() -> None:
    y = np.array([1.0, 1.0, 0.0, 0.0, 1.0])
    p = np.array([0.9, 0.5, 0.5, 0.5, 0.1])
    orders = [(0, *tied, 4) for tied in itertools.permutations((1, 2, 3))]
    for count in range(1, 6):
        mean = np.mean([y[list(order[:count])].sum() for order in orders])
        assert expected_hits(y, p, np.asarray(float(count))) == pytest.approx(mean)


def test_the_top_tenth_is_rounded_up_to_whole_rows() -> None:
    y = np.array([1.0] + [0.0] * 20)
    p = np.linspace(0.9, 0.1, 21)
    five, ten = top(y, p, 0.05, 0.10)
    assert (five.count, ten.count) == (2, 3)
    assert (five.hit_rate.estimate, ten.hit_rate.estimate) == pytest.approx((1 / 2, 1 / 3))
    assert five.lift.estimate == pytest.approx(21 / 2)


def test_a_constant_probability_has_lift_one_and_no_breakout_has_none() -> None:
    (one,) = top([1, 0, 0, 0], [0.3] * 4, 0.05)
    assert (one.hit_rate.estimate, one.lift.estimate) == pytest.approx((0.25, 1.0))
    assert one.lift.n_undefined > 0
    (nobody,) = top([0, 0], [0.3, 0.2], 0.05)
    assert (nobody.hit_rate.estimate, nobody.lift.estimate) == (0.0, None)
