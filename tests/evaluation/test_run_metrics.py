"""metrics.json: written and read back, read from earlier versions, and refused if newer or damaged."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from breakout import settings
from breakout.artifacts import load_json, save_json
from breakout.errors import DataError
from breakout.evaluation.run_metrics import METRICS_SCHEMA_VERSION, read_metrics, write_metrics
from breakout.experiment.plan import open_plan
from breakout.experiment.summary import RunResult
from breakout.settings.composition import compose
from breakout.training import train

QUICK = ("write_report=false", "evaluation.bootstrap_resamples=20", "debug=tiny")
WALK = (
    "window=walk_forward",
    "window.train_start=2025-10-22",
    "window.eval_start=2025-12-01",
    "window.folds=2",
    "write_report=false",
    "evaluation.bootstrap_resamples=20",
)
RUNS = {
    "evaluated": (
        *QUICK,
        "calibration=sigmoid",
        "model.iterations=50",
        "evaluation.seeds=2",
        "evaluation.permutation_repeats=1",
    ),
    "only_trained": (*QUICK, "window.eval_days=0", "model=blend", "model.iterations=50", "evaluation.shap_rows=0"),
    "walked_forward": (*WALK, "model=base_rate", "evaluation.permutation_repeats=0"),
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, RunResult]:
    """Return one finished run for each entry of RUNS."""
    finished = {}
    for name, words in RUNS.items():
        config = compose("train", [*words, f"paths.outputs={tmp_path_factory.mktemp(name)}"])
        assert isinstance(config, settings.ExperimentConfig)
        with open_plan(config) as plan:
            finished[name] = train(plan)
    return finished


@pytest.fixture
def content(runs: dict[str, RunResult]) -> Any:
    return load_json(runs["evaluated"].folder / "metrics.json")


def read(content: Any, folder: Path) -> Any:
    save_json(content, folder / "metrics.json")
    return read_metrics(folder)


@pytest.mark.parametrize("name", RUNS)
def test_what_is_read_equals_what_the_run_returned(name: str, runs: dict[str, RunResult], tmp_path: Path) -> None:
    run = runs[name]
    assert read_metrics(run.folder) == run.metrics
    write_metrics(read_metrics(run.folder), tmp_path)
    assert (tmp_path / "metrics.json").read_bytes() == (run.folder / "metrics.json").read_bytes()


def test_keys_that_do_not_apply_are_absent(runs: dict[str, RunResult]) -> None:
    plain, walk = (load_json(runs[name].folder / "metrics.json") for name in ("evaluated", "walked_forward"))
    assert not {"folds", "contract_mismatch"} & plain.keys()
    assert "bundle" not in plain["model"]
    assert "trees" in plain["model"]
    assert [set(fold) & {"rate", "figures"} for fold in walk["folds"]] == [{"rate"}, {"rate"}]


def test_version_1_is_read(content: Any, tmp_path: Path) -> None:
    del content["warnings"]
    for key in ("requested", "warnings", "held_out"):
        del content["calibration"][key]
    content["evaluation"]["delong"] = {"estimate": 0.6}
    metrics = read(content | {"schema_version": 1}, tmp_path)
    assert metrics.warnings == ()
    assert metrics.calibration.requested == "sigmoid"


def test_a_newer_version_is_refused(content: Any, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=f"schema version {METRICS_SCHEMA_VERSION + 1}"):
        read(content | {"schema_version": METRICS_SCHEMA_VERSION + 1}, tmp_path)


@pytest.mark.parametrize(
    "damage",
    [
        {"model": None},
        {"evaluation": {"metrics": {}}},
        {"calibration": []},
        {"validation": {"rows": "many"}},
        {"schema_version": "two"},
        {"folds": 3},
    ],
)
def test_a_damaged_file_is_named(damage: dict[str, Any], content: Any, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"metrics\.json"):
        read(content | damage, tmp_path)


@pytest.mark.parametrize("other", [[], 3, None, {}])
def test_a_file_that_holds_something_else_is_named(other: Any, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"metrics\.json"):
        read(other, tmp_path)
