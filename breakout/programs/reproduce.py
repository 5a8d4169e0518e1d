"""The command `breakout reproduce RUN`, which runs the settings of a run again and compares the results."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from breakout.errors import ConfigurationError, GateError
from breakout.programs.arguments import split_runs
from breakout.report.tables import Table, text
from breakout.report.terminal.bars import progress_line
from breakout.report.terminal.console import console
from breakout.report.terminal.lines import print_line
from breakout.rerun import PLACES, Evidence, rerun

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

PROBABILITY, LADDER = "probability", "ladder"


def main(arguments: Sequence[str]) -> int:
    """Run the settings of a run again and print a comparison; return 0 if both results are equal bit for bit.

    Settings, data, definitions of features and label, rows and predictions are compared. Different versions of
    libraries are printed, because they may explain a difference, but raise no error.

    - GateError if the results differ, or if the run's definitions of features or label differ from the installed ones.
    - ConfigurationError unless the arguments name one run of `train` or `evaluate`.
    - ConfigurationError for an override other than a new path of the run's data or bundle (a saved model).
    - DataError if the run is not completed, if one of its files was changed, or if the data cannot be read.
    """
    folders, overrides = split_runs(arguments)
    if len(folders) != 1:
        raise ConfigurationError("give one run: breakout reproduce outputs/runs/NAME/RUN, or its NAME, or latest")
    folder = folders[0]
    with progress_line("reproduce"):
        saved, now = rerun(folder, read_places(overrides))
    differing = print_parts(saved, now)
    if differing:
        raise GateError(f"{folder} is not reproduced: {', '.join(differing)} differ from what the run recorded.")
    print_line(f"reproduced, bit for bit: {folder}")
    return 0


def read_places(overrides: Sequence[str]) -> dict[str, str]:
    """Return the overrides (new paths of moved data or of a moved saved model) as a dict.

    ConfigurationError for a key that is not in PLACES.
    """
    places = dict(override.split("=", 1) for override in overrides)
    strange = [key for key in places if key not in PLACES]
    if strange:
        raise ConfigurationError(
            f"{strange[0]} cannot be set: a run is run again as it was. "
            f"Only the new place of its data can be set, with {', '.join(PLACES)}."
        )
    return places


def print_parts(saved: Evidence, now: Evidence) -> list[str]:
    """Print a table that compares a run with its rerun; return the names of the unequal parts.

    Different versions of libraries are printed, but not returned.
    """
    differing = [name for name, value in saved.fingerprints.items() if now.fingerprints[name] != value]
    rows: list[list[object]] = []
    for name, value in saved.fingerprints.items():
        rows.append([name, value, now.fingerprints[name], _mark(name not in differing)])
    difference = predictions_difference(saved.predictions, now.predictions)
    counts = (f"{len(saved.predictions):,}", f"{len(now.predictions):,}")
    rows.append(["predictions", *counts, difference or _mark(True)])
    for name, version in saved.versions.items():
        if now.versions.get(name) != version:
            rows.append([f"version of {name}", version, now.versions.get(name), "other, noted only"])
    cells = [[text(value) for value in row] for row in rows]
    console().print_table(Table("", ["part", "the run", "again", ""], cells))
    return [*differing, *(["predictions"] if difference else [])]


def predictions_difference(saved: pd.DataFrame, now: pd.DataFrame) -> str:
    """Describe the first difference between two tables of predictions; "" if they are equal bit for bit."""
    columns = [column for column in saved.columns if column not in (PROBABILITY, LADDER)]
    if len(saved) != len(now) or not _same(saved[columns], now[columns]):
        return "other rows"
    difference = (saved[PROBABILITY] - now[PROBABILITY]).abs()
    changed = saved[PROBABILITY].to_numpy().view("int64") != now[PROBABILITY].to_numpy().view("int64")
    if changed.any():
        return f"{changed.sum():,} differ, by up to {difference.max():.2g}"
    return "" if _ladders(saved) == _ladders(now) else "other ladders"


def _ladders(predictions: pd.DataFrame) -> list[bytes]:
    """Return the bytes of each row's ladder (P(points >= k) for k = 1, 2, ...); b"" for a row without a ladder."""
    found = predictions.get(LADDER, ())
    return [np.asarray(ladder).tobytes() if np.ndim(ladder) else b"" for ladder in found]


def _same(saved: pd.DataFrame, now: pd.DataFrame) -> bool:
    return all(list(saved[column]) == list(now[column]) for column in saved.columns)


def _mark(is_same: bool) -> str:
    return "same" if is_same else "differs"
