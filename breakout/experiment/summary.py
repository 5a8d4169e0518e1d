"""The content of metrics.json: the metrics of a training run, and of a bundle (a saved model) on later games."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from breakout.calibration import CalibrationFit
from breakout.coverage import coverage_warnings
from breakout.evaluation.intervals import bootstrap_metrics
from breakout.evaluation.reliability import reliability_table
from breakout.evaluation.run_metrics import (
    CalibrationSummary,
    FoldMetrics,
    ModelSummary,
    RunMetrics,
    ValidationMetrics,
)
from breakout.experiment.evaluating import evaluation_parameters, plain_metrics
from breakout.experiment.explanation import explain
from breakout.experiment.seeds import measure_stability

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from breakout.bundle.folder import Bundle, Learned
    from breakout.dataset import Dataset
    from breakout.evaluation.points_metrics import PointsMetrics
    from breakout.evaluation.resamples import EvaluationParameters
    from breakout.evaluation.summary import EvaluationResult
    from breakout.experiment.evaluating import ScoredRows
    from breakout.experiment.fitting import Fitted
    from breakout.experiment.windows import FittedRun, FittedWindow
    from breakout.features.distributions import DistributionReport
    from breakout.models.base import LearnedRows
    from breakout.settings import EvaluateConfig, ExperimentConfig


@dataclass(frozen=True)
class RunResult:
    """A completed run: its folder, its metrics, and its drift report.

    The drift report `distributions` compares the values of features in the training rows and in the evaluation rows.
    `distributions` is None if the run only trains.
    """

    folder: Path
    metrics: RunMetrics
    distributions: DistributionReport | None


def summarise_training(
    config: ExperimentConfig, run: FittedRun, result: EvaluationResult | None, points: PointsMetrics | None
) -> RunMetrics:
    """Return the metrics of a training run.

    `result` is None if the run only trains. `points` is the evaluation of the predicted distributions of points; None
    if the model predicts none. DataError or ConfigurationError if a model of another seed cannot be fitted.

    Rows and models that the metrics use:

    - The importance by shuffling features uses the evaluation rows of all windows.
    - SHAP values (contributions to a prediction) and the spread over seeds use the last window's model.
    - If the run only trains, shuffling and SHAP values use the validation rows (the rows of the last training dates).
    """
    parameters = evaluation_parameters(config.evaluation, config.seed)
    last, parts = run.last, run.scored
    explained_on: Literal["validation", "evaluation"] = "evaluation" if parts else "validation"
    explained, shuffled = last.fitted.validation, last.fitted.validation
    stability = None
    if last.scored is not None and run.rows is not None:
        explained, shuffled = last.scored.rows, run.rows
        stability = measure_stability(config, last.train, last.scored.rows, last.scored.probability)
    explanation = explain(
        last.fitted.model if parts else last.fitted.held_out_model,
        lambda rows: _predict(run, rows),
        explained,
        config.evaluation,
        parameters,
        shuffled,
    )
    seconds = sum(window.fitted.fit_seconds for window in run.windows)
    return RunMetrics(
        evaluation=result,
        validation=_summarise_validation([window.fitted for window in run.windows], config.evaluation.ece_bins),
        model=_summarise_model(last.fitted, len(last.train), last.fitted.learned_rows, fit_seconds=seconds),
        calibration=_summarise_calibration(last.fitted, last.fitted.calibration_fit, parts, run.rows, parameters),
        stability=stability,
        explained_on=explained_on,
        importance=explanation.importance,
        permutation_importance=explanation.permutation,
        shap=explanation.shap,
        features_that_add_nothing=explanation.features_that_add_nothing,
        warnings=(*run.coverage_warnings, *_collect_warnings(run.windows)),
        folds=tuple(_summarise_fold(config, window) for window in run.windows if window.fold) or None,
        points=points,
    )


def summarise_scoring(
    config: EvaluateConfig,
    bundle: Bundle,
    scored: ScoredRows,
    result: EvaluationResult,
    differences: Sequence[str],
    *,
    source_warnings: Sequence[str] = (),
    points: PointsMetrics | None = None,
) -> RunMetrics:
    """Return the metrics of a saved model on later rows.

    - `scored`: the rows with the model's predictions.
    - `result`: the evaluation of `scored`.
    - `differences`: sentences about the differences between the model's contract (the definition of features and label)
      and the contract of the installed version of `breakout`.
    - `source_warnings`: warnings about games whose rows in two source tables contradict each other.
    - `points`: the evaluation of the predicted distributions of points; None if the model predicts none.

    Validation metrics and the stability over seeds are None, because nothing is fitted here.
    """
    parameters = evaluation_parameters(config.evaluation, config.seed)
    explanation = explain(bundle.model, bundle.predict_probability, scored.rows, config.evaluation, parameters)
    return RunMetrics(
        evaluation=result,
        validation=None,
        model=_summarise_model(
            bundle, bundle.manifest.rows.train, bundle.manifest.learned_rows, bundle=bundle.fingerprint
        ),
        calibration=_summarise_calibration(bundle, _saved_calibration_fit(bundle), [scored], scored.rows, parameters),
        stability=None,
        explained_on="evaluation",
        importance=explanation.importance,
        permutation_importance=explanation.permutation,
        shap=explanation.shap,
        features_that_add_nothing=explanation.features_that_add_nothing,
        warnings=(*source_warnings, *coverage_warnings({"evaluation": scored.rows}), *bundle.manifest.warnings),
        contract_mismatch=tuple(differences),
        points=points,
    )


def _saved_calibration_fit(bundle: Bundle) -> CalibrationFit:
    """Return how the calibration of a saved model was fitted, with the warnings of that fit.

    Early versions did not save this. For their models, the result has no warnings and no log loss on held-out dates.
    """
    if bundle.manifest.calibration_fit is not None:
        return bundle.manifest.calibration_fit
    kind = bundle.calibrator.kind
    return CalibrationFit(kind, kind != "none" and bundle.settings.calibration.kind == "none", (), None)


def _predict(run: FittedRun, rows: Dataset) -> np.ndarray:
    """Return calibrated probabilities (n,) for `rows`: the run's rows with shuffled features.

    `rows` contains the evaluation rows of all windows in order. Each window's model predicts the rows of its window. If
    the run only trains, `rows` contains the validation rows, predicted by the model that was fitted without them.
    """
    found, first = [], 0
    for window in run.windows:
        fitted, scored = window.fitted, window.scored
        model, part = (fitted.held_out_model, fitted.validation) if scored is None else (fitted.model, scored.rows)
        changed = replace(part, X=rows.X.iloc[first : first + len(part)])
        found.append(fitted.calibrator.apply(model.predict_probability(changed)))
        first += len(part)
    return np.concatenate(found)


def _summarise_validation(fits: Sequence[Fitted], ece_bins: int) -> ValidationMetrics:
    label = np.concatenate([fit.validation.label for fit in fits])
    dates = np.concatenate([fit.validation.dates for fit in fits])
    after = np.concatenate([fit.validation_probability for fit in fits])
    before = np.concatenate([fit.validation_raw for fit in fits])
    return ValidationMetrics(
        rows=len(label),
        first_date=str(dates.min()),
        last_date=str(dates.max()),
        metrics=plain_metrics(label, after, ece_bins),
        metrics_before_calibration=plain_metrics(label, before, ece_bins),
    )


def _summarise_model(
    learned: Learned,
    training_rows: int,
    rows: LearnedRows,
    fit_seconds: float | None = None,
    bundle: str | None = None,
) -> ModelSummary:
    """Return the summary of a model, which was either fitted in `fit_seconds` or loaded from a bundle (a saved model).

    `bundle` is the bundle's fingerprint. `rows` describes the rows that the model was fitted on.
    """
    return ModelSummary(
        kind=learned.model.kind,
        figures=learned.model.describe(),
        calibration=learned.calibrator.kind,
        threshold=None if learned.threshold is None else learned.threshold.threshold,
        threshold_rule=None if learned.threshold is None else learned.threshold.rule,
        training_rows=training_rows,
        fit_seconds=None if fit_seconds is None else round(fit_seconds, 4),
        bundle=bundle,
        learned=rows,
    )


def _summarise_calibration(
    learned: Learned,
    fit: CalibrationFit,
    parts: Sequence[ScoredRows],
    rows: Dataset | None,
    parameters: EvaluationParameters,
) -> CalibrationSummary:
    """Return the summary of a calibration.

    `parts` has one element for each fold (window) of a walk forward, and one element for any other run. `rows` are the
    rows of all parts. The reliability table before calibration is None if `rows` is None or nothing was calibrated.
    """
    before = None
    if rows is not None and learned.calibrator.kind != "none":
        raw = np.concatenate([part.raw for part in parts])
        before = reliability_table(rows.label, raw, parameters.draw(rows.dates), parameters.ece_bins)
    return CalibrationSummary(
        kind=learned.calibrator.kind,
        requested=fit.requested,
        is_forced_by_class_weights=fit.is_forced_by_class_weights,
        warnings=fit.warnings,
        held_out=fit.held_out,
        reliability_before=before,
    )


def _collect_warnings(windows: Sequence[FittedWindow]) -> tuple[str, ...]:
    """Return the distinct warnings of the fits.

    In a walk forward, a warning begins with its folds: `folds 2026-01, 2026-02: ...`.
    """
    folds: dict[str, list[str]] = {}
    for window in windows:
        for warning in window.fitted.warnings:
            folds.setdefault(warning, []).append(window.fold.label if window.fold else "")
    return tuple(
        warning if labels == [""] else f"{'fold' if len(labels) == 1 else 'folds'} {', '.join(labels)}: {warning}"
        for warning, labels in folds.items()
    )


def _summarise_fold(config: ExperimentConfig, window: FittedWindow) -> FoldMetrics:
    fold, fitted, scored = window.fold, window.fitted, window.scored
    if fold is None or scored is None:
        raise ValueError("only a fold of a walk forward is summarised by itself")
    bins, rows = config.evaluation.ece_bins, scored.rows
    draws = evaluation_parameters(config.evaluation, config.seed).draw(rows.dates)
    return FoldMetrics(
        fold=fold.label,
        train=(str(fold.train.start), str(fold.train.end)),
        evaluation=(str(fold.evaluation.start), str(fold.evaluation.end)),
        training_rows=len(window.train),
        rows=len(rows),
        breakout_rate=rows.breakout_rate,
        fit_seconds=round(fitted.fit_seconds, 4),
        threshold=None if fitted.threshold is None else fitted.threshold.threshold,
        calibration=fitted.calibrator.kind,
        figures=fitted.model.describe(),
        validation=plain_metrics(fitted.validation.label, fitted.validation_probability, bins),
        metrics=bootstrap_metrics(rows.label, scored.probability, draws, ece_bins=bins),
    )
