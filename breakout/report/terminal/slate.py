"""Terminal output for a slate (one day's games): the ranking, players left out, and a player's chances at a line.

A line is a bookmaker's number of points for a player.
"""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from rich.table import Column

from breakout.report.slate_tables import SHOWN_FEATURES
from breakout.report.terminal.console import PlainConsole, console, styled, titled_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

    from breakout.bundle.folder import Bundle
    from breakout.production.player_line import LineAnswer
    from breakout.production.slate import Slate

WIDE_TERMINAL = 110  # the least width, in characters, at which the ranking shows features
ROWS_AROUND = 6  # lines besides the players: header and borders (4), title (1, if it does not wrap), prompt (1)
SHOWN_STEPS = (5, 10, 15, 20, 25, 30)  # the k for which P(points >= k) is shown
MARKS = {"doubtful": " (D)", "questionable": " (Q)"}


def print_slate(slate: Slate, candidates: int, bundle: Bundle, written: Sequence[str]) -> None:
    """Print one day's games: warnings, absent players, skipped players and the ranking.

    - `bundle`: the saved model that ranked the players.
    - `candidates`: the number of ranked players before the setting `top` shortened the ranking.
    - `written`: the paths of written files, which are printed too.
    """
    out = console()
    cut = f", the best {len(slate.ranked)} shown" if len(slate.ranked) < candidates else ""
    out.print(styled(slate.day, "bold", f": {candidates} candidates{cut}, {len(slate.skipped)} skipped"))
    out.print(f"bundle {bundle.fingerprint} ({bundle.manifest.name}), trained to {bundle.train_end}")
    out.print(f"{_describe_reports(slate)}\n")
    for warning in slate.warnings:
        out.print_warning(warning)
    _print_absent(out, slate)
    for reason, rows in slate.skipped.groupby("reason", sort=True):
        out.print(f"skipped: {len(rows)} ({reason})")
    for place in written:
        out.print_place("written", place)
    if len(slate.skipped) and not written:
        out.print("out=slate.csv writes the ranking, and the skipped players by name to slate.skipped.csv")
    if "ladder" in slate.ranked and len(slate.ranked):
        out.print(_ladders(slate))
    if len(slate.ranked):
        is_long = out.is_terminal and len(slate.ranked) + ROWS_AROUND > out.height
        out.print(_ranking(slate, is_best_last=is_long, is_wide=out.width >= WIDE_TERMINAL))


def _ranking(slate: Slate, *, is_best_last: bool, is_wide: bool) -> Table:
    """Return the table of ranked players, the best player first, or last if `is_best_last`.

    If the ranking is longer than the terminal, only its last rows stay visible. `is_wide` adds a column of the features
    that moved each probability most.
    """
    legend = (
        "chance: of a breakout if he plays; S: season average; needs: points for a breakout; last: days since his last "
        "game; (D) doubtful, (Q) questionable"
    )
    title = f"the best is the last row; {legend}" if is_best_last else legend
    fixed = [Column(name, no_wrap=True) for name in ("", "player", "game", "chance", "S", "needs", "last")]
    table = titled_table(title, *fixed, *(["moved most by (log odds)"] if is_wide else []))
    ranked = list(enumerate(slate.ranked.itertuples(index=False), start=1))
    for rank, row in reversed(ranked) if is_best_last else ranked:
        moved = "; ".join(str(row.top_features).split("; ")[:SHOWN_FEATURES])
        table.add_row(
            str(rank),
            f"{row.player_full_name}{MARKS.get(str(row.availability_status), '')}",
            f"{row.team_abbr} {'vs' if row.is_home else 'at'} {row.opponent_team_abbr}",
            f"{row.probability:.3f}",
            f"{row.season_points_avg:.1f}",
            str(row.points_for_breakout),
            str(row.days_since_last_game),
            *([moved] if is_wide else []),
        )
    return table


def _ladders(slate: Slate) -> Table:
    title = "Probability of at least so many points, if he plays"
    table = titled_table(title, "player", *(f"{points}+" for points in SHOWN_STEPS))
    for name, ladder in zip(slate.ranked["player_full_name"], slate.ranked["ladder"], strict=True):
        table.add_row(str(name), *(f"{ladder[points - 1]:.3f}" for points in SHOWN_STEPS))
    return table


def print_line_answer(answer: LineAnswer, written: Sequence[str]) -> None:
    """Print a player's probabilities of more and of fewer points than a bookmaker's line.

    The probability of exactly the line is printed too, unless it is 0. `written` names the files or the table
    that contain the whole slate.
    """
    out = console()
    push = f", exactly {answer.line:g} points {answer.push:.3f}" if answer.push else ""
    out.print(
        f"{answer.player_full_name} ({answer.game}), if he plays: more than {answer.line:g} points {answer.over:.3f}"
        f"{push}, fewer {answer.under:.3f}"
    )
    for place in written:
        out.print_place("written", place)


def _describe_reports(slate: Slate) -> str:
    """Return the cutoff (the time up to which injury reports count) and the time of the newest report, as text."""
    if not slate.statuses.is_available:
        return "injury reports: none in the warehouse"
    if slate.known_at is None:
        return f"injury reports: none by {slate.statuses.cutoff_text}"
    return f"injury reports to {slate.statuses.cutoff_text}, the newest of {slate.known_at:%Y-%m-%d %H:%M} UTC"


def _print_absent(out: PlainConsole, slate: Slate) -> None:
    teams = {*slate.ranked["team_abbr"], *slate.skipped["team_abbr"]}
    absent = {team: names for team, names in slate.statuses.absent_players().items() if team in teams}
    if absent:
        out.print(f"out at {slate.statuses.cutoff_text}:")
    for team, names in absent.items():
        out.print(textwrap.fill(f"  {team} {names}", out.width, subsequent_indent="      "))
