"""The HTML pages of runs, sweeps, comparisons, slates, the registry, the ledger and backtests.

Each page is one self-contained file. A `render_` function returns the text of a page; a `write_` function writes the
page to a file.
"""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from breakout.artifacts import remove_incomplete, save_text
from breakout.bundle.manifest import load_manifest
from breakout.evaluation.metrics import METRICS
from breakout.evaluation.verdict import FEW_DATES, READY_FLAGGED
from breakout.features.distributions import MATERIAL_KS, MATERIAL_PSI
from breakout.ledger.store import FolderLedger
from breakout.models.kinds import describe_kind
from breakout.report import (
    REPORT_FILE,
    game_tables,
    ledger_tables,
    origin_tables,
    points_tables,
    price_tables,
    production_tables,
    run_tables,
    slate_tables,
    sweep_tables,
)
from breakout.report.html import ledger_charts, points_charts, price_charts, run_charts, sweep_charts
from breakout.report.html.rendering import render_page
from breakout.runs.record import previous_run, read_run

if TYPE_CHECKING:
    from breakout.bundle.folder import Bundle
    from breakout.evaluation.run_metrics import RunMetrics
    from breakout.leaderboard_files import Leaderboard
    from breakout.ledger.review import LedgerReview
    from breakout.market.backtest import BacktestRecord
    from breakout.production.head_to_head import HeadToHead
    from breakout.production.registry import Registry
    from breakout.production.slate import Slate
    from breakout.production.slate_prices import PricedSlate
    from breakout.runs.record import RunRecord


def write_run_page(folder: Path) -> Path:
    """Write report.html into a run's folder, from the other files of the folder, and return the path of the page.

    DataError if the folder is not a run, if one of its files is missing, damaged or changed, or if the page cannot be
    written.
    """
    path, run = folder / REPORT_FILE, read_run(folder)
    save_text(render_run(run, run.metrics), path)
    return path


def render_run(run: RunRecord, metrics: RunMetrics) -> str:
    """Return the HTML page of a run; `metrics` are the metrics of this run.

    The page also shows what changed since the last completed run with this name and command, if there is one. DataError
    if a file that the page shows is missing or damaged.
    """
    model, before = metrics.model, previous_run(run)
    labels = [f"{run.status.started:%Y-%m-%d %H:%M}", run.status.command, model.kind]
    return render_page(
        "run.html.j2",
        title=f"{run.name}: breakout run",
        subtitle=" · ".join([*labels, *map(str, run.settings.get("tags") or ())]),
        run=run,
        metrics=metrics,
        before=before,
        evaluation_before=before.metrics.evaluation if before else None,
        changes=origin_tables.change_table(run, before) if before else None,
        settings=origin_tables.settings_table(run),
        origin=origin_tables.origin_table(run, model),
        command=origin_tables.repeat_command(run),
        reproduce=f"breakout reproduce {shlex.quote(str(run.folder))}" if run.status.command == "train" else None,
        model_title=describe_kind(model.kind),
        # Of the built-in models, only boosted trees depend on the seed. Only a run that fits has validation metrics.
        depends_on_seed="trees" in model.figures and metrics.validation is not None,
        tables=run_tables,
        charts=run_charts,
        game_tables=game_tables,
        points_tables=points_tables,
        price_tables=price_tables,
        price_charts=price_charts,
        points_charts=points_charts,
        METRICS=METRICS,
        FEW_DATES=FEW_DATES,
        READY_FLAGGED=READY_FLAGGED,
        MATERIAL_PSI=MATERIAL_PSI,
        MATERIAL_KS=MATERIAL_KS,
    )


def render_sweep(board: Leaderboard) -> str:
    """Return the HTML page of a sweep: the tables and charts of its leaderboard."""
    metric = METRICS[board.optimized_metric].title
    return render_page(
        "sweep.html.j2",
        title=f"Sweep {board.sweep}",
        board=board,
        metric=metric,
        tables=sweep_tables,
        heat_maps=sweep_charts.draw_heat_maps(board),
        windows=sweep_charts.draw_windows(board.tables),
        seeds=sweep_charts.draw_seeds(board.seeds, metric),
    )


def render_comparison(compared: HeadToHead) -> str:
    """Return the HTML page that compares a candidate with the model in production on the same games."""
    return render_page(
        "comparison.html.j2",
        title=f"{compared.candidate.manifest.name} against {compared.production.manifest.name}",
        compared=compared,
        comparison=compared.comparison,
        tables=production_tables,
        charts=run_charts,
    )


def render_production(registry: Registry) -> str:
    """Return the HTML page of the model in production and of the registry's history.

    The history lists the events that put a model into production or took one out. DataError if the history is damaged,
    or if the manifest of the model in production is missing or damaged.
    """
    history, current = registry.history(), registry.current()
    promotions = [event for event in history if event.action == "promoted" and event.bundle == current]
    return render_page(
        "production.html.j2",
        title="Production",
        manifest=None if current is None else load_manifest(registry.bundle_folder(current)),
        promotion=promotions[-1] if promotions else None,
        history=history,
        tables=production_tables,
    )


def render_slate(slate: Slate, candidates: int, bundle: Bundle, priced: PricedSlate | None = None) -> str:
    """Return the HTML page of one day's games with their ranked players; the page shows bets if `priced` is not None.

    `bundle` is the saved model that ranked the players. `candidates` is the number of ranked players before the setting
    `top` shortened the ranking.
    """
    return render_page(
        "slate.html.j2",
        title=f"Slate of {slate.day}",
        slate=slate,
        candidates=candidates,
        bundle=bundle,
        tables=slate_tables,
        priced=priced,
        price_tables=price_tables,
    )


def write_ledger_page(review: LedgerReview, outputs: str | Path) -> Path:
    """Write report.html, the page of a review of the ledger, into the ledger's folder, and return the path of the page.

    The ledger (the record of served predictions) is a folder below `outputs`. The function waits while another process
    holds the ledger's lock. It removes temporary files that killed processes left in the folder. DataError if the page
    cannot be written.
    """
    ledger = FolderLedger.of(outputs)
    path = ledger.folder / REPORT_FILE
    with ledger.lock():  # Only the holder of the lock writes, so every temporary file is a leftover.
        remove_incomplete(ledger.folder)
        save_text(render_ledger(review), path)
    return path


def render_ledger(review: LedgerReview) -> str:
    """Return the HTML page of a review of the ledger (the record of served predictions)."""
    return render_page(
        "ledger.html.j2",
        title="Ledger of predictions",
        review=review,
        scores=review.scoreboard,
        tables=ledger_tables,
        game_tables=game_tables,
        charts=ledger_charts,
        draw_reliability=run_charts.draw_reliability,
    )


def write_backtest_page(record: BacktestRecord, folder: Path) -> Path:
    """Write the page of a backtest as report.html into `folder`, and return the path of the page.

    DataError if the page cannot be written.
    """
    path = folder / REPORT_FILE
    save_text(render_backtest(record), path)
    return path


def render_backtest(record: BacktestRecord) -> str:
    """Return the HTML page of a backtest (a model's bets on past games at recorded prices)."""
    return render_page(
        "backtest.html.j2",
        title="Against the price",
        record=record,
        backtest=record.backtest,
        tables=price_tables,
        charts=price_charts,
    )
