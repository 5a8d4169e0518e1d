"""A test of the launcher of programs that other tests interrupt."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator

import pytest

from tests.conftest import INTERRUPTIBLE


@pytest.fixture
def ignored_interrupt() -> Iterator[None]:
    """Make this process ignore SIGINT, as if a shell had started the tests in the background."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("ignored_interrupt")
def test_a_program_is_interrupted_although_the_suite_ignores_interrupts() -> None:
    wait = "print('ready', flush=True); input()"
    with subprocess.Popen(
        [*INTERRUPTIBLE, "-c", wait],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        try:
            _, errors = process.communicate(timeout=20)
        finally:
            process.kill()
    assert process.returncode == -signal.SIGINT
    assert "KeyboardInterrupt" in errors
