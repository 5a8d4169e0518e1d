"""Tables of a comparison of two models on the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.table import Table

from breakout.evaluation.metric_table import METRICS
from breakout.report.terminal.console import console, titled_table
from breakout.report.terminal.runs import format_interval

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import Console

BETTER = {True: "higher is better", False: "lower is better"}


def print_comparison(comparison: dict[str, Any]) -> None:
    """Print both models, their games, paired differences, each model's metrics, calibration, and slices."""
    out = console()
    start, end = comparison["window"]
    for role, bundle in comparison["bundles"].items():
        out.print_place(role, f"{bundle['fingerprint']} ({bundle['name']}, run {bundle['run']})")
    dates = comparison["n_dates"]
    out.print(f"{comparison['n_rows']:,} games of {dates:,} date{'s' if dates > 1 else ''}, {start} to {end}\n")
    out.print(_differences(comparison))
    out.print(_own_figures(comparison))
    _print_calibration(out, comparison)
    for name, rows in comparison["slices"].items():
        out.print(_slices(name.replace("_", " "), rows))


def _differences(comparison: dict[str, Any]) -> Table:
    confidence = comparison["parameters"]["confidence"]
    title = f"candidate minus production ({confidence:.0%} intervals resample game dates, both models together)"
    table = titled_table(title, "metric", "difference", "candidate better in", "")
    for key, paired in comparison["differences"].items():
        share = None if paired["difference"]["low"] is None else paired["share_better"]  # one date says nothing
        better = "-" if share is None else f"{share:.1%} of resamples"
        table.add_row(
            METRICS[key].title, _format_signed(paired["difference"]), better, BETTER[paired["higher_is_better"]]
        )
    return table


def _own_figures(comparison: dict[str, Any]) -> Table:
    table = titled_table("each by itself", "metric", "candidate", "production")
    for key, metric in METRICS.items():
        table.add_row(
            metric.title, *(format_interval(comparison[role]["metrics"][key]) for role in comparison["bundles"])
        )
    return table


def _print_calibration(out: Console, comparison: dict[str, Any]) -> None:
    for role in comparison["bundles"]:
        title = f"calibration, {role}: bins of equal mass"
        table = titled_table(title, "probability", "mean", "breakout rate", "games")
        for bin_ in comparison[role]["reliability"]:
            extent = f"{bin_['lowest_probability']:.3f}-{bin_['highest_probability']:.3f}"
            rate = format_interval(bin_["breakout_rate"])
            table.add_row(extent, f"{bin_['mean_probability']:.3f}", rate, f"{bin_['count']:,}")
        out.print(table)


def _slices(name: str, rows: Iterable[dict[str, Any]]) -> Table:
    table = titled_table(f"differences by {name}", name, "games", "AUC", "log loss", "Brier score")
    for row in rows:
        found = (_format_signed(row["differences"][key]["difference"]) for key in ("auc", "log_loss", "brier"))
        table.add_row(row["label"], f"{row['n_rows']:,}", *found)
    return table


def _format_signed(interval: dict[str, Any]) -> str:
    if interval["estimate"] is None:
        return "undefined"
    if interval["low"] is None:
        return f"{interval['estimate']:+.4f}"
    return f"{interval['estimate']:+.4f} ({interval['low']:+.4f} to {interval['high']:+.4f})"
