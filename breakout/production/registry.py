"""Which model is in production: an append-only history of events, one file each, and a copy of every bundle it names.

    outputs/production/bundles/<fingerprint>/      bundles, copied whole and never changed
    outputs/production/history/<number>.json       promoted, rolled back or retired; holds the digest of the one before
    outputs/.production.lock                       held while the history grows

The model in production is what the history says, nothing else: an event file appears whole or not at all, and its
appearance is the switch. A process that is killed leaves the history as it was, or longer by one whole event.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from breakout.artifacts import load_json, save_json
from breakout.bundle import load_bundle
from breakout.errors import ConfigurationError, DataError, GateError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from breakout.bundle import Bundle

Action = Literal["promoted", "rolled back", "retired"]

SCHEMA_VERSION = 1
FOLDER = "production"
HISTORY = "history"
BUNDLES = "bundles"


@dataclass(frozen=True)
class Event:
    """One switch. `bundle` is the fingerprint in production from then on (None: no model); `facts` say on what grounds.

    `previous` is the digest of the event file before (empty for the first), so that no event can vanish or change.
    """

    number: int
    action: Action
    bundle: str | None
    time: str
    previous: str
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Registry:
    """The registry in one folder. Reading needs no lock; `promote`, `rollback` and `retire` need it held."""

    folder: Path

    @classmethod
    def of(cls, outputs: str | Path) -> Registry:
        """The registry below an outputs folder, which need not exist yet."""
        return cls(Path(outputs) / FOLDER)

    @staticmethod
    def is_at(folder: Path) -> bool:
        """Whether a folder is a registry."""
        return (folder / HISTORY).is_dir() and (folder / BUNDLES).is_dir()

    def history(self) -> tuple[Event, ...]:
        """Every event, oldest first; DataError naming the file if one is missing, damaged or changed."""
        events: list[Event] = []
        digest = ""
        for number, path in enumerate(self._event_files(), start=1):
            event = _load_event(path)
            if path != self._event_path(number) or event.number != number or event.previous != digest:
                raise DataError(f"{path} does not continue the history before it: an event was removed or changed.")
            events.append(event)
            digest = _digest(path)
        return tuple(events)

    def current(self) -> str | None:
        """Fingerprint of the bundle in production; None without one."""
        events = self.history()
        return events[-1].bundle if events else None

    def current_bundle(self) -> Bundle:
        """The verified bundle in production; DataError without one."""
        fingerprint = self.current()
        if fingerprint is None:
            raise DataError(f"{self.folder} has no model in production; put one there with `breakout promote`.")
        return self.load(fingerprint)

    def load(self, fingerprint: str) -> Bundle:
        """The verified copy of a promoted bundle; DataError if it is damaged, or another lies in its place."""
        return _load_as(self.bundle_folder(fingerprint), fingerprint)

    def bundle_folder(self, fingerprint: str) -> Path:
        """Where the copy of a promoted bundle lies."""
        return self.folder / BUNDLES / fingerprint

    @contextmanager
    def lock(self, on_wait: Callable[[], None] = lambda: None) -> Iterator[None]:
        """Be the only one to change the registry; `on_wait` is called if another does so now.

        The lock is the operating system's: it goes with the process, however that ends.
        """
        path = self.folder.parent / f".{self.folder.name}.lock"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            file = path.open("w")
        except OSError as error:
            raise DataError(f"{path} cannot be written ({error.strerror}).") from error
        with file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                on_wait()
                fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def promote(self, bundle: Bundle, facts: dict[str, Any]) -> Event:
        """Copy a bundle in and make it the model in production.

        DataError if its folder does not hold it any more, or the registry cannot be written.
        """
        self._clear_leftovers()
        self._copy_bundle(bundle)
        return self._append("promoted", bundle.fingerprint, facts)

    def rollback_target(self) -> str | None:
        """What was in production before the current model (None: no model); ConfigurationError if nothing was."""
        line = _line(self.history())
        if not line:
            raise ConfigurationError("nothing is in production yet; there is no model to go back from.")
        if len(line) == 1:
            raise ConfigurationError(
                "no model was in production before the current one; `breakout production retire` takes it out."
            )
        return line[-2]

    def rollback(self) -> Event:
        """Return to the model before the current one; again, to the one before that."""
        target = self.rollback_target()
        self._clear_leftovers()
        return self._append("rolled back", target, {"from": self.current()})

    def retire(self) -> Event:
        """Leave no model in production: the next is judged as the first. ConfigurationError if there is none."""
        current = self.current()
        if current is None:
            raise ConfigurationError("no model is in production, so there is none to retire.")
        self._clear_leftovers()
        return self._append("retired", None, {"from": current})

    def _append(self, action: Action, bundle: str | None, facts: dict[str, Any]) -> Event:
        """Write the next event; the link is the moment of the switch, and never takes the place of another event.

        GateError if another has appeared meanwhile, which only a file system that keeps no locks lets happen.
        """
        number = len(self.history()) + 1
        previous = _digest(self._event_path(number - 1)) if number > 1 else ""
        event = Event(number, action, bundle, datetime.now(UTC).isoformat(timespec="seconds"), previous, facts)
        beside = self.folder / HISTORY / f".{number:06d}.json"
        save_json({"schema_version": SCHEMA_VERSION, **asdict(event)}, beside)
        with self._writing():
            try:
                os.link(beside, self._event_path(number))
            except FileExistsError:
                beside.unlink()
                told = f"{self._event_path(number)} was written by another process meanwhile; nothing is changed."
                raise GateError(f"{told} Look at `breakout production` and try again.") from None
        beside.unlink()
        _sync(beside.parent)
        return event

    def _copy_bundle(self, bundle: Bundle) -> None:
        """Copy what belongs to a bundle, nothing that lies beside it, into files that this registry may remove."""
        target = self.bundle_folder(bundle.fingerprint)
        if target.exists():
            self.load(bundle.fingerprint)
            return
        with self._writing():
            target.parent.mkdir(parents=True, exist_ok=True)
            beside = Path(tempfile.mkdtemp(dir=target.parent, prefix="."))
            beside.chmod(0o755)
            for name in bundle.files:
                (beside / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(bundle.folder / name, beside / name)
            _load_as(beside, bundle.fingerprint)
            for path in (*beside.rglob("*"), beside):
                _sync(path)
            beside.rename(target)
            _sync(target.parent)

    def _clear_leftovers(self) -> None:
        """Remove what killed processes left unfinished; nobody else writes while the lock is held."""
        with self._writing():
            for path in (self.folder / BUNDLES).glob(".*"):
                shutil.rmtree(path)
            for path in (self.folder / HISTORY).glob(".*"):
                path.unlink()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """A disk that is full or read-only ends in a sentence; the model in production stays what it was."""
        try:
            yield
        except OSError as error:
            told = f"{error.filename or self.folder} cannot be written ({error.strerror})"
            raise DataError(f"{told}; the model in production is unchanged.") from error

    def _event_files(self) -> Sequence[Path]:
        return sorted((self.folder / HISTORY).glob("[!.]*.json"))

    def _event_path(self, number: int) -> Path:
        return self.folder / HISTORY / f"{number:06d}.json"


def _line(events: Sequence[Event]) -> list[str | None]:
    """The models that a rollback walks back along, the current one last."""
    line: list[str | None] = []
    for event in events:
        if event.action == "rolled back":
            line.pop()
        else:
            line.append(event.bundle)
    return line


def _load_as(folder: Path, fingerprint: str) -> Bundle:
    bundle = load_bundle(folder)
    if bundle.fingerprint != fingerprint:
        raise DataError(f"{folder} holds the bundle {bundle.fingerprint}, not {fingerprint}: it was exchanged.")
    return bundle


def _load_event(path: Path) -> Event:
    record = load_json(path)
    try:
        if record.pop("schema_version") != SCHEMA_VERSION:
            raise DataError(f"{path} was written by another version of breakout.")
        return Event(**record)
    except (AttributeError, KeyError, TypeError) as error:
        raise DataError(f"{path} is damaged: it holds no event of a production registry.") from error


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _sync(path: Path) -> None:
    """Ask the disk to keep a file or a folder's entries."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
