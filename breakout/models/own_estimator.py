"""A scikit-learn classifier that a function of the user builds.

The user's code runs only when a model is fitted. The package skops saves the fitted classifier in a file and loads
the file without the user's code. Loading creates only objects of types that skops or TRUSTED_TYPES names as safe. `fit`
refuses a classifier that contains other types, so such a classifier is never saved.
"""

from __future__ import annotations

import sys
import traceback
import types
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec
import numpy as np

from breakout.artifacts import load_typed, save_bytes, save_json
from breakout.errors import ConfigurationError, DataError
from breakout.models.base import check_columns, logit
from breakout.threads import one_blas_thread

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pandas as pd

    from breakout.dataset import Rows
    from breakout.models.base import FitParts
    from breakout.settings.model_groups import SklearnConfig

MODEL_FILE = "model.skops"
RECORD_FILE = "model.json"
# Types that are loaded in addition to the types that skops trusts. They are safe because loading them runs no code from
# the file.
TRUSTED_TYPES = (
    "numpy.clip",
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.metrics._dist_metrics.EuclideanDistance64",
    "sklearn.neighbors._kd_tree.KDTree",
    "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
    "sklearn.tree._tree.Tree",
    "sklearn.utils._bunch.Bunch",
)
_EXPLAINED_ROWS = 500  # the largest number of rows from which the importance is computed


class _Record(msgspec.Struct, frozen=True):
    """The content of model.json: the fields of `OwnEstimator` except `estimator` and `content`."""

    kind: str
    names: tuple[str, ...]
    means: tuple[float, ...]
    importance: tuple[float, ...]
    metadata: dict[str, str]


@dataclass(frozen=True, eq=False)
class OwnEstimator:
    """A fitted scikit-learn classifier that the user's code built.

    - `content`: the bytes of the classifier's skops file.
    - `means`: the mean of each feature over the fitted rows, in the order of `names`.
    - `importance`: the values that `feature_importance` returns, in the order of `names`.
    """

    names: tuple[str, ...]
    estimator: Any
    content: bytes
    means: tuple[float, ...]
    importance: tuple[float, ...]
    metadata: dict[str, str]
    kind: ClassVar[str] = "sklearn"
    warnings: ClassVar[tuple[str, ...]] = ()

    def predict_probability(self, rows: Rows) -> np.ndarray:
        """Return the probability of a breakout for each row, shape (n,)."""
        check_columns(rows.X, self.names)
        return _probability(self.estimator, rows.X)

    def shap_values(self, rows: Rows) -> np.ndarray:
        """Return the change of each row's log odds that each feature causes, shape (n, k).

        The change is the log odds of the row minus the log odds after the feature is replaced by its mean over the
        fitted rows. For a linear model the changes are the exact contributions of the features. For other models
        the changes ignore interactions.
        """
        check_columns(rows.X, self.names)
        return _contributions(self.estimator, rows.X, self.means)

    def feature_importance(self) -> dict[str, float]:
        """Return each feature's fraction of the absolute contributions to the log odds.

        The contributions are averaged over at most 500 of the fitted rows. All values are 0 if all contributions are 0.
        """
        return dict(zip(self.names, self.importance, strict=True))

    def describe(self) -> dict[str, float]:
        """Return an empty dict: this kind of model gives no numbers about the fit."""
        return {}

    def save(self, folder: Path) -> tuple[Path, ...]:
        """Write the classifier to model.skops and the other fields to model.json; return both paths.

        DataError if a file cannot be written.
        """
        main, record = folder / MODEL_FILE, folder / RECORD_FILE
        save_bytes(self.content, main)
        save_json(_Record(self.kind, self.names, self.means, self.importance, dict(self.metadata)), record)
        return main, record


def fit(config: SklearnConfig, parts: FitParts, seed: int, metadata: Mapping[str, str]) -> OwnEstimator:
    """Build the user's classifier and fit it on `parts.fit`; `parts.validation` has no effect.

    ConfigurationError if the user's code fails or returns no classifier, or if the fit fails. ConfigurationError also
    if saving fails or changes the predictions, or if the classifier contains a type that is not trusted. ValueError if
    the rows have no labels.
    """
    X, y = parts.fit.X, parts.fit.label
    estimator = build_estimator(config, seed)
    try:
        with one_blas_thread(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            estimator.fit(X, y)
            _probability(estimator, X.iloc[:1])
    except Exception as error:
        raise _code_error(config, "the fit of the classifier", error) from error
    content = _dump(estimator, config)
    loaded = _load_trusted(content)
    if not np.array_equal(_probability(loaded, X), _probability(estimator, X)):
        raise ConfigurationError(f"model.build={config.build}: the classifier predicts otherwise once it is saved.")
    means = tuple(map(float, X.to_numpy().mean(axis=0)))
    some = X.iloc[np.linspace(0, len(X) - 1, min(len(X), _EXPLAINED_ROWS)).astype(int)]
    sizes = np.abs(_contributions(loaded, some, means)).mean(axis=0)
    importance = tuple(map(float, sizes / (sizes.sum() or 1.0)))
    return OwnEstimator(tuple(X.columns), loaded, content, means, importance, dict(metadata))


def load(folder: Path) -> OwnEstimator:
    """Read the model from model.skops and model.json in the folder.

    DataError if a file is missing or damaged, or if the classifier contains an object of a type that is not trusted.
    """
    path, record = folder / MODEL_FILE, load_typed(folder / RECORD_FILE, _Record)
    try:
        content = path.read_bytes()
        estimator = _load_trusted(content)
    except FileNotFoundError as error:
        raise DataError(f"{path} is missing.") from error
    except DataError as error:
        raise DataError(f"{path} is refused: {error}") from error
    except Exception as error:
        raise DataError(f"{path} is damaged: it holds no classifier ({type(error).__name__}).") from error
    return OwnEstimator(record.names, estimator, content, record.means, record.importance, record.metadata)


def build_estimator(config: SklearnConfig, seed: int) -> Any:
    """Return the unfitted classifier that the user's function `config.build` (file:function) returns.

    ConfigurationError if the file has no such function, or if the file or the function fails. ConfigurationError also
    if the result is not a scikit-learn classifier with `predict_proba`.
    """
    from sklearn.base import BaseEstimator, is_classifier

    file, _, name = config.build.rpartition(":")
    module = types.ModuleType("breakout_own_model")
    try:
        exec(compile(config.build_text or "", file, "exec"), module.__dict__)  # noqa: S102  (code that the user named)
    except Exception as error:
        raise _code_error(config, "the file", error) from error
    if not callable(function := getattr(module, name, None)):
        raise ConfigurationError(f"model.build={config.build}: {file} has no function {name}.")
    try:
        estimator = function(seed=seed, **(config.params or {}))
    except Exception as error:
        raise _code_error(config, f"{name}(seed={seed}, ...)", error) from error
    is_estimator = isinstance(estimator, BaseEstimator) and is_classifier(estimator)
    if not is_estimator or not hasattr(estimator, "predict_proba"):
        kind = type(estimator).__name__
        raise ConfigurationError(
            f"model.build={config.build}: {name} returned {kind}; it must return a scikit-learn classifier with "
            "predict_proba."
        )
    return estimator


def _code_error(config: SklearnConfig, what: str, error: Exception) -> ConfigurationError:
    """Return the error to raise for an exception in the user's code; the message has the line number, if known.

    `what` is the subject of the message "... failed with ValueError: ...", such as "the fit of the classifier".
    """
    file = config.build.rpartition(":")[0]
    frames = traceback.extract_tb(sys.exc_info()[2])
    line = next((f", line {frame.lineno}" for frame in reversed(frames) if frame.filename == file), "")
    reason = " ".join(str(error).split()).rstrip(".")
    return ConfigurationError(f"model.build={config.build}{line}: {what} failed with {type(error).__name__}: {reason}.")


def _probability(estimator: Any, X: pd.DataFrame) -> np.ndarray:
    with one_blas_thread():
        return np.asarray(estimator.predict_proba(X), dtype="float64")[:, 1]


def _contributions(estimator: Any, X: pd.DataFrame, means: tuple[float, ...]) -> np.ndarray:
    whole = logit(_probability(estimator, X))
    added = [
        whole - logit(_probability(estimator, X.assign(**{str(name): mean})))
        for name, mean in zip(X.columns, means, strict=True)
    ]
    return np.column_stack(added)


def _dump(estimator: Any, config: SklearnConfig) -> bytes:
    import skops.io

    try:
        content: bytes = skops.io.dumps(estimator)
        _check_types(content)
    except DataError as error:
        raise ConfigurationError(
            f"model.build={config.build}: the fitted classifier cannot be saved as data: {error}"
        ) from error
    except Exception as error:
        raise _code_error(config, "saving the classifier", error) from error
    return content


def _load_trusted(content: bytes) -> Any:
    import skops.io

    _check_types(content)
    return skops.io.loads(content, trusted=list(TRUSTED_TYPES))


def _check_types(content: bytes) -> None:
    import skops.io

    unknown = sorted(set(skops.io.get_untrusted_types(data=content)) - set(TRUSTED_TYPES))
    if unknown:
        raise DataError(
            f"it holds {', '.join(unknown)}, which is not among the trusted types; use classes of scikit-learn alone."
        )
