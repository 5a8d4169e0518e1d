"""The types of a sweep's leaderboard, and its files leaderboard.json and leaderboard.csv."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from breakout.artifacts import json_ready, load_typed, save_json, save_text
from breakout.errors import DataError
from breakout.evaluation.resamples import Interval
from breakout.evaluation.run_metrics import PlainMetrics
from breakout.safe_text import escape_formula

SCHEMA_VERSION = 1
# The metrics on the evaluation games that a leaderboard has, in the order of their columns in leaderboard.csv.
METRIC_COLUMNS = ("auc", "log_loss", "brier", "ece", "average_precision")
JSON_FILE, CSV_FILE = "leaderboard.json", "leaderboard.csv"


class FoldRow(msgspec.Struct, frozen=True):
    """The evaluation of one fold (one window of a walk forward) of a job: name, number of rows evaluated, and AUC."""

    fold: str
    rows: int
    auc: Interval


class JobRow(msgspec.Struct, frozen=True, kw_only=True):
    """A completed job of a sweep, as one row of its table.

    - `varying` are the job's overrides that not every job of the sweep has; all of them if the sweep has one job.
    - `label` is a short form of those in `varying` in which the job differs from the other jobs of its table. If the
      table has one job, it is a short form of `varying` without the window.
    - `variant` is `varying` without the overrides of window, seed, name, hypothesis, tags and paths; `variant_label` is
      its short form.
    - `features` is the number of features.
    - `value` is the optimized metric on the validation part (the latest training rows, predicted by a fit without
      them).
    - `difference` is `value` minus that of the best job; None if either is undefined.
    - `is_tied` is true for the best job and for each job that is not worse than the best beyond chance.
    - `validation` are the metrics on the validation part without intervals.
    - `metrics` are the metrics on the evaluation games; None for a job that only trains.
    - `folds` are the folds (windows) of a walk forward; () for a job that is no walk forward.
    - `trees` is the number of trees; None for a model without trees.
    - `run` is the path of the run folder, and `command` the command line that runs the job alone.
    """

    job: int
    rank: int
    varying: str = msgspec.field(name="words")
    label: str
    variant: str = msgspec.field(name="recipe")
    variant_label: str = msgspec.field(name="recipe_label")
    overrides: tuple[str, ...]
    window: str
    seed: int
    model: Mapping[str, Any]
    features: int
    value: Interval
    difference: Interval | None
    is_tied: bool
    validation: PlainMetrics
    metrics: Mapping[str, Interval] | None
    folds: tuple[FoldRow, ...]
    trees: float | None
    fit_seconds: float | None
    run: str | None
    command: str


class BaselineRow(msgspec.Struct, frozen=True):
    """The metrics of a baseline on the evaluation games of a table of jobs.

    `features` is the number of features of the job whose run evaluated the baseline.
    """

    baseline: str
    features: int
    metrics: Mapping[str, Interval]


class LineRow(msgspec.Struct, frozen=True):
    """The metrics of a job, or of the betting market, on the lines of the configured prices.

    A line is a bookmaker's number of points. `job` is the number of the job. `difference` is the job's log loss minus
    the market's. `weight` is the weight of the job's log odds in a weighted mean with the market's. All three are None
    for the market.
    """

    job: int | None
    metrics: Mapping[str, Interval]
    difference: Interval | None
    weight: Interval | None


class GameSpan(msgspec.Struct, frozen=True):
    """The number, dates and breakout rate of a set of games.

    The set is the games on which the jobs of one table were validated, or those on which they were evaluated.
    """

    games: int
    first_date: str
    last_date: str
    breakout_rate: float


class JobTable(msgspec.Struct, frozen=True, kw_only=True):
    """The jobs that were validated and evaluated on the same games with the same labels, by rank.

    - `best`, `tied` and `simplest` are numbers of jobs. `tied` are the best job and the jobs that are not worse beyond
      chance. `simplest` is the job of `tied` with the simplest model.
    - `training` names the training dates; it is "" if the jobs differ in them or if the dates are not fixed.
    - `problem` names the settings of target and warehouse in which this table differs from other tables.
    - `validation` and `evaluation` describe the games; `evaluation` is None if the jobs only train.
    - `lines` are the comparisons of jobs with the betting market; () without configured prices.
    """

    rows_fingerprint: str
    window: str
    target: Mapping[str, Any]
    warehouse: Mapping[str, Any]
    validation: GameSpan | None
    evaluation: GameSpan | None
    best: int
    tied: tuple[int, ...]
    simplest: int
    rows: tuple[JobRow, ...]
    baselines: tuple[BaselineRow, ...]
    training: str = ""
    problem: str = ""
    title: str = ""
    lines: tuple[LineRow, ...] = ()


class VariantRow(msgspec.Struct, frozen=True, kw_only=True):
    """The means over the jobs of one variant, which differ only in window, seed, name, hypothesis, tags and paths.

    A job is in one table, with the jobs that were validated on the same games. `tables` is the number of tables
    that have a job of the variant. `value` is the mean of the optimized metric on the validation part (the latest
    training rows, predicted by a fit without them). `evaluation_auc` is the mean AUC on the evaluation games. A mean is
    None if no job has the metric. `ties_with_best` is the number of jobs that are best in their table or not worse than
    the best beyond chance.
    """

    variant: str = msgspec.field(name="recipe")
    label: str
    jobs: tuple[int, ...]
    tables: int
    value: float | None
    mean_rank: float | None
    ties_with_best: int
    evaluation_auc: float | None


class VariantTable(msgspec.Struct, frozen=True):
    """The variants in all tables of jobs with the same target and warehouse.

    A variant is the jobs that differ only in window, seed, name, hypothesis, tags and paths. Variants with jobs in more
    tables come first, then those with the better mean metric. `problem` names the settings of target and warehouse in
    which these tables differ from other tables.
    """

    problem: str
    rows: tuple[VariantRow, ...]


class Spread(msgspec.Struct, frozen=True):
    """The defined values of a metric in fits with different seeds, with their mean, standard deviation and range."""

    values: tuple[float, ...]
    mean: float
    standard_deviation: float
    lowest: float
    highest: float


class SeedRow(msgspec.Struct, frozen=True, kw_only=True):
    """Jobs that were fitted with several seeds on the same rows and are otherwise the same variant of a sweep.

    `value` is the spread (mean, standard deviation, range) of the optimized metric on the validation part (the latest
    training rows, predicted by a fit without them). `evaluation_auc` is the spread of the AUC on the evaluation games.
    A spread is None if the metric is defined for fewer than two seeds.
    """

    variant: str = msgspec.field(name="recipe")
    label: str
    window: str
    seeds: tuple[int, ...]
    value: Spread | None
    evaluation_auc: Spread | None


class MissingJob(msgspec.Struct, frozen=True, kw_only=True):
    """A job of a sweep that is not completed, with its state and the reason.

    `varying` are the job's overrides that not every job of the sweep has, and `label` is their short form. `run` is the
    path of the run folder; None if the job has no run folder. `command` is the command line that runs the job alone.
    """

    job: int
    varying: str = msgspec.field(name="words")
    label: str
    state: str
    reason: str
    run: str | None
    command: str


class Leaderboard(msgspec.Struct, frozen=True, kw_only=True):
    """The leaderboard of a sweep: a table of ranked jobs for each set of games, and the jobs that are not completed.

    `jobs` is the number of jobs, `completed` the number of completed jobs. `variants` compares jobs over windows and
    seeds, `seeds` jobs over seeds. `fit_seconds` is the sum over all completed jobs. `resume_command` is the command
    line that runs the jobs that are not completed.
    """

    schema_version: int = SCHEMA_VERSION
    sweep: str
    folder: str
    optimized_metric: str
    higher_is_better: bool
    jobs: int
    completed: int
    fit_seconds: float
    tables: tuple[JobTable, ...]
    variants: tuple[VariantTable, ...] = msgspec.field(name="recipes")
    seeds: tuple[SeedRow, ...]
    not_completed: tuple[MissingJob, ...]
    resume_command: str


def save_leaderboard(board: Leaderboard, folder: Path) -> None:
    """Write leaderboard.json and leaderboard.csv into a folder; DataError if the files cannot be written."""
    save_json(json_ready(board), folder / JSON_FILE)
    save_text(to_csv(board), folder / CSV_FILE)


def load_leaderboard(folder: Path) -> Leaderboard:
    """Read leaderboard.json in a folder; DataError if the file is missing, damaged or of another version."""
    board = load_typed(folder / JSON_FILE, Leaderboard)
    if board.schema_version != SCHEMA_VERSION:
        raise DataError(f"{folder / JSON_FILE} was written by another version of breakout.")
    return board


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


def to_csv(board: Leaderboard) -> str:
    """Return the leaderboard as CSV text in which no cell is a formula that a spreadsheet would execute.

    Each table has a row for each job by rank, then one for each baseline, then rows for the betting market if jobs were
    compared with prices. The jobs that are not completed come last.
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
