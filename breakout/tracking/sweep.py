"""Registration of the jobs of a sweep that is over, each with the tracker of its own settings."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from breakout.errors import BreakoutError
from breakout.runs import SETTINGS_FILE, STATUS_FILE, read_status
from breakout.settings import ExperimentConfig, load_file, to_saved
from breakout.tracking.base import register_run

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from breakout.settings import TrackingConfig

logger = logging.getLogger("breakout")


def register_sweep(folder: Path, trackers: Collection[TrackingConfig] = ()) -> None:
    """Register every job that has ended, failed ones too; DataError if one cannot be and its tracker insists.

    `trackers` hold the addresses that the jobs' saved settings have without their secrets.
    """
    for status_file in sorted(folder.glob(f"runs/*/{STATUS_FILE}")):
        run = status_file.parent
        try:
            status, config = read_status(run), load_file(run / SETTINGS_FILE, ExperimentConfig)
        except BreakoutError as error:  # a job that was refused, killed before it wrote its settings, or damaged
            logger.info("not registered: %s", error)
            continue
        if status.state != "running":
            register_run(_with_secret(config.tracking, trackers), run)


def _with_secret(saved: TrackingConfig, trackers: Collection[TrackingConfig]) -> TrackingConfig:
    """Return the tracker whose saved form this is; the saved form itself if no tracker is known for it."""
    form = to_saved({"tracking": saved})
    return next((tracker for tracker in trackers if to_saved({"tracking": tracker}) == form), saved)
