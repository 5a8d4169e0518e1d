"""Slice labels against hand-written ones, and slices against metrics of the same rows alone."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from breakout.evaluation.metrics import area_under_roc, brier_score, log_loss
from breakout.evaluation.resamples import draw_date_resamples
from breakout.evaluation.slice_labels import (
    SliceLabels,
    home_away_labels,
    month_labels,
    points_band_labels,
    prior_season_labels,
    rest_labels,
    season_phase_labels,
    staleness_labels,
)
from breakout.evaluation.slices import compare_slices, evaluate_slices
from tests.evaluation.known import known

NAN = float("nan")


def test_months_are_in_order_of_time() -> None:
    labels = month_labels(np.array(["2026-01-31", "2025-12-01", "2026-01-01"], dtype="datetime64[D]"))
    assert labels.values.tolist() == ["2026-01", "2025-12", "2026-01"]
    assert labels.order == ("2025-12", "2026-01")


def test_points_bands_hold_their_lower_edge_and_the_last_one_its_upper_edge() -> None:
    labels = points_band_labels([8.0, 9.99, 10.0, 13.5, 16.0], min_ppg=8, max_ppg=16)
    assert labels.order == ("8-10", "10-12", "12-14", "14-16")
    assert labels.values.tolist() == ["8-10", "8-10", "10-12", "12-14", "14-16"]


def test_an_odd_range_ends_in_a_narrower_band() -> None:
    labels = points_band_labels([7.5, 12.4], min_ppg=7.5, max_ppg=12.5)
    assert labels.order == ("7.5-9.5", "9.5-11.5", "11.5-12.5")
    assert labels.values.tolist() == ["7.5-9.5", "11.5-12.5"]


def test_an_average_within_rounding_of_an_edge_counts_as_on_it() -> None:
    assert points_band_labels([10.0 - 1e-12], min_ppg=8, max_ppg=16).values.tolist() == ["10-12"]


def test_an_average_outside_the_band_is_refused() -> None:
    with pytest.raises(ValueError, match="outside 8 to 16"):
        points_band_labels([16.5], min_ppg=8, max_ppg=16)


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (home_away_labels([1.0, 0.0, 0.5]), ["home", "away", "unknown"]),
        (
            rest_labels([1, 2, 3, 4, 7, NAN]),
            ["1 day", "2 days", "3 days", *["4 days or more"] * 2, "first game"],
        ),
        (prior_season_labels([9.5, NAN]), ["known", "not known"]),
        (
            season_phase_labels(np.array(["2025-10-21", "2025-12-31", "2026-01-01", "2026-02-28", "2026-03-01"])),
            ["early", "early", "middle", "middle", "late"],
        ),
    ],
)
def test_labels_by_hand(labels: SliceLabels, expected: list[str]) -> None:
    assert labels.values.tolist() == expected
    assert set(expected) <= set(labels.order)


def test_the_first_seven_days_after_training_are_week_one() -> None:
    dates = np.array(["2026-01-11", "2026-01-17", "2026-01-18", "2026-02-08", "2027-01-01"])
    labels = staleness_labels(dates, date(2026, 1, 10))
    assert labels.values.tolist() == ["week 1", "week 1", "week 2", "weeks 5-8", "week 27 on"]


def test_a_game_inside_training_has_no_staleness() -> None:
    with pytest.raises(ValueError, match="2026-01-10"):
        staleness_labels(np.array(["2026-01-10"]), date(2026, 1, 10))


def test_a_game_is_as_stale_as_the_fold_that_scored_it() -> None:
    dates, ends = np.array(["2026-01-11", "2026-02-08"]), np.array(["2026-01-10", "2026-01-31"])
    assert staleness_labels(dates, ends).values.tolist() == ["week 1", "week 2"]
    with pytest.raises(ValueError, match="2026-01-11"):
        staleness_labels(dates, ends[::-1])


def test_a_slice_tells_the_figures_of_its_rows_alone() -> None:
    generator = np.random.default_rng(1)
    p = generator.random(300)
    y = (generator.random(300) < p).astype(float)
    dates = np.datetime64("2026-01-25") + generator.integers(0, 14, 300)
    resamples = draw_date_resamples(dates, bootstrap_resamples=200, seed=1, confidence=0.95)
    for found in evaluate_slices(y, p, resamples, month_labels(dates)):
        is_member = dates.astype("datetime64[M]").astype(str) == found.label
        rows = y[is_member], p[is_member]
        assert found.n_rows == is_member.sum()
        assert found.n_dates == np.unique(dates[is_member]).size
        estimates = (found.auc.estimate, found.log_loss.estimate, found.brier.estimate)
        assert estimates == pytest.approx((area_under_roc(*rows), log_loss(*rows), brier_score(*rows)))
        assert known(found.auc.low) < known(found.auc.estimate) < known(found.auc.high)
        assert found.calibration_gap.estimate == pytest.approx(rows[1].mean() - rows[0].mean())


def test_a_slice_of_one_class_has_no_auc_and_an_empty_one_is_left_out() -> None:
    dates = np.datetime64("2026-01-25") + np.arange(4)
    resamples = draw_date_resamples(dates, bootstrap_resamples=50, seed=1, confidence=0.95)
    labels = SliceLabels(np.array(["a", "a", "b", "b"]), ("b", "empty", "a"))
    b, a = evaluate_slices([0, 1, 0, 0], [0.1, 0.2, 0.3, 0.4], resamples, labels)
    assert (b.label, b.auc.estimate, a.label, a.auc.estimate) == ("b", None, "a", 1.0)


def test_a_slice_of_one_date_has_no_interval() -> None:
    dates = np.array(["2026-01-30", "2026-01-30", "2026-02-01"])
    resamples = draw_date_resamples(dates, bootstrap_resamples=50, seed=1, confidence=0.95)
    january = evaluate_slices([0, 1, 0], [0.1, 0.2, 0.3], resamples, month_labels(dates))[0]
    assert (january.n_dates, january.auc.estimate, january.auc.low, january.brier.low) == (1, 1.0, None, None)


def test_differences_within_slices_are_those_of_the_slices_rows() -> None:
    dates = np.array(["2026-01-30", "2026-01-31", "2026-02-01", "2026-02-02"])
    resamples = draw_date_resamples(dates, bootstrap_resamples=50, seed=1, confidence=0.95)
    y, candidate, reference = [0, 1, 0, 1], [0.1, 0.9, 0.8, 0.2], [0.2, 0.1, 0.1, 0.2]
    january, february = compare_slices(y, candidate, reference, resamples, month_labels(dates))
    assert january.differences["auc"].difference.estimate == 1.0
    assert february.differences["auc"].difference.estimate == -1.0


def test_labels_that_do_not_fit_the_rows_are_refused() -> None:
    dates = np.array(["2026-01-30", "2026-01-31"])
    resamples = draw_date_resamples(dates, bootstrap_resamples=50, seed=1, confidence=0.95)
    with pytest.raises(ValueError, match="do not match 2 rows"):
        evaluate_slices([0, 1], [0.1, 0.2], resamples, month_labels(dates[:1]))
    with pytest.raises(ValueError, match="missing from their order: b"):
        evaluate_slices([0, 1], [0.1, 0.2], resamples, SliceLabels(np.array(["a", "b"]), ("a",)))
