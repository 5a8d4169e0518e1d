"""The methods that every fitted model has, and the training and validation rows of a fit."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pandas as pd
    from numpy.typing import ArrayLike

    from breakout.dataset import Rows

_EDGE = 1e-12


class Model(Protocol):
    """The methods of a fitted model of any kind; n is the number of rows and k the number of features."""

    @property
    def kind(self) -> str:
        """The name of the model's kind, a key of `models.kinds.KINDS`."""

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the model's features, in the order of the columns of `rows.X`."""

    @property
    def metadata(self) -> Mapping[str, str]:
        """The texts that are saved with the model, such as a fingerprint of the definitions of features and label."""

    def predict_probability(self, rows: Rows) -> np.ndarray:
        """Return the probability of a breakout, shape (n,).

        ValueError if the columns of `rows.X` are not `names`, in this order. ValueError also if `rows` lacks another
        field that the kind of model needs, such as the season average.
        """

    def shap_values(self, rows: Rows) -> np.ndarray:
        """Return the contribution of each of the k features to the log odds of each row, shape (n, k).

        The model's constant is left out. `rows` must not be empty, and must be valid for `predict_probability`.
        """

    def feature_importance(self) -> dict[str, float]:
        """Return the importance of each feature by the model's own measure, such as the size of a coefficient.

        No value is negative. The sum is 1 unless the measure is 0 for every feature.
        """

    def describe(self) -> dict[str, float]:
        """Return numbers about the fit by name, such as the number of trees; empty for some kinds of model."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """Reasons to doubt the fit, each with its remedy; usually empty."""

    def save(self, folder: Path) -> tuple[Path, ...]:
        """Write the model's files into an empty folder and return their paths, the main file first.

        DataError if a file cannot be written; some kinds of model raise OSError instead.
        """


@dataclass(frozen=True, eq=False)
class FitParts:
    """The rows of a training window in two parts: the earlier rows `fit` and the later rows `validation`.

    A model is fitted on `fit`. A fit that stops early keeps the trees up to the lowest loss on `validation`.
    """

    fit: Rows
    validation: Rows

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the feature names and of the rows; equal digests, settings and seeds mean equal fits."""
        digest = hashlib.sha256("\n".join(self.fit.X.columns).encode())
        for rows in (self.fit, self.validation, self.fit.widest, self.validation.widest):
            for part in (rows.X.to_numpy(), rows.y, rows.points, rows.season_average, rows.points_for_breakout):
                digest.update(b"none" if part is None else f"{part.dtype} {part.shape}".encode() + part.tobytes())
        return digest.hexdigest()

    def joined(self) -> FitParts:
        """Return both parts as one: `fit` of the result contains all rows, and `validation` is empty."""
        from breakout.dataset import join_rows

        nothing = self.validation.take(np.zeros(len(self.validation), dtype=bool))
        return FitParts(join_rows(self.fit, self.validation), nothing)


@dataclass(frozen=True)
class LearnedRows:
    """The games that a model was fitted on, and how the validation part (the latest training rows) was used.

    - `rows`, `last_date`: the number and the last date of the games that the model was fitted on.
    - `validation_rows`: the number of validation games. The threshold was chosen on them. The calibration, if there is
      one, was fitted on them.
    - `is_stopped`: whether early stopping also chose the number of trees on the validation games.
    """

    rows: int
    last_date: date
    validation_rows: int
    is_stopped: bool

    def describe(self) -> str:
        """Return a clause such as "fitted on 3,653 games to 2026-01-10; stopped on 566".

        The last number counts the validation games. If the fit could not stop early, the text has "threshold looked for
        on" instead of "stopped on".
        """
        use = "stopped on" if self.is_stopped else "threshold looked for on"
        return f"fitted on {self.rows:,} games to {self.last_date}; {use} {self.validation_rows:,}"


def logit(probability: np.ndarray) -> np.ndarray:
    """Return log odds; probabilities are first limited to [1e-12, 1 - 1e-12]."""
    inside = np.clip(probability, _EDGE, 1 - _EDGE)
    return np.asarray(np.log(inside) - np.log1p(-inside))


def normalised_importance(names: tuple[str, ...], sizes: ArrayLike) -> dict[str, float]:
    """Return each feature's fraction of the sum of the importances `sizes`; all 0 if the sum is 0.

    `sizes` (k,) are in the order of `names`, and none is negative. ValueError if the lengths differ.
    """
    values = np.asarray(sizes, dtype="float64")
    total = float(values.sum())
    return {name: float(value) / total if total else 0.0 for name, value in zip(names, values, strict=True)}


def check_columns(X: pd.DataFrame, names: tuple[str, ...]) -> None:
    """Raise ValueError unless the columns of `X` are the features `names`, in this order."""
    if tuple(X.columns) != names:
        raise ValueError(f"columns {list(X.columns)} are not the model's features in its order {list(names)}")
