"""The creation of a run's folder, with a log and a status that records how the run ended.

Every run gets a new folder, such as `outputs/runs/<name>/<time with microseconds>-<fingerprint>/`. From the start of
the run, the folder contains status.json, settings.yaml and run.log. The program adds the other files.
"""

from __future__ import annotations

import logging
import os
import platform
import signal
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from breakout import settings
from breakout.artifacts import flushed_together, save_text
from breakout.errors import DataError, as_breakout_error, system_sentence
from breakout.runs.status import LOG_FILE, SETTINGS_FILE, RunStatus, State, process_identity, write_status
from breakout.safe_text import PrintableFormatter

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import FrameType

logger = logging.getLogger("breakout")


@dataclass
class Run:
    """A run in progress: its folder and the content of its status.json."""

    folder: Path
    status: RunStatus

    @property
    def run_id(self) -> str:
        return self.status.run_id

    def note(self, **known: Any) -> None:
        """Set keys of the status by name; they are written to status.json when the run ends."""
        self.status = msgspec.structs.replace(self.status, **known)

    def end(self, state: State, error: str | None = None) -> None:
        """Write status.json with the final state, the time, and the message of the error that ended the run, if any.

        DataError if the file cannot be written.
        """
        self.note(state=state, error=error, finished=datetime.now(UTC))
        write_status(self.status, self.folder)


@contextmanager
def open_run(
    parent: Path,
    config: Any,
    command: str,
    identity: str = "",
    facts: Mapping[str, Any] | None = None,
    fingerprint: str | None = None,
) -> Iterator[Run]:
    """Make a new folder for a run below `parent`, write its settings and status, and yield the run.

    - `command`: the command of breakout that runs, such as train.
    - `identity`: the fingerprint of the definitions of features and label, or of the bundles (saved models); "" if
      unknown.
    - `facts`: further keys of status.json.
    - `fingerprint`: the end of the folder's name; None means the fingerprint of `config`.

    The end of the block marks the run completed. An exception marks the run failed; Ctrl-C and SIGTERM mark the run
    interrupted. The exception's message is written to status.json and its traceback to run.log, and the exception is
    raised again. DataError if the folder cannot be written.
    """
    fingerprint = fingerprint or settings.fingerprint(config)
    folder = _make_folder(parent, fingerprint)
    status = RunStatus(
        state="running",
        run_id=folder.name,
        command=command,
        name=getattr(config, "name", command),
        fingerprint=fingerprint,
        identity=identity,
        started=datetime.now(UTC),
        finished=None,
        error=None,
        pid=os.getpid(),
        host=platform.node(),
        process=process_identity(os.getpid()),
        **(facts or {}),
    )
    run = Run(folder, status)
    with _terminate_as_interrupt(), _log_to(folder / LOG_FILE):
        try:
            with flushed_together(folder):  # All files reach the disk before status.json says "completed".
                write_status(status, folder)
                save_text(settings.to_yaml(config), folder / SETTINGS_FILE)
                yield run
        except BaseException as error:  # KeyboardInterrupt is no Exception, but must be recorded too.
            state: State = "interrupted" if isinstance(error, KeyboardInterrupt) else "failed"
            message = _message(error)
            logger.exception("%s: %s", state, message)
            with suppress(DataError):  # If the status cannot be written, the user must still see the first error.
                run.end(state, message)
            raise
        run.end("completed")


def _make_folder(parent: Path, fingerprint: str) -> Path:
    while True:
        folder = parent / f"{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}-{fingerprint}"
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            continue  # Another run started in the same microsecond, so a later time is tried.
        except OSError as error:
            remedy = "choose another with paths.outputs=DIR"
            raise DataError(system_sentence(f"{parent} cannot be written", error, remedy)) from error
        return folder


class _RunLog(logging.FileHandler):
    """A handler for run.log that removes itself if it cannot write; the run itself reports a full disk."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  (the name is logging's)
        del record
        logger.removeHandler(self)


@contextmanager
def _log_to(path: Path) -> Iterator[None]:
    try:
        handler = _RunLog(path, encoding="utf-8")
    except OSError as error:
        raise DataError(system_sentence(f"{path} cannot be written", error)) from error
    handler.setFormatter(PrintableFormatter("%(asctime)s %(levelname)s %(message)s"))
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
        with suppress(OSError):  # After a failed write, the flush in close() fails too.
            handler.close()


@contextmanager
def _terminate_as_interrupt() -> Iterator[None]:
    """Make SIGTERM raise KeyboardInterrupt in the block, as Ctrl-C does.

    Outside the main thread, SIGTERM keeps its effect.
    """

    def interrupt(number: int, frame: FrameType | None) -> None:
        del number, frame
        raise KeyboardInterrupt

    try:
        previous = signal.signal(signal.SIGTERM, interrupt)
    except ValueError:
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)


def _message(error: BaseException) -> str:
    if isinstance(error, KeyboardInterrupt):
        return "interrupted before it was done"
    return str(as_breakout_error(error) or f"{type(error).__name__}: {error}")
