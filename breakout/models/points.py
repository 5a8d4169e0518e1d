"""A model of the distribution of points: two CatBoost regressions and a sample of errors.

Let S be the season average of a row, and z = (points - S) / sqrt(S).

- The regression `mean` predicts z.
- The regression `spread` predicts the absolute error of a predicted z. The spread of z follows from this prediction.
- The shape is a sample of standardised errors: (z - predicted z) / predicted spread.

Mean, spread and shape give P(points >= k) for every k. The probability of a breakout is
P(points >= `points_for_breakout`).

`fit` takes the errors from games of `parts.fit`. So the probabilities of the validation games do not depend on the
points of these games, except through early stopping. `refit` takes the shape from the validation games.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec
import numpy as np
from catboost import CatBoostError, CatBoostRegressor, Pool

from breakout.artifacts import load_typed, save_json
from breakout.dataset import join_rows
from breakout.errors import DataError
from breakout.models.base import check_columns, logit, normalised_importance
from breakout.models.catboost import build_pool, fit_error, load_trees, save_trees, tree_shap_values
from breakout.models.ladder import PointsDistribution

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from breakout.dataset import Rows
    from breakout.models.base import FitParts, Model
    from breakout.settings.model_groups import PointsConfig

FILE_NAME = "model.json"
MEAN_FILE, SPREAD_FILE = "mean.cbm", "spread.cbm"
# BORDERS is the number of borders between the bins of a feature. SAMPLING makes each tree learn from half of the rows,
# and each split choose among 30 % of the features. A fit with 254 borders, all rows and all features takes 2.5 times as
# long, and changes the log loss by less than another seed does (docs/models.md).
BORDERS = 32
SAMPLING = {"bootstrap_type": "Bernoulli", "subsample": 0.5, "rsm": 0.3}
# The predicted spread is SIZE_TO_SPREAD times the predicted absolute error. If the errors are normal with mean 0, this
# spread is their standard deviation.
SIZE_TO_SPREAD = float(np.sqrt(np.pi / 2))
# The minimum of the predicted spread of (points - season average) / sqrt(season average).
LEAST_SPREAD = 0.2
# A season average below LEAST_AVERAGE points is replaced by LEAST_AVERAGE before its square root is taken.
LEAST_AVERAGE = 1.0


class PointsFile(msgspec.Struct, frozen=True):
    """The content of model.json; `shape` contains standardised errors in ascending order.

    The two regressions of the model are saved in CatBoost's own files.
    """

    kind: str
    names: tuple[str, ...]
    shape: tuple[float, ...]
    metadata: dict[str, str]


@dataclass(frozen=True, eq=False)
class PointsModel:
    """A fitted model of the distribution of points; z is (points - season average) / sqrt(season average).

    - `mean`: the regression that predicts z.
    - `spread`: the regression that predicts the absolute error of a predicted z.
    - `shape`: standardised errors, (z - predicted z) / predicted spread, ascending.
    - `sizes` (f,): the absolute errors on which `spread` was fitted, one for each of the last f training rows. Each
      error comes from a regression that did not learn from the row, so not from `mean`. None in a loaded model.
    """

    mean: CatBoostRegressor
    spread: CatBoostRegressor
    shape: np.ndarray
    metadata: dict[str, str]
    sizes: np.ndarray | None = None
    kind: ClassVar[str] = "points"
    warnings: ClassVar[tuple[str, ...]] = ()

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(str(name) for name in self.mean.feature_names_)

    def predict_points(self, rows: Rows) -> PointsDistribution:
        """Return the predicted distribution of the points of each row.

        ValueError if the rows lack a season average, or if the columns of `rows.X` are not `names`, in this order.
        """
        check_columns(rows.X, self.names)
        if not len(rows):
            return PointsDistribution(np.empty(0), np.empty(0), self.shape)
        scale, pool = _scale(rows), build_pool(rows.X)
        mean = _average(rows) + _predict(self.mean, pool) * scale
        return PointsDistribution(mean, _spread(self.spread, pool) * scale, self.shape)

    def predict_probability(self, rows: Rows) -> np.ndarray:
        """Return the probability of a breakout, shape (n,).

        ValueError if the rows lack `points_for_breakout`, or for the same causes as in `predict_points`.
        """
        return np.asarray(self.predict_points(rows).at_least(_needed(rows)[:, None])[:, 0])

    def shap_values(self, rows: Rows) -> np.ndarray:
        """Return approximately what each of the k features adds to the log odds of each row, shape (n, k).

        The result is a * A + b * B. A and B are the SHAP values of the regressions `mean` and `spread`, in points. The
        slope a is the change of the log odds per point of the predicted mean, measured from mean - spread / 4 to
        mean + spread / 4. The slope b is the change per point of the predicted spread, measured from 3/4 to 5/4 of it.

        `rows` must not be empty. ValueError for the same causes as in `predict_probability`.
        """
        points, needed, scale = self.predict_points(rows), _needed(rows)[:, None], _scale(rows)[:, None]
        step = points.spread / 4

        def change(more: PointsDistribution, less: PointsDistribution) -> np.ndarray:
            return np.asarray((logit(more.at_least(needed)) - logit(less.at_least(needed))) / (2 * step[:, None]))

        by_mean = change(replace(points, mean=points.mean + step), replace(points, mean=points.mean - step))
        by_spread = change(replace(points, spread=points.spread + step), replace(points, spread=points.spread - step))
        of_mean, of_spread = (tree_shap_values(trees, rows.X) for trees in (self.mean, self.spread))
        return np.asarray((by_mean * of_mean + by_spread * SIZE_TO_SPREAD * of_spread) * scale)

    def feature_importance(self) -> dict[str, float]:
        """Return each feature's fraction of CatBoost's feature importance in the regression `mean`."""
        return normalised_importance(self.names, self.mean.get_feature_importance(thread_count=1))

    def describe(self) -> dict[str, float]:
        """Return `trees`, the number of trees of the regression `mean`, and `shape_errors`, the number of saved errors.

        These are the errors in `shape`, from which the shape of the distribution is computed.
        """
        return {"trees": float(self.mean.tree_count_), "shape_errors": float(len(self.shape))}

    def save(self, folder: Path) -> tuple[Path, ...]:
        """Write each regression to its own file, and `shape` and metadata to model.json; return the paths.

        DataError if a file cannot be written.
        """
        paths = tuple(folder / name for name in (FILE_NAME, MEAN_FILE, SPREAD_FILE))
        save_json(PointsFile(self.kind, self.names, tuple(self.shape.tolist()), self.metadata), paths[0])
        save_trees(self.mean, paths[1])
        save_trees(self.spread, paths[2])
        return paths


def fit(config: PointsConfig, parts: FitParts, seed: int, metadata: Mapping[str, str]) -> PointsModel:
    """Fit a model of points on `parts.fit.widest`.

    `widest` also contains players outside the target's range of season averages, if the settings include them.

    - The regression `mean` learns from all these rows. Early stopping, if configured, uses `parts.validation`.
    - A second regression with as many trees learns from the earlier half of the rows.
    - `spread` and `shape` come from the second regression's errors on the later half.

    ValueError if the rows lack points or a season average. ConfigurationError if CatBoost refuses to fit. DataError if
    no feature varies over the later half.
    """
    learned, held_out = parts.fit.widest, parts.validation
    stopping = build_pool(held_out.X, _deviations(held_out)) if config.early_stopping_rounds else None
    z = _deviations(learned)
    pool = _quantize(config, learned, z, seed)
    mean = _regress(config, pool, seed, config.iterations, stopping)
    earlier, later = np.array_split(np.arange(len(learned)), 2)
    before = _regress(config, pool.slice(earlier), seed, mean.tree_count_)
    errors = z[later] - _predict(before, pool.slice(later))
    rows = learned.take(later)
    spread = _regress(config, _quantize(config, rows, np.abs(errors), seed), seed, config.spread_iterations)
    shape = np.sort(errors / _spread(spread, build_pool(rows.X)))
    return PointsModel(mean, spread, shape, dict(metadata), np.abs(errors))


def refit(model: Model, parts: FitParts, config: PointsConfig, seed: int, metadata: Mapping[str, str]) -> PointsModel:
    """Fit a model of points again, on the training and the validation rows together.

    - The regression `mean` learns from the `widest` rows of both parts (see `fit`), with as many trees as in `model`.
    - The regression `spread` learns from the absolute errors in `model.sizes`, and from those of `model` on the widest
      validation rows.
    - `shape` contains the standardised errors of `model` on the validation rows, on which `model` was not fitted.

    TypeError unless `fit` or `refit` returned `model`. ValueError if the rows lack points or a season average.
    ConfigurationError if CatBoost refuses to fit. DataError if no feature varies.
    """
    if not isinstance(model, PointsModel) or model.sizes is None:
        raise TypeError(f"{model.kind} is no newly fitted model of points")
    before, after = parts.fit.widest, parts.validation.widest
    learned, sizes = join_rows(before, after), model.sizes
    rows = join_rows(before.take(np.arange(len(before) - len(sizes), len(before))), after)
    late = np.abs(_deviations(after) - _predict(model.mean, build_pool(after.X)))
    mean = _regress(config, _quantize(config, learned, _deviations(learned), seed), seed, model.mean.tree_count_)
    sizes = np.concatenate([sizes, late])
    spread = _regress(config, _quantize(config, rows, sizes, seed), seed, config.spread_iterations)
    pool = build_pool(parts.validation.X)
    errors = (_deviations(parts.validation) - _predict(model.mean, pool)) / _spread(model.spread, pool)
    return PointsModel(mean, spread, np.sort(errors), dict(metadata), sizes)


def load(folder: Path) -> PointsModel:
    """Read a model from model.json and the files of both regressions in `folder`.

    DataError if a file is missing or damaged, or if the regressions and model.json differ in their features.
    """
    path = folder / FILE_NAME
    saved = load_typed(path, PointsFile)
    mean, spread = (load_trees(CatBoostRegressor(), folder / name) for name in (MEAN_FILE, SPREAD_FILE))
    model = PointsModel(mean, spread, np.array(saved.shape), saved.metadata)
    is_shape = bool(len(model.shape) and np.isfinite(model.shape).all() and (np.diff(model.shape) >= 0).all())
    if not is_shape or model.names != saved.names or tuple(spread.feature_names_) != saved.names:
        raise DataError(f"{path} and its two regressions do not belong together, or its shape is damaged.")
    return model


def _quantize(config: PointsConfig, rows: Rows, y: np.ndarray, seed: int) -> Pool:
    """Return a CatBoost pool whose features are already put into bins; slices of the pool keep these bins."""
    pool = build_pool(rows.X, y)
    try:
        pool.quantize(border_count=BORDERS, random_seed=seed)  # The bins of a large pool come from a random sample.
    except CatBoostError as error:
        raise fit_error(error, config, seed) from error
    return pool


def _regress(
    config: PointsConfig, pool: Pool, seed: int, trees: int, stopping: Pool | None = None
) -> CatBoostRegressor:
    """Fit at most `trees` trees; if `stopping` is given, keep the trees up to the lowest error on `stopping`."""
    regressor = CatBoostRegressor(
        depth=config.depth,
        iterations=trees,
        learning_rate=config.learning_rate,
        l2_leaf_reg=config.l2_leaf_reg,
        early_stopping_rounds=config.early_stopping_rounds if stopping else None,
        loss_function="RMSE",
        random_seed=seed,
        thread_count=config.thread_count,
        allow_writing_files=False,
        verbose=False,
        **SAMPLING,
    )
    watched: dict[str, Any] = {"eval_set": stopping, "use_best_model": True} if stopping else {}
    try:
        regressor.fit(pool, **watched)
    except CatBoostError as error:
        raise fit_error(error, config, seed) from error
    return regressor


def _predict(regressor: CatBoostRegressor, pool: Pool) -> np.ndarray:
    return np.asarray(regressor.predict(pool, thread_count=1), dtype="float64")


def _spread(regressor: CatBoostRegressor, pool: Pool) -> np.ndarray:
    """Return each row's estimated standard deviation of z = (points - season average) / sqrt(season average), (n,)."""
    return np.maximum(SIZE_TO_SPREAD * _predict(regressor, pool), LEAST_SPREAD)


def _deviations(rows: Rows) -> np.ndarray:
    """Return z = (points - season average) / sqrt(season average) of each row, shape (n,).

    ValueError if the rows have no points or no season average.
    """
    if rows.points is None:
        raise ValueError("a model of points can be fitted only on rows with points")
    return np.asarray((rows.points - _average(rows)) / _scale(rows))


def _scale(rows: Rows) -> np.ndarray:
    """Return sqrt(season average) of each row, shape (n,); an average below 1 point counts as 1."""
    return np.asarray(np.sqrt(np.maximum(_average(rows), LEAST_AVERAGE)))


def _average(rows: Rows) -> np.ndarray:
    if rows.season_average is None:
        raise ValueError("a model of points needs the season average of each row")
    return rows.season_average


def _needed(rows: Rows) -> np.ndarray:
    if rows.points_for_breakout is None:
        raise ValueError("a model of points needs the points for a breakout of each row")
    return rows.points_for_breakout
