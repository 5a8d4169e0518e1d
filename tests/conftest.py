"""What every test can use: the default experiment as plain values, the program as a user starts it, a browser."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from breakout import settings
from breakout.settings.composition import compose

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
    """Start `breakout` with these words in an empty folder, as a program of its own."""

    def start(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        env = {key: value for key, value in os.environ.items() if key != "HYDRA_FULL_ERROR"}
        return subprocess.run(
            [sys.executable, "-m", "breakout", *words],
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
