"""leaderboard.csv: one line a job, baselines among them, for spreadsheets; a leaderboard in, text out."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

from breakout.spreadsheets import escape_formula

METRICS = ("auc", "log_loss", "brier", "ece", "average_precision")
_JOB = ("table", "window", "rank", "job", "kind", "state", "settings", "is_best", "is_tied", "is_simplest")
_VALIDATION = ("optimized_metric", "validation_value", "validation_low", "validation_high", "difference_to_best")
_DIFFERENCE = ("difference_low", "difference_high")
_EVALUATION = tuple(f"{name}{suffix}" for name in METRICS for suffix in ("", "_low", "_high"))
_REST = ("features", "trees", "fit_seconds", "run", "reason", "command")
COLUMNS = (*_JOB, *_VALIDATION, *_DIFFERENCE, *_EVALUATION, *_REST)


def to_csv(board: dict[str, Any]) -> str:
    """Jobs by table and rank, each table's baselines after them, and at the end the jobs that are not completed."""
    written = io.StringIO()
    writer = csv.DictWriter(written, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows({key: escape_formula(value) for key, value in line.items()} for line in _lines(board))
    return written.getvalue()


def _lines(board: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for number, table in enumerate(board["tables"], 1):
        place = {"table": number, "window": table["window"], "optimized_metric": board["optimized_metric"]}
        for row in table["rows"]:
            yield place | _job(row, table)
        for baseline in table["baselines"]:
            told = {"kind": "baseline", "settings": baseline["baseline"], "features": baseline["features"]}
            yield place | told | {"state": "completed"} | _evaluation(baseline["metrics"])
    for row in board["not_completed"]:
        told = {key: row[key] for key in ("job", "state", "reason", "run", "command")}
        yield told | {"kind": "job", "settings": row["words"]}


def _job(row: dict[str, Any], table: dict[str, Any]) -> dict[str, Any]:
    told = {key: row[key] for key in ("rank", "job", "features", "trees", "fit_seconds", "run", "command")}
    difference = row["difference"] or {"estimate": "", "low": "", "high": ""}
    return {
        **told,
        "kind": "job",
        "state": "completed",
        "settings": row["words"],
        "is_best": row["job"] == table["best"],
        "is_tied": row["is_tied"],
        "is_simplest": row["job"] == table["simplest"],
        "validation_value": row["value"]["estimate"],
        "validation_low": row["value"]["low"],
        "validation_high": row["value"]["high"],
        "difference_to_best": difference["estimate"],
        "difference_low": difference["low"],
        "difference_high": difference["high"],
        **_evaluation(row["metrics"] or {}),
    }


def _evaluation(metrics: dict[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for name, interval in metrics.items():
        told |= {name: interval["estimate"], f"{name}_low": interval["low"], f"{name}_high": interval["high"]}
    return told
