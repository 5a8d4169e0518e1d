"""Terminal output for the plan of a run: what the run would read, fit and write. A dry run prints only this plan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from breakout.evaluation.formatting import format_number
from breakout.report.tables import Table, number, text
from breakout.report.terminal.console import console, styled
from breakout.settings import to_mapping
from breakout.split import date_mask

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from breakout.dataset import Dataset
    from breakout.experiment.plan import RunPlan
    from breakout.split import Fold
    from breakout.warehouse.cost import CostEstimate


def print_plan(plan: RunPlan, train: Dataset, evaluation: Dataset | None) -> None:
    """Print the plan of a run: mode, features, windows with row counts, model, and the folder that the run would write.

    `train` and `evaluation` hold the rows of the two windows; `evaluation` is None if the run only trains.
    """
    _print_plan(plan, _feature_table(plan), _window_table(plan, train, evaluation))


def print_priced_plan(plan: RunPlan, costs: Mapping[str, CostEstimate]) -> None:
    """Print the plan of a run whose warehouse charges for queries: dates and costs instead of row counts.

    Counting the rows would itself cost money. `costs` maps keys of `RunPlan.ranges`, such as "train", to the estimated
    cost of reading their rows.
    """
    rows = []
    for part, days in plan.ranges().items():
        cost = costs[part].describe() if part in costs else "-"
        rows.append([text(part), text(days.start), text(days.end), number(days.days, ".0f"), text(cost)])
    _print_plan(plan, _feature_table(plan), Table("reading", ["read", "from", "to", "days", "cost"], rows))


def print_folds(plan: RunPlan, folds: Sequence[Fold], span: Dataset) -> None:
    """Print the plan of a walk forward, with the dates and row counts of each fold.

    A fold has training dates and later evaluation dates. `span` holds the rows of all folds.
    """
    rows = []
    for fold in folds:
        counts = [number(date_mask(span.dates, days).sum(), ",.0f") for days in (fold.train, fold.evaluation)]
        rows.append([text(fold.label), text(fold.train), counts[0], text(fold.evaluation), counts[1]])
    _print_plan(plan, _feature_table(plan), Table("folds", ["fold", "train", "rows", "evaluation", "rows"], rows))


def print_warnings(warnings: Sequence[str]) -> None:
    for warning in warnings:
        console().print_warning(warning)


def _print_plan(plan: RunPlan, *tables: Table) -> None:
    out = console()
    config = plan.config
    out.print(styled(f"Plan of {config.name}", "bold", " (dry run: nothing is fitted or written)"))
    if config.hypothesis:
        out.print(f"hypothesis: {config.hypothesis}")
    out.print(f"mode: {config.mode.name}: {config.mode.description}")
    out.print(f"contract: {plan.contract.fingerprint}, warehouse: {plan.warehouse.describe()}\n")
    model: dict[str, Any] = to_mapping(config.model) | {"seed": config.seed}
    rows = [[text(key), text(value)] for key, value in model.items() if key != "build_text"]
    for table in (*tables, Table("model", ["setting", "value"], rows)):
        out.print_table(table)
    out.print(f"would write: {plan.run_parent}/<time>-<fingerprint>/")


def _feature_table(plan: RunPlan) -> Table:
    is_shared = plan.config.mode.name == "shared"
    rows = []
    for name in plan.features.names:
        entry = plan.features.registry[name]
        rows.append([text(name), text(entry.unit), text(f"{entry.default:g}" if is_shared else entry.description)])
    return Table("features", ["feature", "unit", "default" if is_shared else "description"], rows)


def _window_table(plan: RunPlan, train: Dataset, evaluation: Dataset | None) -> Table:
    parts = {"train": (plan.split.train, train)}
    if plan.split.evaluation is not None and evaluation is not None:
        parts["evaluation"] = (plan.split.evaluation, evaluation)
    rows = []
    for name, (days, data) in parts.items():
        counts = [number(days.days, ".0f"), number(len(data), ",.0f")]
        rate = text(format_number(data.breakout_rate, ".4f"))
        rows.append([text(name), text(days.start), text(days.end), *counts, rate])
    if evaluation is None:
        rows.append([text("evaluation"), *[text("-")] * 4, text("none: trains only")])
    return Table("windows", ["window", "from", "to", "days", "rows", "breakout rate"], rows)
