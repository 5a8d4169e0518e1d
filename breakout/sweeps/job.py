"""The jobs of a sweep: their settings, what tells one from another, and what happens to them."""

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
class Event:
    """A change in the state of a job: it started, completed with a value of the optimized metric, or failed.

    `message` says why it failed; `is_death` is true if its process died, so that it could write nothing itself.
    """

    kind: Literal["started", "completed", "failed"]
    number: int
    message: str = ""
    value: float | None = None
    is_death: bool = False


Identity: TypeAlias = tuple[str, str]

# Overrides that choose how a sweep runs are no part of a job, but a job may need the folders that hold its options.
_FOLDERS = "hydra.searchpath="
_OF_THE_SWEEP = ("sweep.", "resume=", "dry_run=", "fail_fast=", "workers=", "hydra.", "hydra/")


@dataclass(frozen=True)
class Job:
    """One run of a sweep.

    `origin` is the place at which the sweeper made it; a walk forward whose folds are jobs makes several of one origin.
    `number` is the job's number in the sweep's folder.
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
    def identity(self) -> Identity:
        """What tells the job from the others of its sweep."""
        return identity_of(self.fingerprint, settings.to_mapping(self.config))


@dataclass(frozen=True)
class Refusal:
    """A job that cannot be begun, and why; `mapping` holds its settings, or its overrides if they give none."""

    origin: int
    overrides: tuple[str, ...]
    mapping: dict[str, Any]
    error: Exception
    number: int = -1

    @cached_property
    def fingerprint(self) -> str:
        """The fingerprint of the settings."""
        return settings.fingerprint(self.mapping)

    @property
    def identity(self) -> Identity:
        """What tells the job from the others of its sweep."""
        return identity_of(self.fingerprint, self.mapping)


def identity_of(fingerprint: str, mapping: Mapping[str, Any]) -> Identity:
    """Return what tells a job from the others: its fingerprint, and texts that change none of its numbers."""
    return fingerprint, json.dumps([mapping.get(key) for key in ("name", "hypothesis", "tags")])


def refuse(job: Job, error: Exception) -> Refusal:
    """Return the refusal of a job."""
    return Refusal(job.origin, job.overrides, settings.to_mapping(job.config), error, job.number)


def job_overrides(overrides: Sequence[str]) -> tuple[str, ...]:
    """Return the overrides of a job without those of the sweep."""
    return tuple(found for found in overrides if _is_folders(found) or not found.lstrip("+~").startswith(_OF_THE_SWEEP))


def command_of(overrides: Sequence[str], sweep_overrides: Sequence[str] = ()) -> str:
    """Return the command that runs a job alone; `sweep_overrides` are those that its sweep was started with."""
    arguments = [*filter(_is_folders, sweep_overrides), *job_overrides(overrides)]
    if any(found.startswith("sweep=") for found in arguments):
        arguments.append("hydra.mode=RUN")  # the file itself asks for a sweep
    return shlex.join(["breakout", *arguments])


def _is_folders(override: str) -> bool:
    return override.startswith(_FOLDERS)
