"""How good the probabilities are: the verdict, metrics beside baselines, thresholds, seeds, folds, slices, as HTML.

In: `evaluation` and its neighbours of metrics.json. Every figure is read, none is computed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from breakout.evaluation.metric_table import METRICS
from breakout.evaluation.verdict import FEW_DATES, MARGINAL_AUC, READY_AUC, READY_FLAGGED
from breakout.report import markup as m
from breakout.report import plots

Record = Mapping[str, Any]

BASELINE_NAMES = {"base_rate": "base rate", "logistic": "logistic regression", "uncalibrated": "before calibration"}
SLICE_NAMES = {
    "month": "By month",
    "points_band": "By season average, points a game",
    "home_away": "At home and away",
    "rest": "By the team's days of rest (1 is a back-to-back)",
    "season_phase": "By phase of the season",
    "prior_season": "By whether the player has a prior season",
}
RULE_NAMES = {"target_precision": "the target precision", "best_f1": "the best F1, as no threshold reached the target"}
TONES = {"READY_FOR_SHADOW": "good", "MARGINAL": "fair", "NEEDS_IMPROVEMENT": "poor"}


def verdict_part(evaluation: Record) -> str:
    """The verdict in words and on a line, with its interval, its games and what should make the reader doubt it."""
    verdict, rows = evaluation["verdict"], evaluation["rows"]
    warnings = "".join(m.paragraph(warning, "warning") for warning in verdict["warnings"])
    games = f"The games are of {rows['first_date']} to {rows['last_date']}; breakouts: {rows['n_breakouts']:,}."
    box = m.paragraph(verdict["level"], "level") + m.paragraph(verdict["reason"]) + m.paragraph(games) + warnings
    scale = ""
    if verdict["auc"]["estimate"] is not None:
        svg = plots.draw_verdict_scale(verdict["auc"], {"marginal": MARGINAL_AUC, "ready": READY_AUC})
        scale = m.figure(
            svg, "AUC", "Dot: the estimate. Bar: its interval. Lines: the limits of the verdict.", is_wide=True
        )
    return f'<div class="verdict {TONES[verdict["level"]]}">{box}</div>{scale}'


def headline_tiles(evaluation: Record) -> str:
    """The few figures that a bettor looks at first."""
    figures = {METRICS[key].title: m.told_interval(evaluation["metrics"][key]) for key in ("auc", "log_loss", "ece")}
    figures["breakout rate"] = m.told_interval(evaluation["rows"]["breakout_rate"])
    for part in evaluation["top_rows"]:
        figures[f"hit rate of the top {part['fraction']:.0%}"] = m.told_interval(part["hit_rate"])
    return m.tiles(figures)


def metrics_part(evaluation: Record) -> str:
    """Metrics beside baselines, and the paired differences."""
    # The model before its own calibration is no rival; it has a section of its own.
    rivals = {name: part for name, part in evaluation["baselines"].items() if name != "uncalibrated"}
    rows = [
        [
            m.words(metric.title),
            m.interval(evaluation["metrics"][key]),
            *(m.interval(part["metrics"][key]) for part in rivals.values()),
        ]
        for key, metric in METRICS.items()
    ]
    confidence = f"{evaluation['parameters']['confidence']:.0%}"
    caption = f"Metrics on the same games, with {confidence} intervals that resample whole game dates"
    columns = ["metric", "model", *(BASELINE_NAMES.get(name, name) for name in rivals)]
    return m.table(caption, columns, rows) + _differences(rivals) + _brier(evaluation)


def _differences(rivals: Record) -> str:
    columns = ["metric"]
    rows = {key: [m.words(METRICS[key].title)] for part in rivals.values() for key in part["model_minus_baseline"]}
    for name, part in rivals.items():
        columns += [f"minus {BASELINE_NAMES.get(name, name)}", "model better in"]
        for key, paired in part["model_minus_baseline"].items():
            rows[key] += [m.interval(paired["difference"], "{:+.4f}"), m.number(paired["share_better"], "{:.0%}")]
    caption = (
        "The model minus each baseline, and the share of resamples in which the model is better; "
        "for log loss and Brier score, less is better"
    )
    return m.table(caption, columns, list(rows.values()))


def _brier(evaluation: Record) -> str:
    parts = evaluation["brier_decomposition"]
    if not parts:
        return ""
    meanings = {
        "brier": "Brier score",
        "reliability": "reliability: distance from the diagonal, lower is better",
        "resolution": "resolution: how far bins differ from the breakout rate, higher is better",
        "uncertainty": "uncertainty: of the games themselves, nobody's merit",
        "within_bin_variance": "variance within bins",
        "within_bin_covariance": "covariance within bins, subtracted",
    }
    rows = [[m.words(meaning), m.number(parts[key], "{:.5f}")] for key, meaning in meanings.items()]
    return m.folded("Brier score taken apart", m.table("Terms that add up to the Brier score", ["term", "value"], rows))


def thresholds_part(evaluation: Record) -> str:
    """What flagging above a threshold gives, and the highest-ranked shares."""
    choice = evaluation["chosen_threshold"]
    rule = f" The one in bold was chosen on validation by {RULE_NAMES[choice['rule']]}." if choice else ""
    rows = [
        [
            m.number(row["threshold"]),
            m.interval(row["precision"]),
            m.number(row["recall"]),
            m.number(row["f1"]),
            m.number(row["flagged"], "{:,.0f}"),
            m.number(row["share_flagged"], "{:.1%}"),
        ]
        for row in evaluation["thresholds"]
    ]
    columns = ["threshold", "precision", "recall", "F1", "games flagged", "share flagged"]
    chosen = [row["is_chosen"] for row in evaluation["thresholds"]]
    table = m.table(f"Games with a probability at or above the threshold.{rule}", columns, rows, chosen=chosen)
    few = any(0 < row["flagged"] < READY_FLAGGED for row in evaluation["thresholds"])
    note = m.paragraph(f"Fewer than {READY_FLAGGED} games flagged settle nothing, whatever their interval.", "note")
    return table + (note if few else "") + _top_rows(evaluation["top_rows"])


def _top_rows(top: Sequence[Record]) -> str:
    rows = [
        [
            m.Cell(f"top {part['fraction']:.0%}", str(part["fraction"])),
            m.number(part["count"], "{:,.0f}"),
            m.interval(part["hit_rate"]),
            m.interval(part["lift"], "{:.2f}"),
        ]
        for part in top
    ]
    return m.table("Games ranked highest", ["share", "games", "hit rate", "lift"], rows)


def stability_part(metrics: Record) -> str:
    """Mean and spread over seeds, beside the run's own figure."""
    stability, evaluation = metrics.get("stability"), metrics.get("evaluation")
    if not stability or not evaluation:
        is_by_luck = "trees" in metrics["model"] and metrics.get("validation")  # other models know no seed
        told = "Fitted once. evaluation.seeds=8 tells how far these figures move with the seed alone."
        return m.paragraph(told, "note") if is_by_luck else ""
    rows = [
        [
            m.words(METRICS[key].title),
            m.number(evaluation["metrics"][key]["estimate"], "{:.4f}"),
            m.number(spread["mean"], "{:.4f}"),
            m.number(spread["standard_deviation"], "{:.4f}"),
            m.number(spread["lowest"], "{:.4f}"),
            m.number(spread["highest"], "{:.4f}"),
        ]
        for key, spread in stability["metrics"].items()
        if spread
    ]
    columns = ["metric", "this run", "mean", "standard deviation", "lowest", "highest"]
    told = f"The same recipe fitted with {len(stability['seeds'])} seeds ({', '.join(map(str, stability['seeds']))})."
    return m.paragraph(told) + m.table("Over seeds, on the evaluation games", columns, rows)


def folds_part(metrics: Record) -> str:
    """Each fold of a walk-forward run by itself."""
    rows = [
        [
            m.words(fold["fold"]),
            m.number(fold["training_rows"], "{:,.0f}"),
            m.number(fold["rows"], "{:,.0f}"),
            m.number(fold["breakout_rate"]),
            *(m.interval(fold["metrics"][key]) for key in ("auc", "log_loss", "ece")),
        ]
        for fold in metrics.get("folds") or ()
    ]
    columns = ["fold", "training games", "games", "breakout rate", "AUC", "log loss", "calibration error"]
    told = "Each fold is evaluated by a model that knew only what came before. The figures above pool all folds' games."
    return m.paragraph(told) + m.table("Folds, in order of time", columns, rows) if rows else ""


def slices_part(evaluation: Record) -> str:
    """Quality within parts of the games, and by weeks since training."""
    warning = (
        "Many slices are looked at: about one interval in twenty misses the truth by chance alone. "
        f"One over fewer than {FEW_DATES} dates is too narrow on top of that."
    )
    parts = {SLICE_NAMES.get(name, name): rows for name, rows in evaluation["slices"].items()}
    if evaluation["staleness"]:
        parts["By weeks since training"] = evaluation["staleness"]
    return m.paragraph(warning, "note") + "".join(_slice_table(name, rows) for name, rows in parts.items())


def _slice_table(name: str, slices: Sequence[Record]) -> str:
    rows = [
        [
            m.words(part["label"]),
            m.number(part["n_rows"], "{:,.0f}"),
            m.interval(part["breakout_rate"]),
            m.interval(part["calibration_gap"], "{:+.3f}"),
            m.interval(part["auc"]),
            m.interval(part["log_loss"]),
        ]
        for part in slices
    ]
    return m.table(name, ["slice", "games", "breakout rate", "probability minus rate", "AUC", "log loss"], rows)


def validation_part(validation: Record) -> str:
    """What a run that only trains knows of its quality: the part of the training window that it kept back."""
    told = (
        f"Nothing was kept for an evaluation. These are the {validation['rows']:,} validation games, "
        f"{validation['first_date']} to {validation['last_date']}, on which the fit was stopped and the threshold "
        "chosen: they flatter the model."
    )
    rows = [[m.words(metric.title), m.number(validation["metrics"][key])] for key, metric in METRICS.items()]
    return m.paragraph(told) + m.table("Metrics on the validation part", ["metric", "model"], rows)
