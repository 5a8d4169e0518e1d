"""Plans and finished runs as a few tables on the terminal; every figure is read, none is computed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.table import Table

from breakout.artifacts import load_json
from breakout.evaluation.metric_table import METRICS
from breakout.features.registry import REGISTRY
from breakout.report.terminal.console import PlainConsole, console, styled, titled_table
from breakout.settings import to_mapping
from breakout.split import date_mask

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from breakout.dataset import Dataset
    from breakout.experiment.plan import Plan
    from breakout.split import Fold
    from breakout.warehouse.cost import CostEstimate

SHOWN_FEATURES = 10


def print_plan(plan: Plan, train: Dataset, evaluation: Dataset | None) -> None:
    """What a run would do: mode, features, windows with rows, model, and where it would go."""
    _print_plan(plan, _window_table(plan, train, evaluation))


def print_priced_plan(plan: Plan, costs: Mapping[str, CostEstimate]) -> None:
    """The same where reading costs money: dates and what they would cost, for counting rows would cost as much."""
    table = titled_table("reading", "read", "from", "to", "days", "cost")
    for part, days in plan.ranges().items():
        told = costs[part].describe() if part in costs else "-"
        table.add_row(part, str(days.start), str(days.end), str(days.days), told)
    _print_plan(plan, table)


def _print_plan(plan: Plan, windows: Table) -> None:
    out = console()
    config = plan.config
    out.print(styled(f"Plan of {config.name}", "bold", " (dry run: nothing is fitted or written)"))
    if config.hypothesis:
        out.print(f"hypothesis: {config.hypothesis}")
    out.print(f"mode: {config.mode.name}: {config.mode.description}")
    out.print(f"contract: {plan.contract.fingerprint}, warehouse: {plan.warehouse.describe()}\n")
    out.print(_feature_table(plan))
    out.print(windows)
    out.print(_pair_table("model", to_mapping(config.model) | {"seed": config.seed}))
    out.print(f"would write: {plan.run_parent}/<time>-<fingerprint>/")


def print_folds(plan: Plan, folds: Sequence[Fold], span: Dataset) -> None:
    """What a walk forward would do: the same as above, with one line a fold."""
    out = console()
    config = plan.config
    out.print(styled(f"Plan of {config.name}", "bold", " (dry run: nothing is fitted or written)"))
    out.print(f"mode: {config.mode.name}, features: {len(plan.features.names)}, contract: {plan.contract.fingerprint}")
    table = titled_table("folds", "fold", "train", "rows", "evaluation", "rows")
    for fold in folds:
        train, rows = (int(date_mask(span.dates, days).sum()) for days in (fold.train, fold.evaluation))
        table.add_row(fold.label, str(fold.train), f"{train:,}", str(fold.evaluation), f"{rows:,}")
    out.print(table)
    out.print(_pair_table("model", to_mapping(config.model) | {"seed": config.seed}))
    out.print(f"would write: {plan.run_parent}/<time>-<fingerprint>/")


def _feature_table(plan: Plan) -> Table:
    is_shared = plan.config.mode.name == "shared"
    table = titled_table("features", "feature", "unit", "default" if is_shared else "description")
    for name in plan.features.names:
        entry = REGISTRY[name]
        table.add_row(name, entry.unit, f"{entry.default:g}" if is_shared else entry.description)
    return table


def _window_table(plan: Plan, train: Dataset, evaluation: Dataset | None) -> Table:
    table = titled_table("windows", "window", "from", "to", "days", "rows", "breakout rate")
    parts = {"train": (plan.split.train, train)}
    if plan.split.evaluation is not None and evaluation is not None:
        parts["evaluation"] = (plan.split.evaluation, evaluation)
    for name, (days, data) in parts.items():
        rate = "-" if data.breakout_rate is None else f"{data.breakout_rate:.4f}"
        table.add_row(name, str(days.start), str(days.end), str(days.days), f"{len(data):,}", rate)
    if evaluation is None:
        table.add_row("evaluation", "-", "-", "-", "-", "none: trains only")
    return table


def _pair_table(title: str, values: dict[str, Any]) -> Table:
    table = titled_table(title, "setting", "value")
    for key, value in values.items():
        table.add_row(key, str(value))
    return table


def print_run(folder: Path) -> None:
    """A finished run: its evaluation, what the features and the fit were like, and where the files are."""
    out = console()
    metrics = load_json(folder / "metrics.json")
    if metrics["evaluation"] is None:
        _print_validation(out, metrics)
    else:
        print_evaluation(metrics)
    if "folds" in metrics:
        out.print(_fold_table(metrics["folds"]))
    _print_importance(out, metrics)
    for line in (_describe_fit(metrics["model"]), _describe_drift(folder)):
        out.print(line)
    places = {"run": folder, "report": folder / "report.html", "bundle": folder / "bundle"}
    for name, place in places.items():
        if place.exists():
            out.print_place(name, place)


def print_evaluation(metrics: dict[str, Any]) -> None:
    """Verdict, metrics beside baselines, thresholds, the top of the list; calibration and seeds, if any."""
    out = console()
    evaluation = metrics["evaluation"]
    rows, verdict = evaluation["rows"], evaluation["verdict"]
    out.print(styled(verdict["level"], "bold", f": {verdict['reason']}"))
    for warning in [*verdict["warnings"], *metrics.get("warnings", ())]:
        out.print_warning(warning)
    rate = rows["breakout_rate"]["estimate"]
    out.print(f"{rows['n_rows']:,} games of {rows['first_date']} to {rows['last_date']}, breakout rate {rate:.4f}\n")
    out.print(_metric_table(evaluation))
    out.print(_threshold_table(evaluation))
    for part in evaluation["top_rows"]:
        told = f"hit rate {format_interval(part['hit_rate'])}, lift {format_interval(part['lift'], '.2f')}"
        games = "1 game" if part["count"] == 1 else f"{part['count']:,} games"
        out.print(f"top {part['fraction']:.0%} ({games}): {told}")
    for line in (_describe_calibration(metrics), _describe_seeds(metrics)):
        if line:
            out.print(line)


def _describe_calibration(metrics: dict[str, Any]) -> str | None:
    """What mended the probabilities and what that was worth; the model before it is no rival beside the baselines."""
    record, evaluation = metrics["calibration"], metrics["evaluation"]
    if record["kind"] == "none":
        return None
    if evaluation:
        sides = (evaluation["baselines"]["uncalibrated"]["metrics"], evaluation["metrics"])
        before, after = (side["log_loss"]["estimate"] for side in sides)
    else:
        held_out = record["held_out"]
        if held_out is None:
            return f"calibrated by {record['kind']}"
        before, after = held_out["log_loss_before"], held_out["log_loss_after"]
    forced = ", as model.class_weights distorts probabilities" if record["is_forced_by_class_weights"] else ""
    return f"calibrated by {record['kind']}{forced}: log loss {before:.3f} before, {after:.3f} after"


def _describe_seeds(metrics: dict[str, Any]) -> str | None:
    stability = metrics["stability"]
    spread = stability and stability["metrics"]["auc"]
    if not spread:
        return None
    told = f"AUC {spread['mean']:.3f}, sd {spread['standard_deviation']:.3f}"
    return f"over {len(stability['seeds'])} seeds: {told} ({spread['lowest']:.3f}-{spread['highest']:.3f})"


def _describe_fit(model: dict[str, Any]) -> str:
    trees = f", {model['trees']:g} trees" if "trees" in model else ""
    return f"fitted: {model['kind']}{trees}, {model['training_rows']:,} training rows, {model['fit_seconds']:.2f} s"


def _describe_drift(folder: Path) -> str:
    path = folder / "distributions.json"
    if not path.is_file():
        return "drift: nothing to compare the training window with"
    drifted = load_json(path)["drifted"]
    return f"drift from training to evaluation: {', '.join(drifted) or 'none'}"


def _print_validation(out: PlainConsole, metrics: dict[str, Any]) -> None:
    rows = metrics["validation"]["rows"]
    out.print(styled("trained, not evaluated", "bold", ": no evaluation window was given"))
    out.print(f"the {rows:,} validation games, on which the fit was stopped and the threshold chosen, flatter it:\n")
    for warning in metrics.get("warnings", ()):
        out.print_warning(warning)
    table = Table("metric", "on validation")
    for key, metric in METRICS.items():
        table.add_row(metric.title, _format_number(metrics["validation"]["metrics"][key]))
    out.print(table)
    told = _describe_calibration(metrics)
    if told:
        out.print(told)


def _fold_table(folds: Sequence[dict[str, Any]]) -> Table:
    table = titled_table("folds", "fold", "training rows", "games", "trees", "AUC", "log loss")
    for fold in folds:
        figures = [format_interval(fold["metrics"][key]) for key in ("auc", "log_loss")]
        trees = f"{fold['trees']:g}" if "trees" in fold else "-"
        table.add_row(fold["fold"], f"{fold['training_rows']:,}", f"{fold['rows']:,}", trees, *figures)
    return table


def _metric_table(evaluation: dict[str, Any]) -> Table:
    confidence = evaluation["parameters"]["confidence"]
    baselines = {name: part for name, part in evaluation["baselines"].items() if name != "uncalibrated"}
    title = f"metrics ({confidence:.0%} intervals resample game dates)"
    table = titled_table(title, "metric", "model", *baselines)
    for key, metric in METRICS.items():
        others = [format_interval(baseline["metrics"][key]) for baseline in baselines.values()]
        table.add_row(metric.title, format_interval(evaluation["metrics"][key]), *others)
    return table


def _threshold_table(evaluation: dict[str, Any]) -> Table:
    choice = evaluation["chosen_threshold"] or {}
    title = f"thresholds (* chosen on validation by {str(choice.get('rule', '-')).replace('_', ' ')})"
    table = titled_table(title, "threshold", "precision", "recall", "F1", "flagged", "share")
    for row in evaluation["thresholds"]:
        table.add_row(
            f"{row['threshold']:.3f}{'*' if row['is_chosen'] else ''}",
            format_interval(row["precision"]),
            _format_number(row["recall"]),
            _format_number(row["f1"]),
            f"{row['flagged']:,}",
            f"{row['share_flagged']:.1%}",
        )
    return table


def _print_importance(out: PlainConsole, metrics: dict[str, Any]) -> None:
    table = titled_table("feature importance", "feature", "importance")
    ranked = sorted(metrics["importance"].items(), key=lambda item: -item[1])
    for name, share in ranked[:SHOWN_FEATURES]:
        table.add_row(name, f"{share:.1%}")
    out.print(table)
    if len(ranked) > SHOWN_FEATURES:
        out.print(f"and {len(ranked) - SHOWN_FEATURES} more features; all of them stand in metrics.json")
    idle = metrics["features_that_add_nothing"]
    if idle:
        out.print(f"features that add nothing measurable: {', '.join(idle)}")


def format_interval(interval: dict[str, Any], pattern: str = ".3f") -> str:
    """An estimate and its interval; a narrow column breaks them apart, and not the interval."""
    if interval["estimate"] is None:
        return "undefined"
    if interval["low"] is None:
        return f"{interval['estimate']:{pattern}}"
    return f"{interval['estimate']:{pattern}} ({interval['low']:{pattern}}-{interval['high']:{pattern}})"


def _format_number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
