"""The finished jobs of a sweep, read back from their folders: sweep.json and run folders in, one result a job out."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from breakout.artifacts import load_json, load_parquet
from breakout.errors import DataError
from breakout.sweeps.progress import varying_words
from breakout.sweeps.record import job_runs, load_record

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from breakout.sweeps.record import JobRun

# Settings that do not make another recipe: where it is judged, and chance.
_NOT_RECIPE = ("window", "seed", "name", "hypothesis", "tags", "paths")


@dataclass(frozen=True)
class JobResult:
    """One job: its entry in sweep.json, the words that tell it from the others, and what it left."""

    entry: dict[str, Any]
    words: str
    run: JobRun | None
    metrics: dict[str, Any] | None = None
    predictions: pd.DataFrame | None = None
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
        return str(self.run.status.get("error") or "it has not ended")

    @property
    def settings(self) -> dict[str, Any]:
        """Its settings as far as they could be composed."""
        found: dict[str, Any] = self.entry["settings"]
        return found

    @property
    def recipe(self) -> str:
        """Its words without those that say where it is judged, and without its seed."""
        kept = [word for word in self.words.split() if not word.lstrip("+").startswith(_NOT_RECIPE)]
        return " ".join(kept)

    @cached_property
    def rows(self) -> str:
        """A digest of the games and labels that it was validated and evaluated on."""
        if self.predictions is None:
            return ""
        frame = self.predictions
        digest = hashlib.sha256("\n".join(frame["split"] + frame["game_id"] + frame["player_lookup"]).encode())
        digest.update(frame["is_breakout"].to_numpy(dtype="int8").tobytes())
        return digest.hexdigest()[:12]

    def part(self, split: str) -> pd.DataFrame:
        """The predictions of one part; empty if there is none."""
        if self.predictions is None:
            raise ValueError(f"job {self.number} left no predictions")
        return self.predictions[self.predictions["split"] == split]


def load_results(folder: Path) -> list[JobResult]:
    """Every job of a sweep, by number."""
    record, runs = load_record(folder), job_runs(folder)
    words = varying_words({int(job["number"]): job["overrides"] for job in record.jobs})
    return [_load(entry, words[int(entry["number"])], runs.get(entry["fingerprint"])) for entry in record.jobs]


def _load(entry: dict[str, Any], words: str, run: JobRun | None) -> JobResult:
    if run is None or run.state != "completed":
        return JobResult(entry, words, run)
    try:
        metrics, predictions = load_json(run.folder / "metrics.json"), load_parquet(run.folder / "predictions.parquet")
    except DataError as error:
        return JobResult(entry, words, run, damage=str(error))
    return JobResult(entry, words, run, metrics, predictions)
