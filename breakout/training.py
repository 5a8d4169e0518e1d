"""One run of `breakout train`, from the plan to the run folder."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from breakout import artifacts, settings
from breakout.bundle.folder import save_bundle
from breakout.bundle.manifest import BundleFacts, RowCounts, RowFingerprints, Windows, git_commit
from breakout.evaluation.run_metrics import RunMetrics, write_metrics
from breakout.experiment.evaluating import evaluate_scored, evaluation_parameters
from breakout.experiment.market_baseline import (
    MarketComparison,
    compare_with_market,
    read_price_files,
    with_market,
)
from breakout.experiment.points_baselines import evaluate_distributions
from breakout.experiment.shared_work import SharedWork
from breakout.experiment.summary import RunResult, summarise_training
from breakout.experiment.windows import FittedRun, FittedWindow, fit_windows
from breakout.features.distributions import DistributionReport, save_distributions, validate_feature_distributions
from breakout.runs import PREDICTIONS_FILE, open_run

if TYPE_CHECKING:
    from collections.abc import Mapping

    from breakout.experiment.plan import RunPlan
    from breakout.runs import Run

logger = logging.getLogger("breakout")


def train(
    plan: RunPlan,
    parent: Path | None = None,
    work: SharedWork | None = None,
    facts: Mapping[str, object] | None = None,
    started: list[Path] | None = None,
) -> RunResult:
    """Fit and evaluate a model as `plan` defines it, write a new run folder, and return the result.

    - `parent`: the folder for the run folder; None means the plan's `run_parent`.
    - `work`: the results that the jobs of a sweep share.
    - `facts`: further keys of status.json.
    - `started`: a list to which the path of the run folder is appended as soon as the folder exists.

    An error is recorded in the run folder and raised again. DataError if the folder cannot be written or the data
    cannot be used.
    """
    parent = plan.run_parent if parent is None else parent
    work = work or SharedWork()
    with open_run(parent, plan.config, "train", plan.contract.fingerprint, facts) as run:
        if started is not None:
            started.append(run.folder)
        quotes = read_price_files(plan.config.prices, plan.config.warehouse)
        fitted = fit_windows(plan, work)
        result = points = None
        market = MarketComparison(None, ())
        if fitted.rows is not None:
            scored = fitted.scored
            parameters = evaluation_parameters(plan.config.evaluation, plan.config.seed)
            result = evaluate_scored(scored, fitted.rows, parameters, plan.config.target, work)
            points = evaluate_distributions(scored, fitted.rows, parameters, plan.features, plan.warehouse)
            cutoff = plan.config.availability if plan.contract.has_reports else None
            market = compare_with_market(plan.config, plan.warehouse, scored, fitted.rows, parameters, cutoff, quotes)
        metrics = with_market(summarise_training(plan.config, fitted, result, points), market)
        distributions = _compare_features(plan, fitted.last, work)
        _write(plan, run, fitted, metrics, distributions)
        if plan.config.run.write_report:
            from breakout.report.html.pages import write_run_page

            write_run_page(run.folder)
        logger.info("run complete: %s", run.folder)
    return RunResult(run.folder, metrics, distributions)


def _compare_features(plan: RunPlan, last: FittedWindow, work: SharedWork) -> DistributionReport | None:
    train, rows = last.train, last.evaluation
    if rows is None:
        return None
    significance, defaults = plan.config.distributions.significance, plan.features.defaults
    return work.once(
        "drift",
        (train.fingerprint, rows.fingerprint, significance),
        lambda: validate_feature_distributions(train.X, rows.X, significance=significance, defaults=defaults),
    )


def _write(
    plan: RunPlan, run: Run, fitted: FittedRun, metrics: RunMetrics, distributions: DistributionReport | None
) -> None:
    if distributions is not None:
        save_distributions(distributions, run.folder)
    artifacts.save_parquet(fitted.predictions(), run.folder / PREDICTIONS_FILE)
    write_metrics(metrics, run.folder)
    last, facts = fitted.last, _manifest_facts(plan, run, fitted)
    folder = run.folder / "bundle"
    bundle = save_bundle(folder, last.fitted, plan.contract, plan.config, last.train.feature_file, facts)
    run.note(bundle=bundle, contract=plan.contract.fingerprint)


def _manifest_facts(plan: RunPlan, run: Run, fitted: FittedRun) -> BundleFacts:
    config, last = plan.config, fitted.last
    rows, validation = last.evaluation, last.fitted.validation
    train, evaluation, kept = last.split.train, last.split.evaluation, validation.dates
    return BundleFacts(
        run_id=run.run_id,
        name=config.name,
        git_commit=git_commit(),
        data_fingerprint=plan.warehouse.fingerprint(has_reports=plan.contract.has_reports),
        source=plan.warehouse.describe(),
        settings_fingerprint=settings.fingerprint(config),
        seed=config.seed,
        thread_count=getattr(config.model, "thread_count", None),
        windows=Windows(
            train=(train.start, train.end),
            validation=(kept.min().item(), kept.max().item()),
            evaluation=None if evaluation is None else (evaluation.start, evaluation.end),
        ),
        rows=RowCounts(train=len(last.train), validation=len(validation), evaluation=0 if rows is None else len(rows)),
        row_fingerprints=RowFingerprints(
            train=last.train.fingerprint, evaluation=None if rows is None else rows.fingerprint
        ),
        train_breakout_rate=last.train.breakout_rate,
        chosen_threshold=last.fitted.threshold,
        calibration_fit=last.fitted.calibration_fit,
        learned=last.fitted.learned_rows,
        warnings=last.fitted.warnings,
        is_evaluated=rows is not None,
    )
