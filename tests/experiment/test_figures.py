"""The metrics of a run: calibration before and after, stability over seeds, and importance of features."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path
from typing import Any

import pytest

from breakout.artifacts import load_json, load_parquet
from breakout.cli import main
from breakout.evaluation.metrics import log_loss

QUICK = (
    "write_report=false",
    "model.iterations=60",
    "model.learning_rate=0.1",
    "evaluation.bootstrap_resamples=40",
    "evaluation.permutation_repeats=0",
)


def train(outputs: Path, *words: str) -> Path:
    with contextlib.redirect_stdout(io.StringIO()):
        assert main(["window=january", *QUICK, f"paths.outputs={outputs}", *words]) == 0
    return max((outputs / "runs" / "default").iterdir())


@pytest.fixture(scope="module")
def weighted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a run with weighted classes, two seeds, and no configured calibration."""
    words = ("model.class_weights=balanced", "evaluation.seeds=2", "evaluation.permutation_repeats=1")
    return train(tmp_path_factory.mktemp("weighted"), *words)


@pytest.fixture(scope="module")
def metrics(weighted: Path) -> Any:
    return load_json(weighted / "metrics.json")


def test_weighted_classes_force_a_calibration_that_the_run_names(metrics: Any, weighted: Path) -> None:
    assert metrics["calibration"]["kind"] == "sigmoid"
    assert metrics["calibration"]["is_forced_by_class_weights"]
    assert "calibration=sigmoid" in (weighted / "run.log").read_text(encoding="utf-8")


def test_calibration_really_lowers_log_loss_where_weights_are_on(metrics: Any) -> None:
    raw = metrics["evaluation"]["baselines"]["uncalibrated"]
    assert raw["metrics"]["log_loss"]["estimate"] > 0.6, "weights ruin probabilities"
    assert metrics["evaluation"]["metrics"]["log_loss"]["estimate"] < 0.48
    gain = raw["model_minus_baseline"]["log_loss"]["difference"]
    assert gain["high"] < 0, "on games that it was not fitted on, whatever dates are drawn"


def test_the_validation_part_shows_both_sides_of_calibration(metrics: Any) -> None:
    validation = metrics["validation"]
    assert validation["metrics"]["log_loss"] < validation["metrics_before_calibration"]["log_loss"] - 0.1
    assert len(metrics["calibration"]["reliability_before"]) == 10


def test_seeds_begin_with_the_run_s_own_and_hold_its_figure(metrics: Any) -> None:
    stability = metrics["stability"]
    assert stability["seeds"] == [42, 43]
    auc = stability["metrics"]["auc"]
    assert auc["values"]["42"] == metrics["evaluation"]["metrics"]["auc"]["estimate"]
    assert auc["lowest"] <= auc["mean"] <= auc["highest"]
    assert auc["standard_deviation"] > 0


def test_each_seed_is_what_a_run_of_that_seed_gives(metrics: Any, tmp_path: Path) -> None:
    other = load_json(train(tmp_path, "model.class_weights=balanced", "seed=43") / "metrics.json")
    estimate = other["evaluation"]["metrics"]["log_loss"]["estimate"]
    assert metrics["stability"]["metrics"]["log_loss"]["values"]["43"] == pytest.approx(estimate, abs=1e-12)


def test_every_feature_has_three_importances(metrics: Any) -> None:
    names = set(metrics["importance"])
    assert len(names) == 10
    assert {part["feature"] for part in metrics["permutation_importance"]["features"]} == names
    assert set(metrics["shap"]["mean_absolute"]) == names
    assert set(metrics["features_that_add_nothing"]) < names


def test_figures_are_those_of_the_saved_predictions(metrics: Any, weighted: Path) -> None:
    saved = load_parquet(weighted / "predictions.parquet")
    rows = saved[saved["split"] == "evaluation"]
    estimate = metrics["evaluation"]["metrics"]["log_loss"]["estimate"]
    assert log_loss(rows["is_breakout"], rows["probability"]) == pytest.approx(estimate, abs=1e-12)


def test_a_run_that_only_trains_weighs_features_on_validation(tmp_path: Path) -> None:
    words = ("window.eval_start=null", "window.eval_end=null", "model=blend", "evaluation.shap_rows=50")
    metrics = load_json(train(tmp_path, *words) / "metrics.json")
    assert metrics["evaluation"] is None
    assert metrics["stability"] is None
    assert metrics["explained_on"] == "validation"
    assert metrics["shap"]["n_rows"] == 50
