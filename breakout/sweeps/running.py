"""One group of jobs, carried out in one process: its jobs in, a run folder for each and a word on each out.

A job that fails leaves its folder with the traceback in run.log and the sentence in status.json, and the next begins.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from breakout.artifacts import load_json
from breakout.errors import BreakoutError
from breakout.experiment.drift import check_drift
from breakout.runs import open_run
from breakout.sweeps.shared_fits import SharedFits
from breakout.training import train

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from breakout.sweeps.planning import Group, PlannedJob

RUNS_FOLDER = "runs"


@dataclass(frozen=True)
class Event:
    """A word on a job: it started, completed with a value of the optimized metric, or failed with a sentence.

    A job whose process died could not write down itself how it ended.
    """

    kind: Literal["started", "completed", "failed"]
    number: int
    sentence: str = ""
    value: float | None = None
    is_death: bool = False


def run_group(group: Group, folder: Path, tell: Callable[[Event], None]) -> None:
    """Run the jobs of a group one after another in the sweep's folder."""
    fits = SharedFits(group.iterations)
    for planned in group.jobs:
        tell(Event("started", planned.job.number))
        try:
            value = run_job(planned, folder, fits)
        except Exception as error:  # noqa: BLE001  (one job's failure is that job's alone)
            tell(Event("failed", planned.job.number, sentence_of(error)))
        else:
            tell(Event("completed", planned.job.number, value=value))


def run_job(planned: PlannedJob, folder: Path, fits: SharedFits) -> float | None:
    """Run one job; the optimized metric on its validation part."""
    job = planned.job
    facts = job_facts(job.number, job.overrides)
    run = train(planned.plan, folder / RUNS_FOLDER, fits.fit, facts)
    check_drift(job.config.distributions, run)
    return metric_of(run, job.config.optimized_metric)


def job_facts(number: int, overrides: Sequence[str]) -> dict[str, Any]:
    """What status.json tells of a job beside what it tells of any run."""
    return {"job": number, "overrides": list(overrides)}


def metric_of(run: Path, metric: str) -> float | None:
    """A metric on the validation part of a finished run, never on its evaluation window."""
    value = load_json(run / "metrics.json")["validation"]["metrics"][metric]
    return None if value is None else float(value)


def record_failure(folder: Path, mapping: dict[str, Any], facts: dict[str, Any], error: Exception) -> None:
    """A run folder for a job that was never begun: status.json, settings and a log, as for any that failed."""
    with suppress(type(error)), open_run(folder / RUNS_FOLDER, mapping, "train", facts=facts):
        raise error


def sentence_of(error: BaseException) -> str:
    """What happened, as status.json says it."""
    if isinstance(error, BreakoutError):
        return str(error)
    told = " ".join(str(error).strip().partition("\n\n")[0].split())  # what follows is advice to programmers
    return f"{type(error).__name__}: {told}"
