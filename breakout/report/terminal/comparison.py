"""The comparison of two models as tables on the terminal; this module computes no figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from breakout.evaluation.formatting import format_count
from breakout.report import comparison_tables as tables
from breakout.report.terminal.console import console

if TYPE_CHECKING:
    from breakout.production.head_to_head import HeadToHead


def print_comparison(compared: HeadToHead) -> None:
    """Print both models, their games, paired differences, each model's metrics and calibration, and slices."""
    out = console()
    comparison = compared.comparison
    for role, bundle in zip(tables.ROLES, (compared.candidate, compared.production), strict=True):
        out.print_place(role, f"{bundle.fingerprint} ({bundle.manifest.name}, run {bundle.manifest.run_id})")
    games, dates = format_count(comparison.n_rows, "game"), format_count(comparison.n_dates, "date")
    out.print(f"{games} of {dates}, {compared.window.start} to {compared.window.end}\n")
    out.print_table(tables.paired_table(comparison))
    out.print_table(tables.sides_table(comparison))
    for table in (*tables.calibration_tables(comparison), *tables.sliced_tables(comparison)):
        out.print_table(table)
