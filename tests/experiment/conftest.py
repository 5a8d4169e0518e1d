"""Windows of the sample on which fits go wrong, and runs of them with small settings."""

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
# On the 151 validation games of this window, breakouts have lower probabilities than other games.
MISLEADING = (
    "model=logistic",
    "window=trailing",
    "window.train_days=20",
    "window.eval_days=10",
    "window.as_of=2025-12-21",
)
# The sample begins with the season 2023-24, in which this feature has its default because there is no prior season.
CONSTANT = "points_avg_prior_season"
FIRST_SEASON = (
    "window.train_start=2023-11-25",
    "window.train_end=2024-01-10",
    "window.eval_start=2024-01-11",
    "window.eval_end=2024-01-17",
)


def read(path: Path) -> Any:
    """Return the content of a JSON file."""
    return json.loads(path.read_text(encoding="utf-8"))


def run_quickly(outputs: Path, *words: str) -> tuple[Path, str]:
    """Run an experiment with small settings; return its folder and what it printed."""
    answer = call("train", "name=quick", f"paths.outputs={outputs}", *QUICK, *words)
    assert answer.code == 0, answer.err
    return newest_run(outputs, "quick"), answer.out


@pytest.fixture(scope="session")
def misleading(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, str]]:
    """Return the folder and the output of a run on the misleading window for each kind of calibration."""
    return {
        kind: run_quickly(
            tmp_path_factory.mktemp(kind), *MISLEADING, f"calibration={kind}", f"write_report={is_reported}"
        )
        for kind, is_reported in (("none", False), ("sigmoid", True))
    }
