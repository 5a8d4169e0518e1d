"""Tests of `breakout train`: the files and figures of a run, and the refusals before its fit."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from breakout import settings
from breakout.dataset import build_dataset
from breakout.runs import read_status
from breakout.settings.composition import compose
from breakout.warehouse.sample import open_sample
from tests.builders import features_config
from tests.commands import JANUARY, ONLY_TRAINS, QUICK, Trained, call, newest_run, train
from tests.conftest import Program

RUN_FILES = {
    "status.json",
    "settings.yaml",
    "run.log",
    "metrics.json",
    "predictions.parquet",
    "distributions.json",
    "bundle",
}
BUNDLE_FILES = {
    "model.cbm",
    "contract.json",
    "settings.yaml",
    "manifest.json",
    "training_features.parquet",
    "baselines",
}


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_the_program_leaves_a_complete_run_and_nothing_else(program: Program, tmp_path: Path) -> None:
    ended = program("name=first", "window=january", *QUICK)
    assert ended.returncode == 0, ended.stderr
    assert names(tmp_path) == {"outputs"}
    run = newest_run(tmp_path / "outputs", "first")
    assert names(run) == RUN_FILES | {"report.html"}
    assert names(run / "bundle") == BUNDLE_FILES
    assert "NEEDS_IMPROVEMENT: AUC 0." in ended.stdout
    assert "on 1,515 games of 26 dates" in ended.stdout
    assert f"outputs/runs/first/{run.name}" in ended.stdout
    assert "breakout -m model=catboost,logistic,blend window=january" in " ".join(ended.stdout.split())
    status = read_status(run)
    assert (status.state, status.error, status.command) == ("completed", None, "train")
    assert run.name.endswith(f"-{status.fingerprint}")
    assert status.finished is not None
    assert status.started < status.finished


def test_the_first_window_gives_the_known_areas_under_the_curve(trained: Trained) -> None:
    run = trained["default"]
    evaluation = read(run / "metrics.json")["evaluation"]
    auc = evaluation["metrics"]["auc"]
    assert 0.57 <= auc["estimate"] <= 0.62
    assert 0.600 <= evaluation["baselines"]["logistic"]["metrics"]["auc"]["estimate"] <= 0.618
    assert auc["low"] < auc["estimate"] < auc["high"]
    rows = pd.read_parquet(run / "predictions.parquet").query("split == 'evaluation'")
    assert roc_auc_score(rows["is_breakout"], rows["probability"]) == pytest.approx(auc["estimate"], abs=1e-12)


def test_predictions_are_the_rows_of_validation_and_evaluation_in_order(trained: Trained) -> None:
    rows = pd.read_parquet(trained["default"] / "predictions.parquet")
    assert list(rows.columns) == ["player_lookup", "game_id", "game_date", "split", "probability", "is_breakout"]
    assert rows["probability"].between(0, 1).all()
    sample = open_sample()
    config = features_config(["home_away"])
    training = build_dataset(sample, config, date(2025, 11, 2), date(2026, 1, 10))
    evaluation = build_dataset(sample, config, date(2026, 1, 11), date(2026, 2, 5))
    sample.close()
    parts = dict(list(rows.groupby("split")))
    keys = list(evaluation.keys.columns)
    pd.testing.assert_frame_equal(parts["evaluation"][keys].reset_index(drop=True), evaluation.keys)
    assert parts["evaluation"]["is_breakout"].tolist() == evaluation.label.tolist()
    kept_back = training.keys.tail(len(parts["validation"])).reset_index(drop=True)
    pd.testing.assert_frame_equal(parts["validation"][keys].reset_index(drop=True), kept_back)
    assert parts["validation"]["game_date"].min() > training.keys["game_date"].iloc[-len(kept_back) - 1]


def test_the_same_command_twice_gives_bitwise_equal_predictions(trained: Trained) -> None:
    first, second = trained["default"], trained["refit"]
    one, two = (pd.read_parquet(run / "predictions.parquet") for run in (first, second))
    assert one["probability"].to_numpy().tobytes() == two["probability"].to_numpy().tobytes()
    pd.testing.assert_frame_equal(one, two, check_exact=True)
    assert read_status(first).fingerprint == read_status(second).fingerprint
    assert read(first / "metrics.json")["evaluation"] == read(second / "metrics.json")["evaluation"]


@pytest.mark.parametrize("word", ["seed=43", "model.thread_count=2", "model.depth=4", "target.max_ppg=15"])
def test_what_changes_the_numbers_changes_the_fingerprint(
    word: str, default_experiment: settings.ExperimentConfig
) -> None:
    other = compose("train", [word])
    assert settings.fingerprint(other) != settings.fingerprint(default_experiment)


def test_a_run_knows_what_it_was_made_of(trained: Trained) -> None:
    run = trained["default"]
    manifest = read(run / "bundle" / "manifest.json")
    assert manifest["run_id"] == run.name
    assert manifest["rows"]["train"] == 3653
    assert manifest["rows"]["evaluation"] == 1515
    assert (manifest["seed"], manifest["thread_count"]) == (42, 1)
    assert manifest["windows"]["train"] == ["2025-11-02", "2026-01-10"]
    assert manifest["windows"]["evaluation"] == ["2026-01-11", "2026-02-05"]
    assert manifest["windows"]["validation"][1] == "2026-01-10"
    assert manifest["train_breakout_rate"] == pytest.approx(0.1749, abs=5e-5)
    assert read_status(run).contract == manifest["contract_fingerprint"]
    assert settings.fingerprint(settings.load_file(run / "settings.yaml", settings.ExperimentConfig)) in run.name


def test_a_run_that_only_trains_says_that_it_was_not_evaluated(tmp_path: Path) -> None:
    words = (*JANUARY, *ONLY_TRAINS, "name=retrain", f"paths.outputs={tmp_path}")
    answer = call("train", *words, "write_report=false", *QUICK)
    assert answer.code == 0, answer.err
    assert "not evaluated" in answer.out.lower()
    run = newest_run(tmp_path, "retrain")
    assert names(run) == RUN_FILES - {"distributions.json"}
    assert read(run / "metrics.json")["evaluation"] is None
    assert read(run / "bundle" / "manifest.json")["is_evaluated"] is False
    assert set(pd.read_parquet(run / "predictions.parquet")["split"]) == {"validation"}


def test_a_run_folder_is_told_by_its_name_and_lies_where_asked(tmp_path: Path) -> None:
    elsewhere = tmp_path / "some" / "where"
    run = train(elsewhere, "mine", "model=base_rate")
    assert run.parent == elsewhere / "runs" / "mine"
    assert np.ptp(pd.read_parquet(run / "predictions.parquet").query("split == 'evaluation'")["probability"]) == 0


REFUSED = [
    (("window.train_start=2026-01-05",), "the training window holds", "at least 500 are needed"),
    (("window.train_start=2010-11-02", "window.train_end=2011-01-10"), "the training window holds 0 rows", "at least"),
    (("window.eval_start=2026-03-01", "window.eval_end=2026-03-31"), "the evaluation window holds no rows", "move it"),
    (("target.breakout_multiplier=50",), "one class only", "check the target"),
]


@pytest.mark.parametrize(("words", "told", "remedy"), REFUSED)
@pytest.mark.parametrize("mode", ["fit", "dry run"])
def test_too_little_data_is_refused_with_exit_code_3(
    words: tuple[str, ...], told: str, remedy: str, mode: str, tmp_path: Path
) -> None:
    dry = ("dry_run=true",) if mode == "dry run" else ()
    answer = call("train", "name=refused", f"paths.outputs={tmp_path}", *JANUARY, *QUICK, *words, *dry)
    assert answer.code == 3
    assert told in answer.err
    assert remedy in answer.err
    assert answer.err.count("\n") == 1
    if mode == "dry run":
        assert list(tmp_path.iterdir()) == []
        return
    run = newest_run(tmp_path, "refused")
    assert names(run) == {"status.json", "settings.yaml", "run.log"}
    status = read_status(run)
    assert status.state == "failed"
    assert told in str(status.error)
    assert "Traceback" in (run / "run.log").read_text(encoding="utf-8")


def test_a_dry_run_shows_the_plan_and_writes_nothing(tmp_path: Path) -> None:
    answer = call("train", "name=planned", f"paths.outputs={tmp_path}", "window=january", "dry_run=true")
    assert answer.code == 0, answer.err
    for told in ("shared", "3,653", "1,515", "2025-11-02", "2026-02-05", "depth", "pts_vs_season_zscore", "112"):
        assert told in answer.out, told
    assert list(tmp_path.iterdir()) == []


def test_drift_ends_the_run_with_exit_code_1_only_where_it_is_asked_for(tmp_path: Path) -> None:
    """Check drift between most of a season and the start of the next, when `days_since_breakout` is still small."""
    window = (
        "window.train_start=2024-12-01",
        "window.train_end=2025-04-15",
        "window.eval_start=2025-11-01",
        "window.eval_end=2025-11-20",
        f"paths.outputs={tmp_path}",
        "write_report=false",
        "model=base_rate",
    )
    assert call("train", "name=drifting", *window, *QUICK).code == 0
    asked = call("train", "name=asked", *window, *QUICK, "distributions.fail_on_drift=true")
    assert asked.code == 1
    assert "days_since_breakout" in asked.err
    run = newest_run(tmp_path, "asked")
    assert read_status(run).state == "completed"
    assert "days_since_breakout" in read(run / "distributions.json")["drifted"]


def test_the_users_own_files_give_the_samples_numbers(trained: Trained, tmp_path: Path) -> None:
    folder = Path(open_sample.__code__.co_filename).parent / "data"
    words = [f"warehouse.{name}={folder / name}.parquet" for name in
             ("player_game_summary", "team_offense_game_summary")]  # fmt: skip
    own = train(tmp_path, "own", "model=logistic", "warehouse=duckdb", *words)
    columns = ["player_lookup", "game_id", "split", "probability"]
    mine, sample = (pd.read_parquet(run / "predictions.parquet")[columns] for run in (own, trained["logistic"]))
    pd.testing.assert_frame_equal(mine, sample, check_exact=True)
