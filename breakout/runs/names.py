"""The lookup of runs and sweeps by their setting `name`.

A name refers to the newest completed run, or the newest sweep, with this name below an outputs folder. The jobs of
sweeps are no runs here.
"""

from __future__ import annotations

import glob
import re
from contextlib import suppress
from pathlib import Path

from breakout.errors import DataError
from breakout.runs.status import STATUS_FILE, read_status

RUNS, SWEEPS = "runs", "sweeps"
SWEEP_RECORD = "sweep.json"
# A sweep folder's name ends with the time of the start, such as -2026-01-31T09-30-00-000000.
_TIME = re.compile(r"-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d-\d{6}$")


def newest_completed(outputs: Path, pattern: str, file: str = STATUS_FILE) -> Path | None:
    """Return the folder of the newest completed run whose name matches `pattern` and whose folder contains `file`.

    `pattern` is a glob pattern, and `file` a path in the run's folder. None if there is no such run. DataError if the
    status of a matching run is damaged, unless a newer matching run is completed.
    """
    depth = len(Path(file).parts)
    found = (path.parents[depth - 1] for path in (outputs / RUNS).glob(f"{pattern}/*/{file}"))
    # The names of run folders begin with the time of the start, so sorting by name sorts by time.
    for folder in sorted(found, key=lambda folder: folder.name, reverse=True):
        if (folder / STATUS_FILE).is_file() and read_status(folder).state == "completed":
            return folder
    return None


def newest_run(outputs: Path, name: str) -> Path | None:
    """Return the folder of the newest completed run with this name, whatever its command; None if there is none.

    DataError if the status of a run with this name is damaged, unless a newer run with this name is completed.
    """
    return newest_completed(outputs, glob.escape(name))


def newest_sweep(outputs: Path, name: str) -> Path | None:
    """Return the sweep folder called `name`, or else the newest sweep folder called `<name>-<time of the start>`.

    None if there is no such folder.
    """
    sweeps = _sweeps(outputs)
    exact = [folder for folder in sweeps if folder.name == name]
    named = exact or [folder for folder in sweeps if _TIME.sub("", folder.name) == name]
    return max(named, key=lambda folder: folder.name, default=None)


def run_names(outputs: Path) -> set[str]:
    """Return the names of the completed runs below `outputs`; runs with a damaged status are left out."""
    names = set()
    for path in (outputs / RUNS).glob(f"*/*/{STATUS_FILE}"):
        with suppress(DataError):
            if read_status(path.parent).state == "completed":
                names.add(path.parents[1].name)
    return names


def sweep_names(outputs: Path) -> set[str]:
    """Return the names of the sweeps below `outputs`."""
    return {_TIME.sub("", folder.name) for folder in _sweeps(outputs)}


def _sweeps(outputs: Path) -> list[Path]:
    return [path.parent for path in (outputs / SWEEPS).glob(f"*/{SWEEP_RECORD}")]


def sweep_of(run_folder: Path) -> Path | None:
    """Return the folder of the sweep to which a run belongs; None for a run outside a sweep."""
    sweep = run_folder.resolve().parent.parent
    return sweep if (sweep / SWEEP_RECORD).is_file() else None
