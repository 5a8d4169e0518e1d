"""The sections of a sweep's page below its leaderboard: the leaderboard as in leaderboard.json in, HTML out.

What there is nothing to tell of is an empty text.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from breakout.evaluation.metric_table import METRICS
from breakout.report import markup
from breakout.report.markup import Cell
from breakout.report.sweep_charts import heat_map, interval_plot, strip_plot

SHARED = "the settings that all share"


def settings_cell(label: str, words: str) -> Cell:
    """Settings in one line; whoever points at them sees them as they are typed."""
    return Cell(f'<code title="{markup.escape(words)}" class="settings">{markup.escape(label or SHARED)}</code>', words)


def number_cell(value: int) -> Cell:
    """A cell with a whole number."""
    return Cell(str(value), str(value), is_number=True)


def render_recipes(board: dict[str, Any]) -> str:
    """Recipes over windows and seeds, a table for each problem."""
    if not board["recipes"]:
        return ""
    note = "Jobs that differ in window and seed alone are one recipe; its figures are means over them."
    return markup.paragraph(note, "note") + "".join(_recipe_table(table, board) for table in board["recipes"])


def _recipe_table(table: dict[str, Any], board: dict[str, Any]) -> str:
    metric = METRICS[board["optimized_metric"]].title
    columns = ["recipe", f"mean validation {metric}", "mean rank", "best or tied", "mean AUC", "jobs"]
    caption = "; ".join(filter(None, ("Means over windows and seeds, best first", table["problem"])))
    return markup.table(caption, columns, [_recipe_cells(recipe) for recipe in table["rows"]])


def _recipe_cells(recipe: dict[str, Any]) -> list[Cell]:
    jobs = ", ".join(map(str, sorted(recipe["jobs"])))
    return [
        settings_cell(recipe["label"], recipe["recipe"]),
        markup.number(recipe["value"], "{:.4f}"),
        markup.number(recipe["mean_rank"], "{:.1f}"),
        Cell(f"{recipe['ties_with_best']} of {len(recipe['jobs'])}", str(recipe["ties_with_best"]), is_number=True),
        markup.number(recipe["evaluation_auc"]),
        markup.words(jobs),
    ]


def render_heat_maps(board: dict[str, Any]) -> str:
    """A map of depth and iterations for each table that has several of them."""
    metric = board["optimized_metric"]
    figures = []
    for table in board["tables"]:
        found: dict[tuple[int, int], list[float]] = defaultdict(list)
        for row in table["rows"]:
            if "iterations" in row["model"] and row["value"]["estimate"] is not None:
                found[row["model"]["depth"], row["model"]["iterations"]].append(row["value"]["estimate"])
        if len(found) < 2:
            continue
        cells = {key: sum(values) / len(values) for key, values in found.items()}
        name = METRICS[metric].title
        drawn = heat_map(cells, higher_is_better=board["higher_is_better"], metric=name)
        averaged = any(len(values) > 1 for values in found.values())
        told = f"Validation {name}, darker is better{'; mean over the other settings' if averaged else ''}."
        figures.append(markup.figure(drawn, table["title"], told))
    return markup.plots(figures)


def render_windows(board: dict[str, Any]) -> str:
    """AUC on the evaluation games of each window: the job that validation chose, beside logistic regression."""
    rows: list[tuple[str, dict[str, Any], str]] = []
    for table in board["tables"]:
        choice = next(row for row in table["rows"] if row["job"] == table["simplest"])
        if not choice["metrics"]:
            continue
        rows.append((table["title"], choice["metrics"]["auc"], "blue"))
        baseline = next((one for one in table["baselines"] if one["baseline"] == "logistic"), None)
        if baseline:
            rows.append(("logistic regression", baseline["metrics"]["auc"], "grey"))
        rows += [(f"fold {fold['fold']}", fold["auc"], "green") for fold in choice["folds"]]
    drawn = interval_plot(rows, metric="AUC on evaluation games", line_at=0.5)
    if not drawn:
        return ""
    told = (
        "The simplest of the jobs tied for the best on validation (blue), logistic regression on the same games "
        "(grey), folds of a walk forward (green). Bars are intervals that resample game dates; the dashed line is "
        "chance."
    )
    return markup.plots([markup.figure(drawn, "AUC by window", told, is_wide=True)])


def render_seeds(board: dict[str, Any]) -> str:
    """How far each recipe moves with its seed, as a plot and as a table."""
    spreads = [spread for spread in board["seeds"] if spread["value"]]
    if not spreads:
        return ""
    metric = METRICS[board["optimized_metric"]].title
    columns = ["recipe", "window", "seeds", f"mean validation {metric}", "sd", "from", "to", "mean AUC", "sd of AUC"]
    rows = [_spread_cells(spread) for spread in spreads]
    drawn = strip_plot(
        [(_told_recipe(spread), spread["value"]["values"]) for spread in spreads], metric=f"validation {metric}"
    )
    told = "One dot a seed, the stroke at their mean. What moves less than this is chance."
    plot = markup.plots([markup.figure(drawn, "Spread over seeds", told, is_wide=True)])
    return plot + markup.table("The same recipe with other seeds", columns, rows)


def _told_recipe(spread: dict[str, Any]) -> str:
    return f"{spread['window']}: {spread['label']}".rstrip(": ")


def _spread_cells(spread: dict[str, Any]) -> list[Cell]:
    value, auc = spread["value"], spread["evaluation_auc"]
    return [
        settings_cell(spread["label"], spread["recipe"]),
        markup.words(spread["window"]),
        number_cell(len(spread["seeds"])),
        *(markup.number(value[key], "{:.4f}") for key in ("mean", "standard_deviation", "lowest", "highest")),
        markup.number(auc["mean"] if auc else None),
        markup.number(auc["standard_deviation"] if auc else None),
    ]


def render_not_completed(board: dict[str, Any]) -> str:
    """The jobs that are missing, why, and what to type for one or for all of them."""
    if not board["not_completed"]:
        return ""
    columns = ["job", "settings", "state", "reason", "run it alone"]
    rows = [
        [
            number_cell(row["job"]),
            settings_cell(row["label"], row["words"]),
            markup.words(row["state"]),
            markup.words(row["reason"]),
            markup.code(row["command"]),
        ]
        for row in board["not_completed"]
    ]
    again = markup.paragraph("All of them again, and nothing that is completed:") + markup.preformatted(
        board["resume_command"]
    )
    return again + markup.table("Each has its traceback in run.log of its folder", columns, rows, is_prose=True)
