"""The folder of a sweep, which contains sweep.json and a folder for each run.

The folder is locked while the sweep runs. sweep.json holds the jobs with their settings, and fingerprints of the data
and of the definitions of features and label. How a job ended is recorded in its run folder only.
"""

from __future__ import annotations

import json
from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from breakout import settings
from breakout.artifacts import file_lock, load_sealed, remove_incomplete, save_sealed
from breakout.errors import ConfigurationError, DataError, system_sentence
from breakout.runs import write_status
from breakout.runs.names import SWEEP_RECORD, SWEEPS
from breakout.safe_text import mask_secrets
from breakout.sweeps.job import Identity, Job, identity_of
from breakout.sweeps.job_folders import job_facts, job_runs, record_failure, run_of
from breakout.sweeps.plan import SweepPlan

if TYPE_CHECKING:
    from collections.abc import Sequence

    from breakout.sweeps.job import Refusal
    from breakout.sweeps.plan import PlannedJob

SCHEMA_VERSION = 1
_LOCK_FILE = ".lock"


class JobEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A job in sweep.json.

    - `settings`: the composed settings, or the overrides if Hydra cannot compose them.
    - `window`: the value of the override `window`, or dates such as 2024-01-01..2024-06-30; "" if the job cannot start.
    """

    number: int
    fingerprint: str
    overrides: tuple[str, ...]
    settings: dict[str, Any]
    window: str

    @property
    def identity(self) -> Identity:
        """The texts from `identity_of` by which a sweep recognizes equal jobs."""
        return identity_of(self.fingerprint, self.settings)

    @property
    def optimized_metric(self) -> str | None:
        """The name of the metric by which the job is ranked; None if the settings could not be composed."""
        return self.settings.get("optimized_metric")


class SweepRecord(msgspec.Struct, kw_only=True):
    """The content of sweep.json.

    - `overrides`: the overrides of the sweep, under the key `words` in the file.
    - `data`: fingerprints of the data. A key contains a warehouse's settings and whether injury reports are read.
    - `contracts`: fingerprints of the definitions of features and label. A key contains the features and the target.
    """

    overrides: list[str] = msgspec.field(name="words")
    created: str
    jobs: list[JobEntry] = []
    data: dict[str, str] = {}
    contracts: dict[str, str] = {}
    schema_version: int = SCHEMA_VERSION

    def save(self, folder: Path) -> None:
        """Write sweep.json into `folder`, with masked secrets; DataError if the file cannot be written."""
        masked = list(map(mask_secrets, self.overrides))
        save_sealed(msgspec.structs.replace(self, overrides=masked), folder / SWEEP_RECORD)

    def number(self, plan: SweepPlan) -> SweepPlan:
        """Return the plan with a number for each job.

        A job whose `identity` is in the record gets the number recorded there. Each new `identity` gets the next free
        number, and all jobs with this `identity` share the number.
        """
        numbers = {entry.identity: entry.number for entry in self.jobs}
        found: list[Job | Refusal] = [*(planned.job for planned in plan.jobs), *plan.refused]
        for job in sorted(found, key=_order):
            numbers.setdefault(job.identity, len(numbers))
        groups = tuple(
            replace(group, jobs=tuple(_numbered(planned, numbers) for planned in group.jobs)) for group in plan.groups
        )
        refused = tuple(replace(refusal, number=numbers[refusal.identity]) for refusal in plan.refused)
        return replace(plan, groups=groups, refused=refused)

    def add(self, plan: SweepPlan) -> None:
        """Add the new jobs of a plan to the record, and their fingerprints to the fields `data` and `contracts`.

        The jobs must have numbers from the method `number`.
        """
        known = {entry.identity for entry in self.jobs}
        found = [_entry(planned.job, _window(planned)) for planned in plan.jobs]
        found += [_entry(refusal, "") for refusal in plan.refused]
        self.jobs += [entry for entry in found if entry.identity not in known]
        self.jobs.sort(key=lambda entry: entry.number)
        for planned in plan.jobs:
            self.data[_data_key(planned)] = _data_fingerprint(planned)
            self.contracts[_contract_key(planned)] = planned.plan.contract.fingerprint

    def entry(self, number: int) -> JobEntry:
        """Return the job with this number; StopIteration if the record has no such job."""
        return next(entry for entry in self.jobs if entry.number == number)

    def check_one_metric(self, plan: SweepPlan) -> None:
        """Raise ConfigurationError if the jobs of the record and of the plan differ in `optimized_metric`."""
        known = [entry.optimized_metric for entry in self.jobs]
        named = dict.fromkeys([*known, *(planned.job.config.optimized_metric for planned in plan.jobs)])
        metrics = [name for name in named if name]
        if len(metrics) > 1:
            raise ConfigurationError(
                f"a sweep is ranked by one optimized_metric, its jobs name {' and '.join(metrics)}; give one of them."
            )

    def check_unchanged(self, plan: SweepPlan, folder: Path) -> None:
        """Raise DataError if data or definitions of features or label changed since the sweep in `folder` began."""
        for planned in plan.jobs:
            data, contract = _data_fingerprint(planned), planned.plan.contract.fingerprint
            if self.data.get(_data_key(planned), data) != data:
                raise _changed(f"the data of {planned.plan.warehouse.describe()}", folder)
            if self.contracts.get(_contract_key(planned), contract) != contract:
                raise _changed("the contract of the features", folder)


def new_folder(wanted: Path) -> Path:
    """Create the folder `wanted`, or `wanted-2`, `wanted-3`, ... if `wanted` exists, and return its path.

    DataError if the folder cannot be created.
    """
    candidate, tries = wanted, 1
    while True:
        try:
            wanted.parent.mkdir(parents=True, exist_ok=True)
            candidate.mkdir()
        except FileExistsError:
            tries += 1
            candidate = wanted.with_name(f"{wanted.name}-{tries}")
        except OSError as error:
            remedy = "choose paths.outputs=DIR"
            raise DataError(system_sentence(f"{candidate} cannot be made", error, remedy)) from error
        else:
            return candidate


def load_sweep_record(folder: Path) -> SweepRecord:
    """Read sweep.json of a sweep's folder.

    ConfigurationError if the file is missing. DataError if the file is damaged, was edited, or was written by another
    version of breakout.
    """
    path = folder / SWEEP_RECORD
    if not path.is_file():
        raise ConfigurationError(f"{folder} is no sweep: it holds no {SWEEP_RECORD}; give the folder of a sweep.")
    record = load_sealed(path, SweepRecord)
    if record.schema_version != SCHEMA_VERSION:
        raise DataError(f"{path} was written by another version of breakout.")
    return record


def new_record(overrides: Sequence[str]) -> SweepRecord:
    """Return the record of a sweep that starts now and has no jobs yet."""
    return SweepRecord(overrides=list(overrides), created=datetime.now(UTC).isoformat(timespec="microseconds"))


def locked(folder: Path) -> AbstractContextManager[None]:
    """Lock a sweep's folder during a `with` block.

    ConfigurationError if another process has locked the folder. DataError if the lock file cannot be created.
    """

    def refuse() -> None:
        raise ConfigurationError(f"{folder} is still running in another process: wait for it, or end it.")

    return file_lock(folder / _LOCK_FILE, on_wait=refuse)


def clear_incomplete(folder: Path) -> list[Path]:
    """Remove temporary files and folders that killed jobs left in a sweep's folder; return the removed paths.

    While a job still runs, only the run folders of the other jobs are cleared. DataError if a file cannot be removed.
    """
    runs = job_runs(folder)
    if not any(run.state == "running" for run in runs):
        return remove_incomplete(folder)
    return [path for run in runs if run.state != "running" for path in remove_incomplete(run.folder)]


def clear_idle_sweeps(outputs: Path) -> list[Path]:
    """Remove temporary files and folders from the sweeps below `outputs`; return the removed paths.

    A sweep that is running is left unchanged. DataError if a file cannot be removed.
    """
    removed = []
    for path in sorted((outputs / SWEEPS).glob(f"*/{SWEEP_RECORD}")):
        with suppress(ConfigurationError), locked(path.parent):
            removed += clear_incomplete(path.parent)
    return removed


def record_death(folder: Path, entry: JobEntry, message: str) -> None:
    """Record `message` as the error of a job whose process died.

    The message goes into the job's status.json if this file still says "running". Otherwise a new run folder is made
    for the message. DataError if status.json cannot be written.
    """
    run = run_of(job_runs(folder), entry.number, entry.fingerprint)
    if run is not None and run.status is not None and run.state == "killed" and run.status.finished is None:
        ended = msgspec.structs.replace(run.status, error=message, finished=datetime.now(UTC))
        write_status(ended, run.folder)
    else:
        record_failure(folder, entry.settings, job_facts(entry.number, entry.overrides), DataError(message))


def _order(job: Job | Refusal) -> tuple[int, str]:
    """Return a sort key: the number that Hydra's sweeper gave the job, then the end of the job's training dates.

    Several jobs have the same number from the sweeper if they are folds of one walk forward.
    """
    window = job.mapping.get("window")
    return job.origin, str(window.get("train_end", "")) if isinstance(window, dict) else ""


def _numbered(planned: PlannedJob, numbers: dict[Identity, int]) -> PlannedJob:
    return replace(planned, job=replace(planned.job, number=numbers[planned.job.identity]))


def _entry(job: Job | Refusal, window: str) -> JobEntry:
    return JobEntry(
        number=job.number,
        fingerprint=job.fingerprint,
        overrides=tuple(map(mask_secrets, job.overrides)),
        settings=settings.to_saved(job.mapping),
        window=window,
    )


def _window(planned: PlannedJob) -> str:
    """Return the name of the job's window.

    - OPTION if `window=OPTION` is the only override of the window.
    - Otherwise the dates of evaluation, or the dates of training for a job that only trains.
    """
    chosen = [override for override in planned.job.overrides if override.startswith("window")]
    if len(chosen) == 1 and chosen[0].startswith("window="):
        return chosen[0].removeprefix("window=")
    folds, split = planned.plan.folds, planned.plan.split
    if folds:
        return f"{folds[0].evaluation.start}..{folds[-1].evaluation.end}"
    return str(split.evaluation or split.train)


def _data_fingerprint(planned: PlannedJob) -> str:
    return planned.plan.warehouse.fingerprint(has_reports=planned.plan.contract.has_reports)


def _data_key(planned: PlannedJob) -> str:
    warehouse = json.dumps(settings.to_saved(planned.job.config)["warehouse"], sort_keys=True)
    return f"{warehouse} with injury reports" if planned.plan.contract.has_reports else warehouse


def _contract_key(planned: PlannedJob) -> str:
    """Return the features, the target and the user's own feature definitions of a job as JSON text."""
    config = planned.job.config
    own = [settings.to_mapping(definition) for definition in config.features.definitions]
    return json.dumps([config.features.names, settings.to_mapping(config.target), *own], sort_keys=True)


def _changed(what: str, folder: Path) -> DataError:
    return DataError(
        f"{what} changed since {folder} began: "
        "its jobs would not be comparable; start a new sweep by leaving out resume=."
    )
