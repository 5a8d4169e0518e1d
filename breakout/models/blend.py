"""CatBoost and logistic regression as one model: their log odds averaged with a fixed weight.

Log odds, not probabilities: the average is then additive, so each feature's contribution is exactly the average of its
contributions to the two parts, and a part that is sure of itself counts for more than one that shrugs.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from breakout.artifacts import load_json, save_json
from breakout.errors import DataError
from breakout.models.base import check_columns, logit
from breakout.models.catboost import CatBoostModel, fit_catboost, load_catboost
from breakout.models.logistic import LogisticModel, fit_logistic, load_logistic

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pandas as pd

    from breakout.models.base import FitParts, Model
    from breakout.settings.groups import BlendConfig

FILE_NAME = "model.json"


@dataclass(frozen=True)
class BlendModel:
    """Both fitted parts; `weight` is the share of CatBoost in the log odds."""

    catboost: CatBoostModel
    logistic: LogisticModel
    weight: float
    metadata: dict[str, str]
    kind: ClassVar[str] = "blend"

    @property
    def names(self) -> tuple[str, ...]:
        """The features, the same for both parts."""
        return self.catboost.names

    def predict_probability(self, X: pd.DataFrame) -> np.ndarray:
        """Probability of a breakout, shape (n,)."""
        check_columns(X, self.names)
        parts = (logit(part.predict_probability(X)) for part in (self.catboost, self.logistic))
        return np.asarray(1 / (1 + np.exp(-self._average(*parts))))

    def shap_values(self, X: pd.DataFrame) -> np.ndarray:
        """Contribution of each feature to the log odds, shape (n, k): the parts' contributions, averaged."""
        return self._average(self.catboost.shap_values(X), self.logistic.shap_values(X))

    def feature_importance(self) -> dict[str, float]:
        """The parts' own importances, averaged."""
        trees, linear = self.catboost.feature_importance(), self.logistic.feature_importance()
        return {name: self.weight * trees[name] + (1 - self.weight) * linear[name] for name in self.names}

    def describe(self) -> dict[str, float]:
        """What the parts say of themselves, and the weight."""
        return {**self.catboost.describe(), **self.logistic.describe(), "catboost_weight": self.weight}

    @property
    def warnings(self) -> tuple[str, ...]:
        """The warnings of both parts."""
        return self.catboost.warnings + self.logistic.warnings

    def save(self, folder: Path) -> tuple[Path, ...]:
        """Write model.json with the weight, and each part into a folder of its own."""
        path = folder / FILE_NAME
        save_json({"kind": self.kind, "catboost_weight": self.weight, "metadata": self.metadata}, path)
        files = [path]
        for part in (self.catboost, self.logistic):
            own = folder / part.kind
            own.mkdir()
            files += part.save(own)
        return tuple(files)

    def _average(self, trees: np.ndarray, linear: np.ndarray) -> np.ndarray:
        return np.asarray(self.weight * trees + (1 - self.weight) * linear)


def fit_blend(config: BlendConfig, parts: FitParts, seed: int, metadata: Mapping[str, str]) -> BlendModel:
    """Fit both parts as each would be fitted alone."""
    return blend_with(config, fit_catboost(config.catboost, parts, seed, metadata), parts, metadata)


def blend_with(config: BlendConfig, trees: CatBoostModel, parts: FitParts, metadata: Mapping[str, str]) -> BlendModel:
    """The blend whose trees are fitted already; a regression costs little and is fitted here."""
    return BlendModel(trees, fit_logistic(config.logistic, parts, metadata), config.catboost_weight, dict(metadata))


def held_out_blend(config: BlendConfig, model: Model, parts: FitParts) -> BlendModel:
    """The same trees beside a regression that has not learned from the validation part."""
    if not isinstance(model, BlendModel):
        raise TypeError(f"{model.kind} is no blend")
    return replace(model, logistic=fit_logistic(config.logistic, parts.without_validation(), model.metadata))


def load_blend(folder: Path) -> tuple[BlendModel, dict[str, str]]:
    """Read model.json and both parts; DataError if a part is missing, damaged or of another fit."""
    path = folder / FILE_NAME
    record = load_json(path)
    try:
        weight, metadata = float(record["catboost_weight"]), dict(record["metadata"])
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"{path} is damaged: it holds no blend.") from error
    trees, tree_metadata = load_catboost(folder / CatBoostModel.kind)
    linear, linear_metadata = load_logistic(folder / LogisticModel.kind)
    if trees.names != linear.names or not metadata == tree_metadata == linear_metadata:
        raise DataError(f"{path} and its two parts do not belong together: they were fitted under another contract.")
    return BlendModel(trees, linear, weight, metadata), metadata
