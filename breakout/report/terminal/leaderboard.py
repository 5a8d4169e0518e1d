"""Terminal output for the top of a sweep's leaderboard."""

from __future__ import annotations

from breakout.evaluation.metrics import AUC
from breakout.leaderboard_files import CSV_FILE, JobRow, JobTable, Leaderboard
from breakout.report import REPORT_FILE
from breakout.report.sweep_tables import job_state, settings_cell, sweep_market_table
from breakout.report.tables import Table, interval, number, text
from breakout.report.terminal.console import console, format_cell

SHOWN_JOBS = 5
SHOWN_TABLES = 3


def print_board(board: Leaderboard) -> None:
    """Print the first SHOWN_TABLES tables, the jobs that are not completed, and the paths of leaderboard and report.

    A table shows its first SHOWN_JOBS jobs, and the job with the simplest model among the best job and the jobs tied
    with it. A comparison with the betting market follows, if there is one.
    """
    out = console()
    for table in board.tables[:SHOWN_TABLES]:
        # The title is not part of the table, because rich wraps the title of a table to the width of the table.
        out.print(_title(table), style="bold")
        out.print_table(_table(table, board.optimized_metric))
        if table.lines:
            out.print_table(sweep_market_table(table))
    if len(board.tables) > SHOWN_TABLES:
        out.print(f"tables beyond these in report.html: {len(board.tables) - SHOWN_TABLES}")
    for job in board.not_completed:
        out.print(f"job {job.job} {job.state} ({job.varying}): {job.reason}", style="red")
    if board.not_completed:
        out.print_place("to run what is missing", board.resume_command)
    out.print_place("leaderboard", f"{board.folder}/{CSV_FILE}")
    out.print_place("report", f"{board.folder}/{REPORT_FILE}")


def _table(table: JobTable, metric: str) -> Table:
    shown = table.rows[:SHOWN_JOBS]
    if table.simplest not in [row.job for row in shown]:
        shown += tuple(row for row in table.rows if row.job == table.simplest)
    rows = [
        {
            "job": text(row.job),
            "settings": settings_cell(row.label, row.varying),
            f"validation {metric}": number(row.value.estimate, ".4f"),
            "minus the best": text(_describe_difference(row, table)),
            "AUC (evaluation)": interval(row.metrics[AUC]) if row.metrics else number(None),
        }
        for row in shown
    ]
    chosen = [row.job == table.simplest and len(table.tied) > 1 for row in shown]
    return Table.from_records("", rows, chosen)


def _describe_difference(row: JobRow, table: JobTable) -> str:
    state = job_state(row, table)
    return "best" if state == "best" else f"{format_cell(interval(row.difference, '+.4f'))} {state}".strip()


def _title(table: JobTable) -> str:
    jobs, tied = len(table.rows), len(table.tied)
    if jobs == 1:
        return table.title
    if tied == 1:
        return f"{table.title}: one of {jobs} jobs is better than the others beyond chance, corrected for {jobs} jobs"
    return f"{table.title}: {tied} of {jobs} jobs are tied for the best, * is the simplest of them"
