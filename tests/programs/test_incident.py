"""The incident's demonstration: what each inconsistent path costs, and which guard says so."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from breakout.report.incident import show_incident
from tests.programs.conftest import Answer, call, newest_run

EXPERIMENT = "experiment=incident/two_definitions"
SPOILED = ("constants", "another z-score", "sign flipped", "columns swapped", "columns reversed", "current game")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Answer, Path]:
    """The experiment as its file has it, with fewer seeds and draws."""
    outputs = tmp_path_factory.mktemp("incident")
    few = ("evaluation.seeds=3", "evaluation.bootstrap_resamples=100")
    answer = call("train", EXPERIMENT, f"paths.outputs={outputs}", *few)
    assert answer.code == 0, answer.err
    return answer, newest_run(outputs, "two_definitions")


@pytest.fixture(scope="module")
def paths(run: tuple[Answer, Path]) -> dict[str, dict[str, Any]]:
    record = json.loads((run[1] / "incident.json").read_text(encoding="utf-8"))
    return {path["name"]: path for path in record["paths"]}


# Seeds scatter by 0.01, the spoiled paths by up to 0.03.
@pytest.mark.parametrize(
    ("name", "auc", "tolerance"),
    [
        ("consistent", 0.60, 0.02),
        ("constants", 0.59, 0.02),
        ("another z-score", 0.58, 0.02),
        ("sign flipped", 0.52, 0.03),
        ("columns reversed", 0.50, 0.04),
        ("current game", 0.886, 0.01),
    ],
)
def test_each_path_scores_what_the_incident_scored(
    paths: dict[str, dict[str, Any]], name: str, auc: float, tolerance: float
) -> None:
    assert paths[name]["auc"]["mean"] == pytest.approx(auc, abs=tolerance)
    assert paths[name]["auc"]["low"] < paths[name]["auc"]["mean"] < paths[name]["auc"]["high"]
    assert len(paths[name]["auc"]["by_seed"]) == 3


def test_worse_definitions_cost_more(paths: dict[str, dict[str, Any]]) -> None:
    means = [paths[name]["auc"]["mean"] for name in ("another z-score", "sign flipped", "columns reversed")]
    assert means == sorted(means, reverse=True)
    for name in ("sign flipped", "columns swapped", "columns reversed"):
        assert paths[name]["minus_consistent"]["high"] < 0
    assert paths["consistent"]["minus_consistent"] is None


def test_the_audit_finds_every_inconsistent_path_and_no_other(paths: dict[str, dict[str, Any]]) -> None:
    assert paths["consistent"]["guards"]["audit"] == []
    for name in SPOILED:
        found, example = paths[name]["guards"]["audit"]
        assert "violations in 20 rows" in found
        assert ", expected" in example or ": expected" in example


def test_the_audit_names_the_row_that_leaked(paths: dict[str, dict[str, Any]]) -> None:
    example = paths["current game"]["guards"]["audit"][1]
    who, game = example.split(", ")[1].split(" ")
    assert example.startswith("points_avg_last_5")
    assert f"it changes with player_game_summary ({game}, {who})" in example


def test_the_contract_refuses_a_bare_array_and_the_columns_check_passes_names(
    paths: dict[str, dict[str, Any]],
) -> None:
    for name, path in paths.items():
        refused = path["guards"]["contract"]
        assert bool(refused) == (name in {"columns swapped", "columns reversed"})
        assert all("are not the model's features in its order" in words for words in refused)


def test_drift_names_the_constants(paths: dict[str, dict[str, Any]]) -> None:
    warned = " ".join(paths["constants"]["guards"]["drift"])
    assert "explosion_ratio drifted" in warned
    assert "days_since_breakout drifted" in warned
    # What training and evaluation share does not drift.
    assert not any("points_avg_last_5" in words for words in paths["current game"]["guards"]["drift"])


def test_only_the_leak_is_called_one_by_the_verdict(paths: dict[str, dict[str, Any]]) -> None:
    called = {name for name, path in paths.items() if any("leak" in words for words in path["guards"]["verdict"])}
    assert called == {"current game"}


def test_the_run_folder_is_small_and_complete(run: tuple[Answer, Path]) -> None:
    folder = run[1]
    assert {path.name for path in folder.iterdir()} == {"status.json", "settings.yaml", "run.log", "incident.json"}
    assert json.loads((folder / "status.json").read_text(encoding="utf-8"))["state"] == "completed"


def test_the_terminal_shows_every_path_and_what_was_said(
    run: tuple[Answer, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    show_incident(run[1])
    shown = capsys.readouterr().out
    assert all(name in shown for name in ("consistent", *SPOILED))
    assert "a leak until proven otherwise" in shown
    assert "AUC" in run[0].out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["mode=experimental", "features.names=[points_avg_season]"], "features=production"),
        (["window.eval_start=null", "window.eval_end=null"], "needs one evaluation window"),
        (["window=walk_forward"], "needs one evaluation window"),
        (["demonstration=incidents"], "did you mean demonstration=incident?"),
    ],
)
def test_what_cannot_be_demonstrated_is_refused_before_a_folder_is_made(
    tmp_path: Path, words: list[str], told: str
) -> None:
    answer = call("train", EXPERIMENT, f"paths.outputs={tmp_path}", *words)
    assert answer.code == 2
    assert told in answer.err
    assert not list(tmp_path.iterdir())


def test_a_dry_run_of_it_shows_the_plan_and_writes_nothing(tmp_path: Path) -> None:
    answer = call("train", EXPERIMENT, f"paths.outputs={tmp_path}", "dry_run=true")
    assert answer.code == 0
    assert "Plan of two_definitions" in answer.out
    assert not list(tmp_path.iterdir())


def test_it_is_no_job_of_a_sweep(tmp_path: Path) -> None:
    answer = call("train", EXPERIMENT, f"paths.outputs={tmp_path}", "model.depth=4,5", "-m")
    assert answer.code == 2
    assert "run it without -m" in answer.err + answer.out
