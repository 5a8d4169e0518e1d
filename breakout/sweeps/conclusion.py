"""The end of a sweep, however it came: its folder in; leaderboard, page and a few lines on the terminal out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.table import Table

from breakout.report.terminal.console import console
from breakout.sweeps.leaderboard import write_leaderboard
from breakout.sweeps.record import load_record
from breakout.tracking.base import has_tracker
from breakout.tracking.sweep import register_sweep

if TYPE_CHECKING:
    from pathlib import Path

SHOWN_JOBS = 5
SHOWN_TABLES = 3


def conclude(folder: Path) -> int:
    """Write the leaderboard and show its head; 0 if every job is completed, else 1."""
    board = write_leaderboard(folder)
    show_board(board)
    if any(has_tracker(entry.settings) for entry in load_record(folder).jobs):
        register_sweep(folder)
    return 1 if board["not_completed"] else 0


def show_board(board: dict[str, Any]) -> None:
    """The best jobs of each table, those that are not completed, and where everything lies."""
    out = console()
    for table in board["tables"][:SHOWN_TABLES]:
        out.print(_title(table), style="bold")
        out.print(_table(table, board["optimized_metric"]))
    if len(board["tables"]) > SHOWN_TABLES:
        out.print(f"tables beyond these in report.html: {len(board['tables']) - SHOWN_TABLES}")
    for row in board["not_completed"]:
        out.print(f"job {row['job']} {row['state']} ({row['words']}): {row['reason']}", style="red")
    if board["not_completed"]:
        out.print(f"to run what is missing: {board['resume_command']}", soft_wrap=True)
    out.print(f"leaderboard: {board['folder']}/leaderboard.csv", soft_wrap=True)
    out.print(f"report: {board['folder']}/report.html", soft_wrap=True)


def _table(table: dict[str, Any], metric: str) -> Table:
    headings = ("job", "settings", f"validation {metric}", "", "AUC (evaluation)")
    shown = Table(*headings)
    rows = table["rows"][:SHOWN_JOBS]
    if table["simplest"] not in [row["job"] for row in rows]:
        rows = [*rows, next(row for row in table["rows"] if row["job"] == table["simplest"])]
    for row in rows:
        mark = "*" if row["job"] == table["simplest"] and len(table["tied"]) > 1 else ""
        state = "best" if row["job"] == table["best"] else "tied" if row["is_tied"] else ""
        auc = _told(row["metrics"]["auc"], 3) if row["metrics"] else "-"
        label = row["label"] or "the settings that all share"
        shown.add_row(f"{row['job']}{mark}", label, _told(row["value"], 4), state, auc)
    return shown


def _title(table: dict[str, Any]) -> str:
    jobs, tied = len(table["rows"]), len(table["tied"])
    if jobs == 1:
        return str(table["title"])
    if tied == 1:
        return f"{table['title']}: one of {jobs} jobs is better than the others beyond chance"
    return f"{table['title']}: {tied} of {jobs} jobs are tied for the best, * is the simplest of them"


def _told(interval: dict[str, Any], digits: int) -> str:
    if interval["estimate"] is None:
        return "undefined"
    told = f"{interval['estimate']:.{digits}f}"
    if interval["low"] is None:
        return told
    return f"{told} ({interval['low']:.{digits}f}-{interval['high']:.{digits}f})"
