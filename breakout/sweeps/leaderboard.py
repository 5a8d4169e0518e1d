"""The leaderboard of a sweep, built from the run folders of its jobs.

Jobs that were validated and evaluated on the same games with the same labels are ranked in one table. Jobs with other
windows, targets or populations (players that count as role players) are in other tables. Only variants are compared
across tables. The jobs of one variant differ only in window, seed, name, hypothesis, tags and paths.
"""

from __future__ import annotations

import shlex
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import msgspec

from breakout import settings
from breakout.artifacts import save_text
from breakout.evaluation.market_metrics import MARKET, OURS
from breakout.evaluation.metrics import AUC, METRICS
from breakout.leaderboard_files import (
    METRIC_COLUMNS,
    BaselineRow,
    FoldRow,
    GameSpan,
    JobRow,
    JobTable,
    Leaderboard,
    LineRow,
    MissingJob,
    save_leaderboard,
)
from breakout.report.terminal.leaderboard import print_board
from breakout.report.terminal.plans import print_warnings
from breakout.settings.values import format_value
from breakout.sweeps.labels import labels, shorten
from breakout.sweeps.leaderboard_csv import save_csv
from breakout.sweeps.ranking import Standing, rank_jobs, simplest
from breakout.sweeps.record import load_sweep_record
from breakout.sweeps.results import CompletedJob, JobResult, load_results
from breakout.sweeps.variants import build_seed_rows, build_variant_tables
from breakout.tracking.tracker import has_tracker, register_sweep

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from breakout.settings import TrackingConfig

_DRIFT_KEY = "distributions.fail_on_drift"


def write_leaderboard(folder: Path) -> Leaderboard:
    """Write leaderboard.json, leaderboard.csv and report.html of a sweep, and return the leaderboard.

    ConfigurationError if the folder has no sweep.json. DataError if sweep.json is damaged or a file cannot be written.
    """
    return _write_board(load_results(folder), folder)


def _write_board(results: Sequence[JobResult], folder: Path) -> Leaderboard:
    # `pages` is imported late because it imports pandas, which a dry run does not need.
    from breakout.report.html.pages import render_sweep

    board = build_leaderboard(results, folder)
    save_leaderboard(board, folder)
    save_csv(board, folder)
    save_text(render_sweep(board), folder / "report.html")
    return board


def conclude(folder: Path, trackers: Collection[TrackingConfig]) -> int:
    """Write and print the leaderboard of a sweep, register its jobs with trackers, and return the exit code.

    The exit code is 1 if a job is not completed, or if features of a job drifted and `distributions.fail_on_drift` is
    true; otherwise 0. `trackers` are the tracking settings of the jobs, with the secrets that the saved settings lack.

    ConfigurationError if the folder has no sweep.json. DataError if sweep.json is damaged, a file cannot be written or
    a registration fails.
    """
    results = load_results(folder)
    board = _write_board(results, folder)
    print_board(board)
    drifted = [result for result in results if isinstance(result, CompletedJob) and result.drifted]
    print_warnings([f"job {job.number} failed: {', '.join(job.drifted)} drifted ({_DRIFT_KEY})" for job in drifted])
    if any(has_tracker(entry.settings) for entry in load_sweep_record(folder).jobs):
        register_sweep(folder, trackers)
    return 1 if board.not_completed or drifted else 0


def build_leaderboard(results: Sequence[JobResult], folder: Path) -> Leaderboard:
    """Return the leaderboard of the sweep in `folder`.

    There is one table for each set of games and labels. It holds the completed jobs with this set, ranked by the metric
    that their setting `optimized_metric` names. The jobs that are not completed are in `not_completed`.
    """
    completed = [result for result in results if isinstance(result, CompletedJob)]
    metric = next((found for result in results if (found := result.entry.optimized_metric)), "log_loss")
    by_rows: dict[str, list[CompletedJob]] = defaultdict(list)
    for job in completed:
        by_rows[job.rows_fingerprint].append(job)
    tables = _with_titles([_table(rows, found, metric) for rows, found in by_rows.items()])
    return Leaderboard(
        sweep=folder.name,
        folder=str(folder),
        optimized_metric=metric,
        higher_is_better=METRICS[metric].higher_is_better,
        jobs=len(results),
        completed=len(completed),
        fit_seconds=sum(job.metrics.model.fit_seconds or 0.0 for job in completed),
        tables=tuple(tables),
        variants=tuple(build_variant_tables(tables, metric)),
        seeds=tuple(spread for table in tables for spread in build_seed_rows(table)),
        not_completed=tuple(_missing(result) for result in results if not isinstance(result, CompletedJob)),
        resume_command=shlex.join(["breakout", f"resume={format_value(str(folder))}"]),
    )


def _table(rows_fingerprint: str, jobs: Sequence[CompletedJob], metric: str) -> JobTable:
    standings = rank_jobs(jobs, metric)
    label = labels({job.number: job.varying for job in jobs})
    mapping = settings.to_saved(jobs[0].config)
    return JobTable(
        rows_fingerprint=rows_fingerprint,
        window=", ".join(dict.fromkeys(job.entry.window for job in jobs)),
        training=_training_dates(jobs),
        target=mapping["target"],
        warehouse=mapping["warehouse"],
        validation=_span(jobs[0], "validation"),
        evaluation=_span(jobs[0], "evaluation"),
        best=standings[0].job.number,
        tied=tuple(one.job.number for one in standings if one.is_tied),
        simplest=simplest(standings).number,
        rows=tuple(_row(one, label[one.job.number]) for one in standings),
        baselines=_baselines(jobs),
        lines=compare_lines(jobs),
    )


def _with_titles(tables: Sequence[JobTable]) -> list[JobTable]:
    """Return the tables of the leaderboard with titles.

    A title names the window, such as `january` or 2024-01-01..2024-06-30, and the settings of target and warehouse that
    differ between tables. The title also names the training dates if the settings contain them and all jobs of the
    table have the same dates.
    """
    data_settings = [_data_settings(table) for table in tables]
    titled = []
    for table, own in zip(tables, data_settings, strict=True):
        problem = ", ".join(
            f"{key[1]} {value}" for key, value in own.items() if any(other.get(key) != value for other in data_settings)
        )
        title = "; ".join(filter(None, (table.window, table.training, problem)))
        titled.append(msgspec.structs.replace(table, problem=problem, title=title))
    return titled


def _data_settings(table: JobTable) -> dict[tuple[str, str], Any]:
    groups = {"target": table.target, "warehouse": table.warehouse}
    return {(group, key): value for group, values in groups.items() for key, value in values.items()}


def _training_dates(jobs: Sequence[CompletedJob]) -> str:
    """Return "trained on START..END" if the settings of all jobs contain the same dates, else ""."""
    windows = {job.config.window for job in jobs}
    found = {
        f"trained on {window.train_start}..{window.train_end}"
        for window in windows
        if isinstance(window, settings.DateWindowConfig)
    }
    return found.pop() if len(found) == 1 and len(windows) == 1 else ""


def _span(job: CompletedJob, split: str) -> GameSpan | None:
    dates = job.part(split, "game_date")
    if not len(dates):
        return None
    rate = float(job.part(split, "is_breakout").mean())
    return GameSpan(len(dates), str(dates.min()), str(dates.max()), rate)


def _row(standing: Standing, label: str) -> JobRow:
    job = standing.job
    model, evaluation = job.metrics.model, job.metrics.evaluation
    return JobRow(
        job=job.number,
        rank=standing.rank,
        varying=" ".join(job.varying),
        label=label,
        variant=job.variant,
        variant_label=job.variant_label,
        overrides=job.entry.overrides,
        window=job.entry.window,
        seed=job.config.seed,
        model={key: value for key, value in settings.to_mapping(job.config.model).items() if key != "build_text"},
        features=len(job.config.features.names),
        value=standing.value,
        difference=standing.difference,
        is_tied=standing.is_tied,
        validation=job.validation.metrics,
        metrics={name: evaluation.metrics[name] for name in METRIC_COLUMNS} if evaluation else None,
        folds=tuple(FoldRow(fold.fold, fold.rows, fold.metrics[AUC]) for fold in job.metrics.folds or ()),
        trees=model.figures.get("trees"),
        fit_seconds=model.fit_seconds,
        run=job.run_path,
        command=job.command,
    )


def _baselines(jobs: Sequence[CompletedJob]) -> tuple[BaselineRow, ...]:
    """Return the distinct baselines (simple models for comparison) of the jobs.

    Two baselines are the same if their names, AUCs and log losses are equal. The uncalibrated model, which runs also
    list as a baseline, is left out.
    """
    found: dict[tuple[Any, ...], BaselineRow] = {}
    for job in jobs:
        evaluation = job.metrics.evaluation
        for name, baseline in (evaluation.baselines if evaluation else {}).items():
            if name != "uncalibrated":
                figures = {metric: baseline.metrics[metric] for metric in METRIC_COLUMNS}
                key = (name, *(figures[metric].estimate for metric in METRIC_COLUMNS[:2]))
                found.setdefault(key, BaselineRow(name, len(job.config.features.names), figures))
    return tuple(found.values())


def compare_lines(jobs: Sequence[CompletedJob]) -> tuple[LineRow, ...]:
    """Return the metrics of the market (probabilities from prices), then of each job that was compared with the market.

    Jobs with different `prices` settings can have different markets; each market has its own row. Return () if no job
    was compared with the market.
    """
    compared = [(job.number, market) for job in jobs if (market := job.metrics.market) is not None]
    markets = {market.metrics[MARKET]["log_loss"].estimate: market.metrics[MARKET] for _, market in compared}
    job_rows = (
        LineRow(number, market.metrics[OURS], market.differences[OURS]["log_loss"].difference, market.weight)
        for number, market in compared
    )
    return (*(LineRow(None, metrics, None, None) for metrics in markets.values()), *job_rows)


def _missing(result: JobResult) -> MissingJob:
    return MissingJob(
        job=result.number,
        varying=" ".join(result.varying),
        label=shorten(result.varying),
        state=result.state,
        reason=result.reason,
        run=result.run_path,
        command=result.command,
    )
