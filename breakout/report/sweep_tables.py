"""The tables of a sweep, from its leaderboard; this module computes no figures."""

from __future__ import annotations

from breakout.evaluation.formatting import format_count, format_number
from breakout.evaluation.metrics import AUC, BRIER, ECE, LOG_LOSS, METRICS
from breakout.leaderboard_files import BaselineRow, GameSpan, JobRow, JobTable, Leaderboard, RecipeTable
from breakout.models.kinds import kind_title
from breakout.report.tables import Cell, Table, code, interval, number, text

SHARED = "the settings that all share"
SHOWN = (AUC, LOG_LOSS, BRIER, ECE)
LINE_METRICS = (AUC, BRIER, LOG_LOSS)


def settings_cell(label: str, overrides: str) -> Cell:
    """Return a cell with a short label of a job's settings; its hint is the overrides as they are typed."""
    return Cell(label or SHARED, overrides, "settings", hint=overrides)


def job_state(row: JobRow, table: JobTable) -> str:
    """Return "best" for the best job of its table, "tied" for one tied with the best, otherwise an empty text."""
    if row.job == table.best:
        return "best"
    return "tied" if row.is_tied else ""


def leaderboard_table(table: JobTable, board: Leaderboard) -> Table:
    """Return the table of the jobs by rank, with the baselines on the same games."""
    metric = METRICS[board.optimized_metric]
    columns = ["job", "rank", "settings", f"validation {metric.title}", "minus the best"]
    columns += [*(METRICS[name].title for name in SHOWN), "trees", "fit seconds"]
    rows = [_job_cells(row, table) for row in table.rows]
    rows += [_baseline_cells(baseline) for baseline in table.baselines]
    chosen = [row.job == table.simplest for row in table.rows]
    return Table(_caption(table), columns, rows, chosen, "stacked")


def _caption(table: JobTable) -> str:
    parts = [f"Validated on {_format_games(table.validation)}"]
    if table.evaluation:
        parts.append(f"evaluated (AUC to calibration error) on {_format_games(table.evaluation)}")
    return f"{'; '.join(parts)}. Bold: the simplest of the jobs tied with the best."


def _format_games(span: GameSpan | None) -> str:
    if span is None:
        return "no games"
    rate = f"{span.breakout_rate:.1%} breakouts"
    return f"{span.games:,} games of {span.first_date} to {span.last_date} ({rate})"


def _job_cells(row: JobRow, table: JobTable) -> list[Cell]:
    state = job_state(row, table)
    metrics = row.metrics or {}
    return [
        number(row.job, ".0f"),
        Cell(f"{row.rank} {state}".strip(), str(row.rank), "number"),
        settings_cell(row.label, row.words),
        interval(row.value, ".4f"),
        number(None) if state == "best" else interval(row.difference, "+.4f"),
        *(interval(metrics.get(name)) for name in SHOWN),
        number(row.trees, ".0f"),
        number(row.fit_seconds, ".2f"),
    ]


def _baseline_cells(baseline: BaselineRow) -> list[Cell]:
    title = kind_title(baseline.baseline)
    features = "" if baseline.baseline == "base_rate" else f", {baseline.features} features"
    return [
        Cell("baseline", "", "number"),
        Cell("", "", "number"),
        text(f"{title}{features}"),
        number(None),
        number(None),
        *(interval(baseline.metrics.get(name)) for name in SHOWN),
        number(None),
        number(None),
    ]


def line_table(table: JobTable) -> Table:
    """Return a table of the metrics of the jobs and of the market on the lines of the configured prices."""
    labels = {row.job: row.label or SHARED for row in table.rows}
    rows = [
        [
            text("market" if line.job is None else line.job),
            text("" if line.job is None else labels.get(line.job, "")),
            *(interval(line.metrics[name], ".4f") for name in LINE_METRICS),
            interval(line.difference, "+.4f"),
            interval(line.weight, ".2f"),
        ]
        for line in table.lines
    ]
    columns = ["job", "settings", *(METRICS[name].title for name in LINE_METRICS), "minus the market's", "weight"]
    caption = "Against the price: over or under on each line; weight: of the model beside the market"
    return Table(caption, columns, rows, style="stacked")


def recipe_table(problem: RecipeTable, board: Leaderboard) -> Table:
    """Return a table of the recipes of one target and warehouse: the means of the metrics over windows and seeds.

    A recipe is the settings of a job without its window and seed.
    """
    rows = [
        [
            settings_cell(recipe.label, recipe.recipe),
            number(recipe.value, ".4f"),
            number(recipe.mean_rank, ".1f"),
            Cell(f"{recipe.ties_with_best} of {len(recipe.jobs)}", str(recipe.ties_with_best), "number"),
            number(recipe.evaluation_auc),
            text(", ".join(map(str, sorted(recipe.jobs)))),
        ]
        for recipe in problem.rows
    ]
    title = METRICS[board.optimized_metric].title
    columns = ["recipe", f"mean validation {title}", "mean rank", "best or tied", "mean AUC", "jobs"]
    return Table("; ".join(filter(None, ("Means over windows and seeds, best first", problem.problem))), columns, rows)


def spread_table(board: Leaderboard) -> Table:
    """Return a table of the spread of the metrics over seeds, for each recipe and window with several seeds."""
    rows = []
    for spread in board.seeds:
        if spread.value:
            figures = (spread.value.mean, spread.value.standard_deviation, spread.value.lowest, spread.value.highest)
            auc = spread.evaluation_auc
            rows.append(
                [
                    settings_cell(spread.label, spread.recipe),
                    text(spread.window),
                    number(len(spread.seeds), ".0f"),
                    *(number(value, ".4f") for value in figures),
                    number(auc.mean if auc else None),
                    number(auc.standard_deviation if auc else None),
                ]
            )
    title = METRICS[board.optimized_metric].title
    columns = ["recipe", "window", "seeds", f"mean validation {title}", "sd", "from", "to", "mean AUC", "sd of AUC"]
    return Table("The same recipe with other seeds", columns, rows)


def missing_table(board: Leaderboard) -> Table:
    """Return a table of the jobs that are not completed: the reason, and the command that runs each again."""
    rows = [
        [
            number(row.job, ".0f"),
            settings_cell(row.label, row.words),
            text(row.state),
            text(row.reason),
            code(row.command),
        ]
        for row in board.not_completed
    ]
    columns = ["job", "settings", "state", "reason", "run it alone"]
    return Table("Each has its traceback in run.log of its folder", columns, rows, style="prose")


def describe_best(table: JobTable, board: Leaderboard) -> str:
    """Return one sentence about a table: its best job, how many are tied with it, and the simplest of those."""
    rows = {row.job: row for row in table.rows}
    best, plain = rows[table.best], rows[table.simplest]
    value = format_number(best.value.estimate, ".4f", "undefined")
    others = len(table.tied) - 1
    title = METRICS[board.optimized_metric].title
    start = f"{table.title}: job {best.job} ({best.label or SHARED}) has {title} {value}"
    if not others:
        corrected = f"{start}, better than every other job beyond chance, corrected for {len(rows)} jobs."
        return corrected if len(rows) > 1 else f"{start}."
    tie = f"{start}, tied with {format_count(others, 'other job')}"
    if plain.job == best.job:
        return f"{tie}, and it is the simplest of them."
    return f"{tie}, the simplest of all is job {plain.job} ({plain.label or SHARED})."
