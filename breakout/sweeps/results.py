"""The results of a sweep's jobs, read from sweep.json and the run folders."""

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
from breakout.sweeps.labels import shorten, variant_overrides, varying_overrides
from breakout.sweeps.record import load_sweep_record
from breakout.sweeps.shared_rows import array_of

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa

    from breakout.sweeps.job_folders import JobRun
    from breakout.sweeps.record import JobEntry


@dataclass(frozen=True)
class JobResult:
    """The result of a job of a sweep, in any state.

    - `entry`: the job's entry in sweep.json.
    - `varying`: the job's overrides except those that all jobs of the sweep have.
    - `command`: the command line that runs the job alone.
    - `run`: the job's run folder, None if the job has not run.
    """

    entry: JobEntry
    varying: tuple[str, ...]
    command: str
    run: JobRun | None

    @property
    def number(self) -> int:
        return self.entry.number

    @property
    def run_path(self) -> str | None:
        return None if self.run is None else str(self.run.folder)

    @property
    def state(self) -> str:
        """The state of the job: completed, failed, interrupted, killed, running, damaged, or not run."""
        return "not run" if self.run is None else self.run.state

    @property
    def reason(self) -> str:
        """Why the job is not completed: it has not run, it has not ended, or the message of its failure."""
        return "the sweep ended before it began" if self.run is None else self.run.message


@dataclass(frozen=True)
class CompletedJob(JobResult):
    """A completed job whose files are unchanged, with its settings, metrics and predictions.

    - `validation`: the metrics on the validation rows (the latest training rows).
    - `drifted`: the features that drifted; empty unless `distributions.fail_on_drift` is true.
    """

    config: ExperimentConfig
    metrics: RunMetrics
    validation: ValidationMetrics
    predictions: pa.Table
    drifted: tuple[str, ...]

    @property
    def variant(self) -> str:
        """The overrides that define the job's variant, as one text.

        These are the overrides in `varying`, except window, seed, name, hypothesis, tags and paths.
        """
        return " ".join(variant_overrides(self.varying))

    @property
    def variant_label(self) -> str:
        """The text of `variant` with keys and numbers shortened as in `shorten`."""
        return shorten(variant_overrides(self.varying))

    @cached_property
    def rows_fingerprint(self) -> str:
        """A fingerprint (12 hex digits) of the target, the validation and evaluation rows, and their labels.

        Only jobs with equal fingerprints are comparable.
        """
        texts = [self.predictions[name].to_pylist() for name in ("split", "game_id", "player_lookup")]
        digest = hashlib.sha256("\n".join(map("".join, zip(*texts, strict=True))).encode())
        digest.update(array_of(self.predictions["is_breakout"]).astype("int8").tobytes())
        digest.update(json.dumps(settings.to_mapping(self.config.target), sort_keys=True).encode())
        return digest.hexdigest()[:12]

    def part(self, split: str, column: str) -> np.ndarray:
        """Return a column of the predictions for the rows of a split, shape (n,); empty if the split has no rows.

        `split` is validation or evaluation. `column` is game_date, probability or is_breakout.
        """
        return np.asarray(array_of(self.predictions[column])[self._splits == split])

    @cached_property
    def _splits(self) -> np.ndarray:
        return np.array(self.predictions["split"].to_pylist())


def load_results(folder: Path) -> list[JobResult]:
    """Return the results of all jobs of a sweep, sorted by number.

    A completed job is returned as `CompletedJob`. ConfigurationError if the folder has no sweep.json. DataError if
    sweep.json is damaged or was written by another version of breakout.
    """
    record, runs = load_sweep_record(folder), job_runs(folder)
    warn_without_digests(folder, [run.status for run in runs if run.status is not None])
    varying = varying_overrides({entry.number: entry.overrides for entry in record.jobs})
    results = []
    for entry in record.jobs:
        run = run_of(runs, entry.number, entry.fingerprint)
        result = JobResult(entry, varying[entry.number], command_of(entry.overrides, record.overrides), run)
        results.append(_load_completed(result, run) if run is not None and run.state == "completed" else result)
    return results


def _load_completed(result: JobResult, run: JobRun) -> JobResult:
    """Return the job as `CompletedJob`, with the content of its run folder.

    If a file is damaged or comes from another version of breakout, return a `JobResult` with the state "damaged".
    """
    try:
        record = read_run(run.folder)
        metrics = record.metrics
        predictions = record.prediction_columns()
        distributions = record.distributions
    except DataError as error:
        return replace(result, run=replace(run, damage=str(error)))
    if not isinstance(record.config, ExperimentConfig) or metrics.validation is None:
        return replace(result, run=replace(run, damage=f"{run.folder} is no run of this version of breakout."))
    has_gate = record.config.distributions.fail_on_drift
    return CompletedJob(
        entry=result.entry,
        varying=result.varying,
        command=result.command,
        run=run,
        config=record.config,
        metrics=metrics,
        validation=metrics.validation,
        predictions=predictions,
        drifted=distributions.drifted if has_gate and distributions is not None else (),
    )
