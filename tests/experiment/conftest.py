"""Short windows of the sample on which fits go wrong, and quick runs of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.commands import call, newest_run

QUICK = (
    "evaluation.bootstrap_resamples=20",
    "evaluation.permutation_repeats=0",
    "evaluation.shap_rows=0",
)
# On the 151 validation games of this window the better probabilities belong to the other games.
MISLEADING = (
    "model=logistic",
    "window=trailing",
    "window.train_days=20",
    "window.eval_days=10",
    "window.as_of=2025-12-21",
)
# The sample begins with the season 2023-24: before it there is no prior season, and the feature is its default.
CONSTANT = "points_avg_prior_season"
FIRST_SEASON = (
    "window.train_start=2023-11-25",
    "window.train_end=2024-01-10",
    "window.eval_start=2024-01-11",
    "window.eval_end=2024-01-17",
)


def read(path: Path) -> Any:
    """A JSON file of a run."""
    return json.loads(path.read_text(encoding="utf-8"))


def run_quickly(outputs: Path, *words: str) -> tuple[Path, str]:
    """The folder of a run that completes, and what it printed."""
    answer = call("train", "name=quick", f"paths.outputs={outputs}", *QUICK, *words)
    assert answer.code == 0, answer.err
    return newest_run(outputs, "quick"), answer.out


@pytest.fixture(scope="session")
def misleading(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, str]]:
    """Runs on the misleading window by calibration."""
    return {
        kind: run_quickly(tmp_path_factory.mktemp(kind), *MISLEADING, f"calibration={kind}")
        for kind in ("none", "sigmoid")
    }
