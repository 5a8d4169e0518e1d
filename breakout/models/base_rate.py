"""The breakout rate of the training window for everyone: the baseline that any model must beat."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from breakout.artifacts import load_json, save_json
from breakout.errors import DataError
from breakout.models.base import check_columns

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pandas as pd

    from breakout.models.base import FitParts

FILE_NAME = "model.json"


@dataclass(frozen=True)
class BaseRateModel:
    """One probability; the features are named but not used."""

    names: tuple[str, ...]
    rate: float
    metadata: dict[str, str]
    kind: ClassVar[str] = "base_rate"
    warnings: ClassVar[tuple[str, ...]] = ()

    def predict_probability(self, X: pd.DataFrame) -> np.ndarray:
        """The rate, shape (n,)."""
        check_columns(X, self.names)
        return np.full(len(X), self.rate)

    def shap_values(self, X: pd.DataFrame) -> np.ndarray:
        """Zeros, shape (n, k): no feature moves this model."""
        return np.zeros((len(X), len(self.names)))

    def feature_importance(self) -> dict[str, float]:
        """Zero for every feature."""
        return dict.fromkeys(self.names, 0.0)

    def describe(self) -> dict[str, float]:
        """The rate."""
        return {"rate": self.rate}

    def save(self, folder: Path) -> tuple[Path, ...]:
        """Write model.json."""
        path = folder / FILE_NAME
        save_json({"kind": self.kind, "names": self.names, "rate": self.rate, "metadata": self.metadata}, path)
        return (path,)


def fit_base_rate(parts: FitParts, metadata: Mapping[str, str]) -> BaseRateModel:
    """The rate over the whole training window."""
    y = np.concatenate([parts.y_fit, parts.y_validation])
    return BaseRateModel(tuple(parts.X_fit.columns), float(y.mean()), dict(metadata))


def load_base_rate(folder: Path) -> tuple[BaseRateModel, dict[str, str]]:
    """Read model.json."""
    path = folder / FILE_NAME
    record = load_json(path)
    try:
        model = BaseRateModel(tuple(record["names"]), float(record["rate"]), dict(record["metadata"]))
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"{path} is damaged: it holds no base rate.") from error
    return model, model.metadata
