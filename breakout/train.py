"""The main job: features, fit, evaluation, and a complete run folder; with dry_run only the plan."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from breakout import artifacts
from breakout.assessment import (
    assess,
    baseline_probabilities,
    check_evaluation_rows,
    evaluation_parameters,
    predictions_frame,
)
from breakout.bundle import save_bundle
from breakout.drift import check_drift, compare_distributions
from breakout.fitting import Fitted, check_training_rows, fit_experiment, split_parts
from breakout.plan import Plan, open_plan
from breakout.record import build_facts, build_metrics
from breakout.report import terminal
from breakout.report.page import write_page
from breakout.runs import open_run

if TYPE_CHECKING:
    import numpy as np

    from breakout.dataset import Dataset
    from breakout.evaluation.summary import EvaluationResult
    from breakout.runs import Run
    from breakout.settings import ExperimentConfig

logger = logging.getLogger("breakout")


def run(config: ExperimentConfig) -> int:
    """Train, evaluate and save; the exit code. Raises BreakoutError for what a user can mend."""
    with open_plan(config) as plan:
        if config.dry_run:
            show_plan(plan)
            return 0
        folder = train(plan)
    terminal.show_run(folder)
    check_drift(config.distributions, folder)
    return 0


def show_plan(plan: Plan) -> None:
    """Show what would be done, after every check that a real run makes before it fits."""
    train_rows, evaluation_rows = plan.build_train(), plan.build_evaluation()
    check_rows(plan.config, train_rows, evaluation_rows)
    terminal.show_plan(plan, train_rows, evaluation_rows)


def check_rows(config: ExperimentConfig, train_rows: Dataset, evaluation_rows: Dataset | None) -> None:
    """Raise DataError unless there are rows enough to fit on, to keep back, and to evaluate on."""
    check_training_rows(train_rows)
    split_parts(config, train_rows)
    if evaluation_rows is not None:
        check_evaluation_rows(evaluation_rows)


def train(plan: Plan) -> Path:
    """Carry out a plan in a new run folder and return that folder."""
    with open_run(plan.run_parent, plan.config, "train", plan.contract.fingerprint) as run:
        train_rows = plan.build_train()
        evaluation_rows = plan.build_evaluation()
        logger.info("built %d training rows and %s evaluation rows", len(train_rows), _count(evaluation_rows))
        check_rows(plan.config, train_rows, evaluation_rows)
        fitted = fit_experiment(plan.config, train_rows, plan.contract)
        finish(plan, run, fitted, train_rows, evaluation_rows)
    return run.folder


def finish(plan: Plan, run: Run, fitted: Fitted, train_rows: Dataset, evaluation_rows: Dataset | None) -> None:
    """Evaluate a fit and write everything that a run leaves behind."""
    parts = {"validation": (fitted.validation, fitted.validation_probability)}
    probability, result = None, None
    if evaluation_rows is not None:
        raw = fitted.model.predict_probability(evaluation_rows.X)
        probability = fitted.calibrator.apply(raw)
        parts["evaluation"] = (evaluation_rows, probability)
        result = _evaluate(plan, fitted, evaluation_rows, probability, raw)
        compare_distributions(plan.config.distributions, train_rows.X, evaluation_rows.X, run.folder)
    artifacts.save_parquet(predictions_frame(parts), run.folder / "predictions.parquet")
    metrics = build_metrics(plan.config, fitted, train_rows, evaluation_rows, probability, result)
    artifacts.save_json(metrics, run.folder / "metrics.json")
    facts = build_facts(plan, run, fitted, train_rows, evaluation_rows)
    bundle = save_bundle(run.folder / "bundle", fitted, plan.contract, plan.config, train_rows.X, facts)
    run.facts |= {"bundle": bundle, "contract": plan.contract.fingerprint}
    if plan.config.write_report:
        write_page(run.folder)
    logger.info("run complete: %s", run.folder)


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
