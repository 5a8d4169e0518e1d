"""How the probabilities rank and fit, as drawings, and what calibration did to them, as HTML.

In: metrics.json. Every figure is read, none is computed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from breakout.evaluation.metric_table import METRICS
from breakout.report import markup as m
from breakout.report import plots

Record = Mapping[str, Any]


def curves_part(metrics: Record) -> str:
    """The six drawings of an evaluation; a curve that one class alone does not have is left out."""
    evaluation = metrics["evaluation"]
    curves, figures, overall = evaluation["curves"], evaluation["metrics"], evaluation["metrics"]["auc"]
    before = (metrics.get("calibration") or {}).get("reliability_before")
    drawn = []
    if curves["roc"]:
        svg = plots.draw_roc(curves["roc"], overall)
        drawn.append(m.figure(svg, "ROC", f"Area {plots.told(overall)}."))
    if curves["precision_recall"]:
        rate = evaluation["rows"]["breakout_rate"]["estimate"]
        svg = plots.draw_precision_recall(curves["precision_recall"], figures["average_precision"], rate)
        drawn.append(m.figure(svg, "Precision and recall", f"Average {plots.told(figures['average_precision'])}."))
    svg = plots.draw_reliability(evaluation["reliability"], before)
    drawn.append(m.figure(svg, "Reliability", "Bins of equal mass; a calibrated model lies on the diagonal."))
    svg = plots.draw_histogram(curves["score_histogram"])
    drawn.append(m.figure(svg, "Scores by class", "The further the two are apart, the better the model ranks."))
    months = evaluation["slices"].get("month", [])
    if any(month["auc"]["estimate"] is not None for month in months):
        svg = plots.draw_months(months, overall)
        drawn.append(m.figure(svg, "Quality by month", "Blue line: AUC of all games; dashed: chance."))
    if curves["lift"]:
        svg = plots.draw_lift(curves["lift"], evaluation["top_rows"])
        drawn.append(m.figure(svg, "Lift", "Breakout rate of the games ranked highest over everybody's."))
    absent = "" if curves["roc"] else m.paragraph("One class only: there is no ROC, precision-recall or lift curve.")
    return absent + m.plots(drawn) + _bins(evaluation["reliability"])


def _bins(bins: Sequence[Record]) -> str:
    rows = [
        [
            m.Cell(
                f"{part['lowest_probability']:.3f} to {part['highest_probability']:.3f}", str(part["mean_probability"])
            ),
            m.number(part["mean_probability"]),
            m.interval(part["breakout_rate"]),
            m.number(part["count"], "{:,.0f}"),
        ]
        for part in bins
    ]
    columns = ["probability", "mean probability", "breakout rate", "games"]
    return m.folded("Reliability, bin by bin", m.table("Bins of equal mass", columns, rows))


def calibration_part(metrics: Record) -> str:
    """What calibration did, on the part it was fitted on and on the games it had not seen."""
    record = metrics.get("calibration") or {}
    validation, evaluation = metrics.get("validation"), metrics.get("evaluation")
    if record.get("kind", "none") == "none" or not validation:
        return "".join(m.paragraph(warning, "warning") for warning in record.get("warnings", ()))
    told = f"Fitted on the {validation['rows']:,} validation games alone, by a {record['kind']} map."
    if record["is_forced_by_class_weights"]:
        told += " It was not asked for: weighted classes distort probabilities, so they are always calibrated."
    held_out = record.get("held_out")
    if held_out:
        told += (
            f" On the same games by maps that were not fitted on them ({held_out['blocks']} blocks of consecutive "
            "dates, each calibrated by a map of the other blocks): "
            f"log loss {held_out['log_loss_before']:.4f} before, {held_out['log_loss_after']:.4f} after."
        )
    rows = []
    for key, metric in METRICS.items():
        row = [
            m.words(metric.title),
            *(m.number(validation[part][key]) for part in ("metrics_before_calibration", "metrics")),
        ]
        if evaluation:
            raw = evaluation["baselines"]["uncalibrated"]["metrics"][key]
            row += [m.interval(raw), m.interval(evaluation["metrics"][key])]
        rows.append(row)
    columns = ["metric", "validation, before", "validation, after"]
    columns += ["evaluation, before", "evaluation, after"] if evaluation else []
    return m.paragraph(told) + m.table("Before and after calibration", columns, rows)
