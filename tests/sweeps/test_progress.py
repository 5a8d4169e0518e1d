"""Tests of the progress of a sweep on the terminal."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from breakout import settings
from breakout.settings.composition import compose
from breakout.sweeps.job import Job, JobEvent
from breakout.sweeps.planning import plan_sweep
from breakout.sweeps.progress import Progress

LATE = (300, "2025-12-28", "2026-01-10")
EARLY = (300, "2025-12-14", "2025-12-27")


@pytest.mark.parametrize(
    ("games", "shown"),
    [
        ((LATE, LATE), "best 0.4319 (job 0)"),
        ((LATE, EARLY), "best on 2025-12-14..2025-12-27 0.4335 (job 1)"),
    ],
)
def test_the_best_job_is_that_of_the_same_validation_games_whatever_the_jobs_are_trained_on(
    games: tuple[tuple[int, str, str], ...],
    shown: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "120")
    jobs = []
    for number, start in enumerate(("2025-10-21", "2025-11-02")):
        config = compose("train", ["model=base_rate", "window=january", f"window.train_start={start}"])
        assert isinstance(config, settings.ExperimentConfig)
        jobs.append(Job(number, (f"window.train_start={start}",), config, number))
    plan = plan_sweep(jobs, tmp_path / "cache")
    progress = Progress()
    progress.show_plan(plan, plan, 1, twice=0, trials=None)
    with progress.showing(plan):
        progress.show(JobEvent("completed", 0, value=0.4319, validated_on=games[0]))
        progress.show(JobEvent("completed", 1, value=0.4335, validated_on=games[1]))
    printed = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", capsys.readouterr().out)
    assert "2/2" in printed
    assert printed.rpartition("best")[1] + printed.rpartition("best")[2].split("\n")[0].rstrip() == shown
