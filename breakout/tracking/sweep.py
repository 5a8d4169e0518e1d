"""The registration of the jobs of a finished sweep, each with the tracker that its settings name."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from breakout.errors import BreakoutError
from breakout.runs import SETTINGS_FILE, STATUS_FILE, read_status
from breakout.settings import ExperimentConfig, load_file, to_saved
from breakout.tracking.tracker import register_run

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from breakout.settings import TrackingConfig

logger = logging.getLogger("breakout")


def register_sweep(folder: Path, trackers: Collection[TrackingConfig] = ()) -> None:
    """Register every job that has ended, also a failed one; DataError as in `register_run`.

    In the saved settings of a job, the secret in the tracker's address is masked. `trackers` are the trackers as they
    are configured now, with their full addresses; the one that a job names is used if it is among them.
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
