"""A sweep's report: the leaderboard as in leaderboard.json in, one self-contained HTML page out."""

from __future__ import annotations

from typing import Any

from breakout.evaluation.metric_table import METRICS
from breakout.report import markup
from breakout.report.document import Section, render_document
from breakout.report.markup import Cell
from breakout.report.sweep_sections import (
    SHARED,
    number_cell,
    render_heat_maps,
    render_not_completed,
    render_recipes,
    render_seeds,
    render_windows,
    settings_cell,
)

_SHOWN = ("auc", "log_loss", "brier", "ece")
_BASELINES = {"base_rate": "base rate", "logistic": "logistic regression"}

EXPLANATION = """\
Every job is ranked by {metric} on the validation part: the latest dates of its training window, which the model did not
learn from. The evaluation games were never used to choose.

Jobs stand in one table only if they were judged on the same games with the same labels. Two windows, two targets or
two point bands are different problems.

Intervals resample whole game dates, because players of one night share opponents, pace and overtime. A job is tied with
the best if the interval of their difference, resampled together, holds 0. The best of many jobs is partly so by luck:
among the tied, choose the simplest.

Baselines are fitted on the whole training window, so they have figures on the evaluation games only. Seconds of a fit
that several jobs share are counted in the job that began it."""


def render_sweep(board: dict[str, Any]) -> str:
    """The whole page."""
    sections = [
        Section("leaderboard", "Leaderboard", "Leaderboard", _leaderboard(board)),
        Section("recipes", "Recipes over all windows", "Recipes", render_recipes(board)),
        Section("depth", "Depth and iterations", "Depth and iterations", render_heat_maps(board)),
        Section("windows", "AUC by window", "Windows", render_windows(board)),
        Section("seeds", "Spread over seeds", "Seeds", render_seeds(board)),
        Section("failed", "Jobs that are not completed", "Not completed", render_not_completed(board)),
        Section("reading", "How to read this", "How to read", _explanation(board)),
    ]
    return render_document(f"Sweep {board['sweep']}", _header(board), sections)


def _header(board: dict[str, Any]) -> str:
    metric = METRICS[board["optimized_metric"]].title
    lead = f"Ranked by {metric} on the validation part of each training window, never on evaluation games."
    tone = "poor" if board["not_completed"] else "good"
    missing = len(board["not_completed"])
    level = f"{board['completed']} of {board['jobs']} jobs completed" + (f", {missing} not" if missing else "")
    told = "".join(markup.paragraph(_told_best(table, board)) for table in board["tables"][:4])
    more = len(board["tables"]) - 4
    if more > 0:
        told += markup.paragraph(f"And {more} more tables below.", "note")
    return (
        f"<h1>Sweep {markup.escape(board['sweep'])}</h1>"
        f"{markup.paragraph(lead, 'lead')}"
        f'<div class="verdict {tone}"><p class="level">{markup.escape(level)}</p>{told}</div>'
        f"{markup.tiles(_tiles(board))}"
    )


def _told_best(table: dict[str, Any], board: dict[str, Any]) -> str:
    """One sentence a table: the best, its ties, and the simplest among them."""
    rows = {row["job"]: row for row in table["rows"]}
    best, plain = rows[table["best"]], rows[table["simplest"]]
    value = best["value"]["estimate"]
    metric = METRICS[board["optimized_metric"]].title
    figure = "undefined" if value is None else f"{value:.4f}"
    others = len(table["tied"]) - 1
    start = f"{table['title']}: job {best['job']} ({_told_words(best)}) has {metric} {figure}"
    if not others:
        return f"{start}, better than every other job beyond chance." if len(rows) > 1 else f"{start}."
    tie = f"{start}; {_many(others, 'other job')} cannot be told from it"
    if plain["job"] == best["job"]:
        return f"{tie}, and it is the simplest of them."
    return f"{tie}, the simplest of all is job {plain['job']} ({_told_words(plain)})."


def _told_words(row: dict[str, Any]) -> str:
    return row["label"] or SHARED


def _tiles(board: dict[str, Any]) -> dict[str, str]:
    return {
        "jobs": f"{board['jobs']}",
        "completed": f"{board['completed']}",
        "not completed": f"{len(board['not_completed'])}",
        "tables": f"{len(board['tables'])}",
        "seconds of fitting": f"{board['fit_seconds']:.1f}",
    }


def _leaderboard(board: dict[str, Any]) -> str:
    return "".join(_table(table, board) for table in board["tables"])


def _table(table: dict[str, Any], board: dict[str, Any]) -> str:
    metric = METRICS[board["optimized_metric"]].title
    columns = ["job", "rank", "settings", f"validation {metric}", "minus the best"]
    columns += [METRICS[name].title for name in _SHOWN]
    columns += ["trees", "fit seconds"]
    rows = [_job_cells(row, table) for row in table["rows"]]
    rows += [_baseline_cells(baseline) for baseline in table["baselines"]]
    chosen = [row["job"] == table["simplest"] for row in table["rows"]]
    body = markup.table(_caption(table), columns, rows, chosen=chosen, is_stacked=True)
    return f"<h3>{markup.escape(table['title'])}</h3>{body}"


def _caption(table: dict[str, Any]) -> str:
    told = [f"Validated on {_told_games(table['validation'])}"]
    if table["evaluation"]:
        told.append(f"evaluated (AUC to calibration error) on {_told_games(table['evaluation'])}")
    return f"{'; '.join(told)}. Bold: the simplest of the jobs tied with the best."


def _told_games(span: dict[str, Any]) -> str:
    rate = f"{span['breakout_rate']:.1%} breakouts"
    return f"{span['games']:,} games of {span['first_date']} to {span['last_date']} ({rate})"


def _job_cells(row: dict[str, Any], table: dict[str, Any]) -> list[Cell]:
    mark = "best" if row["job"] == table["best"] else "tied" if row["is_tied"] else ""
    metrics = row["metrics"] or {}
    return [
        number_cell(row["job"]),
        Cell(f"{row['rank']}{' ' + mark if mark else ''}", str(row["rank"]), is_number=True),
        settings_cell(row["label"], row["words"]),
        markup.interval(row["value"], "{:.4f}"),
        markup.interval(row["difference"], "{:+.4f}") if mark != "best" else markup.number(None),
        *(markup.interval(metrics.get(name)) for name in _SHOWN),
        markup.number(row["trees"], "{:.0f}"),
        markup.number(row["fit_seconds"], "{:.2f}"),
    ]


def _baseline_cells(baseline: dict[str, Any]) -> list[Cell]:
    name = _BASELINES.get(baseline["baseline"], baseline["baseline"])
    told = f"{name}, {baseline['features']} features" if baseline["baseline"] != "base_rate" else name
    return [
        Cell("baseline", "", is_number=True),
        Cell("", "", is_number=True),
        markup.words(told),
        markup.number(None),
        markup.number(None),
        *(markup.interval(baseline["metrics"].get(name)) for name in _SHOWN),
        markup.number(None),
        markup.number(None),
    ]


def _explanation(board: dict[str, Any]) -> str:
    told = EXPLANATION.format(metric=METRICS[board["optimized_metric"]].title)
    return "".join(markup.paragraph(" ".join(part.split())) for part in told.split("\n\n"))


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
