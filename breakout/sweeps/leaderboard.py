"""The leaderboard of a sweep: its results in; leaderboard.json, leaderboard.csv and report.html out.

Jobs that were validated and evaluated on the same games with the same labels stand in one table and are ranked in it;
another window, target or population is another table. What holds across tables is told of recipes: jobs that differ
in window and seed alone.
"""

from __future__ import annotations

import statistics
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from breakout.artifacts import save_json, save_text
from breakout.evaluation.json_ready import json_ready
from breakout.evaluation.metrics import HIGHER_IS_BETTER
from breakout.sweeps.job import command_of
from breakout.sweeps.results import JobResult, load_results
from breakout.sweeps.ties import Standing, rank_jobs, simplest

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

SCHEMA_VERSION = 1
METRICS = ("auc", "log_loss", "brier", "ece", "average_precision")


def write_leaderboard(folder: Path) -> dict[str, Any]:
    """Write the three files anew from what lies in the sweep's folder; the leaderboard as in leaderboard.json."""
    from breakout.report.sweep_page import render_sweep
    from breakout.sweeps.flat import to_csv

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
        "recipes": _recipes(tables, metric),
        "seeds": [spread for table in tables for spread in _seed_spreads(table)],
        "not_completed": [_not_completed(result) for result in results if result.metrics is None],
        "resume_command": f"breakout resume={folder}",
    }
    ready: dict[str, Any] = json_ready(board)
    return ready


def _metric(results: Sequence[JobResult]) -> str:
    """The optimized metric of the jobs; of several, the first one's."""
    named = [result.settings["optimized_metric"] for result in results if "optimized_metric" in result.settings]
    return str(named[0]) if named else "log_loss"


def _table(rows: str, results: list[JobResult], metric: str) -> dict[str, Any]:
    standings = rank_jobs(results, metric)
    first = results[0].settings
    windows = list(dict.fromkeys(result.entry["window"] for result in results))
    validation, evaluation = results[0].part("validation"), results[0].part("evaluation")
    return {
        "rows_fingerprint": rows,
        "window": ", ".join(windows),
        "target": first["target"],
        "validation": _span(validation),
        "evaluation": _span(evaluation),
        "best": standings[0].result.number,
        "tied": [one.result.number for one in standings if one.is_tied],
        "simplest": simplest(standings).result.number,
        "rows": [_row(one) for one in standings],
        "baselines": _baselines(results),
    }


def _span(part: Any) -> dict[str, Any] | None:
    if not len(part):
        return None
    dates = part["game_date"].astype(str)
    return {
        "games": len(part),
        "first_date": str(dates.min())[:10],
        "last_date": str(dates.max())[:10],
        "breakout_rate": float(part["is_breakout"].mean()),
    }


def _row(standing: Standing) -> dict[str, Any]:
    result = standing.result
    metrics = result.metrics or {}
    evaluation, model = metrics["evaluation"], metrics["model"]
    return {
        "job": result.number,
        "rank": standing.rank,
        "words": result.words,
        "recipe": result.recipe,
        "overrides": result.entry["overrides"],
        "window": result.entry["window"],
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
        "command": command_of(result.entry["overrides"]),
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


def _recipes(tables: Sequence[dict[str, Any]], metric: str) -> list[dict[str, Any]]:
    """Means over windows and seeds, the best first; those judged on fewer tables than others stand last."""
    found: dict[str, list[tuple[str, dict[str, Any]]]] = defaultdict(list)
    for table in tables:
        for row in table["rows"]:
            found[row["recipe"]].append((table["rows_fingerprint"], row))
    if len(tables) < 2:
        return []
    recipes = []
    for recipe, members in found.items():
        values = [row["validation"][metric] for _, row in members if row["validation"][metric] is not None]
        aucs = [row["metrics"]["auc"]["estimate"] for _, row in members if row["metrics"]]
        recipes.append(
            {
                "recipe": recipe,
                "jobs": [row["job"] for _, row in members],
                "tables": len({rows for rows, _ in members}),
                "value": _mean(values),
                "mean_rank": _mean([row["rank"] for _, row in members]),
                "ties_with_best": sum(bool(row["is_tied"]) for _, row in members),
                "evaluation_auc": _mean([auc for auc in aucs if auc is not None]),
            }
        )
    sign = -1.0 if HIGHER_IS_BETTER[metric] else 1.0
    return sorted(recipes, key=lambda one: (-one["tables"], one["value"] is None, sign * (one["value"] or 0.0)))


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
        "words": result.words,
        "state": result.state,
        "reason": result.reason,
        "run": str(result.run.folder) if result.run else None,
        "command": command_of(result.entry["overrides"]),
    }


def _mean(values: Sequence[float]) -> float | None:
    return statistics.fmean(values) if values else None
