"""What jobs are called: the words of all jobs in, the few that tell each from the others out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from breakout.sweeps.job import job_words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Words = tuple[str, ...]
_LONG_NUMBER = re.compile(r"-?\d+\.\d{5,}(e-?\d+)?")  # as tuners draw them

# Settings that do not make another recipe: where it is judged, what it is called, and chance.
_WHERE = {"window"}
_NOT_RECIPE = _WHERE | {"seed", "name", "hypothesis", "tags", "paths"}


def varying_words(overrides: Mapping[int, Sequence[str]]) -> dict[int, Words]:
    """The words of each job that not every job has; of a single job all."""
    words = {number: job_words(found) for number, found in overrides.items()}
    return _without_common(words) if len(words) > 1 else words


def recipe_words(words: Sequence[str]) -> Words:
    """Words without those that say where a job is judged, and without its seed."""
    return tuple(word for word in words if _group_of(word) not in _NOT_RECIPE)


def labels(words: Mapping[int, Sequence[str]]) -> dict[int, str]:
    """Short labels for jobs that stand in one table, whose heading tells their window; "" where nothing is to tell."""
    if len(words) > 1:
        return {number: short_words(found) for number, found in _without_common(words).items()}
    return {number: short_words(_elsewhere(found)) for number, found in words.items()}


def short_words(words: Sequence[str]) -> str:
    """Words without the groups that they stand in: depth=4 iterations=500."""
    return " ".join(_short(word) for word in words)


def _short(word: str) -> str:
    key, equals, value = word.partition("=")
    told = f"{float(value):.4g}" if _LONG_NUMBER.fullmatch(value) else value
    return f"{key.rpartition('.')[2]}{equals}{told}"


def _without_common(words: Mapping[int, Sequence[str]]) -> dict[int, Words]:
    common = set.intersection(*map(set, words.values()))
    return {number: tuple(word for word in found if word not in common) for number, found in words.items()}


def _elsewhere(words: Sequence[str]) -> Words:
    return tuple(word for word in words if _group_of(word) not in _WHERE)


def _group_of(word: str) -> str:
    """model of +model.depth=4"""
    return word.partition("=")[0].lstrip("+~").partition(".")[0]
