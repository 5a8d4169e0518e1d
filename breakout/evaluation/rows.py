"""Checks of labels, probabilities and game dates of the same rows, and groups of rows with equal probabilities."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
DateArray = NDArray[np.datetime64]

# A value within EQUALITY_TOLERANCE of a limit counts as equal to the limit, so that rounding does not decide.
EQUALITY_TOLERANCE = 1e-9


def check_labels(y: ArrayLike) -> FloatArray:
    """Return the labels as floats 0.0 and 1.0, shape (n,); ValueError for another shape or another value."""
    labels = np.asarray(y, dtype=np.float64)
    if labels.ndim != 1:
        raise ValueError(f"labels must be one-dimensional, not of shape {labels.shape}")
    if not ((labels == 0.0) | (labels == 1.0)).all():
        raise ValueError("labels must be 0 or 1")
    return labels


def check_probabilities(p: ArrayLike, n_rows: int) -> FloatArray:
    """Return the probabilities as floats, shape (n_rows,).

    ValueError for another shape, or for a probability that is missing or outside [0, 1].
    """
    probabilities = np.asarray(p, dtype=np.float64)
    if probabilities.shape != (n_rows,):
        raise ValueError(f"{n_rows} labels but probabilities of shape {probabilities.shape}")
    if not ((probabilities >= 0.0) & (probabilities <= 1.0)).all():
        raise ValueError("probabilities must lie between 0 and 1 and may not be missing")
    return probabilities


def check_dates(game_dates: ArrayLike, n_rows: int | None = None) -> DateArray:
    """Return the dates as `datetime64[D]`, shape (n,).

    ValueError for another shape, a missing date, or a number of dates other than `n_rows` (None allows any).
    """
    dates = np.asarray(game_dates).astype("datetime64[D]")
    if dates.ndim != 1 or (n_rows is not None and dates.shape != (n_rows,)):
        raise ValueError(f"game dates of shape {dates.shape} do not match {n_rows} rows")
    if np.isnat(dates).any():
        raise ValueError("a row has no game date")
    return dates


def check_rows(y: ArrayLike, p: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Return labels and probabilities as floats, both of shape (n,).

    ValueError for labels other than 0 and 1, for missing probabilities or probabilities outside [0, 1], or for other
    shapes.
    """
    labels = check_labels(y)
    return labels, check_probabilities(p, labels.size)


@dataclass(frozen=True)
class TiedScores:
    """The ascending order of n rows by probability, in groups of equal probability.

    - `order` (n,): the row numbers in ascending order of probability.
    - `edges` (groups + 1,): the rows of group g are `order[edges[g]:edges[g + 1]]`.

    A statistic computed from whole groups does not depend on the order of the rows.
    """

    order: IntArray
    edges: IntArray


def group_ties(p: FloatArray) -> TiedScores:
    """Return the ascending order of the probabilities (n,), and the limits of each group of equal probabilities."""
    order = np.argsort(p, kind="stable")
    ascending = p[order]
    starts = np.flatnonzero(np.diff(ascending)) + 1
    edges = np.concatenate(([0], starts, [p.size])) if p.size else np.zeros(1)
    return TiedScores(order.astype(np.int64), edges.astype(np.int64))
