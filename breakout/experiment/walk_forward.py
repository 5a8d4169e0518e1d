"""A walk forward as one run: each fold is fitted and judged by itself, and all folds' games are judged together.

Plan and rows in; the files of a run out. metrics.json tells of the pooled games and, under `folds`, of each fold;
predictions.parquet has a column `fold`. Permutation importance is over all folds, each game by its own fold's model;
what one model must stand for (the bundle, SHAP, drift, stability over seeds) is the last's, the one that knows most.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from breakout.errors import DataError
from breakout.evaluation.intervals import bootstrap_metrics
from breakout.evaluation.json_ready import json_ready
from breakout.experiment.assessment import (
    assess,
    baseline_probabilities,
    evaluation_parameters,
    metrics_of,
    predictions_frame,
)
from breakout.experiment.explanation import permute
from breakout.experiment.fitting import Fitted, check_training_rows, fit_experiment
from breakout.experiment.record import calibration_fit, describe_calibration
from breakout.split import Fold, date_mask, folds_with_games

if TYPE_CHECKING:
    from breakout.dataset import Dataset
    from breakout.evaluation.summary import EvaluationResult
    from breakout.experiment.plan import Plan
    from breakout.models.kinds import FitModel
    from breakout.settings import ExperimentConfig

logger = logging.getLogger("breakout")


@dataclass(frozen=True)
class JudgedFold:
    """A fold with its rows, its fit, and the probabilities of its evaluation rows, shape (n,), calibrated and raw."""

    fold: Fold
    train: Dataset
    rows: Dataset
    fitted: Fitted
    probability: np.ndarray
    raw: np.ndarray


def played_folds(plan: Plan, span: Dataset) -> tuple[Fold, ...]:
    """The folds that hold games, as many as the window keeps."""
    return folds_with_games(plan.folds, span.dates, getattr(plan.config.window, "folds", None))


def judge_folds(plan: Plan, span: Dataset, fit: FitModel) -> list[JudgedFold]:
    """Fit every fold in turn; DataError names the fold that cannot be fitted."""
    judged = []
    for fold in played_folds(plan, span):
        train, rows = span.take(date_mask(span.dates, fold.train)), span.take(date_mask(span.dates, fold.evaluation))
        try:
            check_training_rows(train)
            fitted = fit_experiment(plan.config, train, plan.contract, fit)
        except DataError as error:
            raise DataError(f"fold {fold.label}: {error}") from error
        raw = fitted.model.predict_probability(rows.X)
        judged.append(JudgedFold(fold, train, rows, fitted, fitted.calibrator.apply(raw), raw))
        logger.info("fold %s: fitted on %d rows, evaluated on %d", fold.label, len(train), len(rows))
    return judged


def judge_together(plan: Plan, span: Dataset, judged: list[JudgedFold]) -> EvaluationResult:
    """The pooled games of all folds.

    The threshold is the first fold's: the only one chosen before every game that it is reported on.
    """
    last = judged[-1]
    names = list(last.fitted.baselines)
    by_fold = [baseline_probabilities(one.fitted.baselines, one.rows) for one in judged]
    baselines = {name: np.concatenate([found[name] for found in by_fold]) for name in names}
    if any(one.fitted.calibrator.kind != "none" for one in judged):
        baselines["uncalibrated"] = np.concatenate([one.raw for one in judged])
    return assess(
        judged_rows(span, judged),
        np.concatenate([one.probability for one in judged]),
        evaluation_parameters(plan.config.evaluation, plan.config.seed),
        threshold=judged[0].fitted.threshold,
        baselines=baselines,
        target=plan.config.target,
        train_end=np.concatenate([np.full(len(one.rows), np.datetime64(one.fold.train.end)) for one in judged]),
    )


def judged_rows(span: Dataset, judged: list[JudgedFold]) -> Dataset:
    """The evaluation rows of all folds, in order of time and so of folds."""
    return span.take(np.logical_or.reduce([date_mask(span.dates, one.fold.evaluation) for one in judged]))


def weigh_features(config: ExperimentConfig, span: Dataset, judged: list[JudgedFold]) -> dict[str, Any]:
    """Permutation importance over all folds' games: features are shuffled across folds, each fold's model predicts."""
    ends = np.cumsum([len(one.rows) for one in judged])[:-1]

    def predict(X: pd.DataFrame) -> np.ndarray:
        parts = (X.iloc[rows] for rows in np.split(np.arange(len(X)), ends))
        fits = (one.fitted for one in judged)
        return np.concatenate(
            [fit.calibrator.apply(fit.model.predict_probability(part)) for fit, part in zip(fits, parts, strict=True)]
        )

    parameters = evaluation_parameters(config.evaluation, config.seed)
    return permute(predict, judged_rows(span, judged), config.evaluation.permutation_repeats, parameters)


def fold_predictions(judged: list[JudgedFold]) -> pd.DataFrame:
    """predictions.parquet of all folds; a game may stand in the validation part of several."""
    frames = []
    for one in judged:
        parts = {
            "validation": (one.fitted.validation, one.fitted.validation_probability),
            "evaluation": (one.rows, one.probability),
        }
        frames.append(predictions_frame(parts).assign(fold=one.fold.label))
    return pd.concat(frames, ignore_index=True)


def fold_metrics(config: ExperimentConfig, span: Dataset, judged: list[JudgedFold]) -> dict[str, Any]:
    """What metrics.json tells otherwise than for one window: what is pooled over all folds, and each fold."""
    label = np.concatenate([one.fitted.validation.label for one in judged])
    after = np.concatenate([one.fitted.validation_probability for one in judged])
    before = np.concatenate([one.fitted.validation_raw for one in judged])
    dates = np.concatenate([one.fitted.validation.dates for one in judged])
    bins, last = config.evaluation.ece_bins, judged[-1].fitted
    return {
        "validation": {
            "rows": len(label),
            "first_date": str(dates.min()),
            "last_date": str(dates.max()),
            "metrics": metrics_of(label, after, bins),
            "metrics_before_calibration": metrics_of(label, before, bins),
        },
        "calibration": describe_calibration(
            calibration_fit(config, last),
            last.calibrator,
            judged_rows(span, judged),
            np.concatenate([one.raw for one in judged]),
            evaluation_parameters(config.evaluation, config.seed),
        ),
        **weigh_features(config, span, judged),
        "folds": [_fold_record(config, one) for one in judged],
        "warnings": fold_warnings(judged),
    }


def fold_warnings(judged: list[JudgedFold]) -> list[str]:
    """Return each warning once, with the folds that it is about."""
    folds: dict[str, list[str]] = {}
    for one in judged:
        for warning in one.fitted.warnings:
            folds.setdefault(warning, []).append(one.fold.label)
    return [f"{'fold' if len(labels) == 1 else 'folds'} {', '.join(labels)}: {text}" for text, labels in folds.items()]


def _fold_record(config: ExperimentConfig, one: JudgedFold) -> dict[str, Any]:
    fitted, bins = one.fitted, config.evaluation.ece_bins
    draws = evaluation_parameters(config.evaluation, config.seed).draw(one.rows.dates)
    return {
        "fold": one.fold.label,
        "train": [str(one.fold.train.start), str(one.fold.train.end)],
        "evaluation": [str(one.fold.evaluation.start), str(one.fold.evaluation.end)],
        "training_rows": len(one.train),
        "rows": len(one.rows),
        "breakout_rate": one.rows.breakout_rate,
        "fit_seconds": round(fitted.fit_seconds, 4),
        "threshold": fitted.threshold.threshold,
        "calibration": fitted.calibrator.kind,
        **fitted.model.describe(),
        "validation": metrics_of(fitted.validation.label, fitted.validation_probability, bins),
        "metrics": json_ready(bootstrap_metrics(one.rows.label, one.probability, draws, ece_bins=bins)),
    }


def whole_fit(judged: list[JudgedFold]) -> Fitted:
    """The last fold's fit, with the seconds of all."""
    return replace(judged[-1].fitted, fit_seconds=sum(one.fitted.fit_seconds for one in judged))
