"""A model of the distribution of points: two CatBoost regressions and an empirical distribution of errors.

S is the season average of a row. The first regression predicts z = (points - S) / sqrt(S). The second regression
predicts the absolute error of the predicted z on games that were not used for the fit. The spread (the scale of the
errors) is computed from this prediction. The shape is the distribution of the errors divided by their predicted spread.
The probability of a breakout is that of at least `points_for_breakout` points (the fewest that are a breakout).

`fit` takes the errors from games of `parts.fit`. So the probabilities of the validation games (the latest training
rows) do not depend on their own points, except by early stopping. `refit` takes the shape's errors from these games.
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
# BORDERS puts the values of a feature into bins with 32 borders. With SAMPLING, each tree learns from half of the rows,
# and each split from 30 % of the features. With 254 borders, all rows and all features, a fit takes 2.5 times as long,
# and its log loss differs by less than between two seeds (docs/models.md).
BORDERS = 32
SAMPLING = {"bootstrap_type": "Bernoulli", "subsample": 0.5, "rsm": 0.3}
# If errors are normal with mean 0, their standard deviation is their mean absolute error times this.
SIZE_TO_SPREAD = float(np.sqrt(np.pi / 2))
# A lower predicted spread of (points - season average) / sqrt(season average) is raised to this.
LEAST_SPREAD = 0.2
LEAST_AVERAGE = 1.0  # In sqrt(season average), an average below this number of points is replaced by this number.


class PointsFile(msgspec.Struct, frozen=True):
    """The content of model.json: the features, the shape (ascending standardised errors) and the metadata of the model.

    The two regressions of the model are saved in CatBoost's own files.
    """

    kind: str
    names: tuple[str, ...]
    shape: tuple[float, ...]
    metadata: dict[str, str]


@dataclass(frozen=True, eq=False)
class PointsModel:
    """A fitted model of the distribution of points.

    The regression `mean` predicts z = (points - season average) / sqrt(season average). The regression `spread`
    predicts the absolute error of a predicted z. `shape` contains the errors of z divided by their predicted spread, in
    ascending order.

    `sizes` (f,) contains the absolute errors on which `spread` was fitted; None in a loaded model. The errors are on
    the last f of the rows on which `mean` was fitted, and come from regressions that were fitted without these rows.
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
        """The features, which are the same for the regressions of the mean and of the spread."""
        return tuple(str(name) for name in self.mean.feature_names_)

    def predict_points(self, rows: Rows) -> PointsDistribution:
        """Return the predicted distribution of the points of each row.

        ValueError unless the rows have a season average and the columns of `rows.X` are the model's features (`names`),
        in order.
        """
        check_columns(rows.X, self.names)
        if not len(rows):
            return PointsDistribution(np.empty(0), np.empty(0), self.shape)
        scale, pool = _scale(rows), build_pool(rows.X)
        mean = _average(rows) + _predict(self.mean, pool) * scale
        return PointsDistribution(mean, _spread(self.spread, pool) * scale, self.shape)

    def predict_probability(self, rows: Rows) -> np.ndarray:
        """Return the probability of a breakout, shape (n,).

        ValueError unless the rows have a season average and `points_for_breakout` (the fewest points that are a
        breakout). ValueError also unless the columns of `rows.X` are the model's features (`names`), in order.
        """
        return np.asarray(self.predict_points(rows).at_least(_needed(rows)[:, None])[:, 0])

    def shap_values(self, rows: Rows) -> np.ndarray:
        """Return what each feature adds to the log odds of each row, shape (n, k), by a linear approximation.

        The model predicts the mean and the spread (the scale of the errors) of the points by two regressions. The log
        odds are not linear in the two predictions. So the SHAP values of each regression, in points, are multiplied by
        the slope of the log odds in its prediction. The slope is that from 1/4 of the spread below the prediction to
        1/4 of the spread above it.

        There must be a row. ValueError unless the rows have a season average and `points_for_breakout`. ValueError also
        unless the columns of `rows.X` are the model's features (`names`), in order.
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
        """Return CatBoost's feature importance in the regression of the mean, divided by its sum; 0 if the sum is 0."""
        return normalised_importance(self.names, self.mean.get_feature_importance(thread_count=1))

    def describe(self) -> dict[str, float]:
        """Return two numbers by name: the trees in the regression of the mean, and the errors in the shape.

        The shape is the sample of standardised errors from which the distribution of points is computed.
        """
        return {"trees": float(self.mean.tree_count_), "shape_errors": float(len(self.shape))}

    def save(self, folder: Path) -> tuple[Path, ...]:
        """Write the shape (standardised errors) to model.json and each regression to its own file; return the paths.

        DataError if a file cannot be written.
        """
        paths = tuple(folder / name for name in (FILE_NAME, MEAN_FILE, SPREAD_FILE))
        save_json(PointsFile(self.kind, self.names, tuple(self.shape.tolist()), self.metadata), paths[0])
        save_trees(self.mean, paths[1])
        save_trees(self.spread, paths[2])
        return paths


def fit(config: PointsConfig, parts: FitParts, seed: int, metadata: Mapping[str, str]) -> PointsModel:
    """Fit the regression of the mean on `parts.fit.widest`, and learn the spread and the shape on its later half.

    The spread is the scale of the errors, and the shape is the distribution of the errors divided by their spread.
    `widest` also contains players outside the target's points band (range of season averages), if the settings include
    them. Early stopping, if configured, uses `parts.validation`. A second regression with the same number of trees is
    fitted on the earlier half of the rows. Its errors on the later half give the spread and the shape.

    ValueError if the rows lack points or a season average. ConfigurationError if CatBoost refuses to fit. DataError if
    no feature varies over the rows or over their later half.
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
    """Fit the regression of the mean again on `parts.fit` and `parts.validation`, with as many trees as `model` has.

    The shape (the distribution of standardised errors) consists of the errors of `model` on the validation part, on
    which it was not fitted. The spread (the scale of the errors) is learned from two sets of errors. The first is
    `model.sizes`: the absolute errors from which `model` learned its spread. The second is the errors of `model` on all
    players of the validation dates, including those outside the target's points band (range of season averages).

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
    """Read the model from model.json and both regressions in the folder.

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
    """Return a CatBoost pool of the rows with target `y` and with the values of each feature put into bins.

    Slices of the pool keep these bins. ConfigurationError or DataError if CatBoost refuses the features.
    """
    pool = build_pool(rows.X, y)
    try:
        pool.quantize(border_count=BORDERS, random_seed=seed)  # A random sample decides the bins of a large pool.
    except CatBoostError as error:
        raise fit_error(error, config, seed) from error
    return pool


def _regress(
    config: PointsConfig, pool: Pool, seed: int, trees: int, stopping: Pool | None = None
) -> CatBoostRegressor:
    """Fit a regression of at most `trees` trees on `pool`.

    If `stopping` is given, the regression keeps the trees up to the lowest error on `stopping`. ConfigurationError or
    DataError if CatBoost refuses to fit.
    """
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
    """Return the predicted spread of (points - season average) / sqrt(season average) of each row, shape (n,).

    The spread is the predicted absolute error times sqrt(pi / 2), which is the standard deviation if errors are normal.
    It is at least 0.2 (LEAST_SPREAD).
    """
    return np.maximum(SIZE_TO_SPREAD * _predict(regressor, pool), LEAST_SPREAD)


def _deviations(rows: Rows) -> np.ndarray:
    """Return (points - season average) / sqrt(season average) of each row, shape (n,).

    In the root, a season average below 1 point (LEAST_AVERAGE) is replaced by 1. ValueError if the rows have no points
    or no season average.
    """
    if rows.points is None:
        raise ValueError("a model of points can be fitted only on rows with points")
    return np.asarray((rows.points - _average(rows)) / _scale(rows))


def _scale(rows: Rows) -> np.ndarray:
    """Return the square root of each row's season average, shape (n,); an average below 1 point counts as 1.

    ValueError if the rows have no season average.
    """
    return np.asarray(np.sqrt(np.maximum(_average(rows), LEAST_AVERAGE)))


def _average(rows: Rows) -> np.ndarray:
    if rows.season_average is None:
        raise ValueError("a model of points needs the season average of each row")
    return rows.season_average


def _needed(rows: Rows) -> np.ndarray:
    if rows.points_for_breakout is None:
        raise ValueError("a model of points needs the points for a breakout of each row")
    return rows.points_for_breakout
