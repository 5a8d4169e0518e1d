"""The arguments of commands that take finished runs as well as overrides."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from breakout.errors import ConfigurationError

_OVERRIDE = re.compile(r"[+~]*[A-Za-z_][\w.]*=")


def split_runs(arguments: Sequence[str]) -> tuple[list[Path], list[str]]:
    """Return the folders of the runs and the overrides (`key=value`) among the arguments, both in the given order.

    A path may contain `=`, so an argument that is an existing path counts as a run. DataError for a name without a run.
    """
    overrides = [one for one in arguments if _OVERRIDE.match(one) and not Path(one).exists()]
    return [find_run(one) for one in arguments if one not in overrides], overrides


def find_run(given: str) -> Path:
    """Return the folder of a run, given that folder, the folder of its bundle, or a name as in `resolve_bundle`.

    Names are searched below the default of `paths.outputs`. DataError if no completed run has the name.
    """
    path = Path(given)
    if not path.exists() and path.name == given:
        from breakout.production.bundle_names import resolve_bundle

        path = resolve_bundle(given, outputs_folder([]))
    return path.parent if path.name == "bundle" else path


def outputs_folder(overrides: Sequence[str]) -> str:
    """Return the value of `paths.outputs` among the overrides, or its default in `conf/`.

    ConfigurationError for any other override.
    """
    from breakout.settings.composition import compose_mapping

    strange = [override for override in overrides if not override.startswith("paths.")]
    if strange:
        raise ConfigurationError(f"cannot read {strange[0]!r}: the only setting here is paths.outputs=DIR.")
    return str(compose_mapping("grade", overrides)["paths"]["outputs"])
