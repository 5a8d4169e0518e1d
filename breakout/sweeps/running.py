"""One group of jobs, carried out in one process: its jobs in, a run folder for each and a word on each out.

A job that fails leaves its folder with the traceback in run.log and the sentence in status.json, and the next begins.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from breakout.experiment.drift import check_drift
from breakout.experiment.shared_work import SharedWork
from breakout.sweeps.events import RUNS_FOLDER, Event, job_facts, metric_of, sentence_of
from breakout.training import train

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from breakout.sweeps.planning import Group, PlannedJob


def run_group(group: Group, folder: Path, tell: Callable[[Event], None]) -> None:
    """Run the jobs of a group one after another in the sweep's folder."""
    work = SharedWork()
    work.begin_group(None, group.iterations)
    for planned in group.jobs:
        tell(Event("started", planned.job.number))
        try:
            value = run_job(planned, folder, work)
        except Exception as error:  # noqa: BLE001  (one job's failure is that job's alone)
            tell(Event("failed", planned.job.number, sentence_of(error)))
        else:
            tell(Event("completed", planned.job.number, value=value))


def run_job(planned: PlannedJob, folder: Path, work: SharedWork) -> float | None:
    """Run one job; the optimized metric on its validation part."""
    job = planned.job
    facts = job_facts(job.number, job.overrides)
    run = train(planned.plan, folder / RUNS_FOLDER, work, facts).folder
    check_drift(job.config.distributions, run)
    return metric_of(run, job.config.optimized_metric)
