"""Bundles trained once for all programs, and the program called as the command line calls it."""

from __future__ import annotations

import contextlib
import io
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from breakout.bundle import load_bundle
from breakout.cli import main
from breakout.production import promotion
from breakout.production.registry import EventFacts, Registry
from breakout.proof.auditing import AuditReport, audit_features
from breakout.warehouse.base import Warehouse

# Fewer draws and no explanations: seconds less a run, and the probabilities are the same.
QUICK = (
    "evaluation.bootstrap_resamples=40",
    "evaluation.permutation_repeats=0",
    "evaluation.shap_rows=0",
)
# An audit of a few rows of two dates.
QUICK_GATE = ("audit.rows=1", "audit.start=2026-02-04", "evaluation.bootstrap_resamples=40")


@dataclass(frozen=True)
class Answer:
    """What a command said and how it ended."""

    code: int
    out: str
    err: str


Breakout = Callable[..., Answer]


def call(*words: str | Path) -> Answer:
    """Run one command line in this process."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main([str(word) for word in words])
    return Answer(code, out.getvalue(), err.getvalue())


def newest_run(outputs: Path, name: str) -> Path:
    return max((outputs / "runs" / name).iterdir())


def train(outputs: Path, name: str, *words: str) -> Path:
    """Train a quick run; its folder."""
    answer = call("train", f"name={name}", f"paths.outputs={outputs}", "write_report=false", *QUICK, *words)
    assert answer.code == 0, answer.err
    return newest_run(outputs, name)


def promote(candidate: Path, outputs: Path, *words: str) -> Answer:
    return call("promote", f"candidate={candidate}", f"paths.outputs={outputs}", *QUICK_GATE, *words)


def fingerprint(run: Path) -> str:
    return load_bundle(run).fingerprint


def current(outputs: Path) -> str | None:
    return Registry.of(outputs).current()


def files(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


ONLY_TRAINS = ("window.eval_start=null", "window.eval_end=null")
SETTINGS = {
    "default": (),
    "refit": (),  # the same settings once more
    "logistic": ("model=logistic",),
    "base_rate": ("model=base_rate",),
    "narrow": ("target.max_ppg=14",),  # another question
    "untested": ("model.depth=4", *ONLY_TRAINS),
    "experimental": ("mode=experimental", "features.names=[points_avg_season,cv_ratio]"),
    "mended": ("calibration=isotonic",),
    "walk": ("window=walk_forward", "window.folds=2"),
}


class Trained(dict[str, Path]):
    """Run folders by name of SETTINGS, trained when they are first asked for, never to be written into."""

    def __init__(self, outputs: Path) -> None:
        super().__init__()
        self.outputs = outputs

    def __missing__(self, name: str) -> Path:
        self[name] = train(self.outputs, name, *SETTINGS[name])
        return self[name]


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    return Trained(tmp_path_factory.mktemp("trained"))


@pytest.fixture
def bundle(trained: Trained, tmp_path: Path) -> Path:
    """A copy of the default model's bundle, to be spoiled."""
    return Path(shutil.copytree(trained["default"] / "bundle", tmp_path / "bundle"))


@pytest.fixture(scope="session")
def audits() -> dict[tuple[object, ...], AuditReport]:
    return {}


@pytest.fixture(autouse=True)
def audit_once(audits: dict[tuple[object, ...], AuditReport], monkeypatch: pytest.MonkeyPatch) -> None:
    """The gate's audit of the sample is made once for all candidates of the same features, and remembered."""

    def audit(warehouse: Warehouse, *asked: Any) -> AuditReport:
        if asked not in audits:
            audits[asked] = audit_features(warehouse, *asked)
        return audits[asked]

    monkeypatch.setattr(promotion, "audit_features", audit)


@pytest.fixture
def outputs(trained: Trained, tmp_path: Path) -> Path:
    """Outputs with the base rate in production, which is easily beaten."""
    registry = Registry.of(tmp_path / "outputs")
    with registry.lock():
        registry.promote(load_bundle(trained["base_rate"]), EventFacts(name="base_rate"))
    return tmp_path / "outputs"
