"""The jobs of a sweep: words and typed settings in; what they are known by out."""

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
    """What happened to a job: it started, it completed with a value of the optimized metric, or it failed.

    `message` says why it failed; `is_death` is true if its process died, so that it could write nothing itself.
    """

    kind: Literal["started", "completed", "failed"]
    number: int
    message: str = ""
    value: float | None = None
    is_death: bool = False


Identity: TypeAlias = tuple[str, str]

# Words that choose how a sweep runs say nothing about a job.
_FOLDERS = "hydra.searchpath="  # but a job may need the folders in which its options lie
_SWEEP_WORDS = ("sweep.", "resume=", "dry_run=", "fail_fast=", "workers=", "hydra.", "hydra/", "+hydra.", "++hydra.")


@dataclass(frozen=True)
class Job:
    """One run of a sweep. Its fingerprint says which experiment it is; `number` is for people, `origin` the sweeper's.

    A walk forward whose folds are jobs of their own makes several jobs of one origin.
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
    """A job that cannot be begun, and why; `mapping` holds its settings, or its words if they make none."""

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
    """Return what tells a job from the others: its fingerprint, and the texts that change no number of it."""
    return fingerprint, json.dumps([mapping.get(key) for key in ("name", "hypothesis", "tags")])


def refuse(job: Job, error: Exception) -> Refusal:
    """A job that turned out to be impossible."""
    return Refusal(job.origin, job.overrides, settings.to_mapping(job.config), error, job.number)


def job_words(overrides: Sequence[str]) -> tuple[str, ...]:
    """The overrides of a job without those that are the sweep's."""
    return tuple(word for word in overrides if word.startswith(_FOLDERS) or not word.startswith(_SWEEP_WORDS))


def command_of(overrides: Sequence[str], sweep_words: Sequence[str] = ()) -> str:
    """What to type to run a job by itself, which was begun by a sweep with these words."""
    words = [*(word for word in sweep_words if word.startswith(_FOLDERS)), *job_words(overrides)]
    if any(word.startswith("sweep=") for word in words):
        words.append("hydra.mode=RUN")  # the file itself asks for a sweep
    return shlex.join(["breakout", *words])
