"""One run of the main job: a plan in; rows, fit, evaluation, and a complete run folder out."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from breakout import artifacts
from breakout.bundle import save_bundle
from breakout.experiment.assessment import (
    assess,
    baseline_probabilities,
    evaluation_parameters,
    predictions_frame,
)
from breakout.experiment.drift import save_distributions
from breakout.experiment.fitting import Fitted, check_training_rows, fit_experiment, split_parts
from breakout.experiment.plan import Plan
from breakout.experiment.record import build_facts, build_metrics
from breakout.experiment.row_counts import check_evaluation_count
from breakout.experiment.walk_forward import (
    fold_metrics,
    fold_predictions,
    judge_folds,
    judge_together,
    whole_fit,
)
from breakout.features.distributions import DistributionReport, validate_feature_distributions
from breakout.models.kinds import fit_model
from breakout.runs import open_run

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    import pandas as pd

    from breakout.dataset import Dataset
    from breakout.evaluation.summary import EvaluationResult
    from breakout.models.kinds import FitModel
    from breakout.runs import Run
    from breakout.settings import ExperimentConfig

logger = logging.getLogger("breakout")


@dataclass(frozen=True)
class Judged:
    """A fit, the rows it learned from, and what became of it on the evaluation rows, if there are any."""

    fitted: Fitted
    train: Dataset
    rows: Dataset | None
    probability: np.ndarray | None
    result: EvaluationResult | None


def check_rows(config: ExperimentConfig, train_rows: Dataset, evaluation_rows: Dataset | None) -> None:
    """Raise DataError unless there are rows enough to fit on, to keep back, and to evaluate on."""
    check_training_rows(train_rows)
    split_parts(config, train_rows)
    if evaluation_rows is not None:
        check_evaluation_count(len(evaluation_rows))


def train(
    plan: Plan,
    parent: Path | None = None,
    fit: FitModel = fit_model,
    facts: Mapping[str, object] | None = None,
    started: list[Path] | None = None,
) -> Path:
    """Carry out a plan in a new run folder and return that folder, which joins `started` as soon as it is there.

    A sweep says where its jobs' folders go, lends fits that jobs share, and adds facts to status.json.
    """
    parent = plan.run_parent if parent is None else parent
    contract = plan.contract.fingerprint
    with open_run(parent, plan.config, "train", contract, facts) as run:
        if started is not None:
            started.append(run.folder)
        if plan.folds:
            _train_folds(plan, run, fit)
        else:
            _train_once(plan, run, fit)
        if plan.config.write_report:
            from breakout.report.page import write_page

            write_page(run.folder)
        logger.info("run complete: %s", run.folder)
    return run.folder


def _train_once(plan: Plan, run: Run, fit: FitModel) -> None:
    train_rows, rows = plan.build_train(), plan.build_evaluation()
    logger.info("built %d training rows and %s evaluation rows", len(train_rows), _count(rows))
    check_rows(plan.config, train_rows, rows)
    fitted = fit_experiment(plan.config, train_rows, plan.contract, fit)
    parts = {"validation": (fitted.validation, fitted.validation_probability)}
    if rows is None:
        judged = Judged(fitted, train_rows, None, None, None)
    else:
        raw = fitted.model.predict_probability(rows.X)
        probability = fitted.calibrator.apply(raw)
        parts["evaluation"] = (rows, probability)
        judged = Judged(fitted, train_rows, rows, probability, _evaluate(plan, fitted, rows, probability, raw))
    _write(plan, run, judged, predictions_frame(parts), {})


def _train_folds(plan: Plan, run: Run, fit: FitModel) -> None:
    span = plan.build_span()
    folds = judge_folds(plan, span, fit)
    last = folds[-1]
    result = judge_together(plan, span, folds)
    judged = Judged(whole_fit(folds), last.train, last.rows, last.probability, result)
    plan = replace(plan, split=last.fold.split)
    _write(plan, run, judged, fold_predictions(folds), fold_metrics(plan.config, span, folds))


def _write(plan: Plan, run: Run, judged: Judged, predictions: pd.DataFrame, told_otherwise: dict[str, Any]) -> None:
    """Everything that a run leaves behind but its page; `told_otherwise` takes the place of keys of metrics.json."""
    config, fitted, train_rows, rows = plan.config, judged.fitted, judged.train, judged.rows
    if rows is not None:
        save_distributions(_compare(train_rows, rows, config.distributions.significance), run.folder)
    artifacts.save_parquet(predictions, run.folder / "predictions.parquet")
    metrics = build_metrics(config, fitted, train_rows, rows, judged.probability, judged.result)
    artifacts.save_json(metrics | told_otherwise, run.folder / "metrics.json")
    facts = build_facts(plan, run, fitted, train_rows, rows)
    bundle = save_bundle(run.folder / "bundle", fitted, plan.contract, config, train_rows.feature_file, facts)
    run.note(bundle=bundle, contract=plan.contract.fingerprint)


@lru_cache(maxsize=4)
def _compare(train_rows: Dataset, rows: Dataset, significance: float) -> DistributionReport:
    """Remembered, for many jobs of a sweep have their rows in common."""
    return validate_feature_distributions(train_rows.X, rows.X, significance=significance)


def _evaluate(plan: Plan, fitted: Fitted, rows: Dataset, probability: np.ndarray, raw: np.ndarray) -> EvaluationResult:
    """Judge calibrated probabilities; where calibration changed them, `raw` stands among the baselines."""
    before = {} if fitted.calibrator.kind == "none" else {"uncalibrated": raw}
    result = assess(
        rows,
        probability,
        evaluation_parameters(plan.config.evaluation, plan.config.seed),
        threshold=fitted.threshold,
        baselines=baseline_probabilities(fitted.baselines, rows) | before,
        target=plan.config.target,
        train_end=plan.split.train.end,
    )
    for warning in result.verdict.warnings:
        logger.warning(warning)
    logger.info("evaluated on %d rows: %s", len(rows), result.verdict.level)
    return result


def _count(rows: Dataset | None) -> int:
    return 0 if rows is None else len(rows)
