"""Terminal output for a list of finished runs and sweeps; each name has its own line, so that it can be copied."""

from __future__ import annotations

from typing import TYPE_CHECKING

from breakout.evaluation.formatting import format_count, format_interval
from breakout.evaluation.metrics import AUC, LOG_LOSS
from breakout.report.terminal.console import console

if TYPE_CHECKING:
    from datetime import date

    from breakout.runs.listing import Listing, RunRow


SHOWN_FOLDERS = 3


def print_listing(listing: Listing, top: int, outputs: str) -> None:
    """Print the first `top` runs and sweeps of a listing, how many more there are, and the damaged folders.

    Also print how many runs are not completed, with at most SHOWN_FOLDERS of their folders. If nothing matches the
    filters, print the searched folder `outputs` and the values of `model` and `features` that occur there.
    """
    out = console()
    if not listing.rows:
        out.print(f"no finished run or sweep below {outputs} matches{_occurring(listing)}")
    for row in listing.rows[:top]:
        out.print(row.name, style="bold", soft_wrap=True)
        for line in _details(row):
            out.print(f"  {line}")
    if len(listing.rows) > top:
        out.print(f"{len(listing.rows) - top} more: top={len(listing.rows)} shows all, --json lists all")
    if len({row.evaluation for row in listing.rows[:top]}) > 1:
        out.print("Figures on different evaluation dates do not compare: `breakout compare` scores the same games.")
    if listing.not_completed:
        _print_not_completed(listing)
    for sentence in listing.damaged:
        out.print_warning(sentence)


def _print_not_completed(listing: Listing) -> None:
    out = console()
    rest = "; the latest, --json lists all:" if listing.not_completed > SHOWN_FOLDERS else ""
    out.print(f"{format_count(listing.not_completed, 'run')} not completed{rest}")
    for folder in listing.not_completed_folders[:SHOWN_FOLDERS]:
        out.print_place("not completed", folder)


def _occurring(listing: Listing) -> str:
    values = "; ".join(f"{key} is {' or '.join(found)}" for key, found in listing.occurring.items() if found)
    return f": {values}" if values else ""


def _details(row: RunRow) -> tuple[str, str, str]:
    auc, loss = (format_interval(row.metrics.get(name), joint="-", undefined="-") for name in (AUC, LOG_LOSS))
    kind = "" if row.kind == "run" else f"{row.kind}: "
    features = f"{row.features} features" if row.features.isdigit() else row.features
    return (
        f"{row.started:%Y-%m-%d %H:%M}, {kind}{row.model}, {features}; {format_count(row.games, 'game')}",
        f"trained on {_dates(row.train)}, evaluated on {_dates(row.evaluation)}",
        f"{row.verdict or 'not evaluated'}: AUC {auc}, log loss {loss}",
    )


def _dates(dates: tuple[date, date] | None) -> str:
    return "-" if dates is None else f"{dates[0]}..{dates[1]}"
