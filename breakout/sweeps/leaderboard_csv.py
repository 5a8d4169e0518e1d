"""The file leaderboard.csv of a sweep: one row for each job, baseline and market."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

from breakout.artifacts import save_text
from breakout.evaluation.resamples import Interval
from breakout.leaderboard_files import CSV_FILE, METRIC_COLUMNS
from breakout.safe_text import escape_formula

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from breakout.leaderboard_files import JobRow, JobTable, Leaderboard, LineRow

_JOB = ("table", "window", "rank", "job", "kind", "state", "settings", "is_best", "is_tied", "is_simplest")
_VALIDATION = ("optimized_metric", "validation_value", "validation_low", "validation_high", "difference_to_best")
_DIFFERENCE = ("difference_low", "difference_high")
_EVALUATION = tuple(f"{name}{suffix}" for name in METRIC_COLUMNS for suffix in ("", "_low", "_high"))
_REST = ("features", "trees", "fit_seconds", "run", "reason", "command")
_LINES = tuple(
    f"{name}{suffix}"
    for name in ("line_log_loss", "line_log_loss_minus_market", "market_weight")
    for suffix in ("", "_low", "_high")
)
CSV_COLUMNS = (*_JOB, *_VALIDATION, *_DIFFERENCE, *_EVALUATION, *_REST, *_LINES)


def save_csv(board: Leaderboard, folder: Path) -> None:
    """Write leaderboard.csv into a folder; DataError if the file cannot be written."""
    save_text(to_csv(board), folder / CSV_FILE)


def to_csv(board: Leaderboard) -> str:
    """Return the leaderboard as CSV text in which no cell is a formula that a spreadsheet would execute.

    The text contains the tables of the leaderboard (JobTable) one after another. Each table consists of the rows of its
    jobs, by rank, then of its baselines, then of the betting market if jobs were compared with prices. After all tables
    come the jobs that are not completed.
    """
    written = io.StringIO()
    writer = csv.DictWriter(written, CSV_COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: escape_formula(cell) for name, cell in line.items()} for line in _csv_lines(board))
    return written.getvalue()


def _csv_lines(board: Leaderboard) -> Iterator[dict[str, Any]]:
    for number, table in enumerate(board.tables, 1):
        shared = {"table": number, "window": table.window, "optimized_metric": board.optimized_metric}
        shared["state"] = "completed"
        lines = {line.job: line for line in table.lines}
        for row in table.rows:
            yield shared | _job_cells(row, table) | _line_cells(lines.get(row.job))
        for found in table.baselines:
            cells = {"kind": "baseline", "settings": found.baseline, "features": found.features}
            yield shared | cells | _interval_cells(found.metrics)
        for line in table.lines:
            if line.job is None:
                yield shared | {"kind": "market", "settings": "market"} | _line_cells(line)
    for job in board.not_completed:
        yield {
            "job": job.job,
            "kind": "job",
            "state": job.state,
            "settings": job.varying,
            "run": job.run,
            "reason": job.reason,
            "command": job.command,
        }


def _job_cells(row: JobRow, table: JobTable) -> dict[str, Any]:
    difference = row.difference or Interval(None, None, None, 0)
    return {
        "rank": row.rank,
        "job": row.job,
        "kind": "job",
        "settings": row.varying,
        "is_best": row.job == table.best,
        "is_tied": row.is_tied,
        "is_simplest": row.job == table.simplest,
        "validation_value": row.value.estimate,
        "validation_low": row.value.low,
        "validation_high": row.value.high,
        "difference_to_best": difference.estimate,
        "difference_low": difference.low,
        "difference_high": difference.high,
        **_interval_cells(row.metrics or {}),
        "features": row.features,
        "trees": row.trees,
        "fit_seconds": row.fit_seconds,
        "run": row.run,
        "command": row.command,
    }


def _interval_cells(metrics: Mapping[str, Interval]) -> dict[str, Any]:
    cells: dict[str, Any] = {}
    for name, found in metrics.items():
        cells |= {name: found.estimate, f"{name}_low": found.low, f"{name}_high": found.high}
    return cells


def _line_cells(line: LineRow | None) -> dict[str, Any]:
    if line is None:
        return {}
    found = {
        "line_log_loss": line.metrics["log_loss"],
        "line_log_loss_minus_market": line.difference,
        "market_weight": line.weight,
    }
    return _interval_cells({name: one for name, one in found.items() if one is not None})
