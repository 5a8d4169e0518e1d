"""The tables of a sweep's leaderboard.

A leaderboard has one table of jobs for each set of validation games. A job is tied with the best job if its difference
from the best job may be due to chance.
"""

from __future__ import annotations

from breakout.evaluation.formatting import format_count, format_number
from breakout.evaluation.metrics import AUC, BRIER, ECE, LOG_LOSS, METRICS
from breakout.leaderboard_files import BaselineRow, GameSpan, JobRow, JobTable, Leaderboard, VariantTable
from breakout.models.kinds import kind_title
from breakout.report.tables import Cell, Table, code, interval, number, text

SHARED = "the settings that all share"
EVALUATED_METRICS = (AUC, LOG_LOSS, BRIER, ECE)
LINE_METRICS = (AUC, BRIER, LOG_LOSS)


def settings_cell(label: str, overrides: str) -> Cell:
    """Return a cell with the short label of a job's settings; an empty label becomes "the settings that all share".

    A page shows `overrides` when the pointer is over the cell.
    """
    return Cell(label or SHARED, overrides, "settings", hint=overrides)


def job_state(row: JobRow, table: JobTable) -> str:
    """Return "best" for the best job of a table, "tied" for a job that is tied with it, else ""."""
    if row.job == table.best:
        return "best"
    return "tied" if row.is_tied else ""


def leaderboard_table(table: JobTable, board: Leaderboard) -> Table:
    """Return a table of the jobs by rank, followed by the baselines on the same games.

    The highlighted job has the simplest model among the best job and the jobs tied with it.
    """
    title = METRICS[board.optimized_metric].title
    rows = [_job_record(row, table, title) for row in table.rows]
    undefined = dict.fromkeys(rows[0], number(None))
    rows += [undefined | _baseline_record(baseline) for baseline in table.baselines]
    chosen = [row.job == table.simplest for row in table.rows]
    return Table.from_records(_caption(table), rows, chosen, "stacked")


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


def _job_record(row: JobRow, table: JobTable, title: str) -> dict[str, Cell]:
    state = job_state(row, table)
    metrics = row.metrics or {}
    return {
        "job": number(row.job, ".0f"),
        "rank": Cell(f"{row.rank} {state}".strip(), str(row.rank), "number"),
        "settings": settings_cell(row.label, row.varying),
        f"validation {title}": interval(row.value, ".4f"),
        "minus the best": number(None) if state == "best" else interval(row.difference, "+.4f"),
        **{METRICS[name].title: interval(metrics.get(name)) for name in EVALUATED_METRICS},
        "trees": number(row.trees, ".0f"),
        "fit seconds": number(row.fit_seconds, ".2f"),
    }


def _baseline_record(baseline: BaselineRow) -> dict[str, Cell]:
    features = "" if baseline.baseline == "base_rate" else f", {baseline.features} features"
    return {
        "job": Cell("baseline", "", "number"),
        "rank": Cell("", "", "number"),
        "settings": text(f"{kind_title(baseline.baseline)}{features}"),
        **{METRICS[name].title: interval(baseline.metrics.get(name)) for name in EVALUATED_METRICS},
    }


def sweep_market_table(table: JobTable) -> Table:
    """Return a table that compares the predictions of each job and of the betting market on bookmakers' lines.

    A line is a number of points for a player. The table is empty if no job was compared with prices.
    """
    rows = [
        {
            "job": text("market" if line.job is None else line.job),
            "settings": _line_settings(line.job, table),
            **{METRICS[name].title: interval(line.metrics[name], ".4f") for name in LINE_METRICS},
            "minus the market's": interval(line.difference, "+.4f"),
            "weight": interval(line.weight, ".2f"),
        }
        for line in table.lines
    ]
    caption = "Against the price: over or under on each line; weight: of the model beside the market"
    return Table.from_records(caption, rows, style="stacked")


def _line_settings(job: int | None, table: JobTable) -> Cell:
    row = next((row for row in table.rows if row.job == job), None)
    return Cell("", "", "settings") if row is None else settings_cell(row.label, row.varying)


def variant_table(problem: VariantTable, board: Leaderboard) -> Table:
    """Return a table of the variants of one target and warehouse, with means of the metrics over windows and seeds.

    The jobs of one variant differ only in window, seed, name, hypothesis, tags and paths.
    """
    title = METRICS[board.optimized_metric].title
    rows = [
        {
            "variant": settings_cell(variant.label, variant.variant),
            f"mean validation {title}": number(variant.value, ".4f"),
            "mean rank": number(variant.mean_rank, ".1f"),
            "best or tied": Cell(
                f"{variant.ties_with_best} of {len(variant.jobs)}", str(variant.ties_with_best), "number"
            ),
            "mean AUC": number(variant.evaluation_auc),
            "jobs": text(", ".join(map(str, sorted(variant.jobs)))),
        }
        for variant in problem.rows
    ]
    caption = "; ".join(filter(None, ("Means over windows and seeds, best first", problem.problem)))
    return Table.from_records(caption, rows)


def spread_table(board: Leaderboard) -> Table:
    """Return a table of metrics over seeds (mean, standard deviation, range), one row for each variant and window.

    The jobs of one variant differ only in window, seed, name, hypothesis, tags and paths. A row is left out if the
    validation metric is defined for fewer than two of its seeds.
    """
    title = METRICS[board.optimized_metric].title
    rows = [
        {
            "variant": settings_cell(row.label, row.variant),
            "window": text(row.window),
            "seeds": number(len(row.seeds), ".0f"),
            f"mean validation {title}": number(row.value.mean, ".4f"),
            "sd": number(row.value.standard_deviation, ".4f"),
            "from": number(row.value.lowest, ".4f"),
            "to": number(row.value.highest, ".4f"),
            "mean AUC": number(row.evaluation_auc.mean if row.evaluation_auc else None),
            "sd of AUC": number(row.evaluation_auc.standard_deviation if row.evaluation_auc else None),
        }
        for row in board.seeds
        if row.value
    ]
    return Table.from_records("The same variant with other seeds", rows)


def missing_table(board: Leaderboard) -> Table:
    """Return a table of the jobs that are not completed, each with the reason and the command that runs it alone."""
    rows = [
        {
            "job": number(row.job, ".0f"),
            "settings": settings_cell(row.label, row.varying),
            "state": text(row.state),
            "reason": text(row.reason),
            "run it alone": code(row.command),
        }
        for row in board.not_completed
    ]
    has_failed = any(row.state == "failed" for row in board.not_completed)
    traceback = "; a failed one has its traceback in run.log of its folder" if has_failed else ""
    return Table.from_records(f"Jobs that are not completed{traceback}", rows, style="prose")


def describe_best(table: JobTable, board: Leaderboard) -> str:
    """Return a sentence about the best job of a table: the value of its metric, and the number of tied jobs.

    If jobs are tied with the best job, the sentence also says which of all these jobs has the simplest model. If no job
    is tied, it says that the best job is better than every other job by more than chance.
    """
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
