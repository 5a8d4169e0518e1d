"""The gate lets through only what passes every check, and the registry survives refusals, races and kills."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from breakout import promotion
from breakout.bundle import load_bundle
from breakout.errors import DataError
from breakout.production_registry import Registry
from breakout.proof.auditing import audit_features
from breakout.proof.paths import installed_paths
from tests.programs.conftest import QUICK, QUICK_GATE, Answer, Trained, call, train

CHECKS = (
    "shared mode",
    "contract current",
    "evaluated",
    "audit of its features",
    "AUC against production",
    "log loss not worse",
    "Brier score not worse",
)


def promote(candidate: Path, outputs: Path, *words: str) -> Answer:
    return call("promote", f"candidate={candidate}", f"paths.outputs={outputs}", *QUICK_GATE, *words)


def fingerprint(run: Path) -> str:
    return load_bundle(run).fingerprint


def current(outputs: Path) -> str | None:
    return Registry.of(outputs).current()


def files(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def outputs(trained: Trained, tmp_path: Path) -> Path:
    """Outputs with the base rate in production, which is easily beaten."""
    registry = Registry.of(tmp_path / "outputs")
    with registry.lock():
        registry.promote(trained["base_rate"] / "bundle", {"name": "base_rate"})
    return tmp_path / "outputs"


def test_a_better_candidate_is_promoted_and_every_check_is_printed_with_its_figure(
    trained: Trained, outputs: Path
) -> None:
    answer = promote(trained["default"], outputs)
    assert answer.code == 0, answer.out + answer.err
    assert all(f"{check} " in answer.out for check in CHECKS)
    assert " no " not in answer.out
    assert current(outputs) == fingerprint(trained["default"])
    event = Registry.of(outputs).history()[-1]
    assert [check["name"] for check in event.facts["checks"]] == list(CHECKS)
    assert all(check["figure"] for check in event.facts["checks"])


def test_the_model_in_production_is_a_copy_that_outlives_its_run(trained: Trained, tmp_path: Path) -> None:
    run = Path(shutil.copytree(trained["default"], tmp_path / "run"))
    assert promote(run, tmp_path).code == 0
    shutil.rmtree(run)
    answer = call("predict", f"bundle={tmp_path / 'production'}", "date=2026-02-06")
    assert answer.code == 0, answer.err
    assert fingerprint(trained["default"]) in answer.out


def test_a_worse_candidate_is_refused_and_nothing_changes(trained: Trained, outputs: Path) -> None:
    assert promote(trained["default"], outputs).code == 0
    before = files(outputs / "production")
    answer = promote(trained["base_rate"], outputs)
    assert answer.code == 1
    assert "not promoted, production is unchanged: AUC against production, log loss not worse" in answer.err
    assert files(outputs / "production") == before


def test_the_lower_bound_must_lie_above_the_margin(trained: Trained, outputs: Path) -> None:
    answer = promote(trained["default"], outputs, "promote.margin=0.2")
    assert answer.code == 1
    assert answer.err.strip().endswith("unchanged: AUC against production.")


def test_the_model_in_production_is_not_promoted_again(trained: Trained, outputs: Path) -> None:
    answer = promote(trained["base_rate"], outputs)
    assert answer.code == 1
    assert "are the same model" in " ".join(answer.out.split())


def test_a_first_model_passes_without_a_comparison_but_not_without_the_other_checks(
    trained: Trained, tmp_path: Path
) -> None:
    refused = promote(trained["untested"], tmp_path)
    assert refused.code == 1
    assert "unchanged: evaluated." in refused.err
    assert not (tmp_path / "production").exists()
    assert call("evaluate", f"bundle={trained['untested']}", f"paths.outputs={tmp_path}", *QUICK).code == 0
    answer = promote(trained["untested"], tmp_path)
    assert answer.code == 0, answer.err
    assert answer.out.count("first model; against the base rate") == 3


def test_an_experimental_model_is_refused(trained: Trained, outputs: Path) -> None:
    answer = promote(trained["experimental"], outputs)
    assert answer.code == 1
    assert "unchanged: shared mode" in answer.err


def test_another_question_is_refused(trained: Trained, outputs: Path) -> None:
    answer = promote(trained["narrow"], outputs)
    assert answer.code == 1
    assert "max_ppg is 14.0 for the candidate" in " ".join(answer.out.replace("│", " ").split())


def test_an_audit_that_finds_a_leak_refuses(trained: Trained, outputs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = "points_avg_last_5"
    paths = installed_paths()
    leaky = replace(paths.registry[name], expression="row.points_before / NULLIF(row.games_before, 0) + row.day * 0")
    honest = audit_features

    def audit(*args: object, **words: object) -> object:
        """The real audit, over paths of which one computes a feature in its own way."""
        registry = dict(paths.registry) | {name: leaky}
        crossed = replace(paths, evaluation=installed_paths(registry).evaluation)
        return honest(*args, paths=crossed, **words)  # type: ignore[arg-type]

    monkeypatch.setattr(promotion, "audit_features", audit)
    answer = promote(trained["default"], outputs)
    assert answer.code == 1
    assert "unchanged: audit of its features." in answer.err


def test_a_window_inside_training_is_a_mistake_of_usage(trained: Trained, outputs: Path) -> None:
    assert promote(trained["default"], outputs, "start=2026-01-01").code == 2
    assert current(outputs) == fingerprint(trained["base_rate"])


def test_without_games_after_both_trainings_nothing_is_promoted(trained: Trained, outputs: Path) -> None:
    answer = promote(trained["default"], outputs, "start=2026-03-01")
    assert answer.code == 1
    assert "no comparison: the warehouse has no games from 2026-03-01 on" in " ".join(
        answer.out.replace("│", " ").split()
    )


def test_rollback_walks_back_and_never_forth(trained: Trained, tmp_path: Path) -> None:
    registry = Registry.of(tmp_path)
    runs = [trained[name] for name in ("base_rate", "default", "logistic")]
    with registry.lock():
        for run in runs:
            registry.promote(run / "bundle", {"name": run.parent.name})
    place = f"paths.outputs={tmp_path}"
    for run in (runs[1], runs[0]):
        answer = call("production", "rollback", place)
        assert answer.code == 0, answer.err
        assert current(tmp_path) == fingerprint(run)
    answer = call("production", "rollback", place)
    assert answer.code == 2
    assert "no model was in production before the current one" in answer.err
    assert [event.action for event in registry.history()] == [*["promoted"] * 3, *["rolled back"] * 2]
    shown = call("production", place).out
    assert shown.startswith(f"in production: {fingerprint(runs[0])}")
    assert shown.count("promoted") == 3


def test_after_retiring_the_next_model_is_the_first_and_a_rollback_brings_the_old_one_back(
    trained: Trained, outputs: Path
) -> None:
    place = f"paths.outputs={outputs}"
    assert call("production", "retire", place).code == 0
    assert "no model is in production" in call("production", place).out
    assert call("predict", f"bundle={outputs / 'production'}", "date=2026-02-06").code == 3
    assert call("production", "retire", place).code == 2
    assert "first model" in promote(trained["default"], outputs).out
    for expected in (None, fingerprint(trained["base_rate"])):
        assert call("production", "rollback", place).code == 0
        assert current(outputs) == expected


def test_an_empty_registry_is_shown_and_has_nothing_to_roll_back(tmp_path: Path) -> None:
    place = f"paths.outputs={tmp_path}"
    shown = call("production", place)
    assert (shown.code, "no model is in production" in shown.out) == (0, True)
    assert call("production", "rollback", place).code == 2
    assert call("production", "rolback", place).code == 2
    assert call("production", "seed=1").code == 2


@pytest.mark.parametrize("spoil", ["removed", "edited", "truncated"])
def test_a_history_that_was_tampered_with_is_named(trained: Trained, outputs: Path, spoil: str) -> None:
    registry = Registry.of(outputs)
    with registry.lock():
        registry.promote(trained["default"] / "bundle", {"name": "default"})
        registry.rollback()
    path = outputs / "production/history/000002.json"
    record = json.loads(path.read_text())
    if spoil == "removed":
        path.unlink()
    elif spoil == "edited":
        path.write_text(json.dumps(record | {"bundle": fingerprint(trained["base_rate"])}))
    else:
        path.write_text(path.read_text()[:50])
    with pytest.raises(DataError, match=r"00000[23]\.json"):
        registry.history()


def test_a_damaged_history_is_not_continued(trained: Trained, outputs: Path) -> None:
    (outputs / "production/history/000002.json").touch()
    before = files(outputs / "production/history")
    assert promote(trained["default"], outputs).code == 3
    assert call("production", "retire", f"paths.outputs={outputs}").code == 3
    assert files(outputs / "production/history") == before


def test_two_promotions_at_once_are_decided_one_after_the_other(trained: Trained, outputs: Path) -> None:
    runs = [trained[name] for name in ("default", "logistic")]
    words = (f"paths.outputs={outputs}", "promote.margin=-1", *QUICK_GATE)
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "breakout", "promote", f"candidate={run}", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for run in runs
    ]
    told = [(*process.communicate(timeout=200), process.returncode) for process in started]
    history = Registry.of(outputs).history()
    promoted = [event.bundle for event in history if event.action == "promoted"][1:]
    assert promoted == [event.bundle for event in history][1:]
    accepted = [fingerprint(run) for run, (_, _, code) in zip(runs, told, strict=True) if code == 0]
    assert set(promoted) == set(accepted)
    assert len(promoted) == len(accepted)
    assert len(accepted) >= 1
    refused = [(out, err) for out, err, code in told if code != 0]
    assert all("not promoted, production is unchanged" in err for _, err in refused)
    assert any("another promotion is running" in out for out, _, _ in told)
    assert current(outputs) == promoted[-1]


@pytest.mark.slow
@pytest.mark.timeout(900)  # seconds; dozens of whole programs
@pytest.mark.parametrize("command", ["first promotion", "promote", "rollback", "retire"])
def test_a_command_killed_at_any_point_leaves_a_valid_registry(trained: Trained, tmp_path: Path, command: str) -> None:
    names = {"first promotion": (), "promote": ("base_rate",)}.get(command, ("base_rate", "default"))
    before = Registry.of(tmp_path / "before")
    with before.lock():
        for name in names:
            before.promote(trained[name] / "bundle", {"name": name})
    new = {"rollback": "base_rate", "retire": None}.get(command, "default")
    left = kill_everywhere(tmp_path, command, trained["default"])
    assert len(left) > (30 if "promot" in command else 8)
    found = [check_registry(folder, before.current(), fingerprint(trained[new]) if new else None) for folder in left]
    switched = found.index(True)
    assert 0 < switched < len(found) - 1
    assert all(found[switched:])  # killed after the switch, it has happened; before it, it has not


def kill_everywhere(folder: Path, command: str, candidate: Path) -> list[Path]:
    """The outputs that the command leaves when it is killed at each point, the last one of a whole run."""
    promotion = ("promote", f"candidate={candidate}", "paths.outputs=OUTPUTS", *QUICK_GATE)
    words = promotion if "promot" in command else ("production", command, "paths.outputs=OUTPUTS")
    script = str(Path(__file__).with_name("killed.py"))
    done = subprocess.run([sys.executable, script, str(folder), *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return sorted(folder.glob("after-*"))


def check_registry(outputs: Path, old: str | None, new: str | None) -> bool:
    """Whether the new model is in production; asserts a valid registry that is ready for the next change."""
    registry = Registry.of(outputs)
    events = registry.history()
    for event in events:
        if event.bundle is not None:
            load_bundle(registry.bundle_folder(event.bundle))
    found = registry.current()
    assert found in (old, new)
    if events:
        with registry.lock():
            registry.retire() if found else registry.rollback()
        assert len(registry.history()) == len(events) + 1
        assert not list((outputs / "production").rglob(".*"))
    return found == new


def test_a_promotion_of_a_model_trained_again_is_decided_on_later_games_alone(outputs: Path) -> None:
    later = train(outputs, "later", "window=february")
    answer = promote(later, outputs)
    assert "2026-02-01..2026-02-05" in " ".join(answer.out.replace("│", " ").split())
