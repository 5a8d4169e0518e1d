"""The names that a user may give for a bundle (a saved model) instead of a path.

The names are `production` (the model in production), `latest` (the newest completed training run), `latest:NAME` and
NAME (the newest such run with that name). NAME is the setting `name` of a training run.
"""

from __future__ import annotations

import glob
from pathlib import Path

from breakout.bundle.manifest import MANIFEST_FILE
from breakout.errors import ConfigurationError, DataError, nearest_name
from breakout.production.registry import Registry
from breakout.runs.names import RUNS, newest_completed

PRODUCTION = "production"
LATEST = "latest"


def resolve_bundle(given: str, outputs: str | Path) -> Path:
    """Return the folder of the bundle (the saved model) that `given`, a name or a path, stands for.

    `production` names the model in production. `latest` names the newest completed training run below `outputs`, and
    `latest:NAME` or NAME the newest completed training run with that name. A text with a path separator is a path. Any
    other text is a path if a file or folder has that name and no bundle has it. Whether a bundle is at a path is not
    checked.

    ConfigurationError if both a bundle and a file or folder have the name (except the registry's own folder
    `production`). DataError if neither a bundle nor a file or folder has the name. DataError also if the registry is
    damaged, or if the status of a run that is read is damaged. Runs are read from the newest to the first completed
    run.
    """
    path, outputs = Path(given), Path(outputs)
    if path.name != given:
        return path
    found = _named(given, outputs)
    if not path.exists():
        return found or _refuse(given, outputs)
    if found is None or (Registry.is_at(path) and path.resolve() == Registry.of(outputs).folder.resolve()):
        return path
    raise ConfigurationError(
        f"{given} is both a folder here and a name that stands for {found}; type ./{given} or {found}."
    )


def _named(given: str, outputs: Path) -> Path | None:
    """Return the folder of the bundle that has the name `given`; None if no bundle has this name.

    A bundle is a saved model. Names are `production`, `latest`, `latest:NAME` and NAME, the name of a training run.
    """
    if given == PRODUCTION:
        registry = Registry.of(outputs)
        current = registry.current()
        return None if current is None else registry.bundle_folder(current)
    if given == LATEST:
        return _newest(outputs, "*")
    return _newest(outputs, glob.escape(given.removeprefix(f"{LATEST}:")))


def _newest(outputs: Path, name: str) -> Path | None:
    """Return the bundle folder of the newest completed run whose name matches a glob pattern; None if no run does.

    The bundle of a run is the model that the run saved; runs without a bundle are skipped.
    """
    folder = newest_completed(outputs, name, f"bundle/{MANIFEST_FILE}")
    return None if folder is None else folder / "bundle"


def _refuse(given: str, outputs: Path) -> Path:
    """Raise DataError that no bundle (saved model) has the name `given`.

    If `given` is `production`, the message says how to put a model into production. Otherwise the message names the run
    with the most similar name, or the names of all runs if none is similar.
    """
    if given == PRODUCTION:
        raise DataError(
            f"no model is in production below {outputs}; put one there with `breakout promote candidate=NAME`, or "
            "name another bundle, as in bundle=latest or bundle=NAME."
        )
    name = given.removeprefix(f"{LATEST}:")
    names = sorted({path.parents[2].name for path in (outputs / RUNS).glob(f"*/*/bundle/{MANIFEST_FILE}")})
    guess = nearest_name(name, names)
    known = f"did you mean {guess}?" if guess else f"its names: {', '.join(names) or 'none yet'}."
    folder = f"folder {given} and no " if given == name != LATEST else ""
    named = "" if given == LATEST else f" named {name}"
    raise DataError(f"there is no {folder}completed run{named} below {outputs / RUNS}; {known}")
