"""One run, one folder: a context manager that makes it, keeps its status true, and catches what goes wrong.

`outputs/runs/<name>/<time with microseconds>-<fingerprint>/` holds status.json and run.log from the first moment; the
program adds the rest. Nothing is ever written into a folder that exists.
"""

from __future__ import annotations

import logging
import os
import platform
import signal
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from breakout import settings
from breakout.artifacts import flushed_together, load_json, save_json, save_text
from breakout.control_characters import strip_control_characters
from breakout.errors import BreakoutError, DataError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import FrameType

logger = logging.getLogger("breakout")

STATUS_FILE = "status.json"
SETTINGS_FILE = "settings.yaml"
LOG_FILE = "run.log"


@dataclass
class Run:
    """An open run: its folder, and facts that the program adds to status.json when it completes."""

    folder: Path
    run_id: str
    facts: dict[str, Any] = field(default_factory=dict)


@contextmanager
def open_run(
    parent: Path, config: Any, command: str, identity: str = "", facts: Mapping[str, Any] | None = None
) -> Iterator[Run]:
    """A new folder below `parent` for this configuration; `identity` adds what else decides the numbers (the contract).

    `facts` join status.json from the beginning.

    Leaving normally marks it completed; an exception marks it failed (Ctrl-C and SIGTERM: interrupted) with the
    sentence in status.json and the traceback in run.log, and goes on to the caller.
    """
    fingerprint = settings.fingerprint(config)
    run = _make_folder(parent, fingerprint)
    status = {
        "state": "running",
        "run_id": run.run_id,
        "command": command,
        "name": getattr(config, "name", command),
        "fingerprint": fingerprint,
        "identity": identity,
        "started": _now(),
        "finished": None,
        "error": None,
        "pid": os.getpid(),
        "host": platform.node(),
        **(facts or {}),
    }
    with _terminate_as_interrupt(), _log_to(run.folder / LOG_FILE):
        try:
            with flushed_together(run.folder):  # before status.json says completed
                save_json(status, run.folder / STATUS_FILE)
                save_text(settings.to_yaml(config), run.folder / SETTINGS_FILE)
                yield run
        except BaseException as error:  # whatever ends the run, its status must say so
            status |= {"state": "failed", "error": _sentence(error)}
            if isinstance(error, KeyboardInterrupt):
                status["state"] = "interrupted"
            logger.exception("%s: %s", status["state"], status["error"])
            raise
        else:
            status["state"] = "completed"
        finally:
            save_json({**status, **run.facts, "finished": _now()}, run.folder / STATUS_FILE)


def read_status(folder: Path) -> dict[str, Any]:
    """status.json of a run, with the state told truly: a running one whose process is gone was killed."""
    if not folder.is_dir():
        raise DataError(f"{folder} is no run folder: there is no such folder.")
    status: dict[str, Any] = load_json(folder / STATUS_FILE)
    if status.get("state") == "running" and status.get("host") == platform.node() and not _is_alive(status.get("pid")):
        status |= {
            "state": "killed",
            "error": "the process ended without a word (killed, or the machine stopped)",
        }
    return status


@cache
def git_commit(folder: Path) -> str | None:
    """The commit of the checkout that holds a folder, `-dirty` appended if it is changed; None outside one."""
    command = ["git", "-C", str(folder), "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() or None


def _make_folder(parent: Path, fingerprint: str) -> Run:
    while True:
        run_id = f"{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}-{fingerprint}"
        folder = parent / run_id
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            continue  # another run of the same microsecond: take the next one
        except OSError as error:
            raise DataError(
                f"{parent} cannot be written ({error.strerror}); choose another with paths.outputs=DIR."
            ) from error
        return Run(folder, run_id)


class _PlainFormatter(logging.Formatter):
    """A formatter that leaves control characters out of names and messages: the log is read in a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        return strip_control_characters(super().format(record))


@contextmanager
def _log_to(path: Path) -> Iterator[None]:
    handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(_PlainFormatter("%(asctime)s %(levelname)s %(message)s"))
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
        handler.close()


@contextmanager
def _terminate_as_interrupt() -> Iterator[None]:
    """A polite kill ends a run like Ctrl-C; only the main thread may say so."""

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


def _sentence(error: BaseException) -> str:
    if isinstance(error, KeyboardInterrupt):
        return "interrupted before it was done"
    return str(error) if isinstance(error, BreakoutError) else f"{type(error).__name__}: {error}"


def _is_alive(pid: object) -> bool:
    try:
        os.kill(int(str(pid)), 0)
    except PermissionError:
        return True
    except (OSError, ValueError):
        return False
    return True


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")
