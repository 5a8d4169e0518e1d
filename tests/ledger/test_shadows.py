"""The search for the bundle that made a prediction: in the registry, among the shadows, in its run."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from breakout.bundle.folder import read_bundle
from breakout.bundle.manifest import MANIFEST_FILE
from breakout.errors import DataError
from breakout.ledger.shadows import Shadows, find_predicting_bundle


def test_a_bundle_of_a_run_is_found_by_its_run_and_fingerprint(bundle: Path, tmp_path: Path) -> None:
    run = tmp_path / "runs" / "model" / "r1" / "bundle"
    fingerprint = read_bundle(bundle).fingerprint
    (tmp_path / "runs" / "backup" / "r1" / "bundle").mkdir(parents=True)  # left empty
    assert find_predicting_bundle(fingerprint, "r1", tmp_path) is None
    shutil.copytree(bundle, run)
    found = find_predicting_bundle(fingerprint, "r1", tmp_path)
    assert found is not None
    assert found.folder == run
    assert find_predicting_bundle("0" * 16, "r1", tmp_path) is None  # the run was repeated with other settings
    assert find_predicting_bundle(fingerprint, "r2", tmp_path) is None


def test_a_shadow_is_found_before_the_run_and_a_damaged_one_is_an_error(bundle: Path, tmp_path: Path) -> None:
    loaded = read_bundle(bundle)
    shutil.copytree(bundle, tmp_path / "runs" / "model" / "r1" / "bundle")
    Shadows.of(tmp_path).add(loaded)
    copy = tmp_path / "shadows" / loaded.fingerprint
    found = find_predicting_bundle(loaded.fingerprint, "r1", tmp_path)
    assert found is not None
    assert found.folder == copy
    (copy / MANIFEST_FILE).write_text("{}", encoding="utf-8")
    with pytest.raises(DataError):
        find_predicting_bundle(loaded.fingerprint, "r1", tmp_path)
