"""The checks of a promotion, and the history of the model registry, as tables on the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Column

from breakout.bundle.manifest import load_manifest
from breakout.report.production_tables import RESULTS, describe_event, promoted_names
from breakout.report.terminal.console import console, styled, titled_table

if TYPE_CHECKING:
    from breakout.production.promotion import Decision
    from breakout.production.registry import Event, Registry

COLOURS = {True: "green", False: "red", None: "yellow"}


def print_decision(decision: Decision) -> None:
    """Print the rule of a promotion, the reason for that rule, and each check with its result and figure.

    Warnings about figures that a check allows follow.
    """
    out = console()
    out.print(styled("rule", "bold", f": {decision.rule.name} ({decision.rule.reason})"))
    table = titled_table("", Column("check"), Column("", no_wrap=True), "figure")
    for check in decision.checks:
        table.add_row(check.name, styled(RESULTS[check.is_passed], COLOURS[check.is_passed]), check.figure)
    out.print(table)
    for warning in decision.comparison.warnings:
        out.print_warning(warning)


def print_promotion(event: Event, registry: Registry) -> None:
    """Print the model that is in production after an event, and its folder."""
    out = console()
    out.print_place("in production", f"{event.bundle} ({event.facts.name})")
    out.print_place("bundle", registry.bundle_folder(str(event.bundle)))


def print_production(registry: Registry) -> None:
    """Print the model in production, and every event, newest first."""
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
    names = promoted_names(history)
    for event in reversed(history):
        model = "no model" if event.bundle is None else f"{event.bundle} ({names.get(event.bundle, '?')})"
        out.print(f"{event.number}  {event.time}  {event.action}: {model}")
        if details := describe_event(event.facts):
            out.print(f"   {details}")
