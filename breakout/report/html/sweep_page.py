"""A sweep's report as one self-contained page, from its leaderboard."""

from __future__ import annotations

from collections import defaultdict

from breakout.evaluation.formatting import HasInterval
from breakout.evaluation.metrics import AUC, METRICS
from breakout.leaderboard_files import Leaderboard
from breakout.report import sweep_tables
from breakout.report.html.charts import Chart
from breakout.report.html.rendering import render_page
from breakout.report.html.sweep_charts import draw_heat_map, draw_intervals, draw_seeds


def render_sweep(board: Leaderboard) -> str:
    """Return the HTML page of a sweep."""
    return render_page(
        "sweep.html.j2",
        title=f"Sweep {board.sweep}",
        board=board,
        metric=METRICS[board.optimized_metric].title,
        tables=sweep_tables,
        heat_maps=_heat_maps(board),
        windows=_window_chart(board),
        seeds=_seed_chart(board),
    )


def _heat_maps(board: Leaderboard) -> list[tuple[str, Chart, bool]]:
    """Return a heat map of the validation metric for each table whose jobs have several depths or iterations.

    Each is a tuple of the table's title, the chart, and whether any cell is the mean of several jobs.
    """
    maps = []
    for number, table in enumerate(board.tables, 1):
        found: dict[tuple[int, int], list[float]] = defaultdict(list)
        for row in table.rows:
            depth, iterations = row.model.get("depth"), row.model.get("iterations")
            if row.value.estimate is not None and depth is not None and iterations is not None:
                found[depth, iterations].append(row.value.estimate)
        if len(found) > 1:
            cells = {key: sum(values) / len(values) for key, values in found.items()}
            chart = draw_heat_map(f"depth-{number}", cells, METRICS[board.optimized_metric])
            maps.append((table.title, chart, any(len(values) > 1 for values in found.values())))
    return maps


def _window_chart(board: Leaderboard) -> Chart | None:
    """Return a chart of the AUC on evaluation games; None if no AUC is known.

    For each table it shows the simplest of the jobs that are tied with the best on the validation part, the logistic
    regression, and the folds of that job.
    """
    rows: list[tuple[str, HasInterval, str]] = []
    for table in board.tables:
        choice = next(row for row in table.rows if row.job == table.simplest)
        if not choice.metrics:
            continue
        rows.append((table.title, choice.metrics[AUC], "blue"))
        rows += [
            ("logistic regression", baseline.metrics[AUC], "grey")
            for baseline in table.baselines
            if baseline.baseline == "logistic"
        ][:1]
        rows += [(f"fold {fold.fold}", fold.auc, "green") for fold in choice.folds]
    return draw_intervals(rows)


def _seed_chart(board: Leaderboard) -> Chart | None:
    """Return a chart of the validation metric of each recipe by seed; None without several seeds."""
    rows = [
        (f"{spread.window}: {spread.label}".rstrip(": "), spread.value.values) for spread in board.seeds if spread.value
    ]
    return draw_seeds(rows, METRICS[board.optimized_metric].title) if rows else None
