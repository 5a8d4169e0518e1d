"""Rows and settings that no model can be fitted to, and the warning of a solver that did not converge."""

from __future__ import annotations

import warnings
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from breakout.errors import ConfigurationError, DataError
from breakout.experiment.fitting import check_features_vary, fit_baselines
from breakout.models.base import FitParts
from breakout.models.kinds import KINDS, fit_model
from tests.commands import JANUARY, call
from tests.experiment.conftest import CONSTANT, FIRST_SEASON, QUICK, read, run_quickly
from tests.models.test_models import config_of, rows

ALONE = ("mode=experimental", f"features.names=[{CONSTANT}]")
BESIDE = ("mode=experimental", f"features.names=[{CONSTANT},points_avg_season]")


@pytest.mark.parametrize("mode", ["fit", "dry run"])
def test_features_that_never_vary_are_refused(mode: str, tmp_path: Path) -> None:
    dry = ("dry_run=true",) if mode == "dry run" else ()
    answer = call("train", f"paths.outputs={tmp_path}", "model=logistic", *ALONE, *FIRST_SEASON, *dry)
    assert answer.code == 3
    assert CONSTANT in answer.err
    assert "features.names" in answer.err
    assert answer.err.count("\n") == 1


@pytest.mark.parametrize("kind", KINDS)
def test_every_model_that_learns_needs_a_feature_that_varies(kind: str) -> None:
    config: Any = SimpleNamespace(model=config_of(kind))
    known = rows(600, 1)
    constant = replace(known, X=known.X.assign(**dict.fromkeys(known.X.columns, 0.5)))
    refusal = pytest.raises(DataError, match=r"features\.names") if KINDS[kind].uses_features else nullcontext()
    with refusal:
        check_features_vary(config, FitParts(constant, known))


def test_the_baselines_need_no_feature_that_varies() -> None:
    known = rows(600, 1)
    constant = replace(known, X=known.X.assign(**dict.fromkeys(known.X.columns, 0.5)))
    for baseline in fit_baselines(FitParts(constant, constant.take(np.arange(100)))).values():
        rate = constant.take(np.r_[0:600, 0:100]).label.mean()
        assert baseline.predict_probability(constant) == pytest.approx(np.full(600, rate), abs=1e-3)


@pytest.mark.parametrize("kind", ["catboost", "logistic", "blend", "points"])
def test_one_feature_that_varies_is_enough(kind: str) -> None:
    known = rows(600, 1)
    one = FitParts(*(replace(part, X=part.X[["first"]].assign(constant=0.5)) for part in (known, rows(200, 2))))
    config: Any = SimpleNamespace(model=config_of(kind))
    check_features_vary(config, one)
    importance = fit_model(config.model, one, 42, {}).feature_importance()
    assert importance == pytest.approx({"first": 1.0, "constant": 0.0})


def test_a_walk_forward_names_the_fold_without_a_feature_that_varies(tmp_path: Path) -> None:
    window = ("window=walk_forward", "window.train_start=2023-11-01", "window.eval_start=2024-01-01")
    answer = call("train", f"paths.outputs={tmp_path}", *window, "window.eval_end=2024-02-10", *ALONE, *QUICK)
    assert answer.code == 3
    assert "fold 2024-01" in answer.err


def test_a_feature_that_varies_in_some_folds_only_does_no_harm(tmp_path: Path) -> None:
    window = ("window=walk_forward", "window.train_start=2023-11-01", "window.eval_start=2024-04-01")
    words = (*window, "window.eval_end=2024-11-05", "model=logistic", "write_report=false", *BESIDE)
    run, _ = run_quickly(tmp_path, *words)
    folds = read(run / "metrics.json")["folds"]
    assert {fold["fold"] for fold in folds} >= {"2024-04", "2024-11"}


def test_a_regression_that_did_not_converge_says_so_once_with_the_remedy(tmp_path: Path) -> None:
    with warnings.catch_warnings(record=True) as caught:
        run, printed = run_quickly(tmp_path, "model=logistic", "model.max_iterations=2", *JANUARY)
    assert not [warning for warning in caught if issubclass(warning.category, ConvergenceWarning)]
    metrics = read(run / "metrics.json")
    (warning,) = metrics["warnings"]
    assert "model.max_iterations" in warning
    assert (run / "run.log").read_text(encoding="utf-8").count(warning) == 1
    assert " ".join(printed.split()).count("raise model.max_iterations") == 1
    assert "did not converge" in (run / "report.html").read_text(encoding="utf-8")
    assert read(run / "bundle" / "manifest.json")["warnings"] == [warning]


@pytest.mark.parametrize("kind", ["catboost", "blend"])
def test_a_refusal_by_catboost_gives_its_reason_without_its_line_of_source_code(kind: str) -> None:
    with pytest.raises(ConfigurationError, match=r"^CatBoost refuses to fit \(Can't parse parameter .*seed="):
        fit_model(config_of(kind), FitParts(rows(600, 1), rows(200, 2)), 2**64, {})


def test_one_class_in_a_part_of_the_training_window_names_the_part_and_its_dates(tmp_path: Path) -> None:
    words = ("target.breakout_multiplier=3.6", "model=logistic", "window=january")
    answer = call("train", f"paths.outputs={tmp_path}", *words, *QUICK)
    assert answer.code == 3
    assert "one class only" in answer.err
    assert "2026-01-10" in answer.err
