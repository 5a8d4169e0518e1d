"""Jobs that another engine carries out: their folders are read while it is at work, a word on each job comes out.

Launchers of Hydra tell nothing before all is over, and then not what became of a job; a job's folder does.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from breakout.errors import DataError
from breakout.sweeps.events import Event, metric_of, sentence_of
from breakout.sweeps.record import job_runs

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from breakout.sweeps.planning import Group
    from breakout.sweeps.record import JobRun

SECONDS = 1.0  # between two looks


class Watch:
    """Watches the jobs of groups in a sweep's folder from now on; use as a context around the engine's work."""

    def __init__(self, groups: Sequence[Group], folder: Path, tell: Callable[[Event], object]) -> None:
        self._folder, self._tell = folder, tell
        self._waiting = {planned.job.number: planned.job for group in groups for planned in group.jobs}
        self._before = {run.folder for run in job_runs(folder).values()}
        self._started: set[int] = set()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._keep_looking, daemon=True)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _keep_looking(self) -> None:
        while not self._over.wait(SECONDS):
            with suppress(DataError, OSError):  # a folder that cannot be read now is read the next time
                self._look()

    def _look(self) -> None:
        for number, run in job_runs(self._folder).items():
            if number in self._waiting and run.folder not in self._before:
                self._tell_of(number, run)

    def _tell_of(self, number: int, run: JobRun) -> None:
        job = self._waiting[number]
        if run.state == "completed":
            del self._waiting[number]
            value = metric_of(run.folder, job.config.optimized_metric)
            self._tell(Event("completed", job.number, value=value))
        elif run.state in ("failed", "interrupted", "killed"):
            del self._waiting[number]
            self._tell(Event("failed", job.number, str(run.status.error), is_death=run.state == "killed"))
        elif number not in self._started:
            self._started.add(number)
            self._tell(Event("started", job.number))

    def conclude(self, failure: Exception | None) -> None:
        """After the engine's work: a last look; what then is not over has failed with the engine."""
        self._look()
        told = f"the launcher gave up: {sentence_of(failure)}" if failure else "it left no run folder."
        for number, job in self._waiting.items():
            is_death = number not in self._started  # one that has started may yet end well, elsewhere
            self._tell(Event("failed", job.number, told, is_death=is_death))
