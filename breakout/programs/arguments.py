"""Functions that read runs and overrides from the arguments of a command."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from breakout.errors import ConfigurationError, DataError, nearest_name

_OVERRIDE = re.compile(r"[+~]*[A-Za-z_][\w.]*=")


def split_runs(arguments: Sequence[str]) -> tuple[list[Path], list[str]]:
    """Split arguments into the folders of runs and the overrides (`key=value`), both in the given order.

    An existing path counts as a run, even if it contains `=`. The folders of the runs come from `find_run`, which
    raises DataError for an unknown name.
    """
    overrides = [argument for argument in arguments if _OVERRIDE.match(argument) and not Path(argument).exists()]
    return [find_run(argument) for argument in arguments if argument not in overrides], overrides


def find_run(given: str, *, is_sweep_allowed: bool = False) -> Path:
    """Return the folder of a run from its path, from the path of its bundle (a saved model), or from a name.

    `given` is a name if it has no path separator and no such path exists. The names are:

    - NAME or `latest:NAME`: the newest completed run whose setting `name` is NAME.
    - `latest`: the newest completed training run.
    - `production`: the registry's copy of the model in production.
    - The name or folder name of a sweep, if `is_sweep_allowed` is true and no completed run has this name.

    Names are searched below the default of `paths.outputs`. DataError if nothing has the name. A text with a path
    separator is a path, even if it does not exist.
    """
    path = Path(given)
    if not path.exists() and path.name == given:
        path = _find_named(given, Path(outputs_folder([])), is_sweep_allowed)
    return path.parent if path.name == "bundle" else path


def _find_named(given: str, outputs: Path, is_sweep_allowed: bool) -> Path:
    from breakout.production.bundle_names import LATEST, PRODUCTION, resolve_bundle
    from breakout.runs.names import RUNS, newest_run, newest_sweep, run_names, sweep_names

    if given in (PRODUCTION, LATEST):
        return resolve_bundle(given, outputs)
    name = given.removeprefix(f"{LATEST}:")
    found = newest_run(outputs, name) or (newest_sweep(outputs, name) if is_sweep_allowed else None)
    if found is not None:
        return found
    known = run_names(outputs) | (sweep_names(outputs) if is_sweep_allowed else set())
    guess = nearest_name(name, known)
    kind, place = ("run or sweep", outputs) if is_sweep_allowed else ("run", outputs / RUNS)
    raise DataError(
        f"there is no folder {given} and no completed {kind} named {name} below {place}; "
        + (f"did you mean {guess}?" if guess else f"its names: {', '.join(sorted(known)) or 'none yet'}.")
    )


def compose_allowed(
    command: str, overrides: Sequence[str], allowed: tuple[str, ...], named: str
) -> Mapping[str, Mapping[str, object]]:
    """Return the settings of a command, composed with the overrides, by configuration group and key.

    ConfigurationError if an override begins with none of the prefixes in `allowed`. `named` is the end of the error's
    message, such as "the only setting here is paths.outputs=DIR".
    """
    from breakout.settings.composition import compose_mapping

    strange = [override for override in overrides if not override.startswith(allowed)]
    if strange:
        raise ConfigurationError(f"cannot read {strange[0]!r}: {named}.")
    return compose_mapping(command, overrides)


def outputs_folder(overrides: Sequence[str]) -> str:
    """Return the value of `paths.outputs` among the overrides, or its default.

    ConfigurationError for an override that does not begin with `paths.`.
    """
    settings = compose_allowed("grade", overrides, ("paths.",), "the only setting here is paths.outputs=DIR")
    return str(settings["paths"]["outputs"])
