"""Short names of jobs, made of the overrides in which the jobs differ."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from breakout.sweeps.job import job_overrides

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Overrides = tuple[str, ...]
_LONG_NUMBER = re.compile(r"-?\d+\.\d{5,}(e-?\d+)?")  # a number with 5 or more decimals, as tuners choose

# A variant is a choice of all settings except these. Jobs of one variant may differ in these.
_NOT_VARIANT = {"window", "seed", "name", "hypothesis", "tags", "paths"}


def varying_overrides(overrides: Mapping[int, Sequence[str]]) -> dict[int, Overrides]:
    """Return each job's overrides by job number, without the overrides that all jobs have.

    A single job keeps all its overrides. Overrides that choose how the sweep runs, such as `workers=2`, are left out.
    """
    found = {number: job_overrides(own) for number, own in overrides.items()}
    return _without_common(found) if len(found) > 1 else found


def variant_overrides(overrides: Sequence[str]) -> Overrides:
    """Return the overrides that define a job's variant: all except window, seed, name, hypothesis, tags and paths."""
    return tuple(override for override in overrides if _group_of(override) not in _NOT_VARIANT)


def repeated_overrides(overrides: Sequence[str]) -> Overrides:
    """Return the overrides that identify a fit: all except seed, name, hypothesis, tags and paths.

    Jobs that repeat one fit with different seeds agree in all these overrides.
    """
    return tuple(override for override in overrides if _group_of(override) not in _NOT_VARIANT - {"window"})


def labels(overrides: Mapping[int, Sequence[str]]) -> dict[int, str]:
    """Return a short label for each job of one table: its overrides except those that all jobs of the table have.

    The label of a table's only job contains all its overrides except `window=NAME`, because the table's title names the
    window. A label can be "".
    """
    if len(overrides) > 1:
        return {number: shorten(found) for number, found in _without_common(overrides).items()}
    return {
        number: shorten([override for override in found if not override.startswith("window=")])
        for number, found in overrides.items()
    }


def shorten(overrides: Sequence[str]) -> str:
    """Return overrides as one text with shortened keys and numbers: depth=4 for model.depth=4, 0.1235 for 0.123456."""
    return " ".join(map(_shorten, overrides))


def _shorten(override: str) -> str:
    key, equals, value = override.partition("=")
    short = f"{float(value):.4g}" if _LONG_NUMBER.fullmatch(value) else value
    return f"{key.rpartition('.')[2]}{equals}{short}"


def _without_common(overrides: Mapping[int, Sequence[str]]) -> dict[int, Overrides]:
    common = set.intersection(*map(set, overrides.values()))
    return {number: tuple(found for found in own if found not in common) for number, own in overrides.items()}


def _group_of(override: str) -> str:
    """Return the first part of an override's key, such as "model" for "+model.depth=4"."""
    return override.partition("=")[0].lstrip("+~").partition(".")[0]
