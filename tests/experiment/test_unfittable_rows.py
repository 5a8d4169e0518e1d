"""Rows and settings that no model can be fitted to, and the warning of a solver that did not converge."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest
from sklearn.exceptions import ConvergenceWarning

from tests.commands import call
from tests.experiment.conftest import CONSTANT, FIRST_SEASON, QUICK, read, run_quickly

ALONE = ("mode=experimental", f"features.names=[{CONSTANT}]")
BESIDE = ("mode=experimental", f"features.names=[{CONSTANT},points_avg_season]")
LEARNING = ("catboost", "logistic", "blend")


@pytest.mark.parametrize("model", LEARNING)
@pytest.mark.parametrize("mode", ["fit", "dry run"])
def test_features_that_never_vary_are_refused_for_every_model_that_learns(
    model: str, mode: str, tmp_path: Path
) -> None:
    dry = ("dry_run=true",) if mode == "dry run" else ()
    answer = call("train", f"paths.outputs={tmp_path}", f"model={model}", *ALONE, *FIRST_SEASON, *dry)
    assert answer.code == 3
    assert CONSTANT in answer.err
    assert "features.names" in answer.err
    assert answer.err.count("\n") == 1


def test_the_base_rate_needs_no_feature_that_varies(tmp_path: Path) -> None:
    run_quickly(tmp_path, "model=base_rate", "write_report=false", *ALONE, *FIRST_SEASON)


@pytest.mark.parametrize("model", LEARNING)
def test_one_feature_that_varies_is_enough(model: str, tmp_path: Path) -> None:
    run, _ = run_quickly(tmp_path, f"model={model}", "write_report=false", *BESIDE, *FIRST_SEASON)
    importance = read(run / "metrics.json")["importance"]
    assert importance == pytest.approx({CONSTANT: 0.0, "points_avg_season": 1.0})


def test_a_walk_forward_names_the_fold_without_a_feature_that_varies(tmp_path: Path) -> None:
    window = ("window=walk_forward", "window.train_start=2023-11-01", "window.eval_start=2024-01-01")
    answer = call("train", f"paths.outputs={tmp_path}", *window, "window.eval_end=2024-02-10", *ALONE, *QUICK)
    assert answer.code == 3
    assert "fold 2024-01" in answer.err


def test_a_feature_that_varies_in_some_folds_only_does_no_harm(tmp_path: Path) -> None:
    window = ("window=walk_forward", "window.train_start=2023-11-01", "window.eval_start=2024-03-01")
    words = (*window, "window.eval_end=2024-11-30", "write_report=false", *BESIDE)
    run, _ = run_quickly(tmp_path, *words)
    folds = read(run / "metrics.json")["folds"]
    assert {fold["fold"] for fold in folds} >= {"2024-03", "2024-11"}


def test_a_regression_that_did_not_converge_says_so_once_with_the_remedy(tmp_path: Path) -> None:
    with warnings.catch_warnings(record=True) as caught:
        run, printed = run_quickly(tmp_path, "model=logistic", "model.max_iterations=2")
    assert not [warning for warning in caught if issubclass(warning.category, ConvergenceWarning)]
    metrics = read(run / "metrics.json")
    (warning,) = metrics["warnings"]
    assert "model.max_iterations" in warning
    assert (run / "run.log").read_text(encoding="utf-8").count(warning) == 1
    assert " ".join(printed.split()).count("raise model.max_iterations") == 1
    assert "did not converge" in (run / "report.html").read_text(encoding="utf-8")
    assert read(run / "bundle" / "manifest.json")["warnings"] == [warning]


REFUSED_BY_CATBOOST = [
    (("seed=18446744073709551616",), "seed"),
    (("model.learning_rate=1e-12",), "model.learning_rate"),
    (("model.l2_leaf_reg=1e300",), "model.l2_leaf_reg"),
]


@pytest.mark.parametrize(("words", "named"), REFUSED_BY_CATBOOST)
@pytest.mark.parametrize("model", ["catboost", "blend"])
def test_settings_that_catboost_refuses_are_a_usage_error(
    model: str, words: tuple[str, ...], named: str, tmp_path: Path
) -> None:
    answer = call("train", f"paths.outputs={tmp_path}", "debug=tiny", f"model={model}", *words)
    assert answer.code == 2
    assert named in answer.err
    assert ".cpp" not in answer.err
    assert answer.err.count("\n") == 1


def test_one_class_in_a_part_of_the_training_window_names_the_part_and_its_dates(tmp_path: Path) -> None:
    words = ("target.breakout_multiplier=3.6", "model=logistic", "window=january")
    answer = call("train", f"paths.outputs={tmp_path}", *words, *QUICK)
    assert answer.code == 3
    assert "one class only" in answer.err
    assert "2026-01-10" in answer.err
