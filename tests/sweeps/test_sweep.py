"""Tests of whole sweeps: completed and failed jobs, resumes, the cache, and predictions that are equal in any order."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pandas as pd
import pytest

from breakout import settings
from breakout.cli import main
from breakout.experiment.fitting import split_parts
from breakout.experiment.plan import open_plan
from breakout.experiment.shared_work import SharedWork
from breakout.models.base import FitParts
from breakout.models.kinds import fit_twice
from breakout.settings.composition import compose
from breakout.sweeps.record import load_sweep_record
from tests.commands import ONLY_TRAINS, call
from tests.sample_files import ingest, warehouse_overrides
from tests.sweeps.conftest import QUICK, Swept, assert_same_bits, predictions, statuses, sweep

if TYPE_CHECKING:
    from breakout.settings.model_groups import ModelConfig


def test_a_sweep_runs_every_possible_job_and_writes_its_three_tables(shape: Swept) -> None:
    assert shape.code == 1, "four jobs are impossible"
    assert sorted(shape.states.values()) == ["completed"] * 8 + ["failed"] * 4
    assert {"leaderboard.csv", "leaderboard.json", "report.html"} <= {path.name for path in shape.folder.iterdir()}


def test_a_failed_job_has_its_sentence_in_status_and_its_traceback_in_its_own_log(shape: Swept) -> None:
    failed = [status for status in statuses(shape.folder) if status["state"] == "failed"]
    assert {status["error"] for status in failed} == {"model.depth must be an integer from 1 to 16, got 0."}
    assert all("Traceback" in (status["folder"] / "run.log").read_text() for status in failed)
    assert "job 8 failed (model.depth=0 model.iterations=20 seed=1): model.depth must be" in shape.out


@pytest.fixture(scope="module")
def parts() -> FitParts:
    config = compose("train", ["window=january"])
    assert isinstance(config, settings.ExperimentConfig)
    with open_plan(config) as plan:
        return split_parts(config, plan.build_train())


def model_of(*words: str) -> ModelConfig:
    config = compose("train", words)
    assert isinstance(config, settings.ExperimentConfig)
    return config.model


# From 200 trees on, CatBoost takes ten steps per leaf instead of one. Early stopping ends these fits near 35 trees.
@pytest.mark.parametrize(("kind", "rounds"), [("catboost", 0), ("catboost", 30), ("blend", 5)])
def test_fits_that_jobs_share_are_bitwise_those_of_each_alone(kind: str, rounds: int, parts: FitParts) -> None:
    counts = (1, 35, 199, 200, 230)
    shared = SharedWork()
    shared.begin_group("group", max(counts))
    for iterations in counts:
        words = ("model.depth=2", f"model.iterations={iterations}", f"model.early_stopping_rounds={rounds}")
        config = model_of(f"model={kind}", *words)
        fits = shared.fit(config, parts, 1, {}, is_refit=True), fit_twice(config, parts, 1, {}, is_refit=True)
        for together, alone in zip(*fits, strict=True):
            for rows in (parts.fit, parts.validation):
                assert np.array_equal(together.predict_probability(rows), alone.predict_probability(rows)), iterations
            assert together.describe() == alone.describe()


def test_jobs_share_fits_on_equal_rows_however_they_came_by_them_and_on_no_others(parts: FitParts) -> None:
    shared, config = SharedWork(), model_of("model=logistic")
    first = shared.fit(config, parts, 1, {}, is_refit=True)
    copied = FitParts(replace(parts.fit, X=parts.fit.X.copy(), y=parts.fit.label.copy()), parts.validation)
    assert shared.fit(config, copied, 1, {}, is_refit=True) is first, (
        "each job of a walk forward takes its folds' rows itself"
    )
    nudged = replace(parts.fit, X=parts.fit.X * (1 + np.finfo("float64").eps))
    turned = replace(parts.validation, y=1 - parts.validation.label)
    for other in (replace(parts, fit=nudged), replace(parts, validation=turned)):
        assert shared.fit(config, other, 1, {}, is_refit=True) is not first


def test_a_model_that_learns_from_more_players_is_not_given_the_rows_of_one_that_does_not(tmp_path: Path) -> None:
    words = ("model=points", "model.iterations=20", "model.spread_iterations=5")
    sweep(tmp_path / "both", "workers=1", *words, "model.train_min_ppg=null,5")
    assert main([*words, *QUICK, f"paths.outputs={tmp_path / 'alone'}"]) == 0
    both, alone = predictions(tmp_path / "both"), predictions(tmp_path / "alone")
    assert len(alone) == 1
    for fingerprint, frame in alone.items():
        assert both[fingerprint]["probability"].tolist() == frame["probability"].tolist()


def test_a_job_of_a_sweep_is_bitwise_the_single_run_with_its_settings(shape: Swept, tmp_path: Path) -> None:
    for words in (("model.iterations=20",), ("model.iterations=40",)):
        assert main(["model.depth=3", "seed=2", *QUICK, *words, f"paths.outputs={tmp_path}"]) == 0
    alone = predictions(tmp_path)
    assert_same_bits(alone, {key: frame for key, frame in predictions(shape.folder).items() if key in alone})
    assert len(alone) == 2


def test_processes_give_the_bits_of_one_job_after_another(shape: Swept, tmp_path: Path) -> None:
    sweep(tmp_path, "workers=1", "model.depth=3", "model.iterations=20,40", "seed=2,1")
    one = predictions(tmp_path)
    assert len(one) == 4
    assert_same_bits(one, {key: frame for key, frame in predictions(shape.folder).items() if key in one})


@dataclass(frozen=True)
class Resumed:
    """A copy of the sweep `shape` that was resumed after two changes: a job's folder and another job's metrics.

    The folder was removed, and the metrics of the job with the number `changed` were edited. `kept` is the run folder
    of an unchanged job, and `before` contains the times at which its files last changed before the resume. `left` is a
    temporary folder such as a killed job leaves.
    """

    sweep: Swept
    kept: Path
    before: dict[Path, int]
    changed: int
    left: Path


def times(folder: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*")}


@pytest.fixture(scope="module")
def resumed(shape: Swept, tmp_path_factory: pytest.TempPathFactory) -> Resumed:
    folder = Path(shutil.copytree(shape.folder, tmp_path_factory.mktemp("resumed") / "sweeps" / "again"))
    folders = {status["job"]: status["folder"] for status in statuses(folder) if status["state"] == "completed"}
    shutil.rmtree(folders[2])
    metrics = folders[3] / "metrics.json"
    metrics.write_text(metrics.read_text(encoding="utf-8").replace("0.4", "0.3"), encoding="utf-8")
    left = folders[3] / f".bundle.{'0' * 16}"
    left.mkdir()
    (left / "model.cbm").write_bytes(b"half")
    before = times(folders[1])
    answer = call(f"resume={folder}")
    return Resumed(Swept(answer.code, answer.out, folder), folders[1], before, 3, left)


def test_a_resume_runs_what_is_missing_and_touches_nothing_else(shape: Swept, resumed: Resumed) -> None:
    assert resumed.sweep.code == 1, "the impossible jobs stay impossible"
    assert list(resumed.sweep.states.values()).count("completed") == 8
    assert times(resumed.kept) == resumed.before
    assert_same_bits(predictions(shape.folder), predictions(resumed.sweep.folder))
    completed = [status["job"] for status in statuses(resumed.sweep.folder) if status["state"] == "completed"]
    assert sorted(completed) == sorted([*range(8), resumed.changed]), "only the changed job is run a second time"


def test_a_resume_refuses_another_contract(shape: Swept, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = Path(shutil.copytree(shape.folder, tmp_path / "sweeps" / "again"))
    record = load_sweep_record(folder)
    msgspec.structs.replace(record, contracts=dict.fromkeys(record.contracts, "0" * 16)).save(folder)
    assert json.loads((folder / "sweep.json").read_text())["words"] == list(record.overrides), "the saved key"
    assert main([f"resume={folder}"]) == 3
    assert "the contract of the features changed since" in capsys.readouterr().err
    assert len(statuses(folder)) == 12


def test_changed_data_are_read_anew_as_is_a_damaged_cache_and_no_sweep_on_older_data_is_resumed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    files = tmp_path / "files"
    ingest(files, date(2025, 10, 1), date(2026, 2, 5))
    words = ("model=logistic", "seed=1", *ONLY_TRAINS, *warehouse_overrides(files))
    swept = sweep(tmp_path, *words)
    assert (swept.code, list(swept.states.values())) == (0, ["completed"]), "one value alone is a sweep of one job"
    first = predictions(swept.folder)
    entries = sorted((tmp_path / "cache").glob("*.parquet"))
    for entry in entries:
        entry.write_bytes(entry.read_bytes()[:-40])
    assert_same_bits(first, predictions(sweep(tmp_path, *words).folder))
    assert caplog.text.count("is damaged") == len(entries)
    assert sorted((tmp_path / "cache").glob("*.parquet")) == entries
    assert sum(len(pd.read_parquet(entry)) for entry in entries) > 0  # entries of checks have no rows
    games = next(files.glob("player_game_summary_*"))
    changed = pd.read_parquet(games)
    changed.loc[changed["game_date"] == date(2025, 12, 15), "points"] += 1
    changed.to_parquet(games, index=False)
    (frame,) = predictions(sweep(tmp_path, *words).folder).values()
    assert not frame["probability"].equals(next(iter(first.values()))["probability"])
    assert len(list((tmp_path / "cache").glob("*.parquet"))) > len(entries)
    capsys.readouterr()
    assert main([f"resume={swept.folder}"]) == 3
    printed = capsys.readouterr().err
    assert "changed since" in printed
    assert "start a new sweep by leaving out resume=" in printed
    assert len(statuses(swept.folder)) == 1


def test_a_resume_runs_a_job_with_damaged_files_again_and_clears_what_a_kill_left(
    shape: Swept, resumed: Resumed
) -> None:
    assert f"job {resumed.changed} is run again" in resumed.sweep.out
    assert not resumed.left.exists()
    values = [[row["value"] for row in swept.board["tables"][0]["rows"]] for swept in (resumed.sweep, shape)]
    assert values[0] == values[1]


def test_fail_fast_ends_a_sweep_at_its_first_failed_job(tmp_path: Path) -> None:
    ended = sweep(tmp_path, "model.depth=2,0", "model.iterations=20", "seed=1,2", "fail_fast=true")
    assert ended.code == 1
    assert set(ended.states.values()) == {"failed"}
    assert [row["reason"] for row in ended.board["not_completed"]][:1] == ["the sweep ended before it began"]


def test_folds_are_jobs_of_their_own_in_order_of_time_with_the_bits_of_one_run(tmp_path: Path) -> None:
    window = ("window=walk_forward", "window.step=week", "window.folds=2", "model=logistic")
    folds = sweep(tmp_path, *window, "window.fold_jobs=true")
    rows = [table["rows"][0] for table in folds.board["tables"]]
    assert [row["job"] for row in rows] == [0, 1]
    assert [row["window"] for row in rows] == sorted(row["window"] for row in rows)
    whole = next(iter(predictions(sweep(tmp_path, *window).folder).values()))
    evaluated = whole[whole["split"] == "evaluation"].drop(columns="fold").reset_index(drop=True)
    found = pd.concat(pd.read_parquet(Path(row["run"]) / "predictions.parquet") for row in rows)
    alone = found[found["split"] == "evaluation"].reset_index(drop=True)
    pd.testing.assert_frame_equal(alone, evaluated, check_exact=True)


def test_nothing_is_written_where_nothing_can_be(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert main(["-m", "seed=1,2", f"paths.outputs={tmp_path / 'file'}"]) == 3
    printed = capsys.readouterr().err
    assert "cannot be made" in printed
    assert "choose paths.outputs=DIR" in printed
