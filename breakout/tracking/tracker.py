"""The interface of trackers, and the registration of runs. The files of a run are kept even if its tracker fails."""

from __future__ import annotations

import importlib
import logging
import shlex
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from breakout.errors import BreakoutError, DataError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from breakout.settings import TrackingConfig

logger = logging.getLogger("breakout")

# Trackers that are optional: if they fail, the run still succeeds, with a warning.
WARNS_ONLY = ("mlflow",)


class Tracker(Protocol):
    """A place outside the run's folder where runs are recorded. Registering a run again replaces its entry."""

    def register(self, run_folder: Path) -> None:
        """Register a run that has ended, from its files; DataError or ConfigurationError if that fails."""
        ...


def has_tracker(mapping: Mapping[str, Any]) -> bool:
    """Return whether the settings of a job name a tracker; false if they have no group `tracking`."""
    is_tracked: bool = mapping.get("tracking", {}).get("kind", "none") != "none"
    return is_tracked


def open_tracker(config: TrackingConfig) -> Tracker | None:
    """Return the tracker of a configuration; None for `tracking=none`.

    The tracker's module `tracking/<kind>.py` is imported only here.
    """
    if config.kind == "none":
        return None
    tracker: Tracker = importlib.import_module(f"breakout.tracking.{config.kind}").open_tracker(config)
    return tracker


@contextmanager
def registering(config: TrackingConfig) -> Iterator[list[Path]]:
    """Yield a list to which the block adds folders of runs; each is registered at its end, also if the block failed."""
    folders: list[Path] = []
    try:
        yield folders
    except BaseException as failure:
        for folder in folders:
            register_run(config, folder, failure)
        raise
    for folder in folders:
        register_run(config, folder)


def register_run(
    config: TrackingConfig, run_folder: Path, failure: BaseException | None = None, *, is_asked_for: bool = False
) -> None:
    """Register a run that has ended; `failure` is the error that ended the run, if it failed.

    `is_asked_for` is true if the command's only purpose is to register the run. If the tracker fails, a message says
    how to register the run later. The message is added as a note to `failure` if the run failed. Otherwise it is logged
    as a warning if the tracker is in WARNS_ONLY and `is_asked_for` is false, and raised as DataError in all other
    cases.
    """
    if config.kind == "none":
        return
    try:
        tracker = open_tracker(config)
        if tracker is not None:
            tracker.register(run_folder)
            logger.info("registered the run with tracking=%s", config.kind)
    except BreakoutError as error:
        command = f"breakout track {shlex.quote(str(run_folder))}"
        message = f"the run is kept in {run_folder}, but it is not registered: {error} Then run: {command}"
        if failure is not None:
            failure.add_note(message)
        elif config.kind in WARNS_ONLY and not is_asked_for:
            logger.warning(message)
        else:
            raise DataError(message) from error
