"""The finished jobs of a sweep, read back from their folders: sweep.json and run folders in, one result a job out."""

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
from breakout.sweeps.labels import recipe_words, short_words, varying_words
from breakout.sweeps.record import job_runs, load_record

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pyarrow as pa

    from breakout.sweeps.record import JobRun


@dataclass(frozen=True)
class JobResult:
    """One job: its entry in sweep.json, the words that tell it from the others, what runs it alone, what it left."""

    entry: dict[str, Any]
    words: tuple[str, ...]
    command: str
    run: JobRun | None
    metrics: Mapping[str, Any] | None = None
    predictions: pa.Table | None = None
    damage: str = ""

    @property
    def number(self) -> int:
        """The job's number."""
        return int(self.entry["number"])

    @property
    def state(self) -> str:
        """completed, failed, interrupted, killed, running, damaged, or not run."""
        if self.damage:
            return "damaged"
        return self.run.state if self.run is not None else "not run"

    @property
    def reason(self) -> str:
        """Why it is not completed."""
        if self.damage:
            return self.damage
        if self.run is None:
            return "the sweep ended before it began"
        return str(self.run.status.error or "it has not ended")

    @property
    def settings(self) -> dict[str, Any]:
        """Its settings as far as they could be composed."""
        found: dict[str, Any] = self.entry["settings"]
        return found

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
    """Every job of a sweep, by number."""
    record, runs = load_record(folder), job_runs(folder)
    words = varying_words({int(job["number"]): job["overrides"] for job in record.jobs})
    results = []
    for entry in record.jobs:
        command = command_of(entry["overrides"], record.words)
        job = JobResult(entry, words[int(entry["number"])], command, runs.get(int(entry["number"])))
        results.append(_load(job) if job.state == "completed" else job)
    return results


def _load(job: JobResult) -> JobResult:
    """The job with its figures and predictions, or with what is wrong with their files."""
    if job.run is None:
        return job
    try:
        run = read_run(job.run.folder)
        metrics, predictions = run.metrics, run.prediction_columns()
    except DataError as error:
        return replace(job, damage=str(error))
    return replace(job, metrics=metrics, predictions=predictions)
