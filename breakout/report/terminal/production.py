"""The checks of a promotion and the history of the registry as tables on the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from breakout.report.terminal.console import console, styled, titled_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from breakout.production.registry import Check, Event, Registry


def print_checks(checks: Sequence[Check]) -> None:
    """Print each check with its result and its figure."""
    table = titled_table("", "check", "", "figure")
    for check in checks:
        table.add_row(check.name, styled("yes", "green") if check.is_passed else styled("no", "red"), check.figure)
    console().print(table)


def print_promotion(event: Event, registry: Registry) -> None:
    """Print which model is in production from now on, and its folder."""
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
    if not history:
        return
    table = titled_table("history", "", "time", "event", "in production from then on")
    names = {event.bundle: event.facts.name for event in history if event.action == "promoted"}
    for event in reversed(history):
        model = "none" if event.bundle is None else f"{event.bundle} ({names.get(event.bundle, '?')})"
        table.add_row(str(event.number), event.time, event.action, model)
    out.print(table)
