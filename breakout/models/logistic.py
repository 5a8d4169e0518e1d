"""Logistic regression on standardised features, saved as plain numbers in JSON."""

from __future__ import annotations

import warnings
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, ClassVar

import msgspec
import numpy as np

from breakout.artifacts import load_json, save_json
from breakout.errors import DataError
from breakout.models.base import check_columns, normalised_importance
from breakout.threads import one_blas_thread

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from breakout.dataset import Rows
    from breakout.models.base import FitParts
    from breakout.settings.model_groups import LogisticConfig

FILE_NAME = "model.json"


@dataclass(frozen=True)
class LogisticModel:
    """A fitted logistic regression on standardised features.

    - `means`, `scales` (standard deviations), `coefficients`: one value for each feature, in the order of `names`.
    - `intercept`: in log odds.
    - `clip`: standardised values are limited to -`clip`..`clip`. None, as in models of earlier versions, sets no limit.
    """

    names: tuple[str, ...]
    means: tuple[float, ...]
    scales: tuple[float, ...]
    coefficients: tuple[float, ...]
    intercept: float
    metadata: dict[str, str]
    iterations_without_convergence: int | None = None  # the limit of iterations; None if the solver converged
    clip: float | None = None
    kind: ClassVar[str] = "logistic"

    def predict_probability(self, rows: Rows) -> np.ndarray:
        """Return the probability of a breakout for each row, shape (n,)."""
        return np.asarray(1 / (1 + np.exp(-(self.shap_values(rows).sum(axis=1) + self.intercept))))

    def shap_values(self, rows: Rows) -> np.ndarray:
        """Return the contribution of each feature to the log odds, shape (n, k); 0 for a feature at its mean."""
        check_columns(rows.X, self.names)
        standardised = (rows.X.to_numpy(dtype="float64") - np.array(self.means)) / np.array(self.scales)
        return np.asarray(_clipped(standardised, self.clip) * np.array(self.coefficients))

    def feature_importance(self) -> dict[str, float]:
        """Return the absolute coefficients of the standardised features, divided by their sum; 0 if all are 0."""
        return normalised_importance(self.names, np.abs(self.coefficients))

    def describe(self) -> dict[str, float]:
        """Return the intercept in log odds under the key "intercept"."""
        return {"intercept": self.intercept}

    @property
    def warnings(self) -> tuple[str, ...]:
        """The warning that the solver stopped before it converged; empty if it converged."""
        if self.iterations_without_convergence is None:
            return ()
        warning = (
            f"the logistic regression did not converge within {self.iterations_without_convergence:,} iterations, so "
            "its coefficients are not the best ones; raise model.max_iterations or lower model.C."
        )
        return (warning,)

    def save(self, folder: Path) -> tuple[Path, ...]:
        """Write all fields to model.json in the folder and return that file's path; DataError if the write fails."""
        path = folder / FILE_NAME
        save_json({"kind": self.kind, **asdict(self)}, path)
        return (path,)


def fit(config: LogisticConfig, parts: FitParts, seed: int, metadata: Mapping[str, str]) -> LogisticModel:
    """Standardise the features over `parts.fit` and fit on these rows; `parts.validation` and `seed` have no effect.

    The model has a warning if the solver does not converge. ValueError if the labels are missing or all equal.
    """
    del seed  # Nothing is random: the solver starts from coefficients of 0.
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    X = parts.fit.X.to_numpy()
    scaler = StandardScaler().fit(X)
    weights = "balanced" if config.class_weights == "balanced" else None
    regression = LogisticRegression(C=config.C, class_weight=weights, max_iter=config.max_iterations)
    with one_blas_thread(), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        regression.fit(_clipped(scaler.transform(X), config.clip), parts.fit.label)
    has_converged = not any(issubclass(warning.category, ConvergenceWarning) for warning in caught)
    return LogisticModel(
        names=tuple(parts.fit.X.columns),
        means=tuple(map(float, scaler.mean_)),
        scales=tuple(map(float, scaler.scale_)),
        coefficients=tuple(map(float, regression.coef_[0])),
        intercept=float(regression.intercept_[0]),
        metadata=dict(metadata),
        iterations_without_convergence=None if has_converged else config.max_iterations,
        clip=config.clip,
    )


def _clipped(standardised: np.ndarray, clip: float | None) -> np.ndarray:
    return standardised if clip is None else np.clip(standardised, -clip, clip)


def load(folder: Path) -> LogisticModel:
    """Read the model from model.json in the folder; DataError if the file is missing or damaged."""
    path = folder / FILE_NAME
    try:
        return msgspec.convert(load_json(path), LogisticModel)
    except msgspec.ValidationError as error:
        raise DataError(f"{path} is damaged: it holds no logistic model.") from error
