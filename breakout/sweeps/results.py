"""The jobs of a sweep as they ended, read from sweep.json and the run folders."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from breakout import settings
from breakout.errors import DataError
from breakout.evaluation.run_metrics import RunMetrics, ValidationMetrics
from breakout.runs import warn_without_digests
from breakout.runs.record import read_run
from breakout.settings import ExperimentConfig
from breakout.sweeps.job import command_of
from breakout.sweeps.job_folders import job_runs, run_of
from breakout.sweeps.labels import recipe_overrides, shorten, varying_overrides
from breakout.sweeps.record import load_record
from breakout.sweeps.sources import array_of

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa

    from breakout.sweeps.job_folders import JobRun
    from breakout.sweeps.record import JobEntry


@dataclass(frozen=True)
class Finished:
    """The results of a completed job: its settings, its metrics and its predictions."""

    config: ExperimentConfig
    metrics: RunMetrics
    validation: ValidationMetrics
    predictions: pa.Table


@dataclass(frozen=True)
class JobResult:
    """A job of a sweep, as it ended.

    `entry` is its entry in sweep.json. `words` are the overrides that not every job of the sweep has. `command` is the
    command line that runs the job alone. `run` is its run folder, None if it has not run. `finished` holds its results,
    None unless the job is completed and its files are unchanged.
    """

    entry: JobEntry
    words: tuple[str, ...]
    command: str
    run: JobRun | None
    finished: Finished | None = None

    @property
    def number(self) -> int:
        """The job's number."""
        return self.entry.number

    @property
    def found(self) -> Finished:
        """The results of the job; ValueError if it is not completed."""
        if self.finished is None:
            raise ValueError(f"job {self.number} is not completed")
        return self.finished

    @property
    def state(self) -> str:
        """The state of the job: completed, failed, interrupted, killed, running, damaged, or not run."""
        return "not run" if self.run is None else self.run.state

    @property
    def reason(self) -> str:
        """The reason why the job is not completed."""
        return "the sweep ended before it began" if self.run is None else self.run.message

    @property
    def recipe(self) -> str:
        """`words` without the overrides of window, seed, name, hypothesis, tags and paths."""
        return " ".join(recipe_overrides(self.words))

    @property
    def recipe_label(self) -> str:
        """The recipe with short keys, such as `depth=4` for `model.depth=4`."""
        return shorten(recipe_overrides(self.words))

    @cached_property
    def rows(self) -> str:
        """A digest of the target and of the validation and evaluation rows with their labels."""
        predictions = self.found.predictions
        texts = [predictions[name].to_pylist() for name in ("split", "game_id", "player_lookup")]
        digest = hashlib.sha256("\n".join(map("".join, zip(*texts, strict=True))).encode())
        digest.update(array_of(predictions["is_breakout"]).astype("int8").tobytes())
        digest.update(json.dumps(settings.to_mapping(self.found.config.target), sort_keys=True).encode())
        return digest.hexdigest()[:12]

    def part(self, split: str, column: str) -> np.ndarray:
        """Return game_date, probability or is_breakout of the rows of a split, shape (n,); empty if there are none."""
        return np.asarray(array_of(self.found.predictions[column])[self._splits == split])

    @cached_property
    def _splits(self) -> np.ndarray:
        return np.array(self.found.predictions["split"].to_pylist())


def load_results(folder: Path) -> list[JobResult]:
    """Return every job of a sweep, by number."""
    record, runs = load_record(folder), job_runs(folder)
    warn_without_digests(folder, [run.status for run in runs if run.status is not None])
    words = varying_overrides({entry.number: entry.overrides for entry in record.jobs})
    results = []
    for entry in record.jobs:
        run = run_of(runs, entry.number, entry.fingerprint)
        result = JobResult(entry, words[entry.number], command_of(entry.overrides, record.words), run)
        results.append(_load(result, run) if run is not None and run.state == "completed" else result)
    return results


def _load(result: JobResult, run: JobRun) -> JobResult:
    """Return the result with the content of its completed run, or with a message that names a damaged file."""
    try:
        record = read_run(run.folder)
        metrics = record.metrics
        predictions = record.prediction_columns()
    except DataError as error:
        return replace(result, run=replace(run, damage=str(error)))
    if not isinstance(record.config, ExperimentConfig) or metrics.validation is None:
        return replace(result, run=replace(run, damage=f"{run.folder} is no run of this version of breakout."))
    return replace(result, finished=Finished(record.config, metrics, metrics.validation, predictions))
