"""What the features are worth to a model on rows it has not seen: permutation and SHAP importance, as JSON types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from breakout.evaluation.importance import PredictProbability, permutation_importance
from breakout.evaluation.json_ready import json_ready

if TYPE_CHECKING:
    from breakout.calibration import Calibrator
    from breakout.dataset import Dataset
    from breakout.evaluation.parameters import EvaluationParameters
    from breakout.models.base import Model
    from breakout.settings import EvaluationConfig


def explain(
    model: Model, calibrator: Calibrator, rows: Dataset, config: EvaluationConfig, parameters: EvaluationParameters
) -> dict[str, Any]:
    """The importances that the configuration asks for, on played rows; None for one that it leaves out.

    `features_that_add_nothing` are those that could be shuffled without a loss that chance does not explain; None where
    a single date leaves that open.
    """
    return {
        "importance": model.feature_importance(),
        "shap": mean_absolute_shap(model, rows, config.shap_rows, parameters.seed),
        **permute(
            lambda X: calibrator.apply(model.predict_probability(X)), rows, config.permutation_repeats, parameters
        ),
    }


def permute(
    predict_probability: PredictProbability, rows: Dataset, repeats: int, parameters: EvaluationParameters
) -> dict[str, Any]:
    """What shuffling each feature of these rows costs, and the features where that is nothing measurable."""
    if not repeats:
        return {"permutation_importance": None, "features_that_add_nothing": None}
    features = permutation_importance(
        predict_probability,
        rows.X,
        rows.label,
        parameters.draw(rows.dates),
        feature_names=tuple(rows.X.columns),
        n_repeats=repeats,
        seed=parameters.seed,
    )
    told = [part for part in features if part.adds_nothing is not None]
    return {
        "permutation_importance": {"n_rows": len(rows), "repeats": repeats, "features": json_ready(features)},
        "features_that_add_nothing": [part.feature for part in told if part.adds_nothing] if told else None,
    }


def mean_absolute_shap(model: Model, rows: Dataset, at_most: int, seed: int) -> dict[str, Any] | None:
    """Mean |SHAP value| by feature in log odds, before calibration, the largest first; over a draw of rows if many."""
    if not at_most:
        return None
    X = rows.X
    if len(X) > at_most:
        drawn = np.random.default_rng(seed).choice(len(X), at_most, replace=False)
        X = X.iloc[np.sort(drawn)]
    sizes = np.abs(model.shap_values(X)).mean(axis=0)
    ranked = sorted(zip(model.names, sizes.tolist(), strict=True), key=lambda item: -item[1])
    return {"n_rows": len(X), "mean_absolute": dict(ranked)}
