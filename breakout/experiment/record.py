"""What a run writes of itself: metrics.json (documented in docs/metrics.md) and the facts in its bundle's manifest."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from breakout import settings
from breakout.bundle import BundleFacts, RowCounts, RowFingerprints, Windows
from breakout.calibration import CalibrationFit
from breakout.evaluation.json_ready import json_ready
from breakout.evaluation.reliability import reliability_table
from breakout.experiment.assessment import METRICS_SCHEMA_VERSION, evaluation_parameters, plain_metrics
from breakout.experiment.explanation import explain
from breakout.experiment.seeds import measure_stability
from breakout.runs import git_commit

if TYPE_CHECKING:
    import numpy as np

    from breakout.bundle import Bundle, Learned
    from breakout.calibration import Calibrator
    from breakout.dataset import Dataset
    from breakout.evaluation.parameters import EvaluationParameters
    from breakout.evaluation.summary import EvaluationResult
    from breakout.experiment.fitting import Fitted
    from breakout.experiment.plan import Plan
    from breakout.runs import Run
    from breakout.settings import ExperimentConfig


def build_metrics(
    config: ExperimentConfig,
    fitted: Fitted,
    train: Dataset,
    evaluation: Dataset | None,
    probability: np.ndarray | None,
    result: EvaluationResult | None,
) -> dict[str, Any]:
    """metrics.json; importance is measured on the evaluation rows, in a run that only trains on the validation part."""
    parameters = evaluation_parameters(config.evaluation, config.seed)
    part, rows = ("validation", fitted.validation) if evaluation is None else ("evaluation", evaluation)
    raw = None  # needed only where calibration changed it
    if evaluation is not None and fitted.calibrator.kind != "none":
        raw = fitted.model.predict_probability(evaluation.X)
    stability = None
    if evaluation is not None and probability is not None:
        stability = measure_stability(config, train, evaluation, probability)
    return {
        "schema_version": METRICS_SCHEMA_VERSION,
        "evaluation": result.to_dict() if result else None,
        "validation": _validation(fitted, config.evaluation.ece_bins),
        "model": describe_model(fitted, fitted.training_rows, fitted.fit_seconds),
        "calibration": describe_calibration(
            calibration_fit(config, fitted), fitted.calibrator, evaluation, raw, parameters
        ),
        "stability": stability,
        "explained_on": part,
        **explain(fitted.model, fitted.calibrator, rows, config.evaluation, parameters),
        "warnings": list(fitted.warnings),
    }


def _validation(fitted: Fitted, bins: int) -> dict[str, Any]:
    rows = fitted.validation
    return {
        "rows": len(rows),
        "first_date": str(rows.dates.min()),
        "last_date": str(rows.dates.max()),
        "metrics": plain_metrics(rows, fitted.validation_probability, bins),
        "metrics_before_calibration": plain_metrics(rows, fitted.validation_raw, bins),
    }


def describe_model(learned: Learned, training_rows: int, fit_seconds: float | None) -> dict[str, Any]:
    """The model as metrics.json tells it; None seconds where it was not fitted now."""
    return {
        "kind": learned.model.kind,
        **learned.model.describe(),
        "calibration": learned.calibrator.kind,
        "threshold": learned.threshold.threshold,
        "threshold_rule": learned.threshold.rule,
        "training_rows": training_rows,
        "fit_seconds": None if fit_seconds is None else round(fit_seconds, 4),
    }


def describe_calibration(
    fit: CalibrationFit,
    calibrator: Calibrator,
    rows: Dataset | None,
    raw: np.ndarray | None,
    parameters: EvaluationParameters,
) -> dict[str, Any]:
    """Return the map's kind, how it was fitted, and how reliable the probabilities `raw` (n,) of `rows` were before."""
    before = None
    if rows is not None and raw is not None and calibrator.kind != "none":
        draws = parameters.draw(rows.dates)
        before = json_ready(reliability_table(rows.label, raw, draws, parameters.ece_bins))
    return {"kind": calibrator.kind, **json_ready(fit), "reliability_before": before}


def calibration_fit(config: ExperimentConfig, fitted: Fitted) -> CalibrationFit:
    """Return what is known of a calibration beside its map."""
    requested = fitted.calibration.requested
    return CalibrationFit(
        requested=requested,
        is_forced_by_class_weights=requested != config.calibration.kind,
        warnings=fitted.calibration.warnings,
        held_out=fitted.held_out,
    )


def saved_calibration_fit(bundle: Bundle) -> CalibrationFit:
    """Return the same of a bundle, as far as it is known: bundles of earlier versions do not hold it."""
    if bundle.manifest.calibration_fit is not None:
        return bundle.manifest.calibration_fit
    kind = bundle.calibrator.kind
    is_forced = kind != "none" and bundle.settings.calibration.kind == "none"
    return CalibrationFit(kind, is_forced_by_class_weights=is_forced, warnings=(), held_out=None)


def build_facts(
    plan: Plan, run: Run, fitted: Fitted, train_rows: Dataset, evaluation_rows: Dataset | None
) -> BundleFacts:
    """Describe how the model came about, for the manifest of its bundle."""
    config = plan.config
    return BundleFacts(
        run_id=run.run_id,
        name=config.name,
        git_commit=git_commit(Path(__file__).parent),
        data_fingerprint=plan.warehouse.fingerprint(),
        source=plan.warehouse.describe(),
        settings_fingerprint=settings.fingerprint(config),
        seed=config.seed,
        thread_count=getattr(config.model, "thread_count", None),
        windows=_windows(plan, fitted),
        rows=RowCounts(
            train=len(train_rows),
            validation=len(fitted.validation),
            evaluation=0 if evaluation_rows is None else len(evaluation_rows),
        ),
        row_fingerprints=RowFingerprints(
            train=train_rows.fingerprint,
            evaluation=None if evaluation_rows is None else evaluation_rows.fingerprint,
        ),
        train_breakout_rate=train_rows.breakout_rate,
        chosen_threshold=fitted.threshold,
        calibration_fit=calibration_fit(config, fitted),
        warnings=fitted.warnings,
        is_evaluated=evaluation_rows is not None,
    )


def _windows(plan: Plan, fitted: Fitted) -> Windows:
    train, evaluation, kept = plan.split.train, plan.split.evaluation, fitted.validation.dates
    return Windows(
        train=(train.start, train.end),
        validation=(kept.min().item(), kept.max().item()),
        evaluation=None if evaluation is None else (evaluation.start, evaluation.end),
    )
