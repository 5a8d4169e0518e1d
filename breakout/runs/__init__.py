"""The folder of a run: its creation, its status, and the reading of its files (`breakout.runs.record`)."""

from breakout.runs.folder import Run, open_run
from breakout.runs.status import (
    LOG_FILE,
    PREDICTIONS_FILE,
    SETTINGS_FILE,
    STATUS_FILE,
    RunStatus,
    check_files,
    read_status,
    warn_without_digests,
    write_status,
)

__all__ = [
    "LOG_FILE",
    "PREDICTIONS_FILE",
    "SETTINGS_FILE",
    "STATUS_FILE",
    "Run",
    "RunStatus",
    "check_files",
    "open_run",
    "read_status",
    "warn_without_digests",
    "write_status",
]
