"""The protocol of a fitted model, and the rows that a fit takes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

_EDGE = 1e-12


class Model(Protocol):
    """A fitted model."""

    @property
    def kind(self) -> str:
        """The name of its kind, as in `models.kinds.KINDS`."""
        ...

    @property
    def names(self) -> tuple[str, ...]:
        """Its features in the order it was fitted on."""
        ...

    def predict_probability(self, X: pd.DataFrame) -> np.ndarray:
        """Return the probability of a breakout, shape (n,); ValueError unless the columns of X are `names` in order."""
        ...

    def shap_values(self, X: pd.DataFrame) -> np.ndarray:
        """Return what each feature adds to the log odds of each row, shape (n, k), without the bias."""
        ...

    def feature_importance(self) -> dict[str, float]:
        """Return the model's own importance by feature: not negative, with the sum 1, or all 0 if undefined."""
        ...

    def describe(self) -> dict[str, float]:
        """Return a few numbers on the fit, such as the trees kept."""
        ...

    @property
    def warnings(self) -> tuple[str, ...]:
        """Reasons to doubt the fit, each with its remedy; empty as a rule."""
        ...

    def save(self, folder: Path) -> tuple[Path, ...]:
        """Write the model's files into the folder and return their paths, the main one first."""
        ...


@dataclass(frozen=True, eq=False)
class FitParts:
    """The part to fit on and the later part to stop on; X (n, k) in contract order, y (n,) of 0 and 1."""

    X_fit: pd.DataFrame
    y_fit: np.ndarray
    X_validation: pd.DataFrame
    y_validation: np.ndarray

    @cached_property
    def digest(self) -> str:
        """A digest of all names and numbers; fits on parts with equal digests are equal."""
        digest = hashlib.sha256("\n".join(self.X_fit.columns).encode())
        for part in (self.X_fit.to_numpy(), self.y_fit, self.X_validation.to_numpy(), self.y_validation):
            digest.update(f"{part.dtype} {part.shape}".encode() + part.tobytes())
        return digest.hexdigest()

    def without_validation(self) -> FitParts:
        """Return the part to fit on with an empty validation part."""
        return FitParts(self.X_fit, self.y_fit, self.X_validation.iloc[:0], self.y_validation[:0])


def logit(probability: np.ndarray) -> np.ndarray:
    """Return log odds; probabilities of 0 and 1 are taken as 1e-12 from the edge."""
    inside = np.clip(probability, _EDGE, 1 - _EDGE)
    return np.asarray(np.log(inside) - np.log1p(-inside))


def check_columns(X: pd.DataFrame, names: tuple[str, ...]) -> None:
    """Raise ValueError unless the columns are the model's features in the model's order."""
    if tuple(X.columns) != names:
        raise ValueError(f"columns {list(X.columns)} are not the model's features in its order {list(names)}")
