"""Terminal output for production: comparisons of a candidate with production, checks of promotions, and the registry.

A promotion puts a candidate, a saved model, into production. The registry is the record of the models in production.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Column

from breakout.bundle.manifest import load_manifest
from breakout.evaluation.formatting import format_count
from breakout.report import production_tables
from breakout.report.terminal.console import console, styled, titled_table

if TYPE_CHECKING:
    from breakout.production.head_to_head import HeadToHead
    from breakout.production.promotion import Decision
    from breakout.production.registry import Registry, RegistryEvent

RESULT_COLOURS = {True: "green", False: "red", None: "yellow"}


def print_comparison(compared: HeadToHead) -> None:
    """Print the comparison of a candidate with the model in production on the same games."""
    out = console()
    comparison = compared.comparison
    for role, bundle in zip(production_tables.ROLES, (compared.candidate, compared.production), strict=True):
        out.print_place(role, f"{bundle.fingerprint} ({bundle.manifest.name}, run {bundle.manifest.run_id})")
    games, dates = format_count(comparison.n_rows, "game"), format_count(comparison.n_dates, "date")
    out.print(f"{games} of {dates}, {compared.window.start} to {compared.window.end}\n")
    out.print_table(production_tables.paired_table(comparison))
    out.print_table(production_tables.sides_table(comparison))
    for table in (*production_tables.calibration_tables(comparison), *production_tables.sliced_tables(comparison)):
        out.print_table(table)


def print_decision(decision: Decision) -> None:
    """Print the rule that decides a promotion, the reason for the rule, and the result of each check.

    A warning comes last if the rule tolerates that the candidate's log loss exceeds the production model's by more than
    chance.
    """
    out = console()
    out.print(styled("rule", "bold", f": {decision.rule.name} ({decision.rule.reason})"))
    table = titled_table("", Column("check"), Column("", no_wrap=True), "figure")
    for check in decision.checks:
        result = styled(production_tables.CHECK_RESULTS[check.is_passed], RESULT_COLOURS[check.is_passed])
        table.add_row(check.name, result, check.figure)
    out.print(table)
    for warning in decision.comparison.warnings:
        out.print_warning(warning)


def print_promotion(event: RegistryEvent, registry: Registry) -> None:
    """Print the model that a promotion put into production, and the folder of the saved model."""
    out = console()
    out.print_place("in production", f"{event.bundle} ({event.facts.name})")
    out.print_place("bundle", registry.bundle_folder(str(event.bundle)))


def print_production(registry: Registry) -> None:
    """Print the model in production, if there is one, and the history of changes, newest first.

    DataError if the registry (the record of the models in production) is damaged.
    """
    out = console()
    history = registry.history()
    current = registry.current()
    if current is None:
        out.print(styled("no model is in production", "bold", "; put one there with `breakout promote candidate=DIR`"))
    else:
        out.print_place("in production", current)
        out.print_place("bundle", registry.bundle_folder(current))
        out.print(load_manifest(registry.bundle_folder(current)).learned_rows.describe())
    if not history:
        return
    out.print(styled("\nhistory", "bold", ", newest first"))
    names = production_tables.promoted_names(history)
    for event in reversed(history):
        model = "no model" if event.bundle is None else f"{event.bundle} ({names.get(event.bundle, '?')})"
        out.print(f"{event.number}  {event.time}  {event.action}: {model}")
        if details := production_tables.describe_event(event.facts):
            out.print(f"   {details}")
