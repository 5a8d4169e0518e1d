"""The arguments of commands that take folders of runs as well as overrides."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from breakout.errors import ConfigurationError

_OVERRIDE = re.compile(r"[+~]*[A-Za-z_][\w.]*=")


def split_folders(arguments: Sequence[str]) -> tuple[list[Path], list[str]]:
    """Return the folders and the overrides (`key=value`) among the arguments, both in the given order.

    A path may contain `=`, so an argument that is an existing path counts as a folder.
    """
    overrides = [one for one in arguments if _OVERRIDE.match(one) and not Path(one).exists()]
    return [Path(one) for one in arguments if one not in overrides], overrides


def outputs_folder(overrides: Sequence[str]) -> str:
    """Return the value of `paths.outputs` among the overrides, or its default in `conf/`.

    ConfigurationError for any other override.
    """
    from breakout.settings.composition import compose_mapping

    strange = [override for override in overrides if not override.startswith("paths.")]
    if strange:
        raise ConfigurationError(f"cannot read {strange[0]!r}: the only setting here is paths.outputs=DIR.")
    return str(compose_mapping("grade", overrides)["paths"]["outputs"])
