"""A sweep's report: the leaderboard as in leaderboard.json in, one self-contained HTML page out."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from breakout.report import markup
from breakout.report.document import Section, render_document
from breakout.report.markup import Cell
from breakout.report.sweep_charts import heat_map, interval_plot, strip_plot

METRIC_NAMES = {
    "auc": "AUC",
    "log_loss": "log loss",
    "brier": "Brier score",
    "ece": "calibration error",
    "average_precision": "average precision",
}
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
        Section("recipes", "Recipes over all windows", "Recipes", _recipes(board)),
        Section("depth", "Depth and iterations", "Depth and iterations", _heat_maps(board)),
        Section("windows", "AUC by window", "Windows", _windows(board)),
        Section("seeds", "Spread over seeds", "Seeds", _seeds(board)),
        Section("failed", "Jobs that are not completed", "Not completed", _not_completed(board)),
        Section("reading", "How to read this", "How to read", _explanation(board)),
    ]
    return render_document(f"Sweep {board['sweep']}", _header(board), sections)


def _header(board: dict[str, Any]) -> str:
    metric = METRIC_NAMES[board["optimized_metric"]]
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
    metric = METRIC_NAMES[board["optimized_metric"]]
    figure = "undefined" if value is None else f"{value:.4f}"
    others = len(table["tied"]) - 1
    start = f"{table['window']}: job {best['job']} ({_told_words(best)}) has {metric} {figure}"
    if not others:
        return f"{start}, better than every other job beyond chance." if len(rows) > 1 else f"{start}."
    tie = f"{start}; {_many(others, 'other job')} cannot be told from it"
    if plain["job"] == best["job"]:
        return f"{tie}, and it is the simplest of them."
    return f"{tie}, the simplest of all is job {plain['job']} ({_told_words(plain)})."


def _told_words(row: dict[str, Any]) -> str:
    return short_words(row["words"], f"window={row['window']}") or "the settings that all share"


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
    metric = METRIC_NAMES[board["optimized_metric"]]
    columns = ["job", "rank", "settings", f"validation {metric}", "minus the best"]
    columns += [METRIC_NAMES[name] for name in _SHOWN]
    columns += ["trees", "fit seconds"]
    rows = [_job_cells(row, table) for row in table["rows"]]
    rows += [_baseline_cells(baseline) for baseline in table["baselines"]]
    chosen = [row["job"] == table["simplest"] for row in table["rows"]]
    body = markup.table(_caption(table), columns, rows, chosen=chosen)
    return f"<h3>{markup.escape(_heading(table, board))}</h3>{body}"


def _heading(table: dict[str, Any], board: dict[str, Any]) -> str:
    """The window, and the target where tables differ in it."""
    targets = [one["target"] for one in board["tables"]]
    differing = [key for key in table["target"] if len({str(target[key]) for target in targets}) > 1]
    told = ", ".join(f"{key} {table['target'][key]}" for key in differing)
    return f"{table['window']}{'; ' + told if told else ''}"


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
        _number_cell(row["job"]),
        Cell(f"{row['rank']}{' ' + mark if mark else ''}", str(row["rank"]), is_number=True),
        _settings_cell(row["words"], without=f"window={row['window']}"),
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


def _recipes(board: dict[str, Any]) -> str:
    if not board["recipes"]:
        return ""
    metric = METRIC_NAMES[board["optimized_metric"]]
    columns = ["recipe", f"mean validation {metric}", "mean rank", "best or tied", "mean AUC", "jobs"]
    rows = [
        [
            _settings_cell(recipe["recipe"]),
            markup.number(recipe["value"], "{:.4f}"),
            markup.number(recipe["mean_rank"], "{:.1f}"),
            Cell(f"{recipe['ties_with_best']} of {len(recipe['jobs'])}", str(recipe["ties_with_best"]), is_number=True),
            markup.number(recipe["evaluation_auc"]),
            markup.words(", ".join(map(str, recipe["jobs"]))),
        ]
        for recipe in board["recipes"]
    ]
    note = "Jobs that differ in window and seed alone are one recipe. Over windows, figures are averaged, never ranked."
    return markup.paragraph(note, "note") + markup.table("Means over windows and seeds, best first", columns, rows)


def _heat_maps(board: dict[str, Any]) -> str:
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
        name = METRIC_NAMES[metric]
        drawn = heat_map(cells, higher_is_better=board["higher_is_better"], metric=name)
        averaged = any(len(values) > 1 for values in found.values())
        told = (
            f"Validation {METRIC_NAMES[metric]}, darker is better{'; mean over the other settings' if averaged else ''}"
        )
        figures.append(markup.figure(drawn, _heading(table, board), f"{told}."))
    return markup.plots(figures)


def _windows(board: dict[str, Any]) -> str:
    """AUC on the evaluation games of each window: the best job by validation, beside logistic regression."""
    rows: list[tuple[str, dict[str, Any], str]] = []
    for table in board["tables"]:
        best = next(row for row in table["rows"] if row["job"] == table["best"])
        if not best["metrics"]:
            continue
        rows.append((_heading(table, board), best["metrics"]["auc"], "blue"))
        baseline = next((one for one in table["baselines"] if one["baseline"] == "logistic"), None)
        if baseline:
            rows.append(("logistic regression", baseline["metrics"]["auc"], "grey"))
        rows += [(f"fold {fold['fold']}", fold["auc"], "green") for fold in best["folds"]]
    drawn = interval_plot(rows, metric="AUC on evaluation games", line_at=0.5)
    if not drawn:
        return ""
    told = (
        "The job that was best on validation (blue) and logistic regression (grey) on the same games; folds of a walk "
        "forward in green. Bars are intervals that resample game dates; the dashed line is chance."
    )
    return markup.plots([markup.figure(drawn, "AUC by window", told, is_wide=True)])


def _seeds(board: dict[str, Any]) -> str:
    spreads = [spread for spread in board["seeds"] if spread["value"]]
    if not spreads:
        return ""
    metric = METRIC_NAMES[board["optimized_metric"]]
    columns = ["recipe", "window", "seeds", f"mean validation {metric}", "sd", "from", "to", "mean AUC", "sd of AUC"]
    rows = [_spread_cells(spread) for spread in spreads]
    drawn = strip_plot(
        [(_told_recipe(spread), spread["value"]["values"]) for spread in spreads], metric=f"validation {metric}"
    )
    told = "One dot a seed, the stroke at their mean. What moves less than this is chance."
    plot = markup.plots([markup.figure(drawn, "Spread over seeds", told, is_wide=True)])
    return plot + markup.table("The same recipe with other seeds", columns, rows)


def _told_recipe(spread: dict[str, Any]) -> str:
    return f"{spread['window']}: {short_words(spread['recipe'])}".rstrip(": ")


def _spread_cells(spread: dict[str, Any]) -> list[Cell]:
    value, auc = spread["value"], spread["evaluation_auc"]
    return [
        _settings_cell(spread["recipe"]),
        markup.words(spread["window"]),
        _number_cell(len(spread["seeds"])),
        *(markup.number(value[key], "{:.4f}") for key in ("mean", "standard_deviation", "lowest", "highest")),
        markup.number(auc["mean"] if auc else None),
        markup.number(auc["standard_deviation"] if auc else None),
    ]


def _not_completed(board: dict[str, Any]) -> str:
    if not board["not_completed"]:
        return ""
    columns = ["job", "settings", "state", "reason", "run it alone"]
    rows = [
        [
            _number_cell(row["job"]),
            _settings_cell(row["words"]),
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


def _explanation(board: dict[str, Any]) -> str:
    told = EXPLANATION.format(metric=METRIC_NAMES[board["optimized_metric"]])
    return "".join(markup.paragraph(" ".join(part.split())) for part in told.split("\n\n"))


def short_words(words: str, without: str = "") -> str:
    """Settings without the groups that they stand in, and without one that the reader knows: depth=4 iterations=500."""
    kept = [word for word in words.split() if word != without]
    return " ".join(word.partition("=")[0].rpartition(".")[2] + word[word.find("=") :] for word in kept)


def _settings_cell(words: str, without: str = "") -> Cell:
    """Settings in one line; whoever points at them sees them as they are typed."""
    shown = markup.escape(short_words(words, without) or "the settings that all share")
    return Cell(f'<code title="{markup.escape(words)}" class="ci">{shown}</code>', words)


def _number_cell(value: int) -> Cell:
    return Cell(str(value), str(value), is_number=True)


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
