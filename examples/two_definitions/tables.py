"""The two tables of the comparison: the AUC of each definition, and the findings of the guards in its rows."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from breakout.evaluation.resamples import Interval
from breakout.experiment.plan import RunPlan
from examples.two_definitions.comparing import Compared


def score_table(plan: RunPlan, compared: Sequence[Compared]) -> Table:
    """Return a table of the AUC of each definition and its difference to that of the consistent definition."""
    rules = plan.config.evaluation
    title = (
        "the same games by other definitions:"
        f" trained on {plan.split.train}, evaluated on {plan.split.evaluation}\n"
        f"mean AUC of {rules.seeds} seeds; {rules.confidence:.0%} intervals resample game dates"
    )
    table = Table("definition", "what is different", "AUC", "sd", "minus consistent", title=title, title_justify="left")
    for row in compared:
        spread = "-" if row.score.sd is None else f"{row.score.sd:.3f}"
        difference = "-" if row.minus_consistent is None else format_interval(row.minus_consistent, "+")
        table.add_row(
            row.definition.name, row.definition.description, format_interval(row.score.interval), spread, difference
        )
    return table


def format_interval(interval: Interval, sign: str = "") -> str:
    """Return an estimate and its bounds as text with three decimals."""
    estimate = f"{interval.estimate:{sign}.3f}"
    if interval.low is None or interval.high is None:
        return estimate
    return f"{estimate} ({interval.low:{sign}.3f} to {interval.high:{sign}.3f})"


def guard_table(compared: Sequence[Compared]) -> Table:
    """Return a table of the findings of the guards, by definition.

    A finding in the consistent rows is not repeated for other definitions.
    """
    title = "what the guards find, beyond what they find in the consistent rows"
    table = Table("definition", "guard", "finding", title=title, title_justify="left", show_lines=True)
    usual = compared[0].guards
    for row in compared:
        has_found = False
        for guard, findings in row.guards.items():
            new = [finding for finding in findings if row is compared[0] or finding not in usual[guard]]
            if new:
                table.add_row(row.definition.name, guard, Text("\n".join(new)))
                has_found = True
        if not has_found:
            table.add_row(row.definition.name, "-", "nothing")
    return table
