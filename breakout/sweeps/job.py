"""The jobs of a sweep: their settings, their identity, and the events that they cause."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from breakout import settings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from breakout.settings import ExperimentConfig


@dataclass(frozen=True)
class JobEvent:
    """A change in the state of a job: it started, completed or failed.

    - `number`: the job's number in the sweep.
    - `message`: the reason of a failure.
    - `value`: the optimized metric on the validation rows (the latest training rows). None if the metric is undefined.
    - `validated_on`: the number of validation rows, and their first and last game date. Values on different rows are
      not comparable.
    - `is_death`: whether the job failed without recording this in status.json, for example because its process died.

    `value` and `validated_on` are None if the job did not complete or has no validation rows.
    """

    kind: Literal["started", "completed", "failed"]
    number: int
    message: str = ""
    value: float | None = None
    validated_on: tuple[int, str, str] | None = None
    is_death: bool = False


Identity: TypeAlias = tuple[str, str]


@dataclass(frozen=True)
class Job:
    """One run of a sweep.

    - `origin`: the number that Hydra's sweeper gave the job. If `window.fold_jobs` is true, each fold of a walk forward
      is a job, and these jobs have the same origin.
    - `number`: the job's number in the sweep's folder, -1 until `SweepRecord.number` assigns one.
    """

    origin: int
    overrides: tuple[str, ...]
    config: ExperimentConfig
    number: int = -1

    @cached_property
    def fingerprint(self) -> str:
        return settings.fingerprint(self.config)

    @property
    def mapping(self) -> dict[str, Any]:
        """The job's settings as nested dicts, with dates as texts.

        A value from an environment variable is the text of its reference, such as `${oc.env:TOKEN}`.
        """
        return settings.to_mapping(self.config)

    @property
    def identity(self) -> Identity:
        """The texts from `identity_of` by which a sweep recognizes equal jobs."""
        return identity_of(self.fingerprint, self.mapping)


@dataclass(frozen=True)
class Refusal:
    """A job that cannot start, and the error that says why.

    - `origin`: the number that Hydra's sweeper gave the job.
    - `mapping`: the job's settings, or its overrides if Hydra cannot compose them.
    - `number`: the job's number in the sweep's folder, -1 until `SweepRecord.number` assigns one.
    """

    origin: int
    overrides: tuple[str, ...]
    mapping: dict[str, Any]
    error: Exception
    number: int = -1

    @cached_property
    def fingerprint(self) -> str:
        """The fingerprint of the settings or overrides in `mapping`."""
        return settings.fingerprint(self.mapping)

    @property
    def identity(self) -> Identity:
        """The texts from `identity_of` by which a sweep recognizes equal jobs."""
        return identity_of(self.fingerprint, self.mapping)


def identity_of(fingerprint: str, mapping: Mapping[str, Any]) -> Identity:
    """Return the fingerprint of a job's settings, and as JSON text further settings that the fingerprint leaves out.

    These are the name, the hypothesis, the tags, and the prices with which the market is computed, if there are any. A
    sweep treats jobs with equal identities as one job.
    """
    own = [mapping.get(key) for key in ("name", "hypothesis", "tags")]
    prices = mapping.get("prices")
    if isinstance(prices, dict) and (prices.get("file") or prices.get("table")):
        own.append([prices.get(key) for key in ("file", "table", "odds", "margin")])
    return fingerprint, json.dumps(own)


def refuse(job: Job, error: Exception) -> Refusal:
    """Return the refusal of `job`, which cannot start because of this error."""
    return Refusal(job.origin, job.overrides, job.mapping, error, job.number)


# Overrides with these beginnings choose how the sweep runs. The command of a single job does not contain them, except
# the search path: it names folders of YAML files, which the single job needs too.
_SEARCH_PATH = "hydra.searchpath="
_SWEEP_KEYS = ("sweep.", "resume=", "dry_run=", "fail_fast=", "workers=", "hydra.", "hydra/")


def job_overrides(overrides: Sequence[str]) -> tuple[str, ...]:
    """Return the overrides of a job without those that choose how the sweep runs, such as `workers=2`.

    An override of `hydra.searchpath` stays, because it names the folders of the job's YAML files.
    """
    return tuple(
        override
        for override in overrides
        if override.startswith(_SEARCH_PATH) or not override.lstrip("+~").startswith(_SWEEP_KEYS)
    )


def command_of(overrides: Sequence[str], sweep_overrides: Sequence[str] = ()) -> str:
    """Return the command line that runs a job alone.

    Overrides that choose how a sweep runs, such as `workers=2`, are left out. Of `sweep_overrides`, the overrides of
    the whole sweep, the command contains only `hydra.searchpath`.
    """
    search_path = [override for override in sweep_overrides if override.startswith(_SEARCH_PATH)]
    arguments = [*search_path, *job_overrides(overrides)]
    if any(override.startswith("sweep=") for override in arguments):
        arguments.append("hydra.mode=RUN")  # Otherwise `sweep=OPTION` would start a sweep.
    return shlex.join(["breakout", *arguments])
