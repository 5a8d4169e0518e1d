"""Tests of `breakout reproduce`: a rerun is equal bit for bit, or the error names what differs."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import MappingProxyType

import duckdb
import numpy as np
import pandas as pd
import pytest

from breakout.features import registry
from breakout.programs.reproduce import predictions_difference
from tests.commands import QUICK, Trained, call, newest_run, train
from tests.sample_files import HISTORY, ingest, warehouse_overrides

SHORT = ("window.train_start=2025-11-02", "window.train_end=2025-12-31", "window.eval_start=2026-01-01")


@pytest.mark.parametrize("name", ["default", "calibrated", "untested", "experimental", "walk"])
def test_a_run_is_reproduced_bit_for_bit(trained: Trained, name: str) -> None:
    answer = call("reproduce", trained[name])
    assert answer.code == 0, answer.err
    assert "reproduced, bit for bit" in answer.out


def test_a_folder_whose_path_holds_an_equals_sign_is_reproduced_and_registered(
    trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(trained["base_rate"], "exp=1/run")
    answer = call("reproduce", "exp=1/run")
    assert answer.code == 0, answer.err
    answer = call("track", "exp=1/run")
    assert (answer.code, "tracking=none" in answer.err) == (2, True)


def test_a_name_stands_for_the_newest_run_with_it_and_a_wrong_one_is_refused_with_the_known_names(
    trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    older, newer = (
        Path("outputs/runs/mine") / time for time in ("20260101T000000.000000Z-0", "20260102T000000.000000Z-0")
    )
    for run in (older, newer):
        shutil.copytree(trained["base_rate"], run)
    answer = call("reproduce", "mine")
    assert (answer.code, str(newer) in answer.out) == (0, True), answer.err
    (newer / "report.html").unlink(missing_ok=True)
    assert call("report", "mine").code == 0
    assert (newer / "report.html").is_file()
    answer = call("track", "mine")
    assert (answer.code, f"breakout track {newer}" in answer.err) == (2, True)
    for command in ("reproduce", "report", "track"):
        answer = call(command, "mien")
        assert (answer.code, "did you mean mine?" in answer.err) == (3, True), command


def test_an_evaluation_is_reproduced_bit_for_bit(trained: Trained, tmp_path: Path) -> None:
    assert call("evaluate", f"bundle={trained['default']}", f"paths.outputs={tmp_path}", *QUICK).code == 0
    answer = call("reproduce", newest_run(tmp_path, "evaluate"))
    assert answer.code == 0, answer.err


def test_a_trailing_window_is_run_again_on_its_own_dates_after_new_games_have_come(tmp_path: Path) -> None:
    data = tmp_path / "data"
    ingest(data, date(2023, 10, 1), date(2026, 1, 14))
    run = train(tmp_path, "trailing", "window=trailing", "model=base_rate", *warehouse_overrides(data))
    assert call("reproduce", run).code == 0
    ingest(data, date(2026, 1, 15), date(2026, 1, 20))
    answer = call("reproduce", run)
    assert answer.code == 1
    assert "not reproduced: data differ" in answer.err  # rows and predictions are equal


def test_changed_data_is_named_with_the_rows_and_predictions_that_it_changed(tmp_path: Path) -> None:
    data, database = tmp_path / "data", tmp_path / "games.duckdb"
    ingest(data, date(2025, 10, 1), date(2026, 1, 14))
    with duckdb.connect(str(database)) as connection:
        for table in HISTORY:
            connection.execute(f"CREATE TABLE {table} AS FROM '{data}/{table}_*.parquet'")
    words = ("warehouse=duckdb", f"warehouse.database={database}")
    run = train(tmp_path, "short", *SHORT, "window.eval_end=2026-01-14", "model=logistic", *words)
    moved = database.rename(tmp_path / "moved.duckdb")
    with duckdb.connect(str(moved)) as connection:
        connection.execute("UPDATE player_game_summary SET points = points + 1")
    answer = call("reproduce", run, f"warehouse.database={moved}")
    assert answer.code == 1, answer.err
    assert all(part in answer.err for part in ("data", "training rows", "evaluation rows", "predictions"))


def test_data_that_lies_elsewhere_now_can_be_pointed_to_and_nothing_else_can_be_changed(tmp_path: Path) -> None:
    data, moved = tmp_path / "data", tmp_path / "moved"
    ingest(data, date(2025, 10, 1), date(2026, 1, 14))
    run = train(tmp_path, "short", *SHORT, "window.eval_end=2026-01-14", "model=logistic", *warehouse_overrides(data))
    data.rename(moved)
    lost = call("reproduce", run)
    assert (lost.code, "no file at" in lost.err) == (3, True)
    answer = call("reproduce", run, *warehouse_overrides(moved)[1:])
    assert answer.code == 0, answer.err
    refused = call("reproduce", run, "seed=7")
    assert (refused.code, "seed cannot be set" in refused.err) == (2, True)
    assert call("reproduce", run, f"bundle={run}").code == 2


def test_edited_settings_are_named(trained: Trained, tmp_path: Path) -> None:
    run = Path(shutil.copytree(trained["logistic"], tmp_path / "run"))
    path = run / "settings.yaml"
    path.write_text(path.read_text().replace("C: 1.0", "C: 0.001"))
    answer = call("reproduce", run)
    assert (answer.code, "settings.yaml was changed" in answer.err) == (3, True)
    without_digests(run)
    answer = call("reproduce", run)
    assert (answer.code, "settings, predictions differ" in answer.err) == (1, True)


def without_digests(run: Path) -> None:
    """Remove the digests from the run's status, as older versions did not record any."""
    status = json.loads((run / "status.json").read_text())
    del status["files"], status["seal"]
    (run / "status.json").write_text(json.dumps(status))


def test_a_changed_contract_is_named(trained: Trained, monkeypatch: pytest.MonkeyPatch) -> None:
    name, run = "points_std_last_10", trained["default"]
    changed = dict(registry.REGISTRY) | {name: replace(registry.REGISTRY[name], default=6.0)}
    monkeypatch.setattr(registry, "REGISTRY", MappingProxyType(changed))
    answer = call("reproduce", run)
    assert answer.code == 1
    assert "feature points_std_last_10: default was 5.0, is 6.0" in answer.err


def test_what_is_no_completed_run_is_refused(tmp_path: Path) -> None:
    assert call("reproduce").code == 2
    assert call("reproduce", tmp_path / "nowhere").code == 3
    dates = ("window=january", "window.eval_start=2026-03-01", "window.eval_end=2026-03-02")
    failed = call("train", f"paths.outputs={tmp_path}", *dates)
    assert failed.code == 3
    answer = call("reproduce", newest_run(tmp_path, "default"))
    assert (answer.code, "only a completed run" in answer.err) == (3, True)


def test_one_bit_of_one_probability_is_a_difference() -> None:
    saved = pd.DataFrame({"player_lookup": ["a", "b"], "probability": [0.25, 0.5]})
    now = saved.assign(probability=[0.25, np.nextafter(0.5, 1)])
    assert predictions_difference(saved, saved.copy()) == ""
    assert predictions_difference(saved, now).startswith("1 differ")
    assert predictions_difference(saved, saved.head(1)) == "other rows"
