"""A blend of CatBoost and logistic regression: the average of their log odds with a fixed weight.

Log odds are averaged, not probabilities, because a feature's contributions add up in log odds. The contribution of a
feature is the weighted average of its contributions to the two models.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from breakout.artifacts import load_json, save_json
from breakout.errors import DataError
from breakout.models import catboost, logistic
from breakout.models.base import check_columns, logit
from breakout.models.catboost import CatBoostModel
from breakout.models.logistic import LogisticModel

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from breakout.dataset import Rows
    from breakout.models.base import FitParts, Model
    from breakout.settings.model_groups import BlendConfig

FILE_NAME = "model.json"


@dataclass(frozen=True)
class BlendModel:
    """A fitted blend of two models: the weighted average of their log odds.

    `weight`, from 0 to 1, is the weight of CatBoost. The weight of the logistic regression is 1 - `weight`.
    """

    catboost: CatBoostModel
    logistic: LogisticModel
    weight: float
    metadata: dict[str, str]
    kind: ClassVar[str] = "blend"

    @property
    def names(self) -> tuple[str, ...]:
        """The features, which are the same for CatBoost and the logistic regression."""
        return self.catboost.names

    def predict_probability(self, rows: Rows) -> np.ndarray:
        """Return the probability of a breakout for each row, shape (n,)."""
        check_columns(rows.X, self.names)
        parts = (logit(part.predict_probability(rows)) for part in (self.catboost, self.logistic))
        return np.asarray(1 / (1 + np.exp(-self._average(*parts))))

    def shap_values(self, rows: Rows) -> np.ndarray:
        """Return the weighted average of both models' feature contributions to the log odds, shape (n, k)."""
        return self._average(self.catboost.shap_values(rows), self.logistic.shap_values(rows))

    def feature_importance(self) -> dict[str, float]:
        """Return the weighted average of each feature's importance in CatBoost and in the logistic regression."""
        trees, linear = self.catboost.feature_importance(), self.logistic.feature_importance()
        return {name: self.weight * trees[name] + (1 - self.weight) * linear[name] for name in self.names}

    def describe(self) -> dict[str, float]:
        """Return the number of trees, the regression's intercept in log odds and CatBoost's weight, by name."""
        return {**self.catboost.describe(), **self.logistic.describe(), "catboost_weight": self.weight}

    @property
    def warnings(self) -> tuple[str, ...]:
        return self.catboost.warnings + self.logistic.warnings

    def save(self, folder: Path) -> tuple[Path, ...]:
        """Write the weight to model.json, and each of the two models into a new folder; return the paths.

        DataError or OSError if a file or a folder cannot be written.
        """
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


def fit(config: BlendConfig, parts: FitParts, seed: int, metadata: Mapping[str, str]) -> BlendModel:
    """Fit CatBoost and the logistic regression on `parts.fit`, each as if it were used outside a blend.

    CatBoost may stop early on `parts.validation`. ConfigurationError if CatBoost refuses to fit, for example if all
    labels are equal. DataError if no feature varies. ValueError if the rows have no labels.
    """
    return blend_with(config, catboost.fit(config.catboost, parts, seed, metadata), parts, metadata)


def blend_with(config: BlendConfig, trees: CatBoostModel, parts: FitParts, metadata: Mapping[str, str]) -> BlendModel:
    """Fit the logistic regression on `parts.fit` and blend it with `trees`, which is already fitted.

    The weight of `trees` is `config.catboost_weight`. ValueError if the labels are missing or all equal.
    """
    linear = logistic.fit(config.logistic, parts, 0, metadata)
    return BlendModel(trees, linear, config.catboost_weight, dict(metadata))


def refit(model: Model, parts: FitParts, config: BlendConfig, seed: int, metadata: Mapping[str, str]) -> BlendModel:
    """Fit CatBoost and the logistic regression again, on the rows of `parts.fit` and `parts.validation` together.

    CatBoost gets the number of trees that it has in `model`, the result of `fit`. TypeError if `model` is of another
    kind. ConfigurationError if CatBoost refuses to fit. DataError if no feature varies. ValueError if the rows have no
    labels.
    """
    if not isinstance(model, BlendModel):
        raise TypeError(f"{model.kind} is no blend")
    trees = catboost.refit(model.catboost, parts, config.catboost, seed, metadata)
    return blend_with(config, trees, parts.joined(), metadata)


def load(folder: Path) -> BlendModel:
    """Read the blend from model.json and the folders of the two models in `folder`.

    DataError if a file is missing or damaged, or if the two models differ in features or metadata.
    """
    path = folder / FILE_NAME
    record = load_json(path)
    try:
        weight, metadata = float(record["catboost_weight"]), dict(record["metadata"])
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"{path} is damaged: it holds no blend.") from error
    trees, linear = catboost.load(folder / CatBoostModel.kind), logistic.load(folder / LogisticModel.kind)
    if trees.names != linear.names or not metadata == trees.metadata == linear.metadata:
        raise DataError(f"{path} and its two parts do not belong together: they were fitted under another contract.")
    return BlendModel(trees, linear, weight, metadata)
