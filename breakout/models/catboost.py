"""Gradient-boosted trees, fitted with CatBoost.

The result of a fit depends on the data, the settings and the seed, and also on the order of rows and columns.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from catboost import CatBoost, CatBoostClassifier, CatBoostError, Pool

from breakout.errors import BreakoutError, ConfigurationError, DataError
from breakout.models.base import check_columns, normalised_importance

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pandas as pd

    from breakout.dataset import Rows
    from breakout.models.base import FitParts, Model
    from breakout.settings.model_groups import CatBoostConfig, PointsConfig

Trees = TypeVar("Trees", bound=CatBoost)

FILE_NAME = "model.cbm"
_PREFIX = "breakout_"


class CatBoostModel:
    """A fitted CatBoostClassifier; `names` are its features, and `trees` is the number of its trees."""

    kind = "catboost"
    warnings: tuple[str, ...] = ()

    def __init__(self, classifier: CatBoostClassifier) -> None:
        self.classifier = classifier
        self.names = tuple(str(name) for name in classifier.feature_names_)
        self.trees = int(classifier.tree_count_)

    @property
    def metadata(self) -> dict[str, str]:
        """The texts passed to `fit` or `refit` as `metadata`; CatBoost saves them in the model's file."""
        stored = self.classifier.get_metadata()
        keys = [key for key in stored.keys() if key.startswith(_PREFIX)]  # noqa: SIM118  (not a dict: has no iterator)
        return {key.removeprefix(_PREFIX): str(stored[key]) for key in keys}

    def predict_probability(self, rows: Rows) -> np.ndarray:
        """Return the probability of a breakout for each row, shape (n,)."""
        check_columns(rows.X, self.names)
        if not len(rows):
            return np.empty(0)
        probability = self.classifier.predict_proba(build_pool(rows.X), thread_count=1)[:, 1]
        return np.asarray(probability, dtype="float64")

    def feature_importance(self) -> dict[str, float]:
        """Return each feature's fraction of CatBoost's importance (type PredictionValuesChange)."""
        return normalised_importance(self.names, self.classifier.get_feature_importance(thread_count=1))

    def shap_values(self, rows: Rows) -> np.ndarray:
        """Return the contribution of each feature to the log odds, shape (n, k), without the model's constant."""
        check_columns(rows.X, self.names)
        return tree_shap_values(self.classifier, rows.X)

    def describe(self) -> dict[str, float]:
        """Return the number of trees under the key "trees"; early stopping may have reduced the number."""
        return {"trees": float(self.trees)}

    def save(self, folder: Path) -> tuple[Path, ...]:
        """Write the classifier to model.cbm in the folder and return the path; DataError if this is not possible."""
        path = folder / FILE_NAME
        save_trees(self.classifier, path)
        return (path,)


def build_pool(X: pd.DataFrame, y: np.ndarray | None = None) -> Pool:
    """Return a pool (CatBoost's container of data) of the features, with the target `y` if it is given.

    CatBoost stores features as float32 and takes a float32 array without copying it. Such an array halves the time to
    predict some hundred rows.
    """
    return Pool(X.to_numpy(dtype="float32"), y, feature_names=list(X.columns))


def tree_shap_values(trees: CatBoost, X: pd.DataFrame) -> np.ndarray:
    """Return the SHAP value (contribution to the raw prediction) of each feature for each row, shape (n, k).

    The model's constant is left out. CatBoostError if `X` has no rows.
    """
    values = trees.get_feature_importance(build_pool(X), type="ShapValues", thread_count=1)
    return np.asarray(values, dtype="float64")[:, :-1]


def fit(config: CatBoostConfig, parts: FitParts, seed: int, metadata: Mapping[str, str]) -> CatBoostModel:
    """Fit on `parts.fit`, and stop early on the log loss of `parts.validation`.

    There is no early stopping if `early_stopping_rounds` is 0. AUC is not used because it varies too much on a few
    hundred rows: fits would end by chance after 2 to 20 trees.

    ConfigurationError if CatBoost refuses to fit, for example if all labels are equal. DataError if no feature varies.
    ValueError if the rows have no labels.
    """
    classifier = _classifier(config, parts, seed, metadata)
    stopping: dict[str, Any] = {}
    if config.early_stopping_rounds > 0:
        stopping = {"eval_set": build_pool(parts.validation.X, parts.validation.label), "use_best_model": True}
    return _fit(classifier, parts, config, seed, **stopping)


def refit(
    model: Model, parts: FitParts, config: CatBoostConfig, seed: int, metadata: Mapping[str, str]
) -> CatBoostModel:
    """Fit on the rows of `parts.fit` and `parts.validation`, with as many trees as `model`, the result of `fit`.

    CatBoost's parameter `leaf_estimation_iterations` also comes from `model`. CatBoost would choose another default for
    fits of fewer than 200 trees.

    TypeError if `model` is of another kind. ConfigurationError if CatBoost refuses to fit. DataError if no feature
    varies. ValueError if the rows have no labels.
    """
    if not isinstance(model, CatBoostModel):
        raise TypeError(f"{model.kind} is no CatBoost model")
    steps = model.classifier.get_all_params()["leaf_estimation_iterations"]
    found = replace(config, iterations=model.trees, early_stopping_rounds=0)
    joined = parts.joined()
    classifier = _classifier(found, joined, seed, metadata, leaf_estimation_iterations=steps)
    return _fit(classifier, joined, config, seed)


def _classifier(
    config: CatBoostConfig, parts: FitParts, seed: int, metadata: Mapping[str, str], **more: Any
) -> CatBoostClassifier:
    rate = float(parts.fit.label.mean())
    weights = [1.0, (1 - rate) / rate] if config.class_weights == "balanced" and 0 < rate < 1 else None
    return CatBoostClassifier(
        depth=config.depth,
        iterations=config.iterations,
        learning_rate=config.learning_rate,
        l2_leaf_reg=config.l2_leaf_reg,
        early_stopping_rounds=config.early_stopping_rounds or None,
        loss_function="Logloss",
        eval_metric="Logloss",
        random_seed=seed,
        thread_count=config.thread_count,
        class_weights=weights,
        metadata={f"{_PREFIX}{key}": value for key, value in metadata.items()},
        allow_writing_files=False,  # If true, parallel jobs write into one log folder in the current directory.
        verbose=False,
        **more,
    )


def _fit(
    classifier: CatBoostClassifier, parts: FitParts, config: CatBoostConfig, seed: int, **stopping: Any
) -> CatBoostModel:
    try:
        classifier.fit(build_pool(parts.fit.X, parts.fit.label), **stopping)
    except CatBoostError as error:
        raise fit_error(error, config, seed) from error
    return CatBoostModel(classifier)


def fit_error(error: CatBoostError, config: CatBoostConfig | PointsConfig, seed: int) -> BreakoutError:
    """Return the error to raise for a CatBoostError: DataError if no feature varies, else ConfigurationError.

    The ConfigurationError states CatBoost's reason (without the place in CatBoost's code), the settings and the seed.
    """
    reason = _reason(error)
    if "constant or ignored" in reason:
        return DataError(
            "CatBoost cannot fit: no feature varies over the games to fit on within the precision of 32-bit numbers; "
            "choose other features or a longer training window."
        )
    numbers = (
        f"model.depth={config.depth}, model.iterations={config.iterations}, "
        f"model.learning_rate={config.learning_rate:g}, model.l2_leaf_reg={config.l2_leaf_reg:g}, seed={seed}"
    )
    return ConfigurationError(f"CatBoost refuses to fit ({reason}) with {numbers}; change the value that it names.")


def _reason(error: CatBoostError) -> str:
    return re.sub(r"^\S+:\d+:\s*", "", str(error)).strip().rstrip(".")


def shorter_fit(model: CatBoostModel, config: CatBoostConfig) -> CatBoostModel:
    """Return the first trees of `model`, equal bit for bit to a fit with `config`.

    `model` must be fitted in this process on the same rows and with the same seed. Its settings may differ from
    `config` only in a higher number of iterations, and `fit_kind` must return the same key for both settings.

    If `config` asks for early stopping, the result has the trees up to the lowest of the first `config.iterations` log
    losses on the validation part. Otherwise the result has `config.iterations` trees.
    """
    trees = config.iterations
    if config.early_stopping_rounds > 0:
        losses = model.classifier.evals_result_["validation"]["Logloss"]
        trees = int(np.argmin(losses[: config.iterations])) + 1
    return first_trees(model, trees)


def first_trees(model: CatBoostModel, trees: int) -> CatBoostModel:
    """Return a copy of `model` with only its first `trees` trees; CatBoostError if `model` has fewer."""
    shorter = model.classifier.copy()
    shorter.shrink(ntree_end=trees)
    return CatBoostModel(shorter)


def save_trees(trees: CatBoost, path: Path) -> None:
    """Write a CatBoost model to a file; DataError if the file cannot be written."""
    try:
        trees.save_model(str(path))
    except CatBoostError as error:
        raise DataError(f"{path} cannot be written ({_reason(error)}); free disk space or check the folder.") from error


def load_trees(trees: Trees, path: Path) -> Trees:
    """Read the file `path` into the empty model `trees`; DataError if the file is missing or damaged."""
    if not path.is_file():
        raise DataError(f"{path} is missing.")
    try:
        trees.load_model(str(path))
    except CatBoostError as error:
        raise DataError(f"{path} is damaged and cannot be read as a CatBoost model.") from error
    return trees


def load(folder: Path) -> CatBoostModel:
    """Read the model from model.cbm in the folder; DataError if the file is missing or damaged."""
    return CatBoostModel(load_trees(CatBoostClassifier(), folder / FILE_NAME))
