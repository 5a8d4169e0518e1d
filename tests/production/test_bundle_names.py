"""Tests of the names for bundles, and of the refusal of ambiguous and unknown names."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import breakout
from breakout.bundle.folder import read_bundle
from breakout.errors import ConfigurationError, DataError
from breakout.production.bundle_names import resolve_bundle
from breakout.production.registry import EventFacts, Registry
from tests.commands import Trained


@pytest.fixture
def runs(trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return outputs with two runs named `first`, the later of them logistic, and a newer run named `second`."""
    outputs = tmp_path / "outputs"
    for name, run, time in (("first", "base_rate", "1"), ("first", "logistic", "2"), ("second", "earlier", "3")):
        shutil.copytree(trained[run], outputs / "runs" / name / f"2026010{time}T000000.000000Z-0")
    monkeypatch.chdir(tmp_path)
    return outputs


def test_a_name_is_its_newest_completed_run(runs: Path) -> None:
    first = runs / "runs/first/20260102T000000.000000Z-0/bundle"
    second = runs / "runs/second/20260103T000000.000000Z-0/bundle"
    assert resolve_bundle("first", runs) == resolve_bundle("latest:first", runs) == first
    assert resolve_bundle("latest", runs) == second
    (second.parent / "status.json").unlink()  # a run that is not completed is no candidate
    assert resolve_bundle("latest", runs) == first


def test_production_is_the_copy_in_the_registry(runs: Path) -> None:
    with pytest.raises(DataError, match="no model is in production"):
        resolve_bundle("production", runs)
    bundle = read_bundle(runs / "runs/second/20260103T000000.000000Z-0")
    registry = Registry.of(runs)
    with registry.lock():
        registry.promote(bundle, EventFacts(name="second"))
    found = resolve_bundle("production", runs)
    assert (found, read_bundle(found).fingerprint) == (registry.bundle_folder(bundle.fingerprint), bundle.fingerprint)


def test_a_path_stays_a_path_and_a_name_that_is_a_folder_too_is_refused(runs: Path) -> None:
    assert resolve_bundle("outputs/runs/first", runs) == Path("outputs/runs/first")
    Path("other").mkdir()
    assert resolve_bundle("other", runs) == Path("other")
    Path("first").mkdir()
    with pytest.raises(ConfigurationError, match=r"\./first"):
        resolve_bundle("first", runs)
    assert resolve_bundle("latest:first", runs).parent.parent.name == "first"


@pytest.mark.parametrize("given", ["frist", "latest:frist"])
def test_an_unknown_name_is_answered_with_the_nearest_one(runs: Path, given: str) -> None:
    with pytest.raises(DataError, match="did you mean first"):
        resolve_bundle(given, runs)


def test_a_damaged_newest_run_is_named_and_not_passed_over(runs: Path) -> None:
    (runs / "runs/second/20260103T000000.000000Z-0/status.json").write_text("{")
    with pytest.raises(DataError, match="second"):
        resolve_bundle("latest", runs)


def test_python_takes_the_names_of_the_command_line_and_folders_as_text_or_path(runs: Path) -> None:
    first = runs / "runs/first/20260102T000000.000000Z-0"
    expected = read_bundle(first).fingerprint
    registry = Registry.of(runs)
    with registry.lock():
        registry.promote(read_bundle(first), EventFacts(name="first"))
    for given in ("first", "latest:first", "production", str(first), first, first / "bundle", registry.folder):
        assert breakout.load_bundle(given).fingerprint == expected
    assert breakout.load_bundle("latest", f"paths.outputs={runs}").manifest.name == "earlier"
    with pytest.raises(DataError, match="did you mean first"):
        breakout.load_bundle("frist")
