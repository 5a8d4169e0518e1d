"""Calibration in a run never reverses the model's ranking, and every report names a map that was replaced."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from breakout.bundle.folder import read_bundle
from breakout.dataset import Rows
from tests.commands import call, newest_run
from tests.experiment.conftest import MISLEADING, QUICK, read, run_quickly

Runs = dict[str, tuple[Path, str]]


def test_a_sigmoid_that_would_turn_the_ranking_over_changes_no_probability(misleading: Runs) -> None:
    none, sigmoid = (pd.read_parquet(misleading[kind][0] / "predictions.parquet") for kind in ("none", "sigmoid"))
    pd.testing.assert_frame_equal(none, sigmoid, check_exact=True)


def test_the_replaced_calibration_is_named_everywhere(misleading: Runs) -> None:
    run, printed = misleading["sigmoid"]
    metrics, manifest = read(run / "metrics.json"), read(run / "bundle" / "manifest.json")
    (warning,) = metrics["warnings"]
    assert "calibration=sigmoid" in warning
    assert metrics["calibration"]["requested"] == "sigmoid"
    assert metrics["calibration"]["kind"] == metrics["model"]["calibration"] == "none"
    assert (
        metrics["calibration"]["warnings"]
        == manifest["calibration_fit"]["warnings"]
        == manifest["warnings"]
        == [warning]
    )
    assert manifest["calibration"]["kind"] == "none"
    assert warning in (run / "run.log").read_text(encoding="utf-8")
    assert "calibration=sigmoid" in printed
    assert "calibration=sigmoid was replaced" in (run / "report.html").read_text(encoding="utf-8")
    assert read(misleading["none"][0] / "metrics.json")["warnings"] == []


def test_the_saved_model_predicts_its_own_probabilities(misleading: Runs) -> None:
    none, sigmoid = (read_bundle(run / "bundle") for run, _ in misleading.values())
    X = pd.DataFrame(np.random.default_rng(0).normal(10, 5, (50, len(none.model.names))), columns=none.model.names)
    probability = none.predict_probability(Rows(X))
    assert np.array_equal(sigmoid.predict_probability(Rows(X)), probability)
    assert np.array_equal(none.model.predict_probability(Rows(X)), probability)


def test_a_later_evaluation_names_the_replaced_calibration(misleading: Runs, tmp_path: Path) -> None:
    run, _ = misleading["sigmoid"]
    words = ("start=2025-12-22", "end=2025-12-28", f"paths.outputs={tmp_path}", "name=later", *QUICK)
    answer = call("evaluate", f"bundle={run / 'bundle'}", *words)
    assert answer.code == 0, answer.err
    later = read(newest_run(tmp_path, "later") / "metrics.json")
    assert later["calibration"]["requested"] == "sigmoid"
    assert later["warnings"] == read(run / "metrics.json")["warnings"]


def test_weighted_classes_that_cannot_be_calibrated_are_named(tmp_path: Path) -> None:
    run, printed = run_quickly(tmp_path, *MISLEADING, "model.class_weights=balanced", "write_report=false")
    metrics = read(run / "metrics.json")
    assert metrics["calibration"]["kind"] == "none"
    assert metrics["calibration"]["is_forced_by_class_weights"]
    assert any("model.class_weights" in warning for warning in metrics["warnings"])
    assert "model.class_weights=none" in printed


def test_isotonic_on_few_games_warns_and_is_evaluated_on_games_it_was_not_fitted_on(tmp_path: Path) -> None:
    run, printed = run_quickly(tmp_path, "calibration=isotonic", "model=logistic", "window=january")
    metrics = read(run / "metrics.json")
    held_out, validation = metrics["calibration"]["held_out"], metrics["validation"]
    assert held_out["rows"] == validation["rows"] < 1000
    assert held_out["blocks"] == 5
    assert held_out["log_loss_before"] == pytest.approx(validation["metrics_before_calibration"]["log_loss"], abs=1e-12)
    assert held_out["log_loss_after"] > validation["metrics"]["log_loss"], "which the map was fitted on"
    assert "calibration=isotonic" in metrics["warnings"][0]
    assert "calibration=isotonic" in printed
    assert f"{held_out['log_loss_after']:.4f}" in (run / "report.html").read_text(encoding="utf-8")


def test_a_walk_forward_names_the_folds_whose_calibration_was_replaced(tmp_path: Path) -> None:
    window = ("window=walk_forward", "window.train_start=2025-10-22", "window.eval_start=2025-12-01")
    words = (*window, "window.folds=2", "model=base_rate", "calibration=isotonic", "write_report=false")
    run, printed = run_quickly(tmp_path, *words)
    metrics = read(run / "metrics.json")
    folds = [fold["fold"] for fold in metrics["folds"]]
    assert [fold["calibration"] for fold in metrics["folds"]] == ["none", "none"]
    assert len(metrics["warnings"]) == 1, "one fact, one warning"
    assert all(fold in metrics["warnings"][0] for fold in folds)
    assert folds[0] in printed
