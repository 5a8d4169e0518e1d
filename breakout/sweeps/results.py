"""The jobs of a sweep as they ended, read from sweep.json and the run folders."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from breakout.errors import DataError
from breakout.runs.record import read_run
from breakout.sweeps.columns import array_of
from breakout.sweeps.job import command_of
from breakout.sweeps.job_folders import job_runs, run_of
from breakout.sweeps.labels import recipe_words, short_words, varying_words
from breakout.sweeps.record import load_record

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pyarrow as pa

    from breakout.sweeps.job_folders import JobRun
    from breakout.sweeps.record import JobEntry


@dataclass(frozen=True)
class JobResult:
    """One job: its entry in sweep.json, the overrides that tell it from the others, and what its run left.

    `command` runs the job alone. Metrics and predictions are None unless the job is completed and its files are as it
    left them.
    """

    entry: JobEntry
    words: tuple[str, ...]
    command: str
    run: JobRun | None
    metrics: Mapping[str, Any] | None = None
    predictions: pa.Table | None = None

    @property
    def number(self) -> int:
        """The job's number."""
        return self.entry.number

    @property
    def state(self) -> str:
        """completed, failed, interrupted, killed, running, damaged, or not run."""
        return "not run" if self.run is None else self.run.state

    @property
    def reason(self) -> str:
        """Why it is not completed."""
        return "the sweep ended before it began" if self.run is None else self.run.message

    @property
    def settings(self) -> dict[str, Any]:
        """Its settings as far as they could be composed."""
        return self.entry.settings

    @property
    def recipe(self) -> str:
        """What it shares with the same settings in other windows and with other seeds."""
        return " ".join(recipe_words(self.words))

    @property
    def recipe_label(self) -> str:
        """The recipe, shorter."""
        return short_words(recipe_words(self.words))

    @cached_property
    def rows(self) -> str:
        """A digest of the target, and of the games and labels that it was validated and evaluated on."""
        if self.predictions is None:
            return ""
        texts = [self.predictions[name].to_pylist() for name in ("split", "game_id", "player_lookup")]
        digest = hashlib.sha256("\n".join(map("".join, zip(*texts, strict=True))).encode())
        digest.update(array_of(self.predictions["is_breakout"]).astype("int8").tobytes())
        digest.update(json.dumps(self.settings["target"], sort_keys=True).encode())
        return digest.hexdigest()[:12]

    def part(self, split: str, column: str) -> np.ndarray:
        """game_date, probability or is_breakout of one part's games, shape (n,); empty if there is none."""
        if self.predictions is None:
            raise ValueError(f"job {self.number} left no predictions")
        return np.asarray(array_of(self.predictions[column])[self._splits == split])

    @cached_property
    def _splits(self) -> np.ndarray:
        return np.array([] if self.predictions is None else self.predictions["split"].to_pylist())


def load_results(folder: Path) -> list[JobResult]:
    """Return every job of a sweep, by number."""
    record, runs = load_record(folder), job_runs(folder)
    words = varying_words({entry.number: entry.overrides for entry in record.jobs})
    return [
        _load(
            JobResult(
                entry,
                words[entry.number],
                command_of(entry.overrides, record.words),
                run_of(runs, entry.number, entry.fingerprint),
            )
        )
        for entry in record.jobs
    ]


def _load(job: JobResult) -> JobResult:
    """Return a completed job with its figures and predictions, or with what is wrong with their files."""
    if job.run is None or job.state != "completed":
        return job
    try:
        run = read_run(job.run.folder)
        return replace(job, metrics=run.metrics, predictions=run.prediction_columns())
    except DataError as error:
        return replace(job, run=replace(job.run, damage=str(error)))
