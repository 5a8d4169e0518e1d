"""The importance of each feature to a model by three measures: the model's own, SHAP values and shuffling.

SHAP values are the contributions of the features to one prediction.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from breakout.evaluation.importance import permutation_importance
from breakout.evaluation.run_metrics import PermutationImportance, ShapImportance

if TYPE_CHECKING:
    from collections.abc import Callable

    from breakout.dataset import Dataset
    from breakout.evaluation.resamples import EvaluationParameters
    from breakout.models.base import Model
    from breakout.settings import EvaluationConfig


@dataclass(frozen=True)
class Explanation:
    """Three measures of the importance of a model's features.

    - `importance`: the model's own measure.
    - `shap`: the mean |SHAP value| (contribution to a prediction); None if switched off.
    - `permutation`: the rise in log loss and the fall in AUC when one feature is shuffled across games; None if
      switched off.
    - `features_that_add_nothing`: the features whose shuffling worsens neither log loss nor AUC beyond chance. None if
      nothing was shuffled, or if all shuffled rows are of one date.
    """

    importance: dict[str, float]
    shap: ShapImportance | None
    permutation: PermutationImportance | None
    features_that_add_nothing: tuple[str, ...] | None


def explain(
    model: Model,
    predict_probability: Callable[[Dataset], np.ndarray],
    rows: Dataset,
    config: EvaluationConfig,
    parameters: EvaluationParameters,
    permuted_rows: Dataset | None = None,
) -> Explanation:
    """Return the importance of the features of `model` by its own measure, by SHAP values and by shuffling.

    - `predict_probability`: returns the calibrated probabilities of rows with a shuffled feature. In a walk forward,
      each window's model predicts the rows of its window.
    - `rows`: the rows for SHAP values (contributions to one prediction).
    - `config`: sets how often a feature is shuffled, and how many rows at most get SHAP values. 0 switches a measure
      off.
    - `permuted_rows`: the rows across which features are shuffled; None means `rows`.
    """
    permutation = _permute(predict_probability, permuted_rows or rows, config.permutation_repeats, parameters)
    idle = None
    if permutation is not None and all(part.adds_nothing is not None for part in permutation.features):
        idle = tuple(part.feature for part in permutation.features if part.adds_nothing)
    return Explanation(
        importance=model.feature_importance(),
        shap=_mean_absolute_shap(model, rows, config.shap_rows, parameters.seed),
        permutation=permutation,
        features_that_add_nothing=idle,
    )


def _permute(
    predict_probability: Callable[[Dataset], np.ndarray], rows: Dataset, repeats: int, parameters: EvaluationParameters
) -> PermutationImportance | None:
    """Return the mean rise in log loss and fall in AUC from shuffling each feature `repeats` times.

    Return None if `repeats` is 0.
    """
    if not repeats:
        return None
    features = permutation_importance(
        lambda X: predict_probability(replace(rows, X=X)),
        rows.X,
        rows.label,
        parameters.draw(rows.dates),
        feature_names=tuple(rows.X.columns),
        n_repeats=repeats,
        seed=parameters.seed,
    )
    return PermutationImportance(len(rows), repeats, features)


def _mean_absolute_shap(model: Model, rows: Dataset, at_most: int, seed: int) -> ShapImportance | None:
    """Return the mean |SHAP value| (contribution to a prediction) by feature, in log odds before calibration.

    If there are more than `at_most` rows, a random sample of `at_most` rows is used. If `at_most` is 0, return None.
    """
    if not at_most:
        return None
    if len(rows) > at_most:
        drawn = np.random.default_rng(seed).choice(len(rows), at_most, replace=False)
        rows = rows.take(np.sort(drawn))
    sizes = np.abs(model.shap_values(rows)).mean(axis=0)
    ranked = sorted(zip(model.names, sizes.tolist(), strict=True), key=lambda item: -item[1])
    return ShapImportance(len(rows), dict(ranked))
