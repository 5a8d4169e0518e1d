"""The command `breakout evaluate`, which evaluates a bundle (a saved model) on games after its training."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from breakout import artifacts
from breakout.bundle.manifest import versions
from breakout.coverage import find_flawed_games, flawed_game_warnings
from breakout.evaluation.run_metrics import RunMetrics, write_metrics
from breakout.experiment.evaluating import evaluate_scored, evaluation_parameters
from breakout.experiment.market_baseline import compare_with_market, read_price_files, with_market
from breakout.experiment.points_baselines import evaluate_distributions
from breakout.experiment.summary import RunResult, summarise_scoring
from breakout.features.distributions import (
    DISTRIBUTIONS_FILE,
    DistributionReport,
    check_drift,
    save_distributions,
    validate_feature_distributions,
)
from breakout.production.bundle_gate import check_contract, find_bundle, with_cutoff
from breakout.production.bundle_names import resolve_bundle
from breakout.production.scoring import later_window, score_window
from breakout.report.html.pages import write_run_page
from breakout.report.terminal.bars import progress_line
from breakout.report.terminal.console import console
from breakout.report.terminal.runs import print_metrics
from breakout.runs import PREDICTIONS_FILE, open_run
from breakout.runs.names import RUNS
from breakout.warehouse.opening import open_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from breakout.bundle.folder import Bundle
    from breakout.evaluation.summary import EvaluationResult
    from breakout.experiment.evaluating import ScoredRows
    from breakout.settings import EvaluateConfig
    from breakout.warehouse.base import Warehouse

logger = logging.getLogger("breakout")


def run(config: EvaluateConfig) -> int:
    """Evaluate a bundle (a saved model) on games after its training, write a run folder, and return the exit code.

    - GateError if the bundle's definitions of features or label differ from the installed ones. If
      `allow_contract_mismatch` is true, this error is raised only if a feature of the bundle is not installed.
    - GateError if features drifted and `distributions.fail_on_drift` is true. The run folder is then complete.
    - ConfigurationError if the dates overlap the training window.
    - DataError if the bundle, the source tables or the prices are missing or damaged, or if there are no rows.
    """
    # The settings record the bundle's folder instead of its name, because the name may later refer to another bundle.
    config = replace(config, bundle=str(resolve_bundle(config.bundle, config.paths.outputs)))
    bundle = with_cutoff(find_bundle(config.bundle), config.availability)
    differences = check_contract(bundle, allow_mismatch=config.allow_contract_mismatch)
    quotes = read_price_files(config.prices, config.warehouse)
    with progress_line("evaluate"), open_for(config, "evaluate") as warehouse:
        run = evaluate(config, bundle, differences, warehouse, quotes)
    print_metrics(run.metrics)
    console().print_place("run", run.folder)
    console().print_place("report", run.folder / "report.html")
    check_drift(config.distributions, run.distributions, run.folder)
    return 0


def evaluate(
    config: EvaluateConfig,
    bundle: Bundle,
    differences: Sequence[str],
    warehouse: Warehouse,
    quotes: pd.DataFrame | None,
) -> RunResult:
    """Evaluate a bundle (a saved model) on games after its training, write a new run folder and return the result.

    - `differences`: sentences about the differences between the bundle's definitions of features and label and the
      installed ones. If there are any, the written files say so.
    - `quotes`: the rows of the configured price file; None if no file is configured.

    ConfigurationError if the dates overlap the training window. DataError if there are no rows, or if the source tables
    or prices cannot be used.
    """
    window = later_window(bundle.train_end, config.start, config.end, warehouse)
    with open_run(Path(config.paths.outputs) / RUNS / config.name, config, "evaluate", bundle.fingerprint) as run:
        run.note(
            bundle=bundle.fingerprint,
            contract=bundle.contract.fingerprint,
            contract_mismatch=tuple(differences),
            window=(window.start, window.end),
            versions=versions(),
        )
        for difference in differences:
            logger.warning("scored under another contract than the bundle's: %s", difference)
        scored = score_window(bundle, warehouse, window)
        logger.info("scored %d rows of %s", len(scored.rows), window)
        run.note(
            data_fingerprint=warehouse.fingerprint(has_reports=bundle.contract.has_reports),
            rows=len(scored.rows),
            row_fingerprint=scored.rows.fingerprint,
        )
        warnings = flawed_game_warnings(find_flawed_games(warehouse, bundle.features, window.start, window.end))
        for warning in warnings:
            logger.warning("%s", warning)
        frame = scored.predictions()
        frame = frame.assign(contract_mismatch=True) if differences else frame
        artifacts.save_parquet(frame, run.folder / PREDICTIONS_FILE)
        metrics = _compute_metrics(config, bundle, warehouse, scored, differences, warnings, quotes)
        write_metrics(metrics, run.folder)
        distributions = _compare_features(config, bundle, scored)
        save_distributions(distributions, run.folder)
        if differences:
            path = run.folder / DISTRIBUTIONS_FILE
            artifacts.save_json({**artifacts.load_json(path), "contract_mismatch": list(differences)}, path)
        write_run_page(run.folder)
        logger.info("evaluation complete: %s", run.folder)
    return RunResult(run.folder, metrics, distributions)


def _compute_metrics(
    config: EvaluateConfig,
    bundle: Bundle,
    warehouse: Warehouse,
    scored: ScoredRows,
    differences: Sequence[str],
    warnings: Sequence[str],
    quotes: pd.DataFrame | None,
) -> RunMetrics:
    """Return the content of metrics.json for the scored rows.

    `differences` and `quotes` have the same meaning as in `evaluate`. `warnings` are about games whose rows in two
    source tables contradict each other.
    """
    parameters = evaluation_parameters(config.evaluation, config.seed)
    result = evaluate_scored([scored], scored.rows, parameters, bundle.settings.target)
    result = _with_mismatch(result, differences)
    points = evaluate_distributions([scored], scored.rows, parameters, bundle.features, warehouse)
    metrics = summarise_scoring(config, bundle, scored, result, differences, source_warnings=warnings, points=points)
    cutoff = bundle.features.availability if bundle.contract.has_reports else None
    market = compare_with_market(config, warehouse, [scored], scored.rows, parameters, cutoff, quotes)
    return with_market(metrics, market)


def _compare_features(config: EvaluateConfig, bundle: Bundle, scored: ScoredRows) -> DistributionReport:
    """Return the drift report, which compares the features of the scored rows with the training rows."""
    significance, defaults = config.distributions.significance, bundle.features.defaults
    training = bundle.training_features()
    return validate_feature_distributions(training, scored.rows.X, significance=significance, defaults=defaults)


def _with_mismatch(result: EvaluationResult, differences: Sequence[str]) -> EvaluationResult:
    """Return `result` with `differences` as its first warning; unchanged if there are none."""
    if not differences:
        return result
    warning = f"scored under another contract than the bundle's, never to be promoted: {'; '.join(differences)}"
    verdict = replace(result.verdict, warnings=(warning, *result.verdict.warnings))
    return replace(result, verdict=verdict)
