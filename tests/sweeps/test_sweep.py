"""Real sweeps as a user types them: all jobs done, a failing one told, a resume, and the same bits in every order."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from breakout.cli import main
from breakout.runs import read_status

if TYPE_CHECKING:
    from pathlib import Path

# The last three are what a sweep sets for its jobs by itself; a single run is told, so that both have one fingerprint.
QUICK = (
    "model.depth=2",
    "evaluation.bootstrap_resamples=50",
    "evaluation.permutation_repeats=0",
    "evaluation.shap_rows=0",
    "write_report=false",
)


def sweep(folder: Path, *words: str) -> int:
    return main(["-m", *QUICK, f"paths.outputs={folder}", *words])


def newest_sweep(folder: Path) -> Path:
    return max(path for path in (folder / "sweeps").iterdir() if path.is_dir())


def leaderboard(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((newest_sweep(folder) / "leaderboard.json").read_text())
    return content


def predictions_by_settings(folder: Path) -> dict[str, pd.DataFrame]:
    """Predictions of every completed run below a folder, by the fingerprint of its settings."""
    found = {}
    for status in folder.rglob("status.json"):
        told = read_status(status.parent)
        if told["state"] == "completed":
            found[told["fingerprint"]] = pd.read_parquet(status.parent / "predictions.parquet")
    return found


def test_a_sweep_runs_every_combination_and_ranks_it(tmp_path: Path) -> None:
    assert sweep(tmp_path, "model.iterations=20,40", "seed=1,2") == 0
    assert len(predictions_by_settings(tmp_path)) == 4
    folder = newest_sweep(tmp_path)
    ranked = pd.read_csv(folder / "leaderboard.csv")
    assert {"leaderboard.csv", "leaderboard.json", "report.html"} <= {path.name for path in folder.iterdir()}
    assert len(ranked) >= 4


def test_jobs_that_share_a_fit_give_the_bits_of_separate_fits(tmp_path: Path) -> None:
    assert sweep(tmp_path / "together", "model.iterations=20,40,60", "model.early_stopping_rounds=0,5") == 0
    together = predictions_by_settings(tmp_path / "together")
    for iterations in (20, 40, 60):
        for rounds in (0, 5):
            words = (f"model.iterations={iterations}", f"model.early_stopping_rounds={rounds}")
            assert main([*QUICK, f"paths.outputs={tmp_path / 'alone'}", *words]) == 0
    alone = predictions_by_settings(tmp_path / "alone")
    assert len(alone) == len(together) == 6
    for fingerprint, expected in alone.items():
        pd.testing.assert_frame_equal(together[fingerprint], expected, check_exact=True)


def test_processes_give_the_bits_of_one_job_after_another(tmp_path: Path) -> None:
    words = ("model.iterations=20,30", "seed=1,2")
    assert sweep(tmp_path / "one", "workers=1", *words) == 0
    assert sweep(tmp_path / "two", "workers=2", *words) == 0
    one, two = predictions_by_settings(tmp_path / "one"), predictions_by_settings(tmp_path / "two")
    assert set(one) == set(two)
    for fingerprint, expected in one.items():
        pd.testing.assert_frame_equal(two[fingerprint], expected, check_exact=True)


def test_a_failing_job_is_told_and_stops_no_other_and_a_resume_runs_the_rest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("model.iterations=20", "window.train_start=2025-11-02,2026-01-09", "seed=1,2")
    assert sweep(tmp_path, *words) == 1
    folder = newest_sweep(tmp_path)
    states = [read_status(path.parent) for path in folder.rglob("status.json")]
    failed = [status for status in states if status["state"] == "failed"]
    assert sorted(status["state"] for status in states) == ["completed", "completed", "failed", "failed"]
    assert all("at least 500 are needed" in status["error"] for status in failed)
    assert all("Traceback" in path.read_text() for path in folder.rglob("run.log") if _is_failed(path.parent))
    assert "at least 500 are needed" in (folder / "leaderboard.json").read_text()
    completed = set(predictions_by_settings(folder))
    capsys.readouterr()
    assert sweep(tmp_path, f"resume={folder}", *words) == 1
    again = [read_status(path.parent) for path in folder.rglob("status.json")]
    assert sum(status["state"] == "completed" for status in again) == 2
    assert set(predictions_by_settings(folder)) == completed


def _is_failed(folder: Path) -> bool:
    return bool(read_status(folder)["state"] == "failed")


def test_a_dry_run_shows_the_plan_and_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert sweep(tmp_path, "model.iterations=20,40", "dry_run=true") == 0
    assert "2 jobs" in capsys.readouterr().out
    assert not list(tmp_path.rglob("status.json"))


def test_a_report_is_rebuilt_from_the_files_alone(tmp_path: Path) -> None:
    assert sweep(tmp_path, "model.iterations=20", "seed=1,2") == 0
    folder = newest_sweep(tmp_path)
    before = json.loads((folder / "leaderboard.json").read_text())
    for name in ("leaderboard.csv", "leaderboard.json", "report.html"):
        (folder / name).unlink()
    assert main(["report", str(folder)]) == 0
    assert json.loads((folder / "leaderboard.json").read_text()) == before
    assert (folder / "report.html").stat().st_size > 1000
