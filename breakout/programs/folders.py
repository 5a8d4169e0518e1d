"""The arguments of commands that take folders of runs as well as overrides."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

_OVERRIDE = re.compile(r"[+~]*[A-Za-z_][\w.]*=")


def split_folders(arguments: Sequence[str]) -> tuple[list[Path], list[str]]:
    """Return the folders and the overrides (`key=value`) among the arguments, each in their order.

    A path may contain `=` too, so an argument that exists as a path is a folder.
    """
    overrides = [one for one in arguments if _OVERRIDE.match(one) and not Path(one).exists()]
    return [Path(one) for one in arguments if one not in overrides], overrides
