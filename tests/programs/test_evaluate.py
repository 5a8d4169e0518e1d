"""Tests of `breakout evaluate`: on a run's own window, it gives the run's figures and writes the same files."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pandas as pd
import pytest

from breakout.bundle.folder import read_bundle
from breakout.features import registry
from breakout.production.promotion import find_evaluation
from breakout.tracking.experiments import experiment_row, read_ended_run
from tests.commands import QUICK, Answer, Trained, call, newest_run


def evaluate(run: Path, outputs: Path, *words: str) -> Answer:
    return call("evaluate", f"bundle={run}", f"paths.outputs={outputs}", *QUICK, *words)


def read(run: Path, name: str = "metrics.json") -> dict[str, Any]:
    record: dict[str, Any] = json.loads((run / name).read_text())
    return record


def predictions(run: Path) -> pd.DataFrame:
    frame = pd.read_parquet(run / "predictions.parquet")
    return frame[frame["split"] == "evaluation"].reset_index(drop=True)


class Evaluated(dict[str, Path]):
    """Run folders of evaluations by name of the bundle's run, made when they are first asked for."""

    def __init__(self, trained: Trained, outputs: Path) -> None:
        super().__init__()
        self.trained, self.outputs = trained, outputs

    def __missing__(self, name: str) -> Path:
        answer = evaluate(self.trained[name], self.outputs)
        assert answer.code == 0, answer.err
        self[name] = newest_run(self.outputs, "evaluate")
        return self[name]


@pytest.fixture(scope="module")
def evaluated(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> Evaluated:
    return Evaluated(trained, tmp_path_factory.mktemp("evaluated"))


@pytest.mark.parametrize("name", ["default", "calibrated", "experimental"])
def test_evaluating_a_bundle_on_its_runs_own_window_gives_the_runs_own_figures(
    trained: Trained, evaluated: Evaluated, name: str
) -> None:
    run = evaluated[name]
    pd.testing.assert_frame_equal(predictions(run), predictions(trained[name]), check_exact=True)
    ours, theirs = read(run), read(trained[name])
    assert ours["evaluation"] == theirs["evaluation"]
    assert read(run, "distributions.json") == read(trained[name], "distributions.json")
    assert set(ours) - {"contract_mismatch"} == set(theirs)
    assert {key for key in theirs if ours[key] != theirs[key]} == {"validation", "model"}


def test_an_evaluation_leaves_the_files_of_a_run_and_no_bundle(trained: Trained, tmp_path: Path) -> None:
    assert evaluate(trained["default"], tmp_path, "start=2026-02-01", "end=2026-02-05", "name=february").code == 0
    run = newest_run(tmp_path, "february")
    row = experiment_row(read_ended_run(run))
    assert (row.eval_start, row.eval_end, row.eval_samples) == (date(2026, 2, 1), date(2026, 2, 5), 298)
    assert row.model_path == str(trained["default"] / "bundle")
    assert {path.name for path in run.iterdir()} == {
        "status.json",
        "settings.yaml",
        "run.log",
        "metrics.json",
        "predictions.parquet",
        "distributions.json",
        "report.html",
    }
    status = read(run, "status.json")
    assert (status["state"], status["window"]) == ("completed", ["2026-02-01", "2026-02-05"])
    assert status["rows"] == len(predictions(run)) == 298


@pytest.mark.parametrize("start", ["2025-12-01", "2026-01-10"])
def test_a_window_that_reaches_into_training_is_refused(trained: Trained, tmp_path: Path, start: str) -> None:
    answer = evaluate(trained["default"], tmp_path, f"start={start}")
    assert answer.code == 2
    assert "training window, which ends on 2026-01-10" in answer.err


def test_a_window_that_ends_before_it_can_begin_is_refused(trained: Trained, tmp_path: Path) -> None:
    answer = evaluate(trained["default"], tmp_path, "end=2026-01-10")
    assert answer.code == 2
    assert "2026-01-11" in answer.err
    assert not list(tmp_path.iterdir())


def test_a_window_without_games_is_refused_in_a_sentence(trained: Trained, tmp_path: Path) -> None:
    after = evaluate(trained["default"], tmp_path, "start=2026-03-01")
    assert (after.code, after.err.count("\n")) == (3, 1)
    assert "its newest is of 2026-02-05" in after.err
    between = evaluate(trained["default"], tmp_path, "start=2026-03-01", "end=2026-03-02")
    assert between.code == 3
    assert "no game to score in 2026-03-01..2026-03-02" in between.err


def test_the_population_is_the_bundles_own_whatever_todays_yaml_says(trained: Trained, evaluated: Evaluated) -> None:
    found = predictions(evaluated["narrow"])
    pd.testing.assert_frame_equal(found, predictions(trained["narrow"]), check_exact=True)
    assert len(found) < len(predictions(trained["default"]))


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("target.max_ppg=16", "brings its own target; train another to change it"),
        ("+target.max_ppg=16", "brings its own target; train another to change it"),
        ("features=all", "brings its own features; train another to change it"),
        ("window.eval_start=2026-02-01", "brings its own window; choose games with "),
    ],
)
def test_what_the_bundle_brings_along_cannot_be_set_beside_it(word: str, told: str) -> None:
    for words in (
        ("evaluate", "bundle=DIR"),
        ("predict", "bundle=DIR", "date=2026-02-06"),
        ("compare", "candidate=DIR", "production=DIR"),
        ("promote", "candidate=DIR"),
    ):
        answer = call(*words, word)
        assert (answer.code, told in answer.err) == (2, True), answer.err


def test_a_mismatch_is_stamped_on_every_output_and_is_no_evidence(
    trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, run_to_score = "points_std_last_10", trained["untested"]  # trains it now, before the change below
    changed = dict(registry.REGISTRY) | {name: replace(registry.REGISTRY[name], default=6.0)}
    with monkeypatch.context() as patch:
        patch.setattr(registry, "REGISTRY", MappingProxyType(changed))
        assert evaluate(run_to_score, tmp_path).code == 1
        answer = evaluate(run_to_score, tmp_path, "allow_contract_mismatch=true")
    assert answer.code == 0
    assert "another contract" in answer.out
    run = newest_run(tmp_path, "evaluate")
    for file in ("status.json", "metrics.json", "distributions.json"):
        assert name in read(run, file)["contract_mismatch"][0]
    assert predictions(run)["contract_mismatch"].all()
    assert "another contract" in (run / "report.html").read_text()
    assert name in (run / "run.log").read_text()
    assert "allow_contract_mismatch: true" in (run / "settings.yaml").read_text()
    again = call("reproduce", run)
    assert (again.code, "scored under another contract" in again.err) == (1, True)
    bundle = read_bundle(run_to_score)
    assert find_evaluation(bundle, tmp_path) is None
    assert evaluate(run_to_score, tmp_path).code == 0
    assert "1,515 games of 2026-01-11..2026-02-05" in str(find_evaluation(bundle, tmp_path))


def test_drift_ends_an_evaluation_with_exit_code_1_only_where_that_is_asked_for(
    trained: Trained, evaluated: Evaluated, tmp_path: Path
) -> None:
    drifted = read(evaluated["default"], "distributions.json")["drifted"]
    assert drifted
    asked = evaluate(trained["default"], tmp_path, "distributions.fail_on_drift=true")
    assert asked.code == 1
    assert ", ".join(drifted) in asked.err
    assert read(newest_run(tmp_path, "evaluate"), "status.json")["state"] == "completed"
