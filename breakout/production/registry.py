"""The registry of production models: an append-only history of changes, and a copy of each promoted bundle.

A bundle is a saved model.

    outputs/production/bundles/<fingerprint>/      copies of bundles, which never change
    outputs/production/history/000001.json         events, each with the digest of the previous event's file
    outputs/.production.lock                       the lock, which is held while an event is added

The last event alone decides which model is in production. An event file appears whole or not at all. A killed process
therefore leaves no half-made change.
"""

from __future__ import annotations

import getpass
import os
import platform
import shutil
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from breakout.artifacts import file_digest, file_lock, flush, load_typed, save_json, whole_folder
from breakout.bundle.folder import copy_bundle_files, load_copy
from breakout.bundle.manifest import git_commit
from breakout.errors import ConfigurationError, DataError, GateError, system_sentence
from breakout.evaluation.resamples import Interval

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from breakout.bundle.folder import Bundle

Action = Literal["promoted", "rolled back", "retired"]

SCHEMA_VERSION = 1
FOLDER = "production"
HISTORY = "history"
BUNDLES = "bundles"


class Check(msgspec.Struct, frozen=True):
    """The result of one check of a candidate for production.

    - `is_passed`: None if the check was not run. Only False refuses the candidate.
    - `figure`: the text that says what the check found.
    """

    name: str
    is_passed: bool | None
    figure: str


class EventFacts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The details of an event in the registry.

    A field has its default if the event does not need it, or if an older version wrote the event.

    - `who`: the user who made the change, as NAME@COMPUTER.
    - `commit`: the git commit of this program.
    - `reason`: the text that the user gave.
    - `name`, `run_id`: name and run of the promoted bundle.
    - `contract`: the fingerprint of the bundle's definitions of features and label.
    - `train`: the first and the last day of the bundle's training.
    - `checks`: the results of the checks before the promotion.
    - `rule`: the rule by which the candidate was checked, such as `better`.
    - `recipe`: a digest of the bundle's settings without dates and paths.
    - `window`: the first and the last date of the comparison; None if there was none.
    - `metrics`: the candidate's metrics in the comparison.
    - `left`: for a rollback or retirement, the fingerprint of the model that was in production before.
    """

    who: str | None = None
    commit: str | None = None
    reason: str = ""

    name: str | None = None
    run_id: str | None = None
    contract: str | None = None
    train: tuple[date, date] | None = None
    checks: tuple[Check, ...] = ()
    rule: str | None = None
    recipe: str | None = None
    window: tuple[date, date] | None = None
    metrics: dict[str, Interval] = {}
    left: str | None = msgspec.field(name="from", default=None)


class RegistryEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One change of the model in production: a promotion, a rollback or a retirement.

    - `number`: the position in the history, from 1.
    - `bundle`: the fingerprint of the model in production after the change; None if there is none.
    - `time`: the time of the change in UTC.
    - `previous`: the digest of the previous event's file, by which later changes of that file are detected; "" for the
      first event.
    """

    schema_version: int
    number: int
    action: Action
    bundle: str | None
    time: str
    previous: str
    facts: EventFacts


@dataclass(frozen=True)
class Registry:
    """The registry of production models in a folder: a history of events, and copies of the promoted bundles.

    Reading needs no lock. Callers of `promote`, `rollback`, `retire` and `clear_leftovers` must hold the lock. These
    methods raise DataError if the registry is damaged or cannot be written. On a file system without locks, `promote`,
    `rollback` and `retire` raise GateError if another process adds an event at the same time.
    """

    folder: Path

    @classmethod
    def of(cls, outputs: str | Path) -> Registry:
        """Return the registry in the folder `production` below `outputs`; it has no events if the folder is missing."""
        return cls(Path(outputs) / FOLDER)

    @staticmethod
    def is_at(folder: Path) -> bool:
        """Return whether a folder holds a registry."""
        return (folder / HISTORY).is_dir() and (folder / BUNDLES).is_dir()

    def history(self) -> tuple[RegistryEvent, ...]:
        """Return all events (promotions, rollbacks and retirements), oldest first.

        DataError if an event is damaged or written by another version, or if an event before the last one is missing or
        changed.
        """
        events: list[RegistryEvent] = []
        digest = ""
        for number, path in enumerate(sorted((self.folder / HISTORY).glob("[!.]*.json")), start=1):
            event = load_typed(path, RegistryEvent)
            if event.schema_version != SCHEMA_VERSION:
                raise DataError(f"{path} was written by another version of breakout.")
            if path != self._event_path(number) or event.number != number or event.previous != digest:
                raise DataError(f"{path} does not continue the history before it: an event was removed or changed.")
            events.append(event)
            digest = file_digest(path)
        return tuple(events)

    def current(self) -> str | None:
        """Return the fingerprint of the model in production; None if no model is in production.

        DataError if the history of events is damaged.
        """
        events = self.history()
        return events[-1].bundle if events else None

    def current_bundle(self) -> Bundle:
        """Return the model in production, after verifying its files.

        DataError if no model is in production, or if the model or the history of events is damaged. ConfigurationError
        if this version refuses the settings of the model.
        """
        fingerprint = self.current()
        if fingerprint is None:
            raise DataError(f"{self.folder} has no model in production; put one there with `breakout promote`.")
        return self.load(fingerprint)

    def load(self, fingerprint: str) -> Bundle:
        """Return the registry's copy of a promoted model, after verifying its files.

        DataError if the copy is missing, damaged or replaced. ConfigurationError if this version refuses the settings
        of the model.
        """
        return load_copy(self.bundle_folder(fingerprint), fingerprint)

    def bundle_folder(self, fingerprint: str) -> Path:
        """Return the folder for the copy of a bundle; the folder need not exist."""
        return self.folder / BUNDLES / fingerprint

    def lock(self, on_wait: Callable[[], None] = lambda: None) -> AbstractContextManager[None]:
        """Return a context manager that holds the registry's lock.

        If another process holds the lock, entering the context calls `on_wait` and then waits. DataError if the lock
        file cannot be created.
        """
        return file_lock(self.folder.parent / f".{self.folder.name}.lock", on_wait)

    def promote(self, bundle: Bundle, facts: EventFacts) -> RegistryEvent:
        """Copy a saved model into the registry, make it the model in production, and return the new event.

        The method fills in the fields `who` and `commit` of `facts`. DataError if the folder of `bundle` no longer
        holds this model, or if the registry is damaged or cannot be written. GateError if another process adds an event
        at the same time.
        """
        self.clear_leftovers()
        self._copy_bundle(bundle)
        return self._append("promoted", bundle.fingerprint, facts)

    def rollback_target(self) -> str | None:
        """Return the fingerprint of the model that a rollback would put into production.

        A rollback undoes the latest promotion or retirement that is not undone yet, but never the first promotion. None
        means that this event followed a retirement, so the rollback would leave no model in production.
        ConfigurationError if there is no event to undo. DataError if the history of events is damaged.
        """
        line = _line(self.history())
        if not line:
            raise ConfigurationError("nothing is in production yet; there is no model to go back from.")
        if len(line) == 1:
            raise ConfigurationError(
                "no model was in production before the current one; `breakout production retire` takes it out."
            )
        return line[-2].bundle

    def rollback(self, reason: str = "") -> RegistryEvent:
        """Undo the latest promotion or retirement that is not undone yet, and return the new event.

        A second call undoes the event before that one. The new event stores `reason`. The first promotion cannot be
        undone. ConfigurationError if there is no event to undo. DataError if the registry is damaged or cannot be
        written. GateError if another process adds an event at the same time.
        """
        target = self.rollback_target()
        self.clear_leftovers()
        return self._append("rolled back", target, EventFacts(left=self.current(), reason=reason))

    def latest_comparison(self, recipe: str) -> RegistryEvent | None:
        """Return the latest promotion of this recipe that has a comparison on games; None if no promotion has one.

        `recipe` is a result of `recipe_digest`, which identifies a model's settings without dates and paths. Promotions
        that were rolled back are ignored. DataError if the history of events is damaged.
        """
        line = _line(self.history())
        return next((one for one in reversed(line) if one.facts.recipe == recipe and one.facts.window), None)

    def retire(self, reason: str = "") -> RegistryEvent:
        """Take the model out of production, without a successor, and return the new event.

        The next candidate is then checked by the rule `first_model`. The new event stores `reason`.
        ConfigurationError if no model is in production. DataError if the registry is damaged or cannot be written.
        GateError if another process adds an event at the same time.
        """
        current = self.current()
        if current is None:
            raise ConfigurationError("no model is in production, so there is none to retire.")
        self.clear_leftovers()
        return self._append("retired", None, EventFacts(left=current, reason=reason))

    def clear_leftovers(self) -> int:
        """Remove the unfinished files and folders of killed processes from the registry, and return their number.

        The caller must hold the lock. DataError if a file cannot be removed.
        """
        found = [*(self.folder / BUNDLES).glob(".*"), *(self.folder / HISTORY).glob(".*")]
        with self._writing():
            for path in found:
                if path.is_dir():
                    shutil.rmtree(path)
                else:
                    path.unlink()
        return len(found)

    def _append(self, action: Action, bundle: str | None, facts: EventFacts) -> RegistryEvent:
        """Write the next event and return it.

        The event's file is created as a hard link, because a link never replaces the file of another event.
        """
        number = len(self.history()) + 1
        event = RegistryEvent(
            schema_version=SCHEMA_VERSION,
            number=number,
            action=action,
            bundle=bundle,
            time=datetime.now(UTC).isoformat(timespec="seconds"),
            previous=file_digest(self._event_path(number - 1)) if number > 1 else "",
            facts=msgspec.structs.replace(facts, who=_user(), commit=git_commit()),
        )
        beside = self.folder / HISTORY / f".{number:06d}.json"
        save_json(event, beside)
        with self._writing():
            try:
                os.link(beside, self._event_path(number))
            except FileExistsError:
                beside.unlink()
                message = f"{self._event_path(number)} was written by another process meanwhile; nothing is changed."
                raise GateError(f"{message} Look at `breakout production` and try again.") from None
            beside.unlink()
            flush(beside.parent)
        return event

    def _copy_bundle(self, bundle: Bundle) -> None:
        """Copy a bundle into the registry, unless it is there already, and verify the copy."""
        target = self.bundle_folder(bundle.fingerprint)
        if target.exists():
            self.load(bundle.fingerprint)
            return
        with self._writing(), whole_folder(target) as beside:
            copy_bundle_files(bundle, beside)
            load_copy(beside, bundle.fingerprint)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Convert an OSError in the block to a DataError that states that the model in production is unchanged."""
        try:
            yield
        except OSError as error:
            sentence = system_sentence(f"{error.filename or self.folder} cannot be written", error)
            raise DataError(f"{sentence} The model in production is unchanged.") from error

    def _event_path(self, number: int) -> Path:
        return self.folder / HISTORY / f"{number:06d}.json"


def _line(events: Sequence[RegistryEvent]) -> list[RegistryEvent]:
    """Return the promotions and retirements that were not rolled back, oldest first.

    Each rollback removes the event that was last in the list at the time of the rollback.
    """
    line: list[RegistryEvent] = []
    for event in events:
        if event.action == "rolled back":
            line.pop()
        else:
            line.append(event)
    return line


def _user() -> str:
    """Return the user and the computer as NAME@COMPUTER."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # a container may run a user without a name
        name = "unknown"
    return f"{name}@{platform.node()}"
