"""A run's report as one self-contained HTML page that opens offline: the run's own files in, report.html out."""

from __future__ import annotations

from pathlib import Path

from breakout.artifacts import save_text
from breakout.report import curves, inputs, origin, quality
from breakout.report import markup as m
from breakout.report.document import Section, render_document
from breakout.report.model_card import model_card
from breakout.runs.record import RunRecord, read_run

REPORT_FILE = "report.html"


def write_page(folder: Path) -> Path:
    """Write report.html from the run's own files and return its path."""
    path = folder / REPORT_FILE
    save_text(build_page(read_run(folder)), path)
    return path


def build_page(run: RunRecord) -> str:
    """The page of a run that trained, evaluated, or both."""
    return render_document(f"{run.name}: breakout run", _header(run), _sections(run))


def _header(run: RunRecord) -> str:
    parts = [f"<h1>{m.escape(run.name)}</h1>", m.paragraph(_subtitle(run), "lead")]
    hypothesis = run.settings.get("hypothesis")
    if hypothesis:
        parts.append(m.paragraph(f"Hypothesis: {hypothesis}"))
    error = run.status.error
    if error:
        parts.append(m.paragraph(f"The run did not complete: {error}", "warning"))
    parts += [m.paragraph(warning, "warning") for warning in run.metrics.get("warnings", ())]
    if run.evaluation:
        parts += [quality.verdict_part(run.evaluation), quality.headline_tiles(run.evaluation)]
    else:
        box = m.paragraph("Trained, not evaluated", "level") + m.paragraph("No evaluation window was given.")
        parts.append(f'<div class="verdict plain">{box}</div>')
    return "\n".join(parts)


def _subtitle(run: RunRecord) -> str:
    words = [f"{run.status.started:%Y-%m-%d %H:%M}", run.status.command]
    words += [str(run.metrics.get("model", {}).get("kind", "")), *map(str, run.settings.get("tags", []))]
    return " · ".join(filter(None, words))


def _sections(run: RunRecord) -> list[Section]:
    metrics, evaluation, validation = run.metrics, run.evaluation, run.metrics.get("validation")
    parts = []
    if evaluation:
        parts += [
            Section("metrics", "Metrics beside baselines", "Metrics", quality.metrics_part(evaluation)),
            Section("curves", "Curves", "Curves", curves.curves_part(metrics)),
        ]
    elif validation:
        parts.append(Section("metrics", "On the validation part", "Metrics", quality.validation_part(validation)))
    parts.append(Section("calibration", "Calibration", "Calibration", curves.calibration_part(metrics)))
    if evaluation:
        parts += [
            Section(
                "thresholds", "Thresholds and the top of the list", "Thresholds", quality.thresholds_part(evaluation)
            ),
            Section("seeds", "Stability over seeds", "Seeds", quality.stability_part(metrics)),
            Section("folds", "Walk-forward folds", "Folds", quality.folds_part(metrics)),
            Section("slices", "Slices", "Slices", quality.slices_part(evaluation)),
        ]
    return [
        *parts,
        Section("importance", "What the features are worth", "Importance", inputs.importance_part(metrics)),
        Section("distributions", "Training against evaluation", "Drift", _drift(run)),
        Section("settings", "Settings", "Settings", origin.settings_part(run)),
        Section("origin", "Origin, and how to run it again", "Origin", origin.origin_part(run)),
        Section("card", "Model card", "Model card", model_card(run)),
    ]


def _drift(run: RunRecord) -> str:
    return inputs.distributions_part(run.distributions.to_dict() if run.distributions else None)
