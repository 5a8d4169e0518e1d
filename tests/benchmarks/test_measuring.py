"""Tests of the measuring of commands and of the check of bounds."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.benchmarks.measuring import check_bound, run_measured


def test_a_command_is_measured_while_another_child_of_this_process_lives(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        cost = run_measured([sys.executable, "-c", "print(sum(range(3_000_000)))"], tmp_path)
        assert other.poll() is None
        other.kill()
    assert cost.out.strip() == str(sum(range(3_000_000)))
    assert cost.cpu > 0
    assert cost.wall > 0


def test_a_command_that_fails_is_no_measurement(tmp_path: Path) -> None:
    with pytest.raises(subprocess.CalledProcessError) as failure:
        run_measured([sys.executable, "-c", "raise SystemExit('broken')"], tmp_path)
    assert "broken" in failure.value.output


def test_a_figure_fails_if_it_misses_its_bound_by_more_than_half(capsys: pytest.CaptureFixture[str]) -> None:
    check_bound("a command", 1.4, 1.0, " s")
    assert "1.40 s" in capsys.readouterr().out
    with pytest.raises(AssertionError):
        check_bound("a command", 1.6, 1.0, " s")
    assert "1.60 s" in capsys.readouterr().out
