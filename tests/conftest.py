"""Fixtures for all tests: the default experiment, trained runs, `breakout` as a process of its own, and a browser."""

from __future__ import annotations

import gc
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

# Hydra makes many small objects, so Python would often search all objects of the tests for garbage. Fewer searches save
# 7 % of the CPU time of tests/settings and tests/bundle.
gc.set_threshold(20_000, 50, 100)

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
    "--disable-component-update",
    "--disable-sync",
]

# The beginning of a command that starts a Python program for a test to interrupt (tests/interruptible.py).
INTERRUPTIBLE = (sys.executable, str(Path(__file__).with_name("interruptible.py")), sys.executable)

Program = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def default_experiment() -> settings.ExperimentConfig:
    """Return the settings with which `breakout` without arguments runs."""
    config = compose("train")
    assert isinstance(config, settings.ExperimentConfig)
    return config


@pytest.fixture
def mapping(default_experiment: settings.ExperimentConfig) -> dict[str, Any]:
    """Return the default experiment as nested plain values, which the test may change."""
    return settings.to_mapping(default_experiment)


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """Return a function that runs `breakout` with its arguments as a process of its own, in an empty folder."""

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
    """Make this process raise KeyboardInterrupt on SIGINT, even if a shell started the tests in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """Return the run folders that tests share; each run is trained when a test first reads it from the result."""
    base = tmp_path_factory.getbasetemp()
    # pytest-xdist gives each of its processes a temporary folder of its own, all in one folder.
    return Trained((base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "trained")


@pytest.fixture
def bundle(trained: Trained, tmp_path: Path) -> Path:
    """Return the folder of a copy of the default model's bundle, which the test may damage."""
    return Path(shutil.copytree(trained["default"] / "bundle", tmp_path / "bundle"))


@pytest.fixture
def outputs(trained: Trained, tmp_path: Path) -> Path:
    """Return a folder of outputs whose model in production is the base rate, which any other model beats."""
    registry = Registry.of(tmp_path / "outputs")
    with registry.lock():
        registry.promote(read_bundle(trained["base_rate"]), EventFacts(name="base_rate"))
    return tmp_path / "outputs"


@pytest.fixture(scope="session")
def audits() -> dict[tuple[object, ...], AuditReport]:
    """Return a dict for the reports of audits, by the fingerprint of the warehouse and the other arguments."""
    return {}


@pytest.fixture
def audit_once(audits: dict[tuple[object, ...], AuditReport], monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the promotion gate audit the same features of the same tables only once for all candidates."""

    def audit(warehouse: Warehouse, *asked: Any) -> AuditReport:
        key = (warehouse.fingerprint(has_reports=True), *asked)
        if key not in audits:
            audits[key] = audit_features(warehouse, *asked)
        return audits[key]

    monkeypatch.setattr(promotion, "audit_features", audit)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Yield a headless Chromium; without Chromium the tests are skipped, except in CI, where they fail.

    An open Playwright runs an event loop in this thread, and a thread can run only one. The fixture has the scope of a
    module, so that it is closed before the next module opens another one.
    """
    if not CHROMIUM.exists() and not os.environ.get("CI"):
        pytest.skip("no Chromium on this machine: apt-get install chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield chromium
        chromium.close()
