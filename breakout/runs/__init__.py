"""The folder of a run: its creation, its status, the reading of its files (`record`), and the list of runs (`listing`).

`leftovers` removes the unfinished files of killed processes.
"""

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
