"""The date bootstrap: weights equal repeated rows, whole dates are drawn, and differences are paired."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from breakout.evaluation import ranked_replicates
from breakout.evaluation.intervals import bootstrap_metrics, paired_differences, replicate_paired_metrics
from breakout.evaluation.metrics import area_under_roc, average_precision, brier_score, log_loss
from breakout.evaluation.ranked_replicates import replicate_ranked
from breakout.evaluation.reliability import expected_calibration_error, reliability_table
from breakout.evaluation.resamples import DateResamples, draw_date_resamples
from breakout.evaluation.thresholds import expected_hits
from tests.evaluation.delong import delong_auc, delong_difference
from tests.evaluation.known import known

START = np.datetime64("2026-01-11")


def draw(dates: np.ndarray, resamples: int = 200, seed: int = 1) -> DateResamples:
    return draw_date_resamples(dates, bootstrap_resamples=resamples, seed=seed, confidence=0.95)


def games(seed: int, n_rows: int, n_dates: int, levels: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return labels, probabilities in multiples of 1 / `levels`, so that many are equal, and unsorted dates."""
    generator = np.random.default_rng(seed)
    p = generator.integers(0, levels + 1, n_rows) / levels
    y = (generator.random(n_rows) < 0.1 + 0.5 * p).astype(float)
    return y, p, START + generator.integers(0, n_dates, n_rows)


def repeated(resamples: DateResamples, number: int) -> np.ndarray:
    """Return the positions of the rows of one resample, each as often as the date of the row was drawn."""
    times = resamples.weights[number].astype(int)[resamples.date_index]
    return np.repeat(np.arange(times.size), times)


def or_nan(value: float | None) -> float:
    return float("nan") if value is None else value


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(5, 60), st.integers(1, 6), st.sampled_from([2, 16, 4096]))
def test_every_replicate_equals_the_metric_of_rows_repeated_as_often_as_their_date_was_drawn(
    seed: int, n_rows: int, n_dates: int, levels: int
) -> None:
    y, p, dates = games(seed, n_rows, n_dates, levels)
    resamples = draw(dates, resamples=12, seed=seed)
    paired = replicate_paired_metrics(y, p, resamples).replicates
    ranked = replicate_ranked(y, p, resamples, 10, (0.05, 0.2))
    for number in range(12):
        rows = repeated(resamples, number)
        ry, rp = y[rows], p[rows]
        tops = [expected_hits(ry, rp, k) / k for k in (np.ceil(0.05 * rows.size), np.ceil(0.2 * rows.size - 1e-9))]
        expected = [area_under_roc(ry, rp), log_loss(ry, rp), brier_score(ry, rp), average_precision(ry, rp)]
        expected += [expected_calibration_error(ry, rp, 10), *tops]
        found = [paired[name][number] for name in ("auc", "log_loss", "brier")]
        found += [ranked.average_precision[number], ranked.ece[number], *ranked.top_hit_rate[number]]
        np.testing.assert_allclose(found, [or_nan(value) for value in expected], atol=1e-12)


def test_chunks_of_resamples_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    y, p, dates = games(3, 80, 9, 16)
    whole = replicate_ranked(y, p, draw(dates), 10, (0.1,))
    monkeypatch.setattr(ranked_replicates, "CHUNK_ELEMENTS", 100)
    pieces = replicate_ranked(y, p, draw(dates), 10, (0.1,))
    np.testing.assert_allclose(whole.average_precision, pieces.average_precision, rtol=1e-12)
    np.testing.assert_allclose(whole.ece, pieces.ece, rtol=1e-12)
    np.testing.assert_allclose(whole.top_hit_rate, pieces.top_hit_rate, rtol=1e-12)


def test_each_resample_draws_as_many_dates_as_there_are() -> None:
    resamples = draw(START + np.arange(60) % 7)
    assert resamples.n_dates == 7
    assert (resamples.weights.sum(axis=1) == 7).all()


def test_the_same_seed_draws_the_same_dates_and_another_seed_does_not() -> None:
    dates = START + np.arange(60) % 7
    assert (draw(dates, seed=4).weights == draw(dates, seed=4).weights).all()
    assert (draw(dates, seed=4).weights != draw(dates, seed=5).weights).any()


def test_row_order_changes_no_interval() -> None:
    y, p, dates = games(5, 120, 10, 32)
    order = np.random.default_rng(0).permutation(120)
    first = bootstrap_metrics(y, p, draw(dates), ece_bins=10)
    second = bootstrap_metrics(y[order], p[order], draw(dates[order]), ece_bins=10)
    for name, interval in first.items():
        assert (interval.low, interval.high) == pytest.approx((second[name].low, second[name].high), abs=1e-12)


def test_correlated_rows_of_a_date_widen_the_interval_beyond_delongs() -> None:
    generator = np.random.default_rng(0)
    night = np.repeat(np.arange(40), 10)
    p = np.repeat(generator.random(40), 10)
    y = np.repeat((generator.random(40) < 0.3).astype(float), 10)
    interval = bootstrap_metrics(y, p, draw(START + night, 500), ece_bins=10)["auc"]
    delong = delong_auc(y, p, confidence=0.95)
    assert delong is not None
    assert known(interval.high) - known(interval.low) > 2.0 * (known(delong.high) - known(delong.low))


def test_with_one_row_a_date_the_bootstrap_agrees_with_delong() -> None:
    generator = np.random.default_rng(2)
    p, other = generator.beta(3, 9, 800), generator.beta(3, 9, 800)
    y = (generator.random(800) < p).astype(float)
    resamples = draw(START + np.arange(800), 2000)
    delong = delong_difference(y, p, other, confidence=0.95)
    difference = paired_differences(y, p, other, resamples)["auc"].difference
    assert delong is not None
    assert delong.estimate == pytest.approx(difference.estimate, abs=1e-12)
    assert (difference.low, difference.high) == pytest.approx((delong.low, delong.high), abs=0.006)
    first, second = (replicate_paired_metrics(y, one, resamples).replicates["auc"] for one in (p, other))
    spread = np.std(first - second)
    assert spread == pytest.approx(delong.standard_error, abs=0.001)


def test_a_model_differs_from_itself_by_exactly_nothing() -> None:
    y, p, dates = games(7, 90, 8, 64)
    for paired in paired_differences(y, p, p, draw(dates)).values():
        interval = paired.difference
        assert (interval.estimate, interval.low, interval.high, paired.share_better) == (0.0, 0.0, 0.0, 0.0)


def test_a_better_model_is_better_in_the_direction_of_each_metric() -> None:
    y, _, dates = games(8, 200, 10, 64)
    sharp, blunt = 0.2 + 0.6 * y, np.full(200, 0.5)
    paired = paired_differences(y, sharp, blunt, draw(dates))
    assert paired["auc"].difference.estimate == pytest.approx(0.5)
    assert paired["log_loss"].difference.estimate == pytest.approx(np.log(0.5) - np.log(0.8))
    assert {paired[name].share_better for name in paired} == {1.0}


def test_resamples_of_one_class_are_left_out_and_counted() -> None:
    y = np.array([1.0, 0.0, 0.0, 0.0])
    p = np.array([0.4, 0.3, 0.5, 0.2])
    resamples = draw(START + np.array([0, 0, 1, 2]))
    auc = bootstrap_metrics(y, p, resamples, ece_bins=10)["auc"]
    without_first_date = int((resamples.weights[:, 0] == 0).sum())
    assert auc.n_undefined == without_first_date > 0
    assert auc.low is not None


def test_an_undefined_auc_has_no_interval_while_the_losses_have_one() -> None:
    figures = bootstrap_metrics([0, 0, 0], [0.1, 0.2, 0.3], draw(START + np.arange(3)), ece_bins=10)
    assert (figures["auc"].estimate, figures["auc"].low, figures["auc"].n_undefined) == (None, None, 200)
    assert figures["average_precision"].estimate is None
    assert figures["brier"].low is not None


def test_a_single_date_gives_estimates_without_intervals() -> None:
    figures = bootstrap_metrics([0, 1, 0], [0.1, 0.2, 0.3], draw(np.repeat(START, 3)), ece_bins=10)
    assert {interval.low for interval in figures.values()} == {None}
    assert figures["auc"].estimate == 0.5


def test_reliability_bins_cover_every_row_once_and_rise() -> None:
    y, p, dates = games(9, 300, 12, 50)
    bins = reliability_table(y, p, draw(dates), 10)
    assert sum(item.count for item in bins) == 300
    assert all(low.highest_probability < high.lowest_probability for low, high in pairwise(bins))
    hits = sum(item.count * (item.breakout_rate.estimate or 0.0) for item in bins)
    assert hits == pytest.approx(y.sum())


def test_a_missing_date_or_a_wrong_number_of_resamples_is_refused() -> None:
    with pytest.raises(ValueError, match="no game date"):
        draw(np.array(["2026-01-01", "NaT"], dtype="datetime64[D]"))
    with pytest.raises(ValueError, match="at least one resample"):
        draw(START + np.arange(3), resamples=0)
