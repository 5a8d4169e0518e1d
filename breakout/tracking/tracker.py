"""Trackers (services that record runs), and the registration of runs and of the jobs of sweeps.

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

# The kinds of trackers that are optional: if one fails, the run still succeeds, with a warning.
WARNS_ONLY = ("mlflow",)


class Tracker(Protocol):
    """A service that records runs outside their folders. Registering a run again replaces the run's entry."""

    def register(self, run_folder: Path) -> None:
        """Register a run that has ended, from the files of its folder.

        DataError or ConfigurationError if the registration fails.
        """
        ...


def has_tracker(mapping: Mapping[str, Any]) -> bool:
    """Return whether a tracker (a service that records runs) is set in `mapping`, the settings of a job."""
    is_tracked: bool = mapping.get("tracking", {}).get("kind", "none") != "none"
    return is_tracked


def open_tracker(config: TrackingConfig) -> Tracker | None:
    """Return the tracker of a configuration; None for `tracking=none`.

    ConfigurationError if the address or the table of the tracker is not valid.
    """
    if config.kind == "none":
        return None
    tracker: Tracker = importlib.import_module(f"breakout.tracking.{config.kind}").open_tracker(config)
    return tracker


@contextmanager
def registering(config: TrackingConfig) -> Iterator[list[Path]]:
    """Yield an empty list, to which the block adds run folders; register these runs when the block ends or raises.

    If the block raises, a failed registration adds a note to the exception. If the block does not raise, a failed
    registration raises DataError, or is only logged if the tracker is optional (WARNS_ONLY).
    """
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
    """Register an ended run with the tracker of `config`; do nothing for `tracking=none`.

    If the registration fails, a message explains how to register the run later. The message is

    - added as a note to `failure`, the exception that the command is raising, if there is one,
    - else logged as a warning, if the tracker is optional (WARNS_ONLY) and `is_asked_for` is false,
    - else raised as DataError.

    `is_asked_for` is true if the command's only purpose is to register the run.
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
    """Register every ended job of a sweep with the tracker that is set in the job's settings.

    The settings saved with a job lack the secret in the tracker's address, so `trackers` contains the tracking settings
    with their secrets. A job whose status or settings cannot be read is left out. DataError if a registration fails.
    If the tracker is optional (WARNS_ONLY), the failure is only logged.
    """
    for status_file in sorted(folder.glob(f"runs/*/{STATUS_FILE}")):
        run = status_file.parent
        try:
            status, config = read_status(run), load_file(run / SETTINGS_FILE, ExperimentConfig)
        except BreakoutError as error:  # the job was refused or killed early, or its files are damaged
            logger.info("not registered: %s", error)
            continue
        if status.state != "running":
            register_run(_with_secret(config.tracking, trackers), run)


def _with_secret(saved: TrackingConfig, trackers: Collection[TrackingConfig]) -> TrackingConfig:
    """Return the settings in `trackers` that equal `saved` except for the secret; return `saved` if there are none."""
    form = to_saved({"tracking": saved})
    return next((tracker for tracker in trackers if to_saved({"tracking": tracker}) == form), saved)
