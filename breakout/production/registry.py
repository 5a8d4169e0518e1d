"""The registry of the model in production: a history of events that only grows, and a copy of each promoted bundle.

    outputs/production/bundles/<fingerprint>/      copies of bundles (saved models), which never change
    outputs/production/history/<number>.json       events (promotion, rollback, retirement), each with the digest of the
                                                   previous event's file
    outputs/.production.lock                       the lock, which is held while an event is added

The last event alone decides which model is in production. An event file appears whole or not at all, and the change
takes effect when the file appears. A killed process leaves the history unchanged, or with one more whole event.
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
    """The result of one check of a candidate for production: whether the check passed, and the figure that decided it.

    `figure` is a text. `is_passed` is None if the check was not run. A candidate is refused only if `is_passed` of a
    check is False.
    """

    name: str
    is_passed: bool | None
    figure: str


class EventFacts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The details of an event in the registry; a field that does not apply to the event has its default.

    `who` is the user who made the change, as NAME@COMPUTER. `commit` is the git commit of this program, and `reason`
    the text that the user gave.

    For a promotion, `name`, `run_id`, `contract` (a fingerprint) and `train` (first and last day) are those of the
    bundle (the saved model). `checks` are the results of the checks before the promotion. `rule` is the rule of the
    comparison with production. `window` has the first and the last date of the compared games; None if none were
    compared. `metrics` are those of the candidate on these games. `recipe` is a digest of the bundle's settings without
    dates and paths. Events of older versions have none of `rule`, `window`, `metrics` and `recipe`.

    For a rollback or retirement, `left` is the fingerprint of the model that was in production before.
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

    `number` counts the events from 1, and `time` is the time of the change in UTC. `bundle` is the fingerprint of the
    model in production after the change; None if there is none. `previous` is the digest of the previous event's file
    ("" for the first event), so that a change of that file is detected.
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
    """The registry of the model in production, in a folder: a history of events, and copies of the promoted bundles.

    A bundle is a saved model. Reading needs no lock. A caller of `promote`, `rollback`, `retire` or `clear_leftovers`
    must hold the lock. These methods raise DataError if the registry is damaged or cannot be written. `promote`,
    `rollback` and `retire` raise GateError if another process has added an event meanwhile. That happens only on a file
    system without locks.
    """

    folder: Path

    @classmethod
    def of(cls, outputs: str | Path) -> Registry:
        """Return the registry of the model in production in the folder `production` of the folder `outputs`.

        The folder may be missing; the registry then has no events.
        """
        return cls(Path(outputs) / FOLDER)

    @staticmethod
    def is_at(folder: Path) -> bool:
        """Return whether a folder holds a registry, which has the folders `history` and `bundles`."""
        return (folder / HISTORY).is_dir() and (folder / BUNDLES).is_dir()

    def history(self) -> tuple[RegistryEvent, ...]:
        """Return every event (promotion, rollback or retirement), oldest first; () if the registry is empty or missing.

        DataError, which names the file, if an event is damaged, was written by another version, or does not continue
        the event before it.
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
        """Return the fingerprint of the bundle (the saved model) in production; None if no model is in production.

        DataError if the history of events is damaged.
        """
        events = self.history()
        return events[-1].bundle if events else None

    def current_bundle(self) -> Bundle:
        """Return the verified bundle (a saved model with unchanged files) in production.

        DataError if no model is in production, or if the bundle or the history of events is damaged. ConfigurationError
        if this version refuses the settings of the bundle.
        """
        fingerprint = self.current()
        if fingerprint is None:
            raise DataError(f"{self.folder} has no model in production; put one there with `breakout promote`.")
        return self.load(fingerprint)

    def load(self, fingerprint: str) -> Bundle:
        """Return the verified copy of a promoted bundle (a saved model); verified means that its files are unchanged.

        DataError if the copy is missing or damaged, or if another bundle replaced it. ConfigurationError if this
        version refuses the settings of the bundle.
        """
        return load_copy(self.bundle_folder(fingerprint), fingerprint)

    def bundle_folder(self, fingerprint: str) -> Path:
        """Return the folder for the copy of a bundle (a saved model); the folder is missing if no copy was made."""
        return self.folder / BUNDLES / fingerprint

    def lock(self, on_wait: Callable[[], None] = lambda: None) -> AbstractContextManager[None]:
        """Return a context manager that holds the registry's lock.

        If another process holds the lock, entering the context calls `on_wait` and then waits. On entering, DataError
        if the lock file cannot be created.
        """
        return file_lock(self.folder.parent / f".{self.folder.name}.lock", on_wait)

    def promote(self, bundle: Bundle, facts: EventFacts) -> RegistryEvent:
        """Copy a bundle (a saved model) into the registry and make it the model in production; return the new event.

        `facts` are the details of the promotion; the fields `who` and `commit` are filled in. The caller must hold the
        lock. DataError if the bundle's folder no longer holds this bundle, or if the registry is damaged or cannot be
        written. GateError if another process has added an event meanwhile.
        """
        self.clear_leftovers()
        self._copy_bundle(bundle)
        return self._append("promoted", bundle.fingerprint, facts)

    def rollback_target(self) -> str | None:
        """Return the fingerprint of the model that a rollback puts into production.

        A rollback undoes the last promotion or retirement that was not undone yet. None if that event is a promotion
        after a retirement, because no model was then in production. ConfigurationError if there is no such event, or if
        it is the first promotion. DataError if the history of events is damaged.
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
        """Undo the last promotion or retirement that was not undone yet, and return the new event.

        A second call undoes the event before that one. `reason` is kept in the new event. The caller must hold the
        lock. ConfigurationError if there is no event to undo, or only the first promotion. DataError if the registry is
        damaged or cannot be written. GateError if another process has added an event meanwhile.
        """
        target = self.rollback_target()
        self.clear_leftovers()
        return self._append("rolled back", target, EventFacts(left=self.current(), reason=reason))

    def latest_comparison(self, recipe: str) -> RegistryEvent | None:
        """Return the latest promotion of a recipe for which games were compared; None if there is no such promotion.

        `recipe` is a result of `recipe_digest`, the digest of a model's settings without dates and paths. A promotion
        that was rolled back does not count. DataError if the history of events is damaged.
        """
        line = _line(self.history())
        return next((one for one in reversed(line) if one.facts.recipe == recipe and one.facts.window), None)

    def retire(self, reason: str = "") -> RegistryEvent:
        """Take the model out of production, without a successor, and return the new event.

        The next candidate is then promoted as a first model. `reason` is kept in the event. The caller must hold the
        lock. ConfigurationError if no model is in production. DataError if the registry is damaged or cannot be
        written. GateError if another process has added an event meanwhile.
        """
        current = self.current()
        if current is None:
            raise ConfigurationError("no model is in production, so there is none to retire.")
        self.clear_leftovers()
        return self._append("retired", None, EventFacts(left=current, reason=reason))

    def clear_leftovers(self) -> int:
        """Remove the unfinished files and folders of killed processes from the registry, and return their number.

        The caller must hold the registry's lock. DataError if a file cannot be removed.
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
        """Write the next event (promotion, rollback or retirement) and return it.

        `bundle` is the fingerprint of the model in production after the event; None if there is none. The event's file
        is created as a hard link, because a link never replaces the file of another event. GateError if another process
        has written the next event meanwhile. DataError if the registry is damaged or cannot be written.
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
        """Copy a bundle (a saved model) into the registry and verify the copy.

        If the registry has a copy already, only verify that copy. DataError if the copy is damaged or cannot be
        written.
        """
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
    """Return the promotions and retirements that were not rolled back, oldest first; [] if there are none.

    The last event of the list decides which model is in production. Each rollback removes the event that was last in
    the list when the rollback was made.
    """
    line: list[RegistryEvent] = []
    for event in events:
        if event.action == "rolled back":
            line.pop()
        else:
            line.append(event)
    return line


def _user() -> str:
    """Return the user and the computer as NAME@COMPUTER; NAME is `unknown` if the system has no name for the user."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # a container may run a user without a name
        name = "unknown"
    return f"{name}@{platform.node()}"
