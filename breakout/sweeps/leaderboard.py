"""The leaderboard of a sweep: its results in; leaderboard.json, leaderboard.csv and report.html out.

Jobs that were validated and evaluated on the same games with the same labels stand in one table and are ranked in it;
another window, target or population is another table. What holds across tables is told of recipes: jobs that differ
in window and seed alone.
"""

from __future__ import annotations

import json
import shlex
import statistics
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from breakout.artifacts import save_json, save_text
from breakout.evaluation.json_ready import json_ready
from breakout.evaluation.metrics import HIGHER_IS_BETTER
from breakout.report.html.sweep_page import render_sweep
from breakout.settings.values import format_value
from breakout.sweeps.flat import to_csv
from breakout.sweeps.labels import labels, short_words
from breakout.sweeps.results import JobResult, load_results
from breakout.sweeps.ties import Standing, rank_jobs, simplest

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

SCHEMA_VERSION = 1
METRICS = ("auc", "log_loss", "brier", "ece", "average_precision")


def write_leaderboard(folder: Path) -> dict[str, Any]:
    """Write the three files anew from what lies in the sweep's folder; the leaderboard as in leaderboard.json."""
    board = build_leaderboard(load_results(folder), folder)
    save_json(board, folder / "leaderboard.json")
    save_text(to_csv(board), folder / "leaderboard.csv")
    save_text(render_sweep(board), folder / "report.html")
    return board


def build_leaderboard(results: Sequence[JobResult], folder: Path) -> dict[str, Any]:
    """Everything that is told of a sweep, as JSON types."""
    done = [result for result in results if result.metrics is not None]
    metric = _metric(results)
    by_rows: dict[str, list[JobResult]] = defaultdict(list)
    for result in done:
        by_rows[result.rows].append(result)
    tables = [_table(rows, found, metric) for rows, found in by_rows.items()]
    _name(tables)
    board = {
        "schema_version": SCHEMA_VERSION,
        "sweep": folder.name,
        "folder": str(folder),
        "optimized_metric": metric,
        "higher_is_better": HIGHER_IS_BETTER[metric],
        "jobs": len(results),
        "completed": len(done),
        "fit_seconds": sum(float(result.metrics["model"]["fit_seconds"]) for result in done if result.metrics),
        "tables": tables,
        "recipes": _recipe_tables(tables, metric),
        "seeds": [spread for table in tables for spread in _seed_spreads(table)],
        "not_completed": [_not_completed(result) for result in results if result.metrics is None],
        "resume_command": shlex.join(["breakout", f"resume={format_value(str(folder))}"]),
    }
    ready: dict[str, Any] = json_ready(board)
    return ready


def _metric(results: Sequence[JobResult]) -> str:
    """The optimized metric of the jobs, which is one."""
    named = [result.settings["optimized_metric"] for result in results if "optimized_metric" in result.settings]
    return str(named[0]) if named else "log_loss"


def _table(rows: str, results: list[JobResult], metric: str) -> dict[str, Any]:
    standings = rank_jobs(results, metric)
    first = results[0].settings
    windows = list(dict.fromkeys(result.entry.window for result in results))
    label = labels({result.number: result.words for result in results})
    return {
        "rows_fingerprint": rows,
        "window": ", ".join(windows),
        "target": first["target"],
        "warehouse": first["warehouse"],
        "validation": _span(results[0], "validation"),
        "evaluation": _span(results[0], "evaluation"),
        "best": standings[0].result.number,
        "tied": [one.result.number for one in standings if one.is_tied],
        "simplest": simplest(standings).result.number,
        "rows": [_row(one, label[one.result.number]) for one in standings],
        "baselines": _baselines(results),
    }


def _name(tables: Sequence[dict[str, Any]]) -> None:
    """Give each table its title: its window, and the settings of target and source in which tables differ."""
    for table in tables:
        table["problem"] = ", ".join(
            f"{key} {value}"
            for group in ("target", "warehouse")
            for key, value in table[group].items()
            if any(other[group].get(key) != value for other in tables)
        )
        table["title"] = "; ".join(filter(None, (table["window"], table["problem"])))


def _span(result: JobResult, split: str) -> dict[str, Any] | None:
    dates = result.part(split, "game_date")
    if not len(dates):
        return None
    return {
        "games": len(dates),
        "first_date": str(dates.min()),
        "last_date": str(dates.max()),
        "breakout_rate": float(result.part(split, "is_breakout").mean()),
    }


def _row(standing: Standing, label: str) -> dict[str, Any]:
    result = standing.result
    metrics = result.metrics or {}
    evaluation, model = metrics["evaluation"], metrics["model"]
    return {
        "job": result.number,
        "rank": standing.rank,
        "words": " ".join(result.words),
        "label": label,
        "recipe": result.recipe,
        "recipe_label": result.recipe_label,
        "overrides": list(result.entry.overrides),
        "window": result.entry.window,
        "seed": result.settings["seed"],
        "model": result.settings["model"],
        "features": len(result.settings["features"]["names"]),
        "value": standing.value,
        "difference": standing.difference,
        "is_tied": standing.is_tied,
        "validation": metrics["validation"]["metrics"],
        "metrics": {name: evaluation["metrics"][name] for name in METRICS} if evaluation else None,
        "folds": [_fold(fold) for fold in metrics.get("folds", [])],
        "trees": model.get("trees"),
        "fit_seconds": model["fit_seconds"],
        "run": str(result.run.folder) if result.run else None,
        "command": result.command,
    }


def _fold(fold: dict[str, Any]) -> dict[str, Any]:
    return {"fold": fold["fold"], "rows": fold["rows"], "auc": fold["metrics"]["auc"]}


def _baselines(results: Sequence[JobResult]) -> list[dict[str, Any]]:
    """Baselines of the same games: once where jobs agree, else once for each set of features."""
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for result in results:
        evaluation = (result.metrics or {})["evaluation"] or {"baselines": {}}
        features = len(result.settings["features"]["names"])
        for name, baseline in evaluation["baselines"].items():
            if name == "uncalibrated":
                continue
            figures = {metric: baseline["metrics"][metric] for metric in METRICS}
            key = (name, figures["auc"]["estimate"], figures["log_loss"]["estimate"])
            found.setdefault(key, {"baseline": name, "features": features, "metrics": figures})
    return list(found.values())


def _recipe_tables(tables: Sequence[dict[str, Any]], metric: str) -> list[dict[str, Any]]:
    """Recipes over the windows of one problem; of another target or another source they stand in another table."""
    problems: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for table in tables:
        problems[json.dumps([table["target"], table["warehouse"]], sort_keys=True)].append(table)
    return [
        {"problem": found[0]["problem"], "rows": _recipes(found, metric)}
        for found in problems.values()
        if len(found) > 1
    ]


def _recipes(tables: Sequence[dict[str, Any]], metric: str) -> list[dict[str, Any]]:
    """Means over windows and seeds, the best first; those judged on fewer tables than others stand last."""
    found: dict[str, list[tuple[str, dict[str, Any]]]] = defaultdict(list)
    for table in tables:
        for row in table["rows"]:
            found[row["recipe"]].append((table["rows_fingerprint"], row))
    recipes = [_recipe(recipe, members, metric) for recipe, members in found.items()]
    sign = -1.0 if HIGHER_IS_BETTER[metric] else 1.0
    return sorted(recipes, key=lambda one: (-one["tables"], one["value"] is None, sign * (one["value"] or 0.0)))


def _recipe(recipe: str, members: Sequence[tuple[str, dict[str, Any]]], metric: str) -> dict[str, Any]:
    values = [row["validation"][metric] for _, row in members if row["validation"][metric] is not None]
    aucs = [row["metrics"]["auc"]["estimate"] for _, row in members if row["metrics"]]
    return {
        "recipe": recipe,
        "label": members[0][1]["recipe_label"],
        "jobs": [row["job"] for _, row in members],
        "tables": len({rows for rows, _ in members}),
        "value": _mean(values),
        "mean_rank": _mean([row["rank"] for _, row in members]),
        "ties_with_best": sum(bool(row["is_tied"]) for _, row in members),
        "evaluation_auc": _mean([auc for auc in aucs if auc is not None]),
    }


def _seed_spreads(table: dict[str, Any]) -> list[dict[str, Any]]:
    """The spread of recipes that were fitted with several seeds on the same rows."""
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in table["rows"]:
        found[row["recipe"]].append(row)
    spreads = []
    for recipe, rows in found.items():
        if len({row["seed"] for row in rows}) < 2:
            continue
        values = [row["value"].estimate for row in rows]
        aucs = [row["metrics"]["auc"]["estimate"] for row in rows if row["metrics"]]
        spreads.append(
            {
                "recipe": recipe,
                "label": rows[0]["recipe_label"],
                "window": table["window"],
                "seeds": [row["seed"] for row in rows],
                "value": _spread(values),
                "evaluation_auc": _spread(aucs),
            }
        )
    return spreads


def _spread(values: Sequence[float | None]) -> dict[str, Any] | None:
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return None
    return {
        "values": known,
        "mean": statistics.fmean(known),
        "standard_deviation": statistics.stdev(known),
        "lowest": min(known),
        "highest": max(known),
    }


def _not_completed(result: JobResult) -> dict[str, Any]:
    return {
        "job": result.number,
        "words": " ".join(result.words),
        "label": short_words(result.words),
        "state": result.state,
        "reason": result.reason,
        "run": str(result.run.folder) if result.run else None,
        "command": result.command,
    }


def _mean(values: Sequence[float]) -> float | None:
    return statistics.fmean(values) if values else None
