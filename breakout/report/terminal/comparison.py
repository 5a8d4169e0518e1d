"""The comparison of two models as tables on the terminal; this module computes no figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from breakout.evaluation.formatting import format_count
from breakout.evaluation.metrics import AUC, BRIER, LOG_LOSS, METRICS
from breakout.report.run_tables import bin_table
from breakout.report.tables import Table, interval, text
from breakout.report.terminal.console import console

if TYPE_CHECKING:
    from collections.abc import Sequence

    from breakout.evaluation.comparison import Comparison
    from breakout.evaluation.slices import SliceDifference
    from breakout.production.head_to_head import HeadToHead

ROLES = ("candidate", "production")
SLICED_METRICS = (AUC, LOG_LOSS, BRIER)


def print_comparison(compared: HeadToHead) -> None:
    """Print both models, their games, paired differences, each model's metrics and calibration, and slices."""
    out = console()
    comparison = compared.comparison
    for role, bundle in zip(ROLES, (compared.candidate, compared.production), strict=True):
        out.print_place(role, f"{bundle.fingerprint} ({bundle.manifest.name}, run {bundle.manifest.run_id})")
    games, dates = format_count(comparison.n_rows, "game"), format_count(comparison.n_dates, "date")
    out.print(f"{games} of {dates}, {compared.window.start} to {compared.window.end}\n")
    sides = (comparison.candidate, comparison.production)
    out.print_table(_difference_table(comparison))
    rows = [[text(metric.title), *(interval(side.metrics[key]) for side in sides)] for key, metric in METRICS.items()]
    out.print_table(Table("each by itself", ["metric", *ROLES], rows))
    for role, side in zip(ROLES, sides, strict=True):
        bins = bin_table(side.reliability)
        out.print_table(Table(f"calibration, {role}: bins of equal mass", bins.columns, bins.rows))
    for name, parts in comparison.slices.items():
        out.print_table(_slice_table(name.replace("_", " "), parts))


def _difference_table(comparison: Comparison) -> Table:
    rows = []
    for key, paired in comparison.differences.items():
        has_interval = paired.difference.low is not None  # one game date gives no interval
        better = f"{paired.share_better:.1%} of resamples" if has_interval and paired.share_better is not None else "-"
        direction = "higher is better" if paired.higher_is_better else "lower is better"
        rows.append([text(METRICS[key].title), interval(paired.difference, "+.4f"), text(better), text(direction)])
    confidence = f"{comparison.parameters.confidence:.0%}"
    caption = f"candidate minus production ({confidence} intervals resample game dates, both models together)"
    return Table(caption, ["metric", "difference", "candidate better in", ""], rows)


def _slice_table(name: str, parts: Sequence[SliceDifference]) -> Table:
    rows = []
    for part in parts:
        found = (interval(part.differences[key].difference, "+.4f") for key in SLICED_METRICS)
        rows.append([text(part.label), text(f"{part.n_rows:,}"), *found])
    return Table(f"differences by {name}", [name, "games", *(METRICS[key].title for key in SLICED_METRICS)], rows)
