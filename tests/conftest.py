"""Fixtures for all tests: the default experiment, trained runs, the program as its users start it, a browser."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from breakout import settings
from breakout.bundle.folder import read_bundle
from breakout.production import promotion
from breakout.production.registry import EventFacts, Registry
from breakout.proof.auditing import AuditReport, audit_features
from breakout.settings.composition import compose
from breakout.warehouse.base import Warehouse
from tests.commands import Trained

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
    "--disable-component-update",
    "--disable-sync",
]

# Starts a Python program that a test interrupts: with the default handling of signals, whatever the suite inherited.
INTERRUPTIBLE = (sys.executable, str(Path(__file__).with_name("interruptible.py")), sys.executable)

Program = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def default_experiment() -> settings.ExperimentConfig:
    """What `breakout` alone would run."""
    config = compose("train")
    assert isinstance(config, settings.ExperimentConfig)
    return config


@pytest.fixture
def mapping(default_experiment: settings.ExperimentConfig) -> dict[str, Any]:
    """The default experiment as nested plain values, for a test to spoil."""
    return settings.to_mapping(default_experiment)


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """Start `breakout` with these arguments in an empty folder, as a program of its own."""

    def start(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        env = {key: value for key, value in os.environ.items() if key != "HYDRA_FULL_ERROR"}
        return subprocess.run(
            [sys.executable, "-m", "breakout", *arguments],
            cwd=tmp_path,
            env=env | environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return start


@pytest.fixture
def default_interrupt() -> Iterator[None]:
    """Python's own handling of SIGINT in this process, which ignores it where the suite runs in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """Runs that are trained when a test first asks for them; tests never write into them."""
    return Trained(tmp_path_factory.mktemp("trained"))


@pytest.fixture
def bundle(trained: Trained, tmp_path: Path) -> Path:
    """A copy of the default model's bundle, for a test to damage."""
    return Path(shutil.copytree(trained["default"] / "bundle", tmp_path / "bundle"))


@pytest.fixture
def outputs(trained: Trained, tmp_path: Path) -> Path:
    """A folder of outputs with the base rate in production, which any model beats."""
    registry = Registry.of(tmp_path / "outputs")
    with registry.lock():
        registry.promote(read_bundle(trained["base_rate"]), EventFacts(name="base_rate"))
    return tmp_path / "outputs"


@pytest.fixture(scope="session")
def audits() -> dict[tuple[object, ...], AuditReport]:
    """The audits that the gate has made, by their arguments."""
    return {}


@pytest.fixture
def audit_once(audits: dict[tuple[object, ...], AuditReport], monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the gate audit the same features of the sample once for all candidates."""

    def audit(warehouse: Warehouse, *asked: Any) -> AuditReport:
        if asked not in audits:
            audits[asked] = audit_features(warehouse, *asked)
        return audits[asked]

    monkeypatch.setattr(promotion, "audit_features", audit)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Headless Chromium; a machine without it skips these tests, but CI, which installs it, may not.

    Playwright keeps an event loop running in the thread as long as it is open, and a thread has but one. A fixture of a
    module is closed before the next module begins, in whatever order tests come: so no two are ever open at once, and
    no other test meets a loop that it did not start.
    """
    if not CHROMIUM.exists() and not os.environ.get("CI"):
        pytest.skip("no Chromium on this machine: apt-get install chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield chromium
        chromium.close()
