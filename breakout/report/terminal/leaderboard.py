"""The head of a sweep's leaderboard on the terminal."""

from __future__ import annotations

from rich.table import Table

from breakout.evaluation.formatting import format_interval
from breakout.leaderboard import CSV_FILE, JobTable, Leaderboard
from breakout.report.terminal.console import console

SHOWN_JOBS = 5
SHOWN_TABLES = 3


def print_board(board: Leaderboard) -> None:
    """Print the best jobs of each table, the jobs that are not completed, and where the files are."""
    out = console()
    for table in board.tables[:SHOWN_TABLES]:
        out.print(_title(table), style="bold")
        out.print(_table(table, board.optimized_metric))
    if len(board.tables) > SHOWN_TABLES:
        out.print(f"tables beyond these in report.html: {len(board.tables) - SHOWN_TABLES}")
    for job in board.not_completed:
        out.print(f"job {job.job} {job.state} ({job.words}): {job.reason}", style="red")
    if board.not_completed:
        out.print(f"to run what is missing: {board.resume_command}", soft_wrap=True)
    out.print(f"leaderboard: {board.folder}/{CSV_FILE}", soft_wrap=True)
    out.print(f"report: {board.folder}/report.html", soft_wrap=True)


def _table(table: JobTable, metric: str) -> Table:
    printed = Table("job", "settings", f"validation {metric}", "", "AUC (evaluation)")
    rows = table.rows[:SHOWN_JOBS]
    if table.simplest not in [row.job for row in rows]:
        rows += tuple(row for row in table.rows if row.job == table.simplest)
    for row in rows:
        mark = "*" if row.job == table.simplest and len(table.tied) > 1 else ""
        state = "best" if row.job == table.best else "tied" if row.is_tied else ""
        auc = format_interval(row.metrics["auc"], joint="-") if row.metrics else "-"
        label = row.label or "the settings that all share"
        printed.add_row(f"{row.job}{mark}", label, format_interval(row.value, ".4f", joint="-"), state, auc)
    return printed


def _title(table: JobTable) -> str:
    jobs, tied = len(table.rows), len(table.tied)
    if jobs == 1:
        return table.title
    if tied == 1:
        return f"{table.title}: one of {jobs} jobs is better than the others beyond chance"
    return f"{table.title}: {tied} of {jobs} jobs are tied for the best, * is the simplest of them"
