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

    `number` is the job's number in the sweep, and `message` the reason of a failure. `value` is the optimized metric of
    a completed job on the validation part (the latest training rows), None if the metric is undefined. `validated_on`
    is the number of validation rows and their first and last game date. `value` and `validated_on` are None if the job
    did not complete or has no validation part. Values on different validation rows are not comparable. `is_death` is
    true if the job did not record its end in status.json, for example because its process died.
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

    `origin` is the number that Hydra's sweeper gave the job. If `window.fold_jobs` is true, each fold (one window of a
    walk forward) becomes a job, and these jobs have the same origin. `number` is the job's number in the sweep's
    folder, -1 until `SweepRecord.number` assigns one.
    """

    origin: int
    overrides: tuple[str, ...]
    config: ExperimentConfig
    number: int = -1

    @cached_property
    def fingerprint(self) -> str:
        """The fingerprint of the job's settings."""
        return settings.fingerprint(self.config)

    @property
    def mapping(self) -> dict[str, Any]:
        """The job's settings as nested dicts, with dates as texts.

        A value from an environment variable is the text of its reference, such as `${oc.env:TOKEN}`.
        """
        return settings.to_mapping(self.config)

    @property
    def identity(self) -> Identity:
        """The fingerprint of the settings, and the job's name, hypothesis and tags as JSON text.

        A sweep runs jobs with equal identities only once.
        """
        return identity_of(self.fingerprint, self.mapping)


@dataclass(frozen=True)
class Refusal:
    """A job that cannot start, and the error that says why.

    `mapping` holds the job's settings, or its overrides if Hydra cannot compose them. `origin` is the number that
    Hydra's sweeper gave the job. `number` is the job's number in the sweep's folder, -1 until one is assigned.
    """

    origin: int
    overrides: tuple[str, ...]
    mapping: dict[str, Any]
    error: Exception
    number: int = -1

    @cached_property
    def fingerprint(self) -> str:
        """The fingerprint of the job's settings, or of its overrides if Hydra cannot compose them."""
        return settings.fingerprint(self.mapping)

    @property
    def identity(self) -> Identity:
        """The fingerprint of `mapping`, and the job's name, hypothesis and tags as JSON text.

        A sweep treats jobs with equal identities as one job.
        """
        return identity_of(self.fingerprint, self.mapping)


def identity_of(fingerprint: str, mapping: Mapping[str, Any]) -> Identity:
    """Return the identity of a job, by which a sweep recognizes equal jobs.

    The identity is the job's fingerprint, and its name, hypothesis and tags as JSON text. The fingerprint alone does
    not cover these three settings. `mapping` holds the job's settings.
    """
    return fingerprint, json.dumps([mapping.get(key) for key in ("name", "hypothesis", "tags")])


def refuse(job: Job, error: Exception) -> Refusal:
    """Return `job` as a refusal: a job that cannot start because of this error."""
    return Refusal(job.origin, job.overrides, job.mapping, error, job.number)


# An override that begins with one of `_SWEEP_KEYS` chooses how the sweep runs; the command of a job omits it.
# The search path is an exception: it names folders of YAML files, which the single job needs too.
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

    The command leaves out the overrides that choose how a sweep runs, such as `workers=2`. `sweep_overrides` are the
    overrides of the whole sweep; of these, the command contains only `hydra.searchpath`.
    """
    search_path = [override for override in sweep_overrides if override.startswith(_SEARCH_PATH)]
    arguments = [*search_path, *job_overrides(overrides)]
    if any(override.startswith("sweep=") for override in arguments):
        arguments.append("hydra.mode=RUN")  # without it, `sweep=OPTION` would start a sweep
    return shlex.join(["breakout", *arguments])
