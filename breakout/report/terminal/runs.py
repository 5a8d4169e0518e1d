"""Terminal output for a finished run: figures as tables, the paths of its files, and suggested commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from breakout.conf_tree import load_presets
from breakout.evaluation.formatting import format_count, format_interval, format_number
from breakout.evaluation.metrics import AUC, ECE, LOG_LOSS, METRICS
from breakout.report import REPORT_FILE, run_tables
from breakout.report.price_tables import describe_market, market_table
from breakout.report.terminal.console import console, styled
from breakout.report.terminal.prices import OPTIONAL_METRICS
from breakout.safe_text import mask_secrets
from breakout.settings.values import quote_for_shell

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from breakout.evaluation.run_metrics import ModelSummary, RunMetrics, ValidationMetrics
    from breakout.evaluation.summary import EvaluationResult
    from breakout.features.distributions import DistributionReport

LISTED_FEATURES = 10
# The settings that decide the games, features and model of a run. Suggested commands contain the run's overrides of
# these settings.
REPEATED = {
    "experiment",
    "mode",
    "features",
    "target",
    "availability",
    "window",
    "validation",
    "model",
    "calibration",
    "warehouse",
    "hydra.searchpath",
}


def print_run(
    folder: Path, metrics: RunMetrics, distributions: DistributionReport | None, overrides: Sequence[str] = ()
) -> None:
    """Print a run's evaluation, a summary of features, fit and drift, the paths of its files, and suggested commands.

    `distributions` compares the training rows with the evaluation rows; None if the run has no evaluation rows.
    """
    out = console()
    print_metrics(metrics)
    if metrics.folds:
        out.print_table(run_tables.fold_table(metrics.folds).without("breakout rate", METRICS[ECE].title))
    _print_importance(metrics)
    out.print(_describe_fit(metrics.model))
    out.print(_describe_drift(distributions))
    for name, place in (("run", ""), ("report", REPORT_FILE), ("bundle", "bundle")):
        if (folder / place).exists():
            out.print_place(name, folder / place)
    for step in list_next_steps(metrics, overrides):
        out.print_place("try next", step)


def print_metrics(metrics: RunMetrics) -> None:
    """Print the evaluation of a run or, if the run only trained, the metrics on the validation rows.

    Then come the calibration, the comparison with the betting market, and the spread of the AUC over seeds, if the run
    has them.
    """
    if metrics.evaluation is not None:
        _print_evaluation(metrics.evaluation, metrics.warnings)
    elif metrics.validation is not None:
        _print_validation(metrics, metrics.validation)
    _print_calibration(metrics)
    if metrics.market is not None:
        console().print(f"against the price: {describe_market(metrics.market)}")
        console().print_table(market_table(metrics.market), OPTIONAL_METRICS)
    stability = metrics.stability
    spread = stability.metrics[AUC] if stability else None
    if stability and spread:
        mean = f"AUC {spread.mean:.3f}, sd {spread.standard_deviation:.3f}"
        line = f"over {len(stability.seeds)} seeds: {mean} ({spread.lowest:.3f}-{spread.highest:.3f})"
        console().print(line)


def _print_evaluation(evaluation: EvaluationResult, warnings: Sequence[str]) -> None:
    out, rows, verdict = console(), evaluation.rows, evaluation.verdict
    out.print(styled(verdict.level, "bold", f": {verdict.reason}"))
    for warning in [*verdict.warnings, *warnings]:
        out.print_warning(warning)
    rate, mean = format_interval(rows.breakout_rate, ".4f"), format_number(rows.mean_probability, ".4f")
    out.print(f"{rows.n_rows:,} games of {rows.first_date} to {rows.last_date}")
    out.print(f"mean probability {mean} (if he plays), breakout rate {rate}\n")
    out.print_table(run_tables.metric_table(evaluation))
    out.print_table(run_tables.precision_recall_table(evaluation))
    if evaluation.chosen_threshold:
        out.print(f"* chosen on validation by {run_tables.RULES[evaluation.chosen_threshold.rule]}")
    for part in evaluation.top_rows:
        hits, lift = format_interval(part.hit_rate, joint="-"), format_interval(part.lift, ".2f", joint="-")
        out.print(f"top {part.fraction:.0%} ({format_count(part.count, 'game')}): hit rate {hits}, lift {lift}")


def _print_validation(metrics: RunMetrics, validation: ValidationMetrics) -> None:
    out = console()
    out.print(styled("trained, not evaluated", "bold", ": no evaluation window was given"))
    for warning in metrics.warnings:
        out.print_warning(warning)
    use = run_tables.describe_validation_use(metrics)
    out.print(f"the {validation.rows:,} validation games, on which {use}, flatter it:\n")
    out.print_table(run_tables.validation_table(validation))


def _print_calibration(metrics: RunMetrics) -> None:
    """Print the kind of calibration, and the log loss before and after; print nothing if the model is not calibrated.

    The log loss comes from rows on which the calibration was not fitted. Without such rows, only the kind is printed.
    """
    calibration, evaluation = metrics.calibration, metrics.evaluation
    if calibration.kind == "none":
        return
    forced = ", as model.class_weights distorts probabilities" if calibration.is_forced_by_class_weights else ""
    line = f"calibrated by {calibration.kind}{forced}"
    losses: list[float | None] = []
    if evaluation:
        sides = (evaluation.baselines[run_tables.UNCALIBRATED].metrics, evaluation.metrics)
        losses = [side[LOG_LOSS].estimate for side in sides]
    elif calibration.held_out:
        losses = [calibration.held_out.log_loss_before, calibration.held_out.log_loss_after]
    if losses:
        before, after = map(format_number, losses)
        line += f": log loss {before} before, {after} after"
    console().print(line)


def _print_importance(metrics: RunMetrics) -> None:
    out = console()
    table = run_tables.importance_table(metrics).without("fall in AUC", "mean |SHAP|")
    out.print_table(table.head(LISTED_FEATURES))
    if metrics.permutation_importance:
        out.print("adds something: the interval of the log loss, or that of the AUC (metrics.json), lies above 0")
    if len(table.rows) > LISTED_FEATURES:
        out.print(f"and {len(table.rows) - LISTED_FEATURES} more features; metrics.json holds all of them")


def list_next_steps(metrics: RunMetrics, overrides: Sequence[str]) -> list[str]:
    """Return at most two lines, each with a purpose and a command that changes one thing of the run.

    The lines are the first two of these that apply:

    - A longer window (`window=season`), if the run evaluated no games or too few. Suggested only for the embedded
      sample of data, because `window=season` covers the dates of the sample.
    - Other kinds of models; always applies.
    - The features of the preset `tonight`, which are known before tip-off, if the run lacks some of them.
    """
    is_sample = not any(override.lstrip("+~").startswith("warehouse") for override in overrides)
    steps = []
    has_few_games = metrics.evaluation is None or metrics.evaluation.verdict.level == "TOO_FEW_GAMES"
    if is_sample and has_few_games:
        steps.append(f"evaluate on more games: {_vary(overrides, 'breakout', 'window=season')}")
    steps.append(f"compare kinds of models: {_vary(overrides, 'breakout -m', 'model=catboost,logistic,blend')}")
    if not set(metrics.importance).issuperset(load_presets()["tonight"]):
        tonight = _vary(overrides, "breakout", "mode=experimental", "features=tonight")
        steps.append(f"features known before tip-off: {tonight}")
    return steps[:2]


def _vary(overrides: Sequence[str], command: str, *changes: str) -> str:
    """Return a command line: `command`, `changes`, and the `overrides` that are worth repeating, with secrets masked.

    An override is worth repeating if it sets a key in REPEATED that `changes` does not set.
    """
    groups = {change.partition("=")[0] for change in changes}
    repeated = []
    for override in overrides:
        key = override.lstrip("+~").partition("=")[0]
        group = key if key in REPEATED else key.partition(".")[0]
        if group in REPEATED - groups:
            repeated.append(quote_for_shell(mask_secrets(override)))
    return " ".join([command, *changes, *repeated])


def _describe_fit(model: ModelSummary) -> str:
    found = model.figures.get("trees")
    trees = "" if found is None else f", {found:g} trees"
    seconds = format_number(model.fit_seconds, ".2f")
    learned = f"{model.training_rows:,} training rows" if model.learned is None else model.learned.describe()
    return f"{model.kind}{trees}, {learned} ({seconds} s)"


def _describe_drift(distributions: DistributionReport | None) -> str:
    if distributions is None:
        return "drift: nothing to compare the training window with"
    return f"drift from training to evaluation: {', '.join(distributions.drifted) or 'none'}"
