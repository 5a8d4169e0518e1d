"""What every model can do once it is fitted, and how one is fitted or loaded by its kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

from breakout import settings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import numpy as np
    import pandas as pd

    from breakout.settings.groups import ModelConfig


class Model(Protocol):
    """A fitted model."""

    @property
    def kind(self) -> str:
        """The name of its configuration: catboost, logistic, base_rate."""
        ...

    @property
    def names(self) -> tuple[str, ...]:
        """Its features in the order it was fitted on."""
        ...

    def predict_probability(self, X: pd.DataFrame) -> np.ndarray:
        """Probability of a breakout, shape (n,); ValueError unless X has exactly `names` as columns, in order."""
        ...

    def shap_values(self, X: pd.DataFrame) -> np.ndarray:
        """What each feature adds to the log odds of each row, shape (n, k), bias left out; X as above."""
        ...

    def feature_importance(self) -> dict[str, float]:
        """Importance by feature in the model's own terms, not negative, summing to 1 where it is defined."""
        ...

    def describe(self) -> dict[str, float]:
        """A few numbers on the fit, such as the trees kept."""
        ...

    def save(self, folder: Path) -> tuple[Path, ...]:
        """Write the model's files into the folder; their paths, the one that names it first."""
        ...


@dataclass(frozen=True, eq=False)
class FitParts:
    """What a fit sees: the part to fit on, the later part to stop on. X (n, k) in contract order, y (n,) 0 or 1."""

    X_fit: pd.DataFrame
    y_fit: np.ndarray
    X_validation: pd.DataFrame
    y_validation: np.ndarray

    def without_validation(self) -> FitParts:
        """The part to fit on alone, nothing kept back."""
        return FitParts(self.X_fit, self.y_fit, self.X_validation.iloc[:0], self.y_validation[:0])


FitModel: TypeAlias = "Callable[[ModelConfig, FitParts, int, Mapping[str, str]], Model]"


def check_columns(X: pd.DataFrame, names: tuple[str, ...]) -> None:
    """Raise ValueError unless the columns are the model's features in the model's order."""
    if tuple(X.columns) != names:
        raise ValueError(f"columns {list(X.columns)} are not the model's features in its order {list(names)}")


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
    from breakout.models.base_rate import load_base_rate

    return load_base_rate(folder)
