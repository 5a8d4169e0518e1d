"""The names that a user may give for a bundle (a saved model) instead of a path.

- `production`: the model in production.
- `latest`: the model of the newest completed training run.
- `latest:NAME` or NAME: the model of the newest completed training run with the setting `name=NAME`.
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
    """Return the folder of the saved model for `given`, a name or a path.

    - `production`: the model in production.
    - `latest`: the model of the newest completed training run below `outputs`.
    - `latest:NAME` or NAME: the model of the newest completed training run with that name.
    - A text with a path separator is a path, and so is the name of a file or folder if no model has that name.

    Whether a path holds a model is not checked. ConfigurationError if the name fits a model and also a file or folder,
    except for the registry's own folder `production`. DataError if no model, file or folder has the name, or if the
    registry or the status of a run that is read is damaged.
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
    """Return the folder of the saved model that has the name `given`; None if there is none."""
    if given == PRODUCTION:
        registry = Registry.of(outputs)
        current = registry.current()
        return None if current is None else registry.bundle_folder(current)
    if given == LATEST:
        return _newest(outputs, "*")
    return _newest(outputs, glob.escape(given.removeprefix(f"{LATEST}:")))


def _newest(outputs: Path, name: str) -> Path | None:
    """Return the bundle folder of the newest completed run whose name matches a glob pattern; None if there is none."""
    folder = newest_completed(outputs, name, f"bundle/{MANIFEST_FILE}")
    return None if folder is None else folder / "bundle"


def _refuse(given: str, outputs: Path) -> Path:
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
