"""Tests of the example of second definitions: the AUC of each, and which guards find it."""

from __future__ import annotations

import contextlib
import io
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from breakout.experiment.plan import RunPlan
from examples.two_definitions import __main__ as command
from examples.two_definitions.__main__ import main
from examples.two_definitions.comparing import Compared, compare_definitions
from examples.two_definitions.definitions import DEFINITIONS

ROOT = Path(__file__).parents[2]
CHANGED = {definition.name for definition in DEFINITIONS[1:]}


class Ran(NamedTuple):
    """The results of the command by the definitions' names, its exit code, its output, and the files that it wrote."""

    compared: dict[str, Compared]
    code: int
    out: str
    written: list[Path]


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """Run the command with three seeds and few resamples, and keep the results that it prints."""
    outputs, compared, out = tmp_path_factory.mktemp("outputs"), {}, io.StringIO()

    def compare_and_keep(plan: RunPlan) -> Iterator[Compared]:
        for row in compare_definitions(plan):
            compared[row.definition.name] = row
            yield row

    few = ["evaluation.seeds=3", "evaluation.bootstrap_resamples=100", f"paths.outputs={outputs}"]
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(out):
        patch.setattr(command, "compare_definitions", compare_and_keep)
        code = main(few)
    return Ran(compared, code, out.getvalue(), list(outputs.iterdir()))


@pytest.fixture(scope="module")
def compared(ran: Ran) -> dict[str, Compared]:
    return ran.compared


# The AUC varies between seeds by 0.01, and for the changed definitions by up to 0.03.
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
def test_each_definition_has_its_auc(compared: dict[str, Compared], name: str, auc: float, tolerance: float) -> None:
    score = compared[name].score
    assert score.mean == pytest.approx(auc, abs=tolerance)
    assert score.interval.low is not None
    assert score.interval.high is not None
    assert score.interval.low < score.mean < score.interval.high
    assert len(score.aucs) == 3


def test_worse_definitions_cost_more(compared: dict[str, Compared]) -> None:
    means = [compared[name].score.mean for name in ("another z-score", "sign flipped", "columns reversed")]
    assert means == sorted(means, reverse=True)
    for name in ("sign flipped", "columns swapped", "columns reversed"):
        difference = compared[name].minus_consistent
        assert difference is not None
        assert difference.high is not None
        assert difference.high < 0
    assert compared["consistent"].minus_consistent is None


def test_the_audit_finds_every_changed_definition_and_no_other(compared: dict[str, Compared]) -> None:
    assert {name for name, row in compared.items() if row.guards["audit"]} == CHANGED


def test_the_audit_names_the_row_that_leaked(compared: dict[str, Compared]) -> None:
    example = compared["current game"].guards["audit"][1]
    who, game = example.split(", ")[1].split(" ")
    assert example.startswith("points_avg_last_5")
    assert f"player_game_summary ({game}, {who})" in example


def test_the_contract_refuses_a_bare_array_alone(compared: dict[str, Compared]) -> None:
    refused = {name for name, row in compared.items() if row.guards["contract"]}
    assert refused == {"columns swapped", "columns reversed"}


def test_drift_names_the_constants(compared: dict[str, Compared]) -> None:
    warned = " ".join(compared["constants"].guards["drift"])
    assert "explosion_ratio" in warned
    assert "days_since_breakout" in warned
    # A definition that training and evaluation share does not drift.
    assert not any("points_avg_last_5" in finding for finding in compared["current game"].guards["drift"])


def test_the_verdict_calls_only_the_leak_a_leak(compared: dict[str, Compared]) -> None:
    called = {name for name, row in compared.items() if any("leak" in finding for finding in row.guards["verdict"])}
    assert called == {"current game"}


@pytest.mark.parametrize(
    ("overrides", "remedy"),
    [
        (["mode=experimental", "features.names=[points_avg_season]"], "features=production"),
        (["window.eval_start=null", "window.eval_end=null"], "window=january"),
        (["window=walk_forward"], "window=january"),
        (["model.depht=4"], "model.depth"),
    ],
)
def test_an_experiment_that_does_not_suit_is_refused_with_the_remedy(
    capsys: pytest.CaptureFixture[str], overrides: list[str], remedy: str
) -> None:
    assert main(overrides) == 2
    assert remedy in capsys.readouterr().err


def test_the_command_prints_every_definition_and_writes_nothing(ran: Ran) -> None:
    assert ran.code == 0
    for word in {word for name in CHANGED | {"consistent"} for word in name.split()}:
        assert word in ran.out
    assert ran.written == []


def test_the_command_of_its_readme_starts_from_the_root_of_a_checkout() -> None:
    readme = (ROOT / "examples" / "two_definitions" / "README.md").read_text(encoding="utf-8")
    assert "python -m examples.two_definitions" in readme
    wrong = [sys.executable, "-m", "examples.two_definitions", "model.depht=4"]
    done = subprocess.run(wrong, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, "two_definitions: " in done.stderr) == (2, True)
