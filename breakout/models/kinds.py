"""One kind of model from another: a configuration and what a fit sees in, a fitted model out; and back from a file."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from breakout import settings
from breakout.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy as np

    from breakout.models.base import FitParts, Model
    from breakout.settings.groups import CatBoostConfig, ModelConfig

_LONG_FIT = 200  # trees


def fit_model(config: ModelConfig, parts: FitParts, seed: int, metadata: Mapping[str, str]) -> Model:
    """Fit the configured model; `metadata` (texts) travels inside the saved file."""
    if isinstance(config, settings.CatBoostConfig):
        from breakout.models.catboost import fit_catboost

        return fit_catboost(config, parts, seed, metadata)
    if isinstance(config, settings.LogisticConfig):
        from breakout.models.logistic import fit_logistic

        return fit_logistic(config, parts, metadata)
    if isinstance(config, settings.BlendConfig):
        from breakout.models.blend import fit_blend

        return fit_blend(config, parts, seed, metadata)
    from breakout.models.base_rate import fit_base_rate

    return fit_base_rate(parts, metadata)


def fit_kind(config: CatBoostConfig) -> CatBoostConfig:
    """What fits have in common that differ in their iterations alone and begin with the same trees.

    CatBoost takes one Newton step a leaf in fits of fewer than 200 trees and ten in longer ones.
    """
    return replace(config, iterations=1 if config.iterations < _LONG_FIT else _LONG_FIT)


def held_out_probability(config: ModelConfig, model: Model, parts: FitParts) -> np.ndarray:
    """Probabilities of the validation rows, shape (v,), by the model as it is without having learned from them.

    Trees only stop on the validation part; what needs no stopping is fitted on it too, and so fitted again without it
    here: calibration, threshold and the ranking of a sweep would otherwise rest on rows that the model knows.
    """
    if isinstance(config, settings.CatBoostConfig):
        return model.predict_probability(parts.X_validation)
    if isinstance(config, settings.BlendConfig):
        from breakout.models.blend import held_out_blend

        return held_out_blend(config, model, parts).predict_probability(parts.X_validation)
    return fit_model(config, parts.without_validation(), 0, {}).predict_probability(parts.X_validation)


def load_model(kind: str, folder: Path) -> tuple[Model, dict[str, str]]:
    """The model saved in a folder and its metadata; DataError naming the file if it is missing or damaged."""
    if kind == "catboost":
        from breakout.models.catboost import load_catboost

        return load_catboost(folder)
    if kind == "logistic":
        from breakout.models.logistic import load_logistic

        return load_logistic(folder)
    if kind == "blend":
        from breakout.models.blend import load_blend

        return load_blend(folder)
    if kind == "base_rate":
        from breakout.models.base_rate import load_base_rate

        return load_base_rate(folder)
    raise DataError(
        f"{folder} holds a model of the kind {kind!r}, which this version does not know; install a newer one."
    )
