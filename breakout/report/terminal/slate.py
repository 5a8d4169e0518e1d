"""A ranked slate as a table on the terminal, and the players who were left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from breakout.report.terminal.console import PlainConsole, console, styled, titled_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

    from breakout.bundle import Bundle
    from breakout.production.slate import Slate

SHOWN_FEATURES = 2


def print_slate(slate: Slate, bundle: Bundle, written: Sequence[str]) -> None:
    """Print the ranking, the skipped players by reason, warnings, and the paths of the files."""
    out = console()
    out.print(styled(slate.day, "bold", f": {len(slate.ranked)} candidates, {len(slate.skipped)} skipped"))
    out.print(f"bundle {bundle.fingerprint}, trained to {bundle.train_end}\n")
    for warning in slate.warnings:
        out.print_warning(warning)
    if len(slate.ranked):
        out.print(_ranking(slate))
    _print_skipped(out, slate)
    for place in written:
        out.print_place("written", place)


def _ranking(slate: Slate) -> Table:
    title = "S: season average; needs: points for a breakout; last: days since his last game; moved by: log odds"
    table = titled_table(title, "", "player", "game", "probability", "S", "needs", "last", "moved most by")
    for rank, row in enumerate(slate.ranked.itertuples(index=False), start=1):
        table.add_row(
            str(rank),
            str(row.player_full_name),
            f"{row.team_abbr} {'vs' if row.is_home else 'at'} {row.opponent_team_abbr}",
            f"{row.probability:.3f}",
            f"{row.season_points_avg:.1f}",
            str(row.points_for_breakout),
            str(row.days_since_last_game),
            "; ".join(str(row.top_features).split("; ")[:SHOWN_FEATURES]),
        )
    return table


def _print_skipped(out: PlainConsole, slate: Slate) -> None:
    if len(slate.skipped):
        out.print("\nskipped, with S and days since the last game")
    for reason, rows in slate.skipped.groupby("reason", sort=True):
        names = ", ".join(
            f"{row.player_full_name} ({row.season_points_avg:.1f}, {row.days_since_last_game})"
            for row in rows.itertuples(index=False)
        )
        out.print(styled(reason, "bold", f" ({len(rows)}): {names}"))
