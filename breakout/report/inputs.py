"""What the model was fed and what it made of it: importance and drift of the features, as HTML."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from breakout.features.distributions import MATERIAL_KS, MATERIAL_PSI
from breakout.report import markup as m
from breakout.report import plots

Record = Mapping[str, Any]

ADDS = {True: "nothing", False: "something", None: m.UNDEFINED}


def importance_part(metrics: Record) -> str:
    """Permutation importance with intervals, SHAP, the model's own, and which features add nothing."""
    permuted, shap = metrics.get("permutation_importance"), metrics.get("shap")
    told = [m.paragraph(_how_measured(metrics, permuted, shap), "note")]
    drawn = ""
    if permuted:
        told.append(_idle_line(metrics["features_that_add_nothing"]))
        svg = plots.draw_importance(permuted["features"])
        caption = "What shuffling a feature costs, with intervals over game dates. Grey: adds nothing measurable."
        drawn = m.figure(svg, "Permutation importance", caption, is_wide=True)
    return "".join(told) + drawn + _importance_table(metrics, permuted, shap)


def _how_measured(metrics: Record, permuted: Record | None, shap: Record | None) -> str:
    part = metrics.get("explained_on", "evaluation")
    told = []
    if permuted:
        told.append(f"Permutation: {permuted['repeats']} shuffles on {permuted['n_rows']:,} {part} games.")
    if shap:
        told.append(f"SHAP: mean absolute contribution to the log odds over {shap['n_rows']:,} games.")
    if metrics.get("folds"):
        told.append("Each game is permuted by its own fold's model; share and SHAP are the last's, which knows most.")
    told.append("Features that say the same share their worth: shuffling one of a pair can cost nothing.")
    return " ".join(told)


def _idle_line(names: Sequence[str] | None) -> str:
    if names is None:
        return m.paragraph("One date alone cannot tell which features add nothing: there are no intervals.")
    if not names:
        return m.paragraph("Every feature adds something measurable on these games.")
    listed = ", ".join(f"<code>{m.escape(name)}</code>" for name in names)
    return f"<p>Features that add nothing measurable on these games: {listed}.</p>"


def _importance_table(metrics: Record, permuted: Record | None, shap: Record | None) -> str:
    own = metrics["importance"]
    by_name = {part["feature"]: part for part in permuted["features"]} if permuted else {}
    names = list(by_name) or sorted(own, key=lambda name: -own[name])
    columns = ["feature", "model's own share"]
    columns += ["rise in log loss", "fall in AUC", "adds"] if permuted else []
    columns += ["mean |SHAP|"] if shap else []
    rows = []
    for name in names:
        row = [m.code(name), m.number(own[name], "{:.1%}")]
        if permuted:
            part = by_name[name]
            row += [m.interval(part["log_loss_increase"], "{:+.4f}"), m.interval(part["auc_decrease"], "{:+.4f}")]
            row.append(m.words(ADDS[part["adds_nothing"]]))
        if shap:
            row.append(m.number(shap["mean_absolute"][name], "{:.4f}"))
        rows.append(row)
    return m.table("Importance by feature", columns, rows)


def distributions_part(report: Record | None) -> str:
    """Each feature in training and in evaluation, and which of them drifted."""
    if not report:
        return ""
    drifted = report["drifted"]
    told = f"Drifted: {', '.join(drifted)}." if drifted else "No feature drifted."
    limit = (
        f" Called so is what chance does not explain (a false alarm in {report['significance']:.0%} of such reports) "
        f"and is large enough to matter: PSI above {MATERIAL_PSI:g} or KS above {MATERIAL_KS:g}."
    )
    svg = plots.draw_distributions(report["features"])
    caption = "Thin: 5 to 95%. Thick: the middle half. Dot: the median."
    return (
        m.paragraph(told + limit)
        + m.figure(svg, "Training and evaluation", caption, is_wide=True)
        + _distribution_table(report["features"])
    )


def _distribution_table(features: Sequence[Record]) -> str:
    rows = []
    for part in features:
        was, now = part["reference"], part["current"]
        cells = [m.number(sample[key], "{:.3g}") for key in ("mean", "sd") for sample in (was, now)]
        shares = [m.number(sample["default_share"], "{:.1%}") for sample in (was, now)]
        tests = [m.number(part[key]) for key in ("psi", "psi_limit", "ks", "ks_limit")]
        rows.append([m.code(part["name"]), m.words("yes" if part["is_drifted"] else "no"), *tests, *cells, *shares])
    columns = ["feature", "drifted", "PSI", "PSI limit", "KS", "KS limit", "training mean", "evaluation mean"]
    columns += ["training sd", "evaluation sd", "training default", "evaluation default"]
    return m.table("Distributions; default: share of games with the filled-in value", columns, rows)
