"""The table of model kinds: for each kind the module that fits and loads it, and its names in reports.

A new kind needs four things: a module with the functions of `_KindModule`, an entry in `KINDS`, a settings class and a
YAML file in conf/model/.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple, Protocol, cast

from breakout.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from breakout.models.base import FitParts, Model
    from breakout.settings.model_groups import CatBoostConfig, ModelConfig

# In fits of at least this many trees, CatBoost takes ten Newton steps per leaf instead of one.
_LONG_FIT = 200


class _KindModule(Protocol):
    """The functions that the module of a model kind defines; `config` is an instance of the kind's settings class.

    Only kinds that stop early need `refit`, which fits on the rows of both `parts.fit` and `parts.validation`. `refit`
    takes values such as the number of trees from `model`, which was fitted only on `parts.fit`.
    """

    @staticmethod
    def fit(config: ModelConfig, parts: FitParts, seed: int, metadata: Mapping[str, str]) -> Model: ...

    @staticmethod
    def load(folder: Path) -> Model: ...

    @staticmethod
    def refit(model: Model, parts: FitParts, config: ModelConfig, seed: int, metadata: Mapping[str, str]) -> Model: ...


@dataclass(frozen=True)
class ModelKind:
    """One kind of model, such as CatBoost.

    - `module`: the name of the kind's module in `breakout.models`. The module is imported when a model is first fitted
      or loaded, because importing CatBoost takes 0.7 seconds.
    - `title`, `description`: the names of the kind for tables and for sentences.
    - `uses_features`: false for a model that predicts the same probability for every game.
    - `stops_early`: true if a fit can be stopped on the validation part, the latest training rows.
    - `row_columns`: the fields of `Rows` that a prediction needs in addition to the features.
    """

    module: str
    title: str
    description: str
    uses_features: bool = True
    stops_early: bool = False
    row_columns: tuple[str, ...] = ()

    def functions(self) -> _KindModule:
        """Import and return the module of the kind, which has the functions `fit` and `load`."""
        return cast("_KindModule", import_module(f"breakout.models.{self.module}"))


class Fits(NamedTuple):
    """Two fits with equal settings: one without the validation part (the latest training rows), and the run's model.

    - `held_out` is fitted without the validation rows and predicts them. So the calibration, the threshold and the
      ranking of a sweep use only predictions of rows that the model did not learn from.
    - `final` is fitted on all training rows. If the model stops early and the settings ask for no second fit, `final`
      is the same fit as `held_out`.
    """

    held_out: Model
    final: Model


# The kinds are ordered from simple to complex. A sweep prefers the simpler of two kinds with tied results.
KINDS = {
    "base_rate": ModelKind(
        "base_rate", "base rate", "the breakout rate of the training window for everyone", uses_features=False
    ),
    "logistic": ModelKind("logistic", "logistic regression", "logistic regression"),
    "catboost": ModelKind("catboost", "CatBoost", "gradient-boosted trees (CatBoost)", stops_early=True),
    "points": ModelKind(
        "points",
        "points",
        "a distribution of points by gradient-boosted trees (CatBoost)",
        stops_early=True,
        row_columns=("season_average", "points_for_breakout"),
    ),
    "blend": ModelKind(
        "blend",
        "blend",
        "an average in log odds of gradient-boosted trees (CatBoost) and logistic regression",
        stops_early=True,
    ),
    "sklearn": ModelKind("own_estimator", "scikit-learn", "a scikit-learn classifier of one's own"),
}


def fit_model(config: ModelConfig, parts: FitParts, seed: int, metadata: Mapping[str, str]) -> Model:
    """Return a model with the settings `config`, fitted on `parts.fit`.

    `parts.fit` must contain both classes. A model that stops early uses `parts.validation` to decide when to stop.
    `metadata` is saved with the model.

    ValueError if the rows have no labels. ConfigurationError or DataError if the model cannot be fitted.
    """
    return KINDS[config.kind].functions().fit(config, parts, seed, metadata)


def fit_kind(config: CatBoostConfig) -> CatBoostConfig:
    """Return a key that is equal for two settings whose fits can share trees.

    Two fits with equal keys, rows and seeds have the same first trees. The key ignores the number of iterations, except
    whether it is below 200. CatBoost takes one Newton step per leaf below 200 iterations, and ten steps otherwise.
    """
    return replace(config, iterations=1 if config.iterations < _LONG_FIT else _LONG_FIT)


def fit_twice(config: ModelConfig, parts: FitParts, seed: int, metadata: Mapping[str, str], *, is_refit: bool) -> Fits:
    """Return two fits: `held_out` on `parts.fit`, and `final` on the rows of `parts.fit` and `parts.validation`.

    If `is_refit` is false, a model that stops early is fitted only on `parts.fit`, and both results are that fit.
    `fit_model` states the conditions and the errors.
    """
    held_out = fit_model(config, parts, seed, metadata)
    if not KINDS[config.kind].stops_early:
        return Fits(held_out, fit_model(config, parts.joined(), seed, metadata))
    if not is_refit:
        return Fits(held_out, held_out)
    return Fits(held_out, KINDS[config.kind].functions().refit(held_out, parts, config, seed, metadata))


def load_model(kind: str, folder: Path) -> Model:
    """Return the model of the kind `kind` that is saved in `folder`.

    DataError if a file is missing or damaged, or if the kind is unknown.
    """
    if kind not in KINDS:
        raise DataError(
            f"{folder} holds a model of the kind {kind!r}, which this version does not know; install a newer one."
        )
    return KINDS[kind].functions().load(folder)


def kind_title(kind: str) -> str:
    """Return the title of a model kind for tables; `kind` itself if KINDS lacks it."""
    return KINDS[kind].title if kind in KINDS else kind


def describe_kind(kind: str) -> str:
    """Return the description of a model kind for sentences; `kind` itself if KINDS lacks it."""
    return KINDS[kind].description if kind in KINDS else kind
