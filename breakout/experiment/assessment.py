"""A fitted model on rows it has not seen: probabilities in, the evaluation with its baselines and slices out."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import pandas as pd

from breakout.evaluation import slice_labels as labels
from breakout.evaluation.metrics import area_under_roc, average_precision, brier_score, log_loss
from breakout.evaluation.parameters import EvaluationParameters
from breakout.evaluation.reliability import expected_calibration_error
from breakout.evaluation.summary import EvaluationResult, evaluate_probabilities

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    import numpy as np

    from breakout.dataset import Dataset
    from breakout.evaluation.slice_labels import SliceLabels
    from breakout.evaluation.thresholds import ThresholdChoice
    from breakout.models.base import Model
    from breakout.settings import EvaluationConfig, TargetConfig

# Raised whenever a key of metrics.json is renamed, removed or changes its meaning.
METRICS_SCHEMA_VERSION = 1


def evaluation_parameters(config: EvaluationConfig, seed: int) -> EvaluationParameters:
    """The evaluation's own numbers from the configured group and the run's seed."""
    return EvaluationParameters(
        bootstrap_resamples=config.bootstrap_resamples,
        seed=seed,
        confidence=config.confidence,
        ece_bins=config.ece_bins,
        thresholds=config.thresholds,
        top_fractions=config.top_fractions,
    )


def assess(
    rows: Dataset,
    probability: np.ndarray,
    parameters: EvaluationParameters,
    *,
    threshold: ThresholdChoice | None,
    baselines: Mapping[str, np.ndarray],
    target: TargetConfig,
    train_end: date | np.ndarray | None,
) -> EvaluationResult:
    """Judge probabilities, shape (n,), of these rows; there must be some. `train_end` may be each row's own (n,)."""
    return evaluate_probabilities(
        rows.label,
        probability,
        rows.dates,
        parameters=parameters,
        chosen_threshold=threshold,
        baselines=baselines,
        slices=build_slices(rows, target),
        train_end=train_end,
    )


def baseline_probabilities(baselines: Mapping[str, Model], rows: Dataset) -> dict[str, np.ndarray]:
    """Each baseline's probabilities of the same rows."""
    return {name: model.predict_probability(rows.X) for name, model in baselines.items()}


@lru_cache(maxsize=4)
def build_slices(rows: Dataset, target: TargetConfig) -> dict[str, SliceLabels]:
    """The parts of an evaluation that are reported one by one; remembered, for jobs of a sweep share their rows."""
    context = rows.context
    average = context["season_points_avg"].to_numpy(dtype="float64")
    return {
        "month": labels.month_labels(rows.dates),
        "points_band": labels.points_band_labels(average, min_ppg=target.min_ppg, max_ppg=target.max_ppg),
        "home_away": labels.home_away_labels(context["is_home"].to_numpy(dtype="float64", na_value=float("nan"))),
        "rest": labels.rest_labels(context["rest_days"].to_numpy(dtype="float64", na_value=float("nan"))),
        "season_phase": labels.season_phase_labels(rows.dates),
        "prior_season": labels.prior_season_labels(
            context["points_avg_prior_season"].to_numpy(dtype="float64", na_value=float("nan"))
        ),
    }


def plain_metrics(rows: Dataset, probability: np.ndarray, ece_bins: int) -> dict[str, float | None]:
    """The five metrics without intervals, for the validation part: sweeps rank by one of them."""
    return metrics_of(rows.label, probability, ece_bins)


def metrics_of(label: np.ndarray, probability: np.ndarray, ece_bins: int) -> dict[str, float | None]:
    """The five metrics of labels (n,) and probabilities (n,)."""
    return {
        "log_loss": log_loss(label, probability),
        "brier": brier_score(label, probability),
        "ece": expected_calibration_error(label, probability, ece_bins),
        "auc": area_under_roc(label, probability),
        "average_precision": average_precision(label, probability),
    }


def predictions_frame(parts: Mapping[str, tuple[Dataset, np.ndarray]]) -> pd.DataFrame:
    """predictions.parquet: keys, split (validation or evaluation), probability and is_breakout of each part's rows."""
    frames = [
        rows.keys.assign(split=split, probability=probability, is_breakout=rows.label.astype("int64"))
        for split, (rows, probability) in parts.items()
    ]
    return pd.concat(frames, ignore_index=True)
