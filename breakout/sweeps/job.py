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
    """A change in the state of a job: it started, completed with a value of the optimized metric, or failed.

    `number` is the job's number in the sweep. `message` is the reason of a failure. `value` is None if the metric is
    undefined. `validated_on` is the number of validation rows and their first and last game date; values of different
    validation rows are not comparable. `is_death` is true if the job did not write its end into a status.json, for
    example because its process died.
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

    `origin` is the number of the sweeper's job from which this job was made; a walk forward with `fold_jobs` makes
    several jobs of one origin. `number` is the job's number in the sweep's folder, -1 until `SweepRecord.number`
    numbers the job.
    """

    origin: int
    overrides: tuple[str, ...]
    config: ExperimentConfig
    number: int = -1

    @cached_property
    def fingerprint(self) -> str:
        """The fingerprint of the settings."""
        return settings.fingerprint(self.config)

    @property
    def mapping(self) -> dict[str, Any]:
        """The settings as nested dicts, as `settings.to_mapping` returns them."""
        return settings.to_mapping(self.config)

    @property
    def identity(self) -> Identity:
        """The identity of the job. Jobs with equal identities are one job, which runs once."""
        return identity_of(self.fingerprint, self.mapping)


@dataclass(frozen=True)
class Refusal:
    """A job that cannot start, and the error that says why.

    `mapping` holds the job's settings, or its overrides if Hydra cannot compose them. `origin` and `number` are those
    of a `Job`.
    """

    origin: int
    overrides: tuple[str, ...]
    mapping: dict[str, Any]
    error: Exception
    number: int = -1

    @cached_property
    def fingerprint(self) -> str:
        """The fingerprint of `mapping`."""
        return settings.fingerprint(self.mapping)

    @property
    def identity(self) -> Identity:
        """The identity of the job. Jobs with equal identities are one job."""
        return identity_of(self.fingerprint, self.mapping)


def identity_of(fingerprint: str, mapping: Mapping[str, Any]) -> Identity:
    """Return the identity of a job: its fingerprint, and its name, hypothesis and tags, which the fingerprint omits."""
    return fingerprint, json.dumps([mapping.get(key) for key in ("name", "hypothesis", "tags")])


def refuse(job: Job, error: Exception) -> Refusal:
    """Return the refusal of a job for this error."""
    return Refusal(job.origin, job.overrides, job.mapping, error, job.number)


# Overrides that begin with a text of `_SWEEP_KEYS` choose how a sweep runs, and are no part of a job's command. An
# override that begins with `_SEARCH_PATH` is part of the command: it names the folders of the job's YAML files.
_SEARCH_PATH = "hydra.searchpath="
_SWEEP_KEYS = ("sweep.", "resume=", "dry_run=", "fail_fast=", "workers=", "hydra.", "hydra/")


def job_overrides(overrides: Sequence[str]) -> tuple[str, ...]:
    """Return the overrides of a job without those that choose how a sweep runs."""
    return tuple(
        override
        for override in overrides
        if override.startswith(_SEARCH_PATH) or not override.lstrip("+~").startswith(_SWEEP_KEYS)
    )


def command_of(overrides: Sequence[str], sweep_overrides: Sequence[str] = ()) -> str:
    """Return the command that runs a job alone; `sweep_overrides` are the overrides of its sweep."""
    search_path = [override for override in sweep_overrides if override.startswith(_SEARCH_PATH)]
    arguments = [*search_path, *job_overrides(overrides)]
    if any(override.startswith("sweep=") for override in arguments):
        arguments.append("hydra.mode=RUN")  # without it the file of `conf/sweep` would start a sweep
    return shlex.join(["breakout", *arguments])
