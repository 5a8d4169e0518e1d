"""Tests of the commands with a model that predicts the distribution of points."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from breakout.bundle.folder import read_bundle
from breakout.production.registry import Registry
from tests.commands import QUICK, Trained, call, current, fingerprint, newest_run, promote


def read(path: Path) -> dict[str, Any]:
    record: dict[str, Any] = json.loads(path.read_text())
    return record


def evaluated(folder: Path) -> pd.DataFrame:
    return pd.read_parquet(folder / "predictions.parquet").query("split == 'evaluation'").reset_index(drop=True)


def test_an_evaluation_gives_the_figures_of_the_run_with_its_distribution(trained: Trained, tmp_path: Path) -> None:
    run = trained["points"]
    assert call("evaluate", f"bundle={run}", f"paths.outputs={tmp_path}", *QUICK).code == 0
    again = newest_run(tmp_path, "evaluate")
    ours, theirs = read(again / "metrics.json"), read(run / "metrics.json")
    assert ours["evaluation"] == theirs["evaluation"]
    assert ours["points"] == theirs["points"] is not None
    pd.testing.assert_frame_equal(evaluated(again), evaluated(run), check_exact=True)


def test_a_run_is_reproduced_bit_for_bit(trained: Trained) -> None:
    answer = call("reproduce", trained["points"])
    assert answer.code == 0, answer.err


def test_it_is_compared_with_a_classifier_on_the_same_games(trained: Trained, tmp_path: Path) -> None:
    both = (f"candidate={trained['points']}", f"production={trained['default']}")
    answer = call("compare", *both, f"paths.outputs={tmp_path}", *QUICK)
    assert answer.code == 0, answer.err
    (folder,) = (tmp_path / "comparisons" / "compare").iterdir()
    frame = pd.read_parquet(folder / "predictions.parquet")
    assert np.array_equal(frame["probability_candidate"], evaluated(trained["points"])["probability"])


@pytest.mark.usefixtures("audit_once")
def test_it_passes_the_gate_and_predicts_from_production(trained: Trained, outputs: Path) -> None:
    answer = promote(trained["points"], outputs)
    assert answer.code == 0, answer.out + answer.err
    assert current(outputs) == fingerprint(trained["points"])
    asked = ("predict", "bundle=production", "date=2026-02-06", f"paths.outputs={outputs}")
    assert call(*asked, f"out={outputs / 'slate.parquet'}").code == 0
    slate = pd.read_parquet(outputs / "slate.parquet")
    entries = [ladder[needed - 1] for ladder, needed in zip(slate["ladder"], slate["points_for_breakout"], strict=True)]
    assert entries == slate["probability"].tolist()
    assert Registry.of(outputs).current_bundle().model.kind == "points"


def test_jobs_of_a_sweep_are_bitwise_single_runs(trained: Trained, tmp_path: Path) -> None:
    words = ("window=january", "model.iterations=20", "model.spread_iterations=5", "model=points", "sweep.workers=1")
    answer = call("-m", "calibration=none,sigmoid", *words, f"paths.outputs={tmp_path}", *QUICK)
    assert answer.code == 0, answer.err
    (sweep,) = (tmp_path / "sweeps").rglob("leaderboard.json")
    runs = {read_bundle(path.parent).calibrator.kind: path.parent for path in sweep.parent.rglob("predictions.parquet")}
    assert set(runs) == {"none", "sigmoid"}
    pd.testing.assert_frame_equal(evaluated(runs["none"]), evaluated(trained["points"]), check_exact=True)
    calibrated = evaluated(runs["sigmoid"])
    assert all((np.diff(ladder) <= 0).all() for ladder in calibrated["ladder"])
    assert not np.array_equal(calibrated["probability"], evaluated(runs["none"])["probability"])
