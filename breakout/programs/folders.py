"""The arguments of commands that take folders of runs beside settings."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

_OVERRIDE = re.compile(r"[+~]*[A-Za-z_][\w.]*=")


def split_folders(arguments: Sequence[str]) -> tuple[list[Path], list[str]]:
    """Return the folders and the overrides (`key=value`) among the arguments, each in their order.

    A path may hold `=` too: what exists on the disk is a folder.
    """
    overrides = [word for word in arguments if _OVERRIDE.match(word) and not Path(word).exists()]
    return [Path(word) for word in arguments if word not in overrides], overrides
