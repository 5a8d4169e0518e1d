"""The charts of a sweep's page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from breakout.evaluation.formatting import HasInterval, format_number
from breakout.evaluation.metrics import AUC, METRICS, Metric
from breakout.leaderboard_files import JobTable, Leaderboard, SeedRow
from breakout.report.html.charts import Axis, Chart, estimate_of, interval_chart, row_chart

CELL = (92, 44)  # the width and height of a cell of a heat map, in SVG units


def draw_heat_maps(board: Leaderboard) -> list[tuple[str, Chart, bool]]:
    """Draw a heat map of the validation metric by depth and iterations, for each table of the leaderboard.

    Each element of the result has the title of the table, the chart, and whether a cell is the mean of several jobs.
    Jobs without these two settings, or with an undefined metric, are left out. A table is left out if its
    remaining jobs differ in neither setting.
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


def draw_heat_map(name: str, cells: Mapping[tuple[int, int], float], metric: Metric) -> Chart:
    """Draw a heat map of a metric by depth (rows) and iterations (columns); a stronger colour is better.

    `cells` maps (depth, iterations) to the value of the metric, and must not be empty. `name` identifies the chart in
    its page.
    """
    depths, iterations = sorted({depth for depth, _ in cells}), sorted({count for _, count in cells})
    low, high = min(cells.values()), max(cells.values())
    alt = f"{metric.title} on validation by depth and iterations, from {low:.4f} to {high:.4f}"
    left, top = 62, 40
    width, height = CELL[0] * len(iterations), CELL[1] * len(depths)
    x, y = Axis(0, len(iterations), left, left + width), Axis(0, len(depths), top, top + height)
    chart = Chart(name, alt, left + width + 4, top + height + 4, x, y)
    chart.write(left + width / 2, 10, "iterations", colour="muted")
    chart.write(0, top - 12, "depth", "start", "muted")
    for column, count in enumerate(iterations):
        chart.label(column + 0.5, 0, str(count), shift=(0, -12))
    for line, depth in enumerate(depths):
        chart.label(0, line + 0.5, str(depth), "end", shift=(-12, 0))
    for (depth, count), value in cells.items():
        column, line = iterations.index(count), depths.index(depth)
        share = 0.5 if high == low else (value - low) / (high - low)
        opacity = 0.08 + 0.5 * (share if metric.higher_is_better else 1 - share)
        corners = [(column, line), (column + 0.97, line), (column + 0.97, line + 0.95), (column, line + 0.95)]
        chart.area(corners, "blue", opacity)
        chart.label(column + 0.48, line + 0.48, format_number(value, ".4f"))
    return chart


def draw_windows(tables: Sequence[JobTable]) -> Chart | None:
    """Draw the AUC and its interval on evaluation games, for one job of each leaderboard table.

    The job has the simplest model among the best job and the jobs tied with it. A job is tied if its difference from
    the best job may be due to chance. Below the job, the chart has rows for the baseline `logistic` and for the job's
    folds. Rows with an undefined AUC are left out. Return None if no row is left.
    """
    rows: list[tuple[str, HasInterval, str]] = []
    for table in tables:
        choice = next(row for row in table.rows if row.job == table.simplest)
        if not choice.metrics:
            continue
        logistic = [baseline.metrics[AUC] for baseline in table.baselines if baseline.baseline == "logistic"]
        rows.append((table.title, choice.metrics[AUC], "blue"))
        rows += [("logistic regression", auc, "grey") for auc in logistic[:1]]
        rows += [(f"fold {fold.fold}", fold.auc, "green") for fold in choice.folds]
    known = [row for row in rows if row[1].estimate is not None]
    if not known:
        return None
    alt = f"AUC on evaluation games of {len(known)} rows, the first {estimate_of(known[0][1]):.3f}"
    return interval_chart("windows", alt, "AUC on evaluation games", known, reference=0.5)


def draw_seeds(spreads: Sequence[SeedRow], metric: str) -> Chart | None:
    """Draw the validation metric of fits that differ only in the seed: a dot for each seed, a stroke at the mean.

    Each element of `spreads` is a group of such fits, drawn as one row. `metric` is the title of the metric. A row
    with fewer than two defined values is left out. Return None if no row is left.
    """
    known = [(f"{row.window}: {row.label}".rstrip(": "), row.value) for row in spreads if row.value]
    if not known:
        return None
    alt = f"validation {metric} of {len(known)} variants, one dot a seed"
    values = [value for _, spread in known for value in spread.values]
    chart = row_chart("seeds", alt, f"validation {metric}", [label for label, _ in known], values)
    for line, (_, spread) in enumerate(known):
        for value in spread.values:
            chart.dot(value, line, "blue", radius=4.5, opacity=0.45)
        chart.bar((spread.mean, line - 0.22), (spread.mean, line + 0.22), "ink")
    return chart
