"""The base rate: a model that predicts the breakout rate of its training rows for every game."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import msgspec
import numpy as np

from breakout.artifacts import load_json, save_json
from breakout.errors import DataError
from breakout.models.base import check_columns

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from breakout.dataset import Rows
    from breakout.models.base import FitParts
    from breakout.settings.model_groups import ModelConfig

FILE_NAME = "model.json"


@dataclass(frozen=True)
class BaseRateModel:
    """A model that predicts the probability `rate` for every game.

    The features `names` are used only to check the columns of the rows.
    """

    names: tuple[str, ...]
    rate: float
    metadata: dict[str, str]
    kind: ClassVar[str] = "base_rate"
    warnings: ClassVar[tuple[str, ...]] = ()

    def predict_probability(self, rows: Rows) -> np.ndarray:
        """Return `rate` for each row, shape (n,)."""
        check_columns(rows.X, self.names)
        return np.full(len(rows), self.rate)

    def shap_values(self, rows: Rows) -> np.ndarray:
        """Return zeros, shape (n, k): no feature changes the probability."""
        return np.zeros((len(rows), len(self.names)))

    def feature_importance(self) -> dict[str, float]:
        return dict.fromkeys(self.names, 0.0)

    def describe(self) -> dict[str, float]:
        """Return the predicted probability under the key "rate"."""
        return {"rate": self.rate}

    def save(self, folder: Path) -> tuple[Path, ...]:
        """Write all fields to model.json in the folder and return that file's path; DataError if the write fails."""
        path = folder / FILE_NAME
        save_json({"kind": self.kind, "names": self.names, "rate": self.rate, "metadata": self.metadata}, path)
        return (path,)


def fit(config: ModelConfig, parts: FitParts, seed: int, metadata: Mapping[str, str]) -> BaseRateModel:
    """Return a model that predicts the breakout rate of `parts.fit`; `config` and `seed` have no effect.

    `metadata` is saved with the model. ValueError if the rows of `parts.fit` have no labels.
    """
    del config, seed
    return BaseRateModel(tuple(parts.fit.X.columns), float(parts.fit.label.mean()), dict(metadata))


def load(folder: Path) -> BaseRateModel:
    """Read the model from model.json in the folder; DataError if the file is missing or damaged."""
    path = folder / FILE_NAME
    try:
        return msgspec.convert(load_json(path), BaseRateModel)
    except msgspec.ValidationError as error:
        raise DataError(f"{path} is damaged: it holds no base rate.") from error
