"""The sweep's own folder: made once for each sweep, locked while it runs, with sweep.json and a folder for each run.

sweep.json names the jobs, their settings, and the fingerprints of the data and contracts they rest on. What has become
of a job is never written there: its run folder tells.
"""

from __future__ import annotations

import json
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from breakout import settings
from breakout.artifacts import file_lock, load_json, save_json
from breakout.errors import ConfigurationError, DataError
from breakout.runs import STATUS_FILE, RunStatus, read_status, write_status
from breakout.sweeps.events import RUNS_FOLDER, job_facts, record_failure
from breakout.sweeps.job import Identity, Job, identity_of
from breakout.sweeps.planning import SweepPlan

if TYPE_CHECKING:
    from collections.abc import Sequence

    from breakout.sweeps.job import Refusal
    from breakout.sweeps.planning import PlannedJob

RECORD_FILE = "sweep.json"
SCHEMA_VERSION = 1
_LOCK_FILE = ".lock"


@dataclass
class SweepRecord:
    """What a sweep is: the words it was started with, its jobs in the order of their numbers, what they rest on."""

    words: list[str]
    created: str
    jobs: list[dict[str, Any]] = field(default_factory=list)
    data: dict[str, str] = field(default_factory=dict)
    contracts: dict[str, str] = field(default_factory=dict)

    def save(self, folder: Path) -> None:
        """Write sweep.json."""
        save_json({"schema_version": SCHEMA_VERSION, **self.__dict__}, folder / RECORD_FILE)

    def number(self, plan: SweepPlan) -> SweepPlan:
        """The same plan with each job's number: the old one of a job that is known, else the next."""
        known = {_identity(job): int(job["number"]) for job in self.jobs}
        found: list[Job | Refusal] = [planned.job for group in plan.groups for planned in group.jobs]
        for job in sorted([*found, *plan.refused], key=_order):
            known.setdefault(job.identity, len(known))
        groups = tuple(
            replace(group, jobs=tuple(_numbered(planned, known) for planned in group.jobs)) for group in plan.groups
        )
        refused = tuple(replace(refusal, number=known[refusal.identity]) for refusal in plan.refused)
        return replace(plan, groups=groups, refused=refused)

    def add(self, plan: SweepPlan) -> None:
        """Take up the jobs of a numbered plan that are not known yet."""
        known = {_identity(job) for job in self.jobs}
        found = [*map(_job_entry, plan.jobs), *map(_refusal_entry, plan.refused)]
        self.jobs += [entry for entry in found if _identity(entry) not in known]
        self.jobs.sort(key=lambda entry: int(entry["number"]))
        for planned in plan.jobs:
            self.data[_source_key(planned)] = planned.plan.warehouse.fingerprint()
            self.contracts[_problem_key(planned)] = planned.plan.contract.fingerprint

    def entry(self, number: int) -> dict[str, Any]:
        """What is known of a job."""
        return next(entry for entry in self.jobs if entry["number"] == number)

    def check_one_metric(self, plan: SweepPlan) -> None:
        """Raise ConfigurationError if jobs, old and new, are to be ranked by several metrics."""
        known = [entry["settings"].get("optimized_metric") for entry in self.jobs]
        named = dict.fromkeys([*known, *(planned.job.config.optimized_metric for planned in plan.jobs)])
        metrics = [name for name in named if name]
        if len(metrics) > 1:
            raise ConfigurationError(
                f"a sweep is ranked by one optimized_metric, its jobs name {' and '.join(metrics)}; give one of them."
            )

    def check_same_ground(self, plan: SweepPlan, folder: Path) -> None:
        """Raise DataError if the data or a contract is another one than when the sweep began."""
        for planned in plan.jobs:
            data, contract = planned.plan.warehouse.fingerprint(), planned.plan.contract.fingerprint
            if self.data.get(_source_key(planned), data) != data:
                raise DataError(
                    f"the data of {planned.plan.warehouse.describe()} changed since {folder} began: "
                    "its jobs would not be comparable; start a new sweep by leaving out resume=."
                )
            if self.contracts.get(_problem_key(planned), contract) != contract:
                raise DataError(
                    f"the contract of the features changed since {folder} began: "
                    "its jobs would not be comparable; start a new sweep by leaving out resume=."
                )


@dataclass(frozen=True)
class JobRun:
    """A run folder of a job, and its status told truly."""

    folder: Path
    status: RunStatus

    @property
    def state(self) -> str:
        """completed, failed, interrupted, killed or running."""
        return self.status.state


def job_runs(folder: Path) -> dict[int, JobRun]:
    """The run of each job by its number: the completed one if there is one, else the latest."""
    found: dict[int, JobRun] = {}
    for path in sorted((folder / RUNS_FOLDER).glob(f"*/{STATUS_FILE}")):
        run = JobRun(path.parent, read_status(path.parent))
        number = run.status.job
        if number is not None and (number not in found or found[number].state != "completed"):
            found[number] = run
    return found


def settle(folder: Path, entry: dict[str, Any], sentence: str) -> None:
    """Write into the status.json of a job whose process died how it ended; a job without one is given it."""
    was_there = False
    for path in (folder / RUNS_FOLDER).glob(f"*/{STATUS_FILE}"):
        status = read_status(path.parent)
        if status.job == entry["number"] and status.state in ("running", "killed") and status.finished is None:
            was_there = True
            ended = msgspec.structs.replace(status, state="killed", error=sentence, finished=datetime.now(UTC))
            write_status(ended, path.parent)
    if not was_there:
        record_failure(folder, entry["settings"], job_facts(entry["number"], entry["overrides"]), DataError(sentence))


def new_folder(wanted: Path) -> Path:
    """A folder that did not exist before: the wanted one, or with a number behind it."""
    candidate, tries = wanted, 1
    while True:
        try:
            wanted.parent.mkdir(parents=True, exist_ok=True)
            candidate.mkdir()
        except FileExistsError:
            tries += 1
            candidate = wanted.with_name(f"{wanted.name}-{tries}")
        except OSError as error:
            raise DataError(f"{candidate} cannot be made ({error.strerror}); choose paths.outputs=DIR.") from error
        else:
            return candidate


def load_record(folder: Path) -> SweepRecord:
    """sweep.json of a sweep; a DataError or ConfigurationError says what the folder lacks."""
    if not (folder / RECORD_FILE).is_file():
        raise ConfigurationError(f"{folder} is no sweep: it holds no {RECORD_FILE}; give the folder of a sweep.")
    record = load_json(folder / RECORD_FILE)
    if record.pop("schema_version", None) != SCHEMA_VERSION:
        raise DataError(f"{folder / RECORD_FILE} was written by another version of breakout.")
    try:
        return SweepRecord(**record)
    except TypeError as error:
        raise DataError(f"{folder / RECORD_FILE} is damaged: {error}.") from error


def new_record(words: Sequence[str]) -> SweepRecord:
    """The record of a sweep that begins now."""
    return SweepRecord(list(words), _now())


def locked(folder: Path) -> AbstractContextManager[None]:
    """Hold a sweep's folder; ConfigurationError if another process does."""

    def refuse() -> None:
        raise ConfigurationError(f"{folder} is still running in another process: wait for it, or end it.")

    return file_lock(folder / _LOCK_FILE, on_wait=refuse)


def _order(job: Job | Refusal) -> tuple[int, str]:
    """As the sweeper made them; of a walk forward in jobs of their own, by date."""
    mapping = settings.to_mapping(job.config) if isinstance(job, Job) else job.mapping
    window = mapping.get("window")
    return job.origin, str(window.get("train_end", "")) if isinstance(window, dict) else ""


def _numbered(planned: PlannedJob, numbers: dict[Identity, int]) -> PlannedJob:
    return replace(planned, job=replace(planned.job, number=numbers[planned.job.identity]))


def _identity(entry: dict[str, Any]) -> Identity:
    return identity_of(entry["fingerprint"], entry["settings"])


def _job_entry(planned: PlannedJob) -> dict[str, Any]:
    return {
        "number": planned.job.number,
        "fingerprint": planned.job.fingerprint,
        "overrides": list(planned.job.overrides),
        "settings": settings.to_mapping(planned.job.config),
        "window": _window(planned),
    }


def _refusal_entry(refusal: Refusal) -> dict[str, Any]:
    return {
        "number": refusal.number,
        "fingerprint": refusal.fingerprint,
        "overrides": list(refusal.overrides),
        "settings": refusal.mapping,
        "window": "",
    }


def _window(planned: PlannedJob) -> str:
    """What the job's window is called: the word it was chosen by, or the dates that are evaluated."""
    chosen = [word for word in planned.job.overrides if word.startswith("window")]
    if len(chosen) == 1 and chosen[0].startswith("window="):
        return chosen[0].removeprefix("window=")
    folds, split = planned.plan.folds, planned.plan.split
    if folds:
        return f"{folds[0].evaluation.start}..{folds[-1].evaluation.end}"
    return str(split.evaluation or split.train)


def _source_key(planned: PlannedJob) -> str:
    return json.dumps(settings.to_mapping(planned.job.config.warehouse), sort_keys=True)


def _problem_key(planned: PlannedJob) -> str:
    config = planned.job.config
    return json.dumps([config.features.names, settings.to_mapping(config.target)], sort_keys=True)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")
