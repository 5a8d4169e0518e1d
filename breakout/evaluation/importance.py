"""Permutation importance: how much worse the model predicts when one feature is shuffled across games (Breiman 2001).

Two correlated features hide each other's importance: if one of them is shuffled, the model can use the other. So the
metrics may hardly change for either feature, although the model needs one of the two.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from breakout.evaluation.intervals import MetricReplicates, replicate_paired_metrics
from breakout.evaluation.metrics import row_log_losses
from breakout.evaluation.ranked_replicates import concordant_pairs_by_date, replicate_auc_of_pairs
from breakout.evaluation.resamples import DateResamples, Interval
from breakout.evaluation.rows import EQUALITY_TOLERANCE, FloatArray, IntArray, check_probabilities, check_rows
from breakout.threads import one_blas_thread

# A DataFrame or a two-dimensional array; the type is Any so that this module need not import pandas.
Features = Any
PredictProbability = Callable[[Features], ArrayLike]


@dataclass(frozen=True)
class FeatureImportance:
    """The cost of shuffling a feature across games: rise in log loss (nats a game) and fall in AUC.

    Both costs are means over several shuffles. Their intervals come from a bootstrap over whole game dates.

    - `log_loss_sd`, `auc_sd`: standard deviations over the shuffles. None if there is one shuffle, or if the metric is
      undefined.
    - `adds_nothing`: true if neither interval lies above 0. None if the rows have fewer than two game dates, because
      there are no intervals then.
    """

    feature: str
    log_loss_increase: Interval
    log_loss_sd: float | None
    auc_decrease: Interval
    auc_sd: float | None
    adds_nothing: bool | None


@one_blas_thread()
def permutation_importance(
    predict_probability: PredictProbability,
    X: Features,
    y: ArrayLike,
    resamples: DateResamples,
    *,
    feature_names: Sequence[str],
    n_repeats: int,
    seed: int,
) -> tuple[FeatureImportance, ...]:
    """Return the rise in log loss and the fall in AUC from shuffling each feature, highest rise in log loss first.

    - `X` (n, features): the features in the order of `feature_names`. The function does not change `X`.
    - `resamples`: bootstrap draws of the dates of these rows.
    - `n_repeats`: how often each feature is shuffled. The shuffles of a feature depend only on `seed`, the feature's
      name and the number of rows, so they do not depend on the other features.

    ValueError if `X` has another number of columns than `feature_names`, for fewer than one repeat, for labels other
    than 0 and 1, or if there is not one probability for each row.
    """
    if n_repeats < 1 or X.shape[1] != len(feature_names):
        raise ValueError(f"{X.shape[1]} columns, {len(feature_names)} names and {n_repeats} repeats do not go together")
    labels, probabilities = check_rows(y, predict_probability(X))
    unshuffled = replicate_paired_metrics(labels, probabilities, resamples)
    losses = row_log_losses(labels, probabilities)
    records = []
    for position, name in enumerate(feature_names):
        generator = np.random.default_rng([seed, zlib.crc32(name.encode())])
        orders = [generator.permutation(labels.size) for _ in range(n_repeats)]
        shuffled = [predict_probability(_with_shuffled_column(X, position, order)) for order in orders]
        records.append(_importance(name, labels, losses, shuffled, unshuffled, resamples))
    return tuple(sorted(records, key=lambda record: -(record.log_loss_increase.estimate or 0.0)))


def _with_shuffled_column(X: Features, position: int, order: IntArray) -> Features:
    shuffled = X.copy()
    if isinstance(X, np.ndarray):
        shuffled[:, position] = X[order, position]
    else:
        name = X.columns[position]
        shuffled[name] = X[name].to_numpy()[order]
    return shuffled


def _importance(
    name: str,
    y: FloatArray,
    losses: FloatArray,
    shuffled: Sequence[ArrayLike],
    unshuffled: MetricReplicates,
    resamples: DateResamples,
) -> FeatureImportance:
    """Return the rise in log loss and the fall in AUC from shuffling one feature.

    - `losses` (n,): the log losses of the rows without shuffling.
    - `shuffled`: the probabilities (n,) predicted after each shuffle.
    - `unshuffled`: the metrics without shuffling.
    """
    predictions = [check_probabilities(p, y.size) for p in shuffled]
    increases = np.stack([row_log_losses(y, p) - losses for p in predictions])
    pairs = np.stack([concordant_pairs_by_date(y, p, resamples) for p in predictions])
    loss = resamples.mean_interval(increases.mean(axis=0))
    n_pairs = float(y.sum() * (1.0 - y).sum())
    aucs = pairs.sum(axis=(1, 2)) / n_pairs if n_pairs else np.full(len(pairs), np.nan)
    base_auc = unshuffled.estimates["auc"]
    fall = None if base_auc is None else base_auc - float(aucs.mean())
    falls = unshuffled.replicates["auc"] - replicate_auc_of_pairs(pairs.mean(axis=0), y, resamples)
    auc = resamples.interval(fall, falls)
    lows = [part.low for part in (loss, auc) if part.low is not None]
    adds_nothing = all(low <= EQUALITY_TOLERANCE for low in lows) if lows else None
    return FeatureImportance(name, loss, _sample_sd(increases.mean(axis=1)), auc, _sample_sd(aucs), adds_nothing)


def _sample_sd(values: FloatArray) -> float | None:
    deviation = float(np.std(values, ddof=1)) if values.size > 1 else None
    return None if deviation is None or np.isnan(deviation) else deviation
