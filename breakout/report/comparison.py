"""A comparison of two models as tables on the terminal; every figure is read, none is computed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.table import Table

from breakout.report.terminal import METRIC_NAMES, console, told_interval

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import Console

BETTER = {True: "higher is better", False: "lower is better"}


def show_comparison(comparison: dict[str, Any]) -> None:
    """Who stood against whom on what; differences, each model's own figures, calibration, months and points bands."""
    out = console()
    start, end = comparison["window"]
    for role, bundle in comparison["bundles"].items():
        out.print(
            f"[bold]{role}[/bold]: {bundle['fingerprint']} ({bundle['name']}, run {bundle['run']})", soft_wrap=True
        )
    dates = comparison["n_dates"]
    out.print(f"{comparison['n_rows']:,} games of {dates:,} date{'s' if dates > 1 else ''}, {start} to {end}\n")
    out.print(_differences(comparison))
    out.print(_own_figures(comparison))
    _show_calibration(out, comparison)
    for name, rows in comparison["slices"].items():
        out.print(_slices(name.replace("_", " "), rows))


def _differences(comparison: dict[str, Any]) -> Table:
    confidence = comparison["parameters"]["confidence"]
    title = f"candidate minus production ({confidence:.0%} intervals resample game dates, both models together)"
    table = Table("metric", "difference", "candidate better in", "", title=title, title_justify="left")
    for key, paired in comparison["differences"].items():
        share = None if paired["difference"]["low"] is None else paired["share_better"]  # one date says nothing
        better = "-" if share is None else f"{share:.1%} of resamples"
        table.add_row(METRIC_NAMES[key], _signed(paired["difference"]), better, BETTER[paired["higher_is_better"]])
    delong = comparison["delong"]
    if delong is not None:
        p = "-" if delong["p_value"] is None else _p_value(delong["p_value"])
        table.add_row("AUC by DeLong", _signed(delong), p, "takes games as independent")
    return table


def _own_figures(comparison: dict[str, Any]) -> Table:
    table = Table("metric", "candidate", "production", title="each by itself", title_justify="left")
    for key, name in METRIC_NAMES.items():
        table.add_row(name, *(told_interval(comparison[role]["metrics"][key]) for role in comparison["bundles"]))
    return table


def _show_calibration(out: Console, comparison: dict[str, Any]) -> None:
    for role in comparison["bundles"]:
        title = f"calibration, {role}: bins of equal mass"
        table = Table("probability", "mean", "breakout rate", "games", title=title, title_justify="left")
        for bin_ in comparison[role]["reliability"]:
            extent = f"{bin_['lowest_probability']:.3f}-{bin_['highest_probability']:.3f}"
            rate = told_interval(bin_["breakout_rate"])
            table.add_row(extent, f"{bin_['mean_probability']:.3f}", rate, f"{bin_['count']:,}")
        out.print(table)


def _slices(name: str, rows: Iterable[dict[str, Any]]) -> Table:
    table = Table(name, "games", "AUC", "log loss", "Brier score", title=f"differences by {name}", title_justify="left")
    for row in rows:
        found = (_signed(row["differences"][key]["difference"]) for key in ("auc", "log_loss", "brier"))
        table.add_row(row["label"], f"{row['n_rows']:,}", *found)
    return table


def _p_value(p: float) -> str:
    return f"p = {p:.3f}" if p >= 0.0005 else "p < 0.001"


def _signed(interval: dict[str, Any]) -> str:
    if interval["estimate"] is None:
        return "undefined"
    if interval["low"] is None:
        return f"{interval['estimate']:+.4f}"
    return f"{interval['estimate']:+.4f} ({interval['low']:+.4f} to {interval['high']:+.4f})"
