"""The tables of the model in production: its own figures, the checks of its promotion, and the history of events."""

from __future__ import annotations

from typing import TYPE_CHECKING

from breakout.evaluation.metrics import METRICS
from breakout.report.tables import Table, code, interval, text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from breakout.production.registry import Event, EventFacts

RESULTS = {True: "yes", False: "no", None: "not examined"}


def promised_table(event: Event) -> Table:
    """Return a table of the metrics that the promoted model had in the comparison for its promotion.

    The table has no rows if no games were compared.
    """
    rows = [
        [text(METRICS[key].title), interval(event.facts.metrics[key])] for key in METRICS if key in event.facts.metrics
    ]
    window = event.facts.window
    compared = f", on games of {window[0]} to {window[1]}" if window else ""
    return Table(f"Metrics at its promotion{compared}", ["metric", "estimate"], rows)


def checks_table(event: Event) -> Table:
    """Return a table of the checks of a promotion, each with its result and figure."""
    rows = [[text(check.name), text(RESULTS[check.is_passed]), text(check.figure)] for check in event.facts.checks]
    return Table("Checks of the promotion", ["check", "passed", "figure"], rows, style="prose")


def history_table(history: Sequence[Event]) -> Table:
    """Return a table of all events, newest first; the newest, which decides what is in production, is highlighted."""
    names = promoted_names(history)
    rows = [
        [
            text(event.number),
            text(event.time),
            text(event.action),
            text("no model" if event.bundle is None else names.get(event.bundle, "?")),
            code(event.bundle or ""),
            text(describe_event(event.facts)),
        ]
        for event in reversed(history)
    ]
    columns = ["", "time", "event", "in production from then on", "bundle", "details"]
    return Table("History, newest first", columns, rows, chosen=[True], style="prose")


def promoted_names(history: Sequence[Event]) -> dict[str, str]:
    """Return the name of each promoted bundle by its fingerprint."""
    return {event.bundle: str(event.facts.name) for event in history if event.action == "promoted" and event.bundle}


def describe_event(facts: EventFacts) -> str:
    """Return a text with the known facts about a change: its author, code, rule, games and reason."""
    compared = f" on games of {facts.window[0]}..{facts.window[1]}" if facts.window else ""
    parts = (
        f"by {facts.who}" if facts.who else "",
        f"commit {facts.commit[:10]}" if facts.commit else "",
        f"rule {facts.rule}{compared}" if facts.rule else "",
        f"reason: {facts.reason}" if facts.reason else "",
    )
    return "; ".join(filter(None, parts))
