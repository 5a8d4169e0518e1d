"""The types of a sweep's leaderboard, and its file leaderboard.json.

A leaderboard has one table for each set of jobs that were validated and evaluated on the same games. The jobs of one
variant differ only in window, seed, name, hypothesis, tags and paths.

Validation metrics are computed on the validation part (the latest training rows), for a model that was fitted without
these rows. All other metrics are computed on the evaluation games, which are later than the training rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from breakout.artifacts import json_ready, load_typed, save_json
from breakout.errors import DataError
from breakout.evaluation.resamples import Interval
from breakout.evaluation.run_metrics import PlainMetrics

SCHEMA_VERSION = 1
# The metrics of a leaderboard on the evaluation games, in the order of their columns in leaderboard.csv.
METRIC_COLUMNS = ("auc", "log_loss", "brier", "ece", "average_precision")
JSON_FILE, CSV_FILE = "leaderboard.json", "leaderboard.csv"


class FoldRow(msgspec.Struct, frozen=True):
    """The evaluation of a job in one fold (one window of a walk forward). `rows` is the number of evaluated rows."""

    fold: str
    rows: int
    auc: Interval


class JobRow(msgspec.Struct, frozen=True, kw_only=True):
    """A completed job of a sweep, as one row of a JobTable.

    - `varying`: the overrides that not every job of the sweep has; all overrides if the sweep has one job.
    - `label`: a short form of the overrides in which the jobs of the table differ. If the table has one job, `label` is
      a short form of `varying` without the window.
    - `variant`: `varying` without the overrides of window, seed, name, hypothesis, tags and paths.
    - `variant_label`: a short form of `variant`.
    - `features`: the number of features.
    - `value`: the optimized metric on the validation part.
    - `difference`: `value` minus the best value in the table; None if either is undefined.
    - `is_tied`: whether the job is the best in the table, or differs from the best by no more than chance explains.
    - `validation`: the metrics on the validation part, without intervals.
    - `metrics`: the metrics on the evaluation games; None for a job that only trains.
    - `folds`: the folds of a walk forward; () for other jobs.
    - `trees`: the number of trees; None for a model without trees.
    - `run`: the path of the run folder.
    - `command`: the command line that runs this job alone.
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
    """The metrics of a baseline (a simple model for comparison) on the evaluation games that a JobTable's jobs share.

    `features` is the number of features of the job whose run evaluated the baseline.
    """

    baseline: str
    features: int
    metrics: Mapping[str, Interval]


class LineRow(msgspec.Struct, frozen=True):
    """The metrics of a job, or of the betting market, on the lines of the configured prices.

    A line is a number of points for which a bookmaker offers prices.

    - `job`: the number of the job; None for the market.
    - `difference`: the log loss of the job minus the market's log loss; None for the market.
    - `weight`: the weight of the job in a weighted mean of the log odds of job and market; None for the market.
    """

    job: int | None
    metrics: Mapping[str, Interval]
    difference: Interval | None
    weight: Interval | None


class GameSpan(msgspec.Struct, frozen=True):
    """The number, dates and breakout rate of the validation or evaluation games that a JobTable's jobs share."""

    games: int
    first_date: str
    last_date: str
    breakout_rate: float


class JobTable(msgspec.Struct, frozen=True, kw_only=True):
    """The jobs that were validated and evaluated on the same games with the same labels, best first.

    - `best`: the number of the best job.
    - `tied`: the numbers of the jobs whose `is_tied` in JobRow is true, including the best job.
    - `simplest`: the number of the job with the simplest model among the jobs in `tied`.
    - `training`: the training dates, as in `trained on 2025-10-21..2026-01-10`. "" if the window has no fixed dates or
      differs between the jobs.
    - `problem`: the target and warehouse settings in which the job tables of the leaderboard differ, with this table's
      values, as in `min_ppg 8.0`.
    - `validation`, `evaluation`: the games. `evaluation` is None if the jobs only train.
    - `lines`: the comparisons with the betting market; () if no prices are configured.
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
    """The mean metrics of the jobs of one variant.

    These jobs differ only in window, seed, name, hypothesis, tags and paths.

    - `tables`: how many tables (JobTable) contain a job of the variant.
    - `value`: the mean of the optimized metric on the validation part.
    - `ties_with_best`: the number of jobs whose `is_tied` in JobRow is true.
    - `evaluation_auc`: the mean AUC on the evaluation games.

    A mean is None if no job has the metric.
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
    """The comparison of variants across job tables (JobTable) that have equal settings of target and warehouse.

    - `problem`: a text of the settings of target and warehouse in which these job tables differ from others.
    - `rows`: sorted by the number of these job tables that contain the variant (most first), then by `value` (best
      first).
    """

    problem: str
    rows: tuple[VariantRow, ...]


class Spread(msgspec.Struct, frozen=True):
    """The values of a metric in fits with different seeds, with the mean, standard deviation and range.

    Undefined values of the metric are left out.
    """

    values: tuple[float, ...]
    mean: float
    standard_deviation: float
    lowest: float
    highest: float


class SeedRow(msgspec.Struct, frozen=True, kw_only=True):
    """Jobs of one variant that were fitted on the same rows with different seeds.

    - `value`: the spread of the optimized metric on the validation part.
    - `evaluation_auc`: the spread of the AUC on the evaluation games.

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

    - `varying`: the overrides that not every job of the sweep has; `label` is their short form.
    - `run`: the path of the run folder; None if the job has no run folder.
    - `command`: the command line that runs this job alone.
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

    - `jobs`, `completed`: the number of all jobs and of the completed jobs.
    - `fit_seconds`: the sum over the completed jobs.
    - `variants`: the comparison of variants; the jobs of one variant differ only in window and seed.
    - `seeds`: the spread of metrics over seeds.
    - `resume_command`: the command line that runs the jobs that are not completed.
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
    """Write leaderboard.json into a folder; DataError if the file cannot be written."""
    save_json(json_ready(board), folder / JSON_FILE)


def load_leaderboard(folder: Path) -> Leaderboard:
    """Read leaderboard.json in a folder; DataError if the file is missing, damaged or of another version."""
    board = load_typed(folder / JSON_FILE, Leaderboard)
    if board.schema_version != SCHEMA_VERSION:
        raise DataError(f"{folder / JSON_FILE} was written by another version of breakout.")
    return board
