"""The interface of trackers, and the registration of runs; a tracker that fails never costs a run."""

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
    """A shared record of runs. Registering a run again replaces its entry."""

    def register(self, run_folder: Path) -> None:
        """Read a finished or failed run's files and record them; DataError if that fails."""
        ...


def has_tracker(mapping: Mapping[str, Any]) -> bool:
    """Return whether a job's settings name a tracker; the settings of a refused job may lack the group."""
    is_tracked: bool = mapping.get("tracking", {}).get("kind", "none") != "none"
    return is_tracked


def open_tracker(config: TrackingConfig) -> Tracker | None:
    """Return the tracker of a configuration, None for `tracking=none`; it imports the module `tracking/<kind>.py`."""
    if config.kind == "none":
        return None
    tracker: Tracker = importlib.import_module(f"breakout.tracking.{config.kind}").open_tracker(config)
    return tracker


@contextmanager
def registering(config: TrackingConfig) -> Iterator[list[Path]]:
    """Yield a list; the folders of runs appended to it are registered on leaving, those of failed runs too."""
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
    """Register a run that is over; `failure` is what ended a failed one.

    The run is kept whatever happens. A tracker of WARNS_ONLY that cannot be reached is a warning, unless registering is
    all that was asked for. Else DataError says how to register it later; beside a failure of the run's own, that
    sentence is added to the failure as a note instead.
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
        told = f"the run is kept in {run_folder}, but it is not registered: {error} Then run: {command}"
        if failure is not None:
            failure.add_note(told)
        elif config.kind in WARNS_ONLY and not is_asked_for:
            logger.warning(told)
        else:
            raise DataError(told) from error
