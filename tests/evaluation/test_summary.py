"""The evaluation of a model, the comparison of two, seeds and curves, and their JSON form."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import numpy as np
import pytest
from threadpoolctl import threadpool_info  # type: ignore[import-untyped]

from breakout.artifacts import json_ready
from breakout.evaluation.comparison import compare_probabilities
from breakout.evaluation.curves import MAX_POINTS, build_curves
from breakout.evaluation.intervals import bootstrap_metrics, paired_differences, replicate_metrics
from breakout.evaluation.metrics import area_under_roc
from breakout.evaluation.resamples import EvaluationParameters
from breakout.evaluation.slice_labels import home_away_labels, month_labels
from breakout.evaluation.summary import EvaluationResult, evaluate_probabilities
from breakout.evaluation.thresholds import choose_threshold
from breakout.experiment.seeds import summarise_seeds
from breakout.threads import one_blas_thread
from tests.evaluation.known import known

PARAMETERS = EvaluationParameters(
    bootstrap_resamples=100,
    seed=42,
    confidence=0.95,
    ece_bins=10,
    thresholds=(0.3, 0.4, 0.5, 0.6, 0.7),
    top_fractions=(0.05, 0.1),
)


def january(n_rows: int = 500) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    generator = np.random.default_rng(11)
    p = generator.beta(3, 13, n_rows)
    y = (generator.random(n_rows) < p).astype(float)
    return y, p, np.datetime64("2026-01-11") + generator.integers(0, 26, n_rows)


def evaluate(y: Any, p: Any, dates: Any, **changes: Any) -> EvaluationResult:
    given: dict[str, Any] = {
        "parameters": PARAMETERS,
        "chosen_threshold": choose_threshold(y, p, target_precision=0.25, min_flagged=20),
        "baselines": {"base_rate": np.full(len(y), 0.18)},
        "slices": {"month": month_labels(dates), "venue": home_away_labels(np.arange(len(y)) % 2)},
        "train_end": date(2026, 1, 10),
    }
    given |= changes
    draws = given["parameters"].draw(dates)
    given["baselines"] = {
        name: replicate_metrics(y, baseline, draws, ece_bins=given["parameters"].ece_bins)
        for name, baseline in given["baselines"].items()
    }
    return evaluate_probabilities(y, p, dates, **given)


def test_a_result_says_which_rows_it_rests_on() -> None:
    y, p, dates = january()
    rows = evaluate(y, p, dates).rows
    assert (rows.n_rows, rows.n_dates, rows.n_breakouts) == (500, 26, y.sum())
    assert (rows.first_date, rows.last_date) == (date(2026, 1, 11), date(2026, 2, 5))
    assert rows.breakout_rate.estimate == pytest.approx(y.mean())


@one_blas_thread()
def test_a_baseline_is_compared_on_the_same_draws_of_dates() -> None:
    y, p, dates = january()
    other = np.linspace(0.1, 0.9, len(y))
    found = evaluate(y, p, dates, baselines={"baseline": other}, slices={}).baselines["baseline"]
    draws = PARAMETERS.draw(dates)
    assert found.metrics == bootstrap_metrics(y, other, draws, ece_bins=10)
    assert found.model_minus_baseline == paired_differences(y, p, other, draws)


def test_the_whole_equals_its_parts() -> None:
    y, p, dates = january()
    result = evaluate(y, p, dates)
    assert result.metrics["auc"].estimate == area_under_roc(y, p)
    baseline = result.baselines["base_rate"]
    assert baseline.metrics["auc"].estimate == 0.5
    gain = baseline.model_minus_baseline["auc"]
    assert gain.difference.estimate == pytest.approx(known(gain.candidate) - 0.5)
    assert [item.label for item in result.slices["month"]] == ["2026-01", "2026-02"]
    assert [item.label for item in result.staleness] == ["week 1", "week 2", "week 3", "week 4"]
    assert sum(item.n_rows for item in result.staleness) == 500
    assert sum(row.is_chosen for row in result.thresholds) == 1
    assert result.verdict.auc == result.metrics["auc"]


def test_the_result_survives_strict_json_unchanged() -> None:
    written = json_ready(evaluate(*january()))
    assert json.loads(json.dumps(written, allow_nan=False)) == written


def test_twice_the_same_input_gives_the_same_result() -> None:
    assert json_ready(evaluate(*january())) == json_ready(evaluate(*january()))


def test_one_class_gives_nulls_and_never_zero() -> None:
    _, p, dates = january(120)
    result = evaluate(np.zeros(120), p, dates)
    written = json_ready(result)
    assert written["metrics"]["auc"]["estimate"] is None
    assert written["metrics"]["average_precision"]["estimate"] is None
    assert written["curves"]["roc"] is None
    assert written["top_rows"][0]["lift"]["estimate"] is None
    assert result.verdict.level == "NEEDS_IMPROVEMENT"
    assert json.dumps(written, allow_nan=False)


def test_without_a_threshold_baselines_slices_or_training_end_the_rest_still_stands() -> None:
    y, p, dates = january(60)
    result = evaluate(y, p, dates, chosen_threshold=None, baselines={}, slices={}, train_end=None)
    assert (result.baselines, result.slices, result.staleness) == ({}, {}, ())
    assert len(result.thresholds) == 5
    assert any("60 evaluation rows" in warning for warning in result.verdict.warnings)


def test_no_rows_are_refused() -> None:
    nothing: dict[str, Any] = {"chosen_threshold": None, "baselines": {}, "slices": {}, "train_end": None}
    with pytest.raises(ValueError, match="needs rows"):
        evaluate_probabilities([], [], [], parameters=PARAMETERS, **nothing)


def test_a_comparison_is_antisymmetric() -> None:
    y, p, dates = january()
    other = np.clip(p + np.random.default_rng(0).normal(0, 0.05, p.size), 0, 1)
    slices = {"month": month_labels(dates)}
    there = compare_probabilities(y, p, other, dates, parameters=PARAMETERS, slices=slices)
    back = compare_probabilities(y, other, p, dates, parameters=PARAMETERS, slices=slices)
    for name, paired in there.differences.items():
        mirrored = back.differences[name].difference
        assert paired.difference.estimate == pytest.approx(-known(mirrored.estimate))
        assert paired.difference.low == pytest.approx(-known(mirrored.high))
    assert there.candidate == back.production
    assert json.loads(json.dumps(json_ready(there), allow_nan=False))["n_rows"] == 500


def test_curves_are_thinned_and_keep_their_ends() -> None:
    y, p, _ = january(5000)
    curves = build_curves(y, p)
    assert curves.roc is not None
    assert curves.precision_recall is not None
    assert curves.lift is not None
    for curve in (curves.roc, curves.precision_recall, curves.lift):
        assert len(curve.x) == len(curve.y) <= MAX_POINTS
    assert (curves.roc.x[0], curves.roc.y[0], curves.roc.x[-1], curves.roc.y[-1]) == (0, 0, 1, 1)
    assert curves.precision_recall.x[-1] == 1.0
    assert (curves.lift.x[-1], curves.lift.y[-1]) == pytest.approx((1.0, 1.0))
    histogram = curves.score_histogram
    assert sum(histogram.breakouts) == y.sum()
    assert sum(histogram.breakouts) + sum(histogram.others) == 5000


def test_the_area_under_a_short_roc_curve_is_the_auc() -> None:
    y, p, _ = january(150)
    roc = build_curves(y, np.round(p, 2)).roc
    assert roc is not None
    assert np.trapezoid(roc.y, roc.x) == pytest.approx(area_under_roc(y, np.round(p, 2)))


def test_seeds_are_summarised_by_mean_and_spread() -> None:
    y = [0, 1, 0, 1]
    spread = summarise_seeds(y, {1: [0.1, 0.2, 0.3, 0.4], 2: [0.1, 0.3, 0.2, 0.4]})["auc"]
    assert spread is not None
    assert dict(spread.values) == {1: 0.75, 2: 1.0}
    assert (spread.mean, spread.lowest, spread.highest) == (0.875, 0.75, 1.0)
    assert spread.standard_deviation == pytest.approx(0.25 / np.sqrt(2))


def test_seeds_without_an_auc_have_no_spread_of_it() -> None:
    found = summarise_seeds([0, 0], {1: [0.1, 0.2]})
    assert found["auc"] is None
    assert found["brier"] is not None
    assert found["brier"].standard_deviation is None


def test_json_form_has_no_numpy_types_and_no_nan() -> None:
    value = {
        "a": np.float64("nan"),
        "b": np.arange(2),
        3: (np.int64(1), np.bool_(True)),
        "d": date(2026, 1, 1),
    }
    plain = json_ready(value)
    assert plain == {"a": None, "b": [0, 1], "3": [1, True], "d": "2026-01-01"}
    assert [type(item) for item in plain["3"]] == [int, bool]
    with pytest.raises(TypeError, match="complex has no JSON form"):
        json_ready(1j)


def test_an_evaluation_leaves_the_threads_of_linear_algebra_as_they_were() -> None:
    before = [pool["num_threads"] for pool in threadpool_info()]
    with one_blas_thread():
        assert {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"} == {1}
    assert [pool["num_threads"] for pool in threadpool_info()] == before
