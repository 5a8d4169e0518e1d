"""The building of a sweep's leaderboard from the run folders of its jobs.

Jobs that were validated and evaluated on the same games with the same labels are ranked in one table. Jobs with another
window, target or population are in another table. Across tables only recipes are compared. A recipe is a group of jobs
that differ only in window, seed, name, hypothesis, tags and paths.
"""

from __future__ import annotations

import json
import shlex
import statistics
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import msgspec

from breakout import settings
from breakout.artifacts import save_text
from breakout.evaluation.market_metrics import MARKET, OURS
from breakout.evaluation.metrics import METRICS
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
    RecipeRow,
    RecipeTable,
    SeedRow,
    Spread,
    save_leaderboard,
)
from breakout.report.html.pages import render_sweep
from breakout.report.terminal.leaderboard import print_board
from breakout.settings.values import format_value
from breakout.sweeps.labels import labels, shorten
from breakout.sweeps.record import load_record
from breakout.sweeps.results import JobResult, load_results
from breakout.sweeps.ties import Standing, rank_jobs, simplest
from breakout.tracking.tracker import has_tracker, register_sweep

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from breakout.settings import TrackingConfig


def write_leaderboard(folder: Path) -> Leaderboard:
    """Write leaderboard.json, leaderboard.csv and report.html of a sweep from its jobs' results.

    Older files of these names are replaced.
    """
    board = build_leaderboard(load_results(folder), folder)
    save_leaderboard(board, folder)
    save_text(render_sweep(board), folder / "report.html")
    return board


def conclude(folder: Path, trackers: Collection[TrackingConfig]) -> int:
    """Write a sweep's leaderboard, print its first rows, and register the jobs with the trackers of their settings.

    `trackers` are the tracking settings of the jobs, with the secrets that saved settings lack. Return the exit code: 0
    if all jobs are completed, else 1.
    """
    board = write_leaderboard(folder)
    print_board(board)
    if any(has_tracker(entry.settings) for entry in load_record(folder).jobs):
        register_sweep(folder, trackers)
    return 1 if board.not_completed else 0


def build_leaderboard(results: Sequence[JobResult], folder: Path) -> Leaderboard:
    """Return the leaderboard of a sweep's jobs."""
    done = [result for result in results if result.finished is not None]
    metric = next((found for result in results if (found := result.entry.optimized_metric)), "log_loss")
    by_rows: dict[str, list[JobResult]] = defaultdict(list)
    for result in done:
        by_rows[result.rows].append(result)
    tables = _with_titles([_table(rows, found, metric) for rows, found in by_rows.items()])
    return Leaderboard(
        sweep=folder.name,
        folder=str(folder),
        optimized_metric=metric,
        higher_is_better=METRICS[metric].higher_is_better,
        jobs=len(results),
        completed=len(done),
        fit_seconds=sum(result.found.metrics.model.fit_seconds or 0.0 for result in done),
        tables=tuple(tables),
        recipes=tuple(_recipe_tables(tables, metric)),
        seeds=tuple(spread for table in tables for spread in _seed_rows(table)),
        not_completed=tuple(_missing(result) for result in results if result.finished is None),
        resume_command=shlex.join(["breakout", f"resume={format_value(str(folder))}"]),
    )


def _table(rows: str, results: list[JobResult], metric: str) -> JobTable:
    standings = rank_jobs(results, metric)
    label = labels({result.number: result.words for result in results})
    return JobTable(
        rows_fingerprint=rows,
        window=", ".join(dict.fromkeys(result.entry.window for result in results)),
        training=_training_dates(results),
        target=settings.to_mapping(results[0].found.config.target),
        warehouse=settings.to_mapping(results[0].found.config.warehouse),
        validation=_span(results[0], "validation"),
        evaluation=_span(results[0], "evaluation"),
        best=standings[0].result.number,
        tied=tuple(one.result.number for one in standings if one.is_tied),
        simplest=simplest(standings).result.number,
        rows=tuple(_row(one, label[one.result.number]) for one in standings),
        baselines=_baselines(results),
        lines=compare_lines(results),
    )


def _with_titles(tables: Sequence[JobTable]) -> list[JobTable]:
    """Return the tables with titles.

    A title holds the window, the training dates, and those settings of target and warehouse that differ between tables.
    """
    titled = []
    for table in tables:
        problem = ", ".join(
            f"{key} {value}"
            for of in (_target, _warehouse)
            for key, value in of(table).items()
            if any(of(other).get(key) != value for other in tables)
        )
        title = "; ".join(filter(None, (table.window, table.training, problem)))
        titled.append(msgspec.structs.replace(table, problem=problem, title=title))
    return titled


def _training_dates(results: Sequence[JobResult]) -> str:
    """Return "trained on START..END" if all jobs have the same fixed dates, else an empty text."""
    windows = {result.found.config.window for result in results}
    found = {
        f"trained on {window.train_start}..{window.train_end}"
        for window in windows
        if isinstance(window, settings.DateWindowConfig)
    }
    return found.pop() if len(found) == 1 and len(windows) == 1 else ""


def _target(table: JobTable) -> Any:
    return table.target


def _warehouse(table: JobTable) -> Any:
    return table.warehouse


def _span(result: JobResult, split: str) -> GameSpan | None:
    dates = result.part(split, "game_date")
    if not len(dates):
        return None
    rate = float(result.part(split, "is_breakout").mean())
    return GameSpan(len(dates), str(dates.min()), str(dates.max()), rate)


def _row(standing: Standing, label: str) -> JobRow:
    result, entry = standing.result, standing.result.entry
    config, metrics, evaluation = result.found.config, result.found.metrics, result.found.metrics.evaluation
    return JobRow(
        job=result.number,
        rank=standing.rank,
        words=" ".join(result.words),
        label=label,
        recipe=result.recipe,
        recipe_label=result.recipe_label,
        overrides=entry.overrides,
        window=entry.window,
        seed=config.seed,
        model={key: value for key, value in settings.to_mapping(config.model).items() if key != "build_text"},
        features=len(config.features.names),
        value=standing.value,
        difference=standing.difference,
        is_tied=standing.is_tied,
        validation=result.found.validation.metrics,
        metrics={name: evaluation.metrics[name] for name in METRIC_COLUMNS} if evaluation else None,
        folds=tuple(FoldRow(fold.fold, fold.rows, fold.metrics[METRIC_COLUMNS[0]]) for fold in metrics.folds or ()),
        trees=metrics.model.figures.get("trees"),
        fit_seconds=metrics.model.fit_seconds,
        run=str(result.run.folder) if result.run else None,
        command=result.command,
    )


def _baselines(results: Sequence[JobResult]) -> tuple[BaselineRow, ...]:
    """Return each baseline of the jobs once, without the uncalibrated model.

    Baselines of two jobs count as the same if their name and their first two metrics are equal.
    """
    found: dict[tuple[Any, ...], BaselineRow] = {}
    for result in results:
        evaluation = result.found.metrics.evaluation
        for name, baseline in (evaluation.baselines if evaluation else {}).items():
            if name != "uncalibrated":
                figures = {metric: baseline.metrics[metric] for metric in METRIC_COLUMNS}
                key = (name, *(figure.estimate for figure in list(figures.values())[:2]))
                found.setdefault(key, BaselineRow(name, len(result.found.config.features.names), figures))
    return tuple(found.values())


def compare_lines(results: Sequence[JobResult]) -> tuple[LineRow, ...]:
    """Return a row for each different log loss of the market, then one for each job that was compared with the market.

    The market has several log losses if the jobs differ in `prices`, such as in `prices.margin`.
    """
    found = [(result.number, result.found.metrics.market) for result in results]
    compared = [(job, market) for job, market in found if market is not None]
    markets = {market.metrics[MARKET]["log_loss"].estimate: market.metrics[MARKET] for _, market in compared}
    jobs = (
        LineRow(job, market.metrics[OURS], market.differences[OURS]["log_loss"].difference, market.weight)
        for job, market in compared
    )
    return (*(LineRow(None, metrics, None, None) for metrics in markets.values()), *jobs)


def _recipe_tables(tables: Sequence[JobTable], metric: str) -> list[RecipeTable]:
    """Return a table of recipes for each pair of target and warehouse that has several tables of jobs."""
    problems: dict[str, list[JobTable]] = defaultdict(list)
    for table in tables:
        problems[json.dumps([table.target, table.warehouse], sort_keys=True)].append(table)
    return [RecipeTable(found[0].problem, _recipes(found, metric)) for found in problems.values() if len(found) > 1]


def _recipes(tables: Sequence[JobTable], metric: str) -> tuple[RecipeRow, ...]:
    """Return the means of each recipe over windows and seeds.

    Recipes that are in more tables come first; among recipes in equally many tables the better one comes first.
    """
    found: dict[str, list[tuple[str, JobRow]]] = defaultdict(list)
    for table in tables:
        for row in table.rows:
            found[row.recipe].append((table.rows_fingerprint, row))
    recipes = [_recipe(recipe, members, metric) for recipe, members in found.items()]
    sign = -1.0 if METRICS[metric].higher_is_better else 1.0
    return tuple(sorted(recipes, key=lambda one: (-one.tables, one.value is None, sign * (one.value or 0.0))))


def _recipe(recipe: str, members: Sequence[tuple[str, JobRow]], metric: str) -> RecipeRow:
    rows = [row for _, row in members]
    return RecipeRow(
        recipe=recipe,
        label=rows[0].recipe_label,
        jobs=tuple(row.job for row in rows),
        tables=len({fingerprint for fingerprint, _ in members}),
        value=_mean([row.validation[metric] for row in rows]),
        mean_rank=_mean([row.rank for row in rows]),
        ties_with_best=sum(row.is_tied for row in rows),
        evaluation_auc=_mean(_aucs(rows)),
    )


def _seed_rows(table: JobTable) -> list[SeedRow]:
    """Return the spread over seeds of each recipe of a table that was fitted with several seeds."""
    found: dict[str, list[JobRow]] = defaultdict(list)
    for row in table.rows:
        found[row.recipe].append(row)
    return [
        SeedRow(
            recipe=recipe,
            label=rows[0].recipe_label,
            window=table.window,
            seeds=tuple(row.seed for row in rows),
            value=_spread([row.value.estimate for row in rows]),
            evaluation_auc=_spread(_aucs(rows)),
        )
        for recipe, rows in found.items()
        if len({row.seed for row in rows}) > 1
    ]


def _aucs(rows: Sequence[JobRow]) -> list[float | None]:
    return [row.metrics[METRIC_COLUMNS[0]].estimate for row in rows if row.metrics]


def _spread(values: Sequence[float | None]) -> Spread | None:
    known = tuple(value for value in values if value is not None)
    if len(known) < 2:
        return None
    return Spread(known, statistics.fmean(known), statistics.stdev(known), min(known), max(known))


def _missing(result: JobResult) -> MissingJob:
    return MissingJob(
        job=result.number,
        words=" ".join(result.words),
        label=shorten(result.words),
        state=result.state,
        reason=result.reason,
        run=str(result.run.folder) if result.run else None,
        command=result.command,
    )


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return statistics.fmean(known) if known else None
