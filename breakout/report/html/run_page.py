"""The report of a run as one self-contained page, made from the files of the run."""

from __future__ import annotations

import shlex
from pathlib import Path

from breakout.artifacts import save_text
from breakout.evaluation.metrics import METRICS
from breakout.evaluation.run_metrics import RunMetrics
from breakout.evaluation.verdict import FEW_DATES, READY_FLAGGED
from breakout.features.distributions import MATERIAL_KS, MATERIAL_PSI
from breakout.models.kinds import describe_kind
from breakout.report import backtest_tables, origin, points_tables, run_tables
from breakout.report.html import points_charts, run_charts
from breakout.report.html.market_charts import draw_market_calibration
from breakout.report.html.rendering import render_page
from breakout.runs.record import RunRecord, previous_run, read_run

REPORT_FILE = "report.html"


def write_page(folder: Path) -> Path:
    """Write report.html into a run's folder from the run's other files, and return its path."""
    path, run = folder / REPORT_FILE, read_run(folder)
    save_text(render_run(run, run.metrics), path)
    return path


def render_run(run: RunRecord, metrics: RunMetrics) -> str:
    """Return the HTML page of a run that trained a model, or evaluated one, or both."""
    model, before = metrics.model, previous_run(run)
    return render_page(
        "run.html.j2",
        title=f"{run.name}: breakout run",
        subtitle=_subtitle(run, model.kind),
        run=run,
        metrics=metrics,
        before=before,
        evaluation_before=before.metrics.evaluation if before else None,
        changes=origin.change_table(run, before) if before else None,
        settings=origin.settings_table(run),
        origin=origin.origin_table(run, model),
        command=origin.repeat_command(run),
        reproduce=f"breakout reproduce {shlex.quote(str(run.folder))}" if run.status.command == "train" else None,
        model_title=describe_kind(model.kind),
        # Of the built-in models only boosted trees depend on the seed; only a run that fits has validation metrics.
        depends_on_seed="trees" in model.figures and metrics.validation is not None,
        tables=run_tables,
        charts=run_charts,
        points_tables=points_tables,
        backtest_tables=backtest_tables,
        draw_market_calibration=draw_market_calibration,
        points_charts=points_charts,
        METRICS=METRICS,
        TILES=run_tables.SHOWN_METRICS,
        FEW_DATES=FEW_DATES,
        READY_FLAGGED=READY_FLAGGED,
        MATERIAL_PSI=MATERIAL_PSI,
        MATERIAL_KS=MATERIAL_KS,
    )


def _subtitle(run: RunRecord, kind: str) -> str:
    parts = [f"{run.status.started:%Y-%m-%d %H:%M}", run.status.command, kind]
    return " · ".join([*parts, *map(str, run.settings.get("tags") or ())])
