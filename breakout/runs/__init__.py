"""The folder of a run, and the runs in an outputs folder.

- `folder` creates a run's folder.
- `status` reads and writes status.json.
- `record` reads the other files.
- `names` finds a run or sweep by name.
- `listing` lists the finished runs and sweeps.
- `leftovers` removes the unfinished files of killed processes.
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
