"""The interface of trackers, and the registration of runs and of the jobs of sweeps.

The files of a run are kept even if its tracker fails.
"""

from __future__ import annotations

import importlib
import logging
import shlex
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from breakout.errors import BreakoutError, DataError
from breakout.runs import SETTINGS_FILE, STATUS_FILE, read_status
from breakout.settings import ExperimentConfig, load_file, to_saved

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
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
    """Yield a list to which the block adds folders of runs; when the block ends or fails, each run is registered."""
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
    """Register a run that has ended with its tracker; nothing happens with `tracking=none`.

    `failure` is the error that the command raises after the registration, None without one. `is_asked_for` is true if
    the command's only purpose is to register the run. If the tracker fails, a message says how to register the run
    later. With a `failure`, the message is added to that error as a note. Otherwise the message is logged as a warning
    if the tracker is in WARNS_ONLY and `is_asked_for` is false; else DataError is raised with the message.
    """
    try:
        tracker = open_tracker(config)
        if tracker is None:
            return
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


def register_sweep(folder: Path, trackers: Collection[TrackingConfig]) -> None:
    """Register every job of a sweep that has ended, each with the tracker of its settings; DataError as `register_run`.

    A job whose status or settings cannot be read is left out. In the saved settings of a job, the secret in the
    tracker's address is masked; if one of `trackers` has the same saved form, that one is used, with its secret.
    """
    for status_file in sorted(folder.glob(f"runs/*/{STATUS_FILE}")):
        run = status_file.parent
        try:
            status, config = read_status(run), load_file(run / SETTINGS_FILE, ExperimentConfig)
        except BreakoutError as error:  # The job was refused, or killed before it saved its settings, or is damaged.
            logger.info("not registered: %s", error)
            continue
        if status.state != "running":
            register_run(_with_secret(config.tracking, trackers), run)


def _with_secret(saved: TrackingConfig, trackers: Collection[TrackingConfig]) -> TrackingConfig:
    """Return the tracker among `trackers` whose saved form is `saved`; `saved` itself if there is none."""
    form = to_saved({"tracking": saved})
    return next((tracker for tracker in trackers if to_saved({"tracking": tracker}) == form), saved)
