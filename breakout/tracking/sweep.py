"""The jobs of a sweep that is over, registered one after another: each with the tracker of its own settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from breakout.runs import SETTINGS_FILE, STATUS_FILE, read_status
from breakout.settings.saved import read_mapping
from breakout.tracking.base import has_tracker, register_run

if TYPE_CHECKING:
    from pathlib import Path


def register_sweep(folder: Path) -> None:
    """Register every job that ended, well or not; DataError if one cannot be and its tracker insists."""
    from breakout import settings

    for status_file in sorted(folder.glob(f"runs/*/{STATUS_FILE}")):
        run = status_file.parent
        if not (run / SETTINGS_FILE).is_file():
            continue  # killed in its first moment, before anything could be told of it
        if not has_tracker(read_mapping(run / SETTINGS_FILE)):
            continue
        if read_status(run).state != "running":
            config = settings.load_file(run / SETTINGS_FILE, settings.ExperimentConfig)
            register_run(config.tracking, run)
