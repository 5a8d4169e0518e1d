"""Tests of the registry: promotion, rollback and retirement, with refusals, races, damage and kills."""

from __future__ import annotations

import json
import shutil
import stat
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from html import escape
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from breakout.bundle.folder import read_bundle
from breakout.errors import DataError, GateError
from breakout.features import registry as features
from breakout.production.registry import EventFacts, Registry
from breakout.programs import promote as promotion
from breakout.settings.composition import compose
from tests.commands import QUICK_GATE, Trained, call, current, files, fingerprint, promote

pytestmark = pytest.mark.usefixtures("audit_once")


def put_in_production(outputs: Path, *bundles: Path) -> Registry:
    """Promote bundles one after the other without the gate, and return the registry."""
    registry = Registry.of(outputs)
    with registry.lock():
        for bundle in map(read_bundle, bundles):
            registry.promote(bundle, EventFacts(name=bundle.manifest.name))
    return registry


def test_the_model_in_production_is_a_copy_that_outlives_its_run(trained: Trained, tmp_path: Path) -> None:
    run = Path(shutil.copytree(trained["logistic"], tmp_path / "run"))
    put_in_production(tmp_path, run)
    shutil.rmtree(run)
    answer = call("predict", f"bundle={tmp_path / 'production'}", "date=2026-02-06")
    assert answer.code == 0, answer.err
    assert fingerprint(trained["logistic"]) in answer.out


def test_rollback_walks_back_and_never_forth(trained: Trained, tmp_path: Path) -> None:
    runs = [trained[name] for name in ("base_rate", "earlier", "logistic")]
    registry = put_in_production(tmp_path, *runs)
    place = f"paths.outputs={tmp_path}"
    for run in (runs[1], runs[0]):
        answer = call("production", "rollback", place)
        assert answer.code == 0, answer.err
        assert current(tmp_path) == fingerprint(run)
    answer = call("production", "rollback", place)
    assert answer.code == 2
    assert current(tmp_path) == fingerprint(runs[0])
    assert [event.action for event in registry.history()] == [*["promoted"] * 3, *["rolled back"] * 2]
    shown = call("production", place).out
    assert shown.startswith(f"in production: {fingerprint(runs[0])}")
    assert shown.count("promoted") == 3


def test_the_page_of_production_shows_the_promotion_and_escapes_its_reason(trained: Trained, tmp_path: Path) -> None:
    place, page = f"paths.outputs={tmp_path}", tmp_path / "production.html"
    assert call("production", place, f"out={page}").code == 0
    assert "No model is in production" in page.read_text(encoding="utf-8")
    assert promote(trained["logistic"], tmp_path, "promote.reason='<b>more</b>'").code == 0
    assert call("production", place, f"out={page}").code == 0
    shown = page.read_text(encoding="utf-8")
    event = Registry.of(tmp_path).history()[-1]
    assert fingerprint(trained["logistic"]) in shown
    assert all(escape(check.figure) in shown for check in event.facts.checks)
    assert escape("<b>more</b>") in shown
    assert "<b>more" not in shown
    assert call("production", place, f"out={tmp_path / 'page.csv'}").code == 2


def test_after_retiring_the_next_model_is_the_first_and_a_rollback_brings_the_old_one_back(
    trained: Trained, outputs: Path
) -> None:
    place = f"paths.outputs={outputs}"
    assert call("production", "retire", place).code == 0
    assert "no model is in production" in call("production", place).out
    assert call("predict", f"bundle={outputs / 'production'}", "date=2026-02-06").code == 3
    assert call("production", "retire", place).code == 2
    assert "first_model" in promote(trained["logistic"], outputs).out
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
    registry = put_in_production(outputs, trained["logistic"])
    with registry.lock():
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
    assert promote(trained["logistic"], outputs).code == 3
    assert call("production", "retire", f"paths.outputs={outputs}").code == 3
    assert files(outputs / "production/history") == before


def test_a_copy_that_was_exchanged_or_lost_is_named_and_can_be_left_by_retiring(
    trained: Trained, outputs: Path
) -> None:
    place = f"paths.outputs={outputs}"
    (copy,) = (outputs / "production/bundles").iterdir()
    shutil.rmtree(copy)
    shutil.copytree(trained["logistic"] / "bundle", copy)
    for words in (("production", place), ("predict", f"bundle={outputs / 'production'}", "date=2026-02-06")):
        answer = call(*words)
        assert (answer.code, "it was exchanged" in answer.err) == (3, True)
    shutil.rmtree(copy)
    assert call("production", place).code == promote(trained["earlier"], outputs).code == 3
    assert call("production", "retire", place).code == 0


def test_only_the_files_that_belong_to_a_bundle_are_copied_and_the_copy_can_be_removed(
    trained: Trained, tmp_path: Path
) -> None:
    bundle = Path(shutil.copytree(trained["logistic"] / "bundle", tmp_path / "bundle"))
    (bundle / "notes.txt").write_text("mine")
    for path in (*bundle.rglob("*"), bundle):
        path.chmod(0o555 if path.is_dir() else 0o444)
    put_in_production(tmp_path, bundle)
    (copy,) = (tmp_path / "production/bundles").iterdir()
    assert not (copy / "notes.txt").exists()
    assert all(path.stat().st_mode & stat.S_IWUSR for path in (*copy.rglob("*"), copy))
    assert read_bundle(copy).fingerprint == fingerprint(trained["logistic"])


def test_a_bundle_that_became_another_after_the_gate_is_not_promoted(trained: Trained, outputs: Path) -> None:
    folder = Path(shutil.copytree(trained["earlier"] / "bundle", outputs.parent / "bundle"))
    judged = read_bundle(folder)
    shutil.rmtree(folder)
    shutil.copytree(trained["logistic"] / "bundle", folder)
    registry = Registry.of(outputs)
    with registry.lock(), pytest.raises(DataError):
        registry.promote(judged, EventFacts(name="judged"))
    assert current(outputs) == fingerprint(trained["base_rate"])
    assert len(registry.history()) == 1


def test_an_event_never_takes_the_place_of_another_even_where_locks_do_not_hold(
    trained: Trained, outputs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = put_in_production(outputs, trained["earlier"])
    before = files(outputs / "production/history")
    seen = registry.history()[:1]  # the history as another process read it before the second event
    with monkeypatch.context() as patch:
        patch.setattr(Registry, "history", lambda _: seen)
        with pytest.raises(GateError, match=r"000002\.json was written by another process"):
            registry.promote(read_bundle(trained["logistic"]), EventFacts(name="logistic"))
    assert files(outputs / "production/history") == before


def test_a_model_whose_contract_is_out_of_date_is_shown_with_a_warning(
    outputs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = f"paths.outputs={outputs}"
    assert "warning" not in call("production", place).out
    name = "points_std_last_10"
    changed = dict(features.REGISTRY) | {name: replace(features.REGISTRY[name], default=6.0)}
    monkeypatch.setattr(features, "REGISTRY", MappingProxyType(changed))
    answer = call("production", place)
    assert (answer.code, "commands refuse it:\n  feature points_std_last_10: default" in answer.out) == (0, True)


def test_a_promotion_waits_for_another_one_and_is_compared_with_its_model(
    trained: Trained, outputs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry, is_waiting = Registry.of(outputs), threading.Event()

    def print_line(text: str, **_: object) -> None:
        if "another promotion is running" in text:
            is_waiting.set()

    monkeypatch.setattr(promotion, "print_line", print_line)
    config: Any = compose("promote", (f"candidate={trained['logistic']}", f"paths.outputs={outputs}", *QUICK_GATE))
    with ThreadPoolExecutor(1) as pool:
        with registry.lock():
            second = pool.submit(promotion.run, config)
            assert is_waiting.wait(60)
            registry.promote(read_bundle(trained["logistic"]), EventFacts(name="logistic"))
        with pytest.raises(GateError, match="not promoted, production is unchanged"):  # it is in production already
            second.result()
    assert len(registry.history()) == 2


COMMANDS = {  # the models promoted before the command, and the model in production after it
    "first promote": ((), "logistic"),
    "promote": (("base_rate",), "logistic"),
    "rollback": (("base_rate", "logistic"), "base_rate"),
    "retire": (("base_rate", "logistic"), None),
}


@pytest.mark.slow
@pytest.mark.timeout(900)  # in seconds; the commands run about seventy times
def test_a_command_killed_at_any_point_leaves_a_valid_registry(trained: Trained, tmp_path: Path) -> None:
    for command, (names, _) in COMMANDS.items():
        before = put_in_production(tmp_path / command / "before", *(trained[name] for name in names))
        if names:  # unfinished files of an earlier kill must not disturb
            (before.folder / "bundles/.half/baselines").mkdir(parents=True)
            (before.folder / "history/.000009.json").write_text("{")
    script = str(Path(__file__).with_name("killed.py"))
    words = (f"candidate={trained['logistic']}", *QUICK_GATE)
    done = subprocess.run([sys.executable, script, str(tmp_path), *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for command, (names, after) in COMMANDS.items():
        left = sorted((tmp_path / command).glob("after-*"))
        assert len(left) > (20 if "promote" in command else 8)
        old = fingerprint(trained[names[-1]]) if names else None
        found = [check_registry(outputs, old, fingerprint(trained[after]) if after else None) for outputs in left]
        switched = found.index(True)
        assert 0 < switched < len(found) - 1
        assert all(found[switched:])  # every kill after the switch leaves the new model


def check_registry(outputs: Path, old: str | None, new: str | None) -> bool:
    """Return whether `new` is in production; assert that the registry is valid and accepts the next change."""
    registry = Registry.of(outputs)
    events = registry.history()
    copies = {path.name for path in (registry.folder / "bundles").glob("[!.]*")}
    for bundle in copies | {event.bundle for event in events if event.bundle is not None}:
        registry.load(bundle)
    found = registry.current()
    assert found in (old, new)
    if events:
        with registry.lock():
            registry.retire() if found else registry.rollback()
        assert len(registry.history()) == len(events) + 1
        assert not list((outputs / "production").rglob(".*"))
    return found == new
