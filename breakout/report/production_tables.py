"""The tables of promotions: candidate against production, checks, metrics of the promoted model, and history.

A promotion puts a saved model, the candidate, into production.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from breakout.evaluation.metrics import AUC, BRIER, LOG_LOSS, METRICS
from breakout.report.run_tables import bin_table
from breakout.report.tables import Table, code, interval, number, text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from breakout.evaluation.comparison import Comparison
    from breakout.evaluation.slices import SliceDifference
    from breakout.production.registry import EventFacts, RegistryEvent

ROLES = ("candidate", "production")
SLICED_METRICS = (AUC, LOG_LOSS, BRIER)
CHECK_RESULTS = {True: "yes", False: "no", None: "not examined"}


def paired_table(comparison: Comparison) -> Table:
    """Return a table of the candidate's metrics minus the production model's metrics.

    The column `candidate better in` has the fraction of bootstrap resamples in which the candidate is better; "-" if
    the games are of one date only.
    """
    rows = []
    for key, paired in comparison.differences.items():
        has_interval = paired.difference.low is not None  # Games of a single date give no interval.
        better = f"{paired.share_better:.1%} of resamples" if has_interval and paired.share_better is not None else "-"
        direction = "higher is better" if paired.higher_is_better else "lower is better"
        rows.append([text(METRICS[key].title), interval(paired.difference, "+.4f"), text(better), text(direction)])
    confidence = f"{comparison.parameters.confidence:.0%}"
    caption = f"Candidate minus production ({confidence} intervals resample game dates, both models together)"
    return Table(caption, ["metric", "difference", "candidate better in", ""], rows)


def sides_table(comparison: Comparison) -> Table:
    """Return a table of the metrics of two models on the same games: the candidate, and the model in production."""
    sides = (comparison.candidate, comparison.production)
    rows = [[text(metric.title), *(interval(side.metrics[key]) for side in sides)] for key, metric in METRICS.items()]
    return Table("Each by itself", ["metric", *ROLES], rows)


def calibration_tables(comparison: Comparison) -> list[Table]:
    """Return a table for the candidate and one for production: the breakout rate in each bin of probabilities."""
    sides = zip(ROLES, (comparison.candidate, comparison.production), strict=True)
    return [bin_table(side.reliability, f"Calibration, {role}: bins of equal mass") for role, side in sides]


def sliced_tables(comparison: Comparison) -> list[Table]:
    """Return one table for each way of slicing the compared games, such as by month.

    Each row is a slice, with the differences in AUC, log loss and Brier score: candidate minus production.
    """
    return [_slice_table(name.replace("_", " "), parts) for name, parts in comparison.slices.items()]


def _slice_table(name: str, parts: Sequence[SliceDifference]) -> Table:
    rows = [
        {
            name: text(part.label),
            "games": number(part.n_rows, ",.0f"),
            **{METRICS[key].title: interval(part.differences[key].difference, "+.4f") for key in SLICED_METRICS},
        }
        for part in parts
    ]
    return Table.from_records(f"Differences by {name}", rows)


def promised_table(event: RegistryEvent) -> Table:
    """Return a table of the promoted model's metrics on the games that were compared before its promotion.

    The table has no rows if no games were compared.
    """
    rows = [
        [text(METRICS[key].title), interval(event.facts.metrics[key])] for key in METRICS if key in event.facts.metrics
    ]
    window = event.facts.window
    compared = f", on games of {window[0]} to {window[1]}" if window else ""
    return Table(f"Metrics at its promotion{compared}", ["metric", "estimate"], rows)


def checks_table(event: RegistryEvent) -> Table:
    """Return a table of the checks of a promotion: the result (yes, no or not examined), and what was found."""
    rows = [
        [text(check.name), text(CHECK_RESULTS[check.is_passed]), text(check.figure)] for check in event.facts.checks
    ]
    return Table("Checks of the promotion", ["check", "passed", "figure"], rows, style="prose")


def history_table(history: Sequence[RegistryEvent]) -> Table:
    """Return a table of all changes of the model in production, newest first.

    The newest change is highlighted, because it decides which model is in production.
    """
    names = promoted_names(history)
    rows = [
        {
            "": text(event.number),
            "time": text(event.time),
            "event": text(event.action),
            "in production from then on": text("no model" if event.bundle is None else names.get(event.bundle, "?")),
            "bundle": code(event.bundle or ""),
            "details": text(describe_event(event.facts)),
        }
        for event in reversed(history)
    ]
    return Table.from_records("History, newest first", rows, chosen=[True], style="prose")


def promoted_names(history: Sequence[RegistryEvent]) -> dict[str, str]:
    """Return the names of all saved models that were ever promoted, by fingerprint."""
    return {event.bundle: str(event.facts.name) for event in history if event.action == "promoted" and event.bundle}


def describe_event(facts: EventFacts) -> str:
    """Return the known facts of a change of the model in production, such as author and reason, as text.

    The text is empty if no fact is known.
    """
    compared = f" on games of {facts.window[0]}..{facts.window[1]}" if facts.window else ""
    parts = (
        f"by {facts.who}" if facts.who else "",
        f"commit {facts.commit[:10]}" if facts.commit else "",
        f"rule {facts.rule}{compared}" if facts.rule else "",
        f"reason: {facts.reason}" if facts.reason else "",
    )
    return "; ".join(filter(None, parts))
