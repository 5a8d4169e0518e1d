"""A list of finished runs and sweeps on the terminal, with three or four short lines for each, in 80 columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.table import Column

from breakout.evaluation.formatting import format_count, format_interval
from breakout.evaluation.metrics import AUC, LOG_LOSS
from breakout.report.terminal.console import console, titled_table

if TYPE_CHECKING:
    from datetime import date

    from breakout.runs.listing import Listing, RunRow


def print_listing(listing: Listing, top: int, outputs: str) -> None:
    """Print the first `top` rows, the numbers of further rows and of runs not completed, and each damaged folder."""
    out = console()
    if not listing.rows:
        out.print(f"no finished run or sweep below {outputs} matches")
    # A name that is too long for its column is folded; rich would cut it by default. Dates and figures are not folded.
    table = titled_table(
        "",
        Column("run", overflow="fold"),
        Column("trained on\nevaluated on", overflow="fold", no_wrap=True),
        Column("model\nfeatures", overflow="fold"),
        Column("AUC\nlog loss", overflow="fold", no_wrap=True),
    )
    table.box, table.pad_edge = box.SIMPLE_HEAD, False  # With this box the longest row has 79 columns.
    for row in listing.rows[:top]:
        table.add_row(*_cells(row))
    if listing.rows:
        out.print(table)
    if len(listing.rows) > top:
        out.print(f"{len(listing.rows) - top} more: top={len(listing.rows)} shows all, --json lists all")
    if len({row.evaluation for row in listing.rows[:top]}) > 1:
        out.print("Figures on different evaluation dates do not compare: `breakout compare` scores the same games.")
    if listing.not_completed:
        out.print(f"{format_count(listing.not_completed, 'run')} not completed")
    for sentence in listing.damaged:
        out.print_warning(sentence)


def _cells(row: RunRow) -> tuple[str, str, str, str]:
    metrics = [format_interval(row.metrics.get(name), joint="-", undefined="-") for name in (AUC, LOG_LOSS)]
    kind = "" if row.kind == "run" else f"\n{row.kind}"
    return (
        f"{row.name}\n{row.started:%Y-%m-%d %H:%M}\n{row.verdict or 'not evaluated'}{kind}",
        f"{_dates(row.train)}\n{_dates(row.evaluation)}\n{format_count(row.games, 'game')}",
        f"{row.model}\n{row.features}",
        "\n".join(metrics),
    )


def _dates(dates: tuple[date, date] | None) -> str:
    return "-" if dates is None else f"{dates[0]}..{dates[1]}"
