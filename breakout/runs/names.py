"""The lookup of runs and sweeps by name, which is the setting `name`.

A name stands for the newest completed run, or the newest sweep, with this name below an outputs folder.
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
_TIME = re.compile(r"-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d-\d{6}$")  # the end of a sweep folder's name: the time of the start


def newest_completed(outputs: Path, pattern: str, file: str = STATUS_FILE) -> Path | None:
    """Return the folder of the newest completed run whose name matches a glob pattern and whose folder contains `file`.

    `file` is a path in the run's folder. None if there is no such run. DataError if the status of a matching run is
    damaged, unless a newer matching run is completed. The names of run folders begin with the time of the start, so
    sorting by name sorts by time.
    """
    depth = len(Path(file).parts)
    found = (path.parents[depth - 1] for path in (outputs / RUNS).glob(f"{pattern}/*/{file}"))
    for folder in sorted(found, key=lambda folder: folder.name, reverse=True):
        if (folder / STATUS_FILE).is_file() and read_status(folder).state == "completed":
            return folder
    return None


def newest_run(outputs: Path, name: str) -> Path | None:
    """Return the folder of the newest completed run with this name; None if there is none.

    Only the runs in the folder `runs` below `outputs` count, whatever their command. DataError if status.json of a run
    with this name is damaged, unless a newer run with this name is completed.
    """
    return newest_completed(outputs, glob.escape(name))


def newest_sweep(outputs: Path, name: str) -> Path | None:
    """Return the folder of a sweep: the folder that is called `name`, or else that of the newest sweep with this name.

    The folder of a sweep is called `<name of the sweep>-<time of the start>`. None if no sweep matches.
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
    """Return the names of the sweeps below `outputs`: the names of their folders without the time of the start."""
    return {_TIME.sub("", folder.name) for folder in _sweeps(outputs)}


def _sweeps(outputs: Path) -> list[Path]:
    return [path.parent for path in (outputs / SWEEPS).glob(f"*/{SWEEP_RECORD}")]


def sweep_of(run_folder: Path) -> Path | None:
    """Return the folder of the sweep that a run is a job of; None for any other run."""
    sweep = run_folder.resolve().parent.parent
    return sweep if (sweep / SWEEP_RECORD).is_file() else None
