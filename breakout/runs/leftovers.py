"""The removal of unfinished files and folders that killed processes left in the outputs folder."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from breakout.artifacts import remove_incomplete
from breakout.errors import DataError
from breakout.runs.status import STATUS_FILE, read_status

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# A run writes its status as soon as its folder exists. If a folder without a status is older than STATUS_SECONDS, its
# process is therefore assumed to have ended.
STATUS_SECONDS = 3600


def clear_runs(outputs: Path) -> list[Path]:
    """Remove unfinished files and folders from the run folders below `outputs`; return the removed paths.

    Run folders are the folders of runs, comparisons, backtests and jobs of sweeps. A run that may still be running,
    here or on another machine, is left unchanged. DataError if a file cannot be removed.
    """
    return [
        path for folder in _run_folders(outputs) if not _may_be_running(folder) for path in remove_incomplete(folder)
    ]


def _run_folders(outputs: Path) -> Iterator[Path]:
    for pattern in ("runs/*/*", "comparisons/*/*", "backtests/*/*", "sweeps/*/runs/*"):
        yield from (path for path in sorted(outputs.glob(pattern)) if path.is_dir())


def _may_be_running(folder: Path) -> bool:
    """Return whether a living process, on this machine or another, may still write to the run folder."""
    if not (folder / STATUS_FILE).is_file():
        return time.time() - folder.stat().st_mtime < STATUS_SECONDS
    try:
        return read_status(folder).state == "running"
    except DataError:
        # A run replaces status.json in one step, so a damaged file does not come from a run that is still writing it.
        return False
