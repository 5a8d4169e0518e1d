"""The tables of one run, from its metrics and the distributions of its features."""

from __future__ import annotations

from collections.abc import Sequence

from breakout.evaluation.metrics import AUC, ECE, LOG_LOSS, METRICS
from breakout.evaluation.reliability import ReliabilityBin
from breakout.evaluation.run_metrics import FoldMetrics, RunMetrics, SeedStability, ValidationMetrics
from breakout.evaluation.slices import SliceMetrics
from breakout.evaluation.summary import BaselineResult, EvaluationResult
from breakout.evaluation.thresholds import TopRows
from breakout.features.distributions import FeatureDistribution
from breakout.models.kinds import KINDS, kind_title
from breakout.report.tables import Cell, Table, code, interval, number, text

SHOWN_METRICS = (AUC, LOG_LOSS, ECE)  # the metrics in a table that has no room for all of METRICS
UNCALIBRATED = "uncalibrated"  # the name of the baseline that is the model itself before calibration
SLICE_TITLES = {
    "month": "By month",
    "points_band": "By season average, points a game",
    "home_away": "At home and away",
    "rest": "By the team's days of rest (1 is a back-to-back)",
    "season_phase": "By phase of the season",
    "prior_season": "By whether the player has a prior season",
}
RULES = {"target_precision": "the target precision", "best_f1": "the best F1, as no threshold reached the target"}
ADDS = {True: "nothing", False: "something", None: "unknown"}
BRIER_TERMS = {
    "brier": "Brier score",
    "reliability": "reliability: distance from the diagonal, lower is better",
    "resolution": "resolution: how far bins differ from the breakout rate, higher is better",
    "uncertainty": "uncertainty: of the games themselves, the same for every model",
    "within_bin_variance": "variance within bins",
    "within_bin_covariance": "covariance within bins, subtracted",
}


def rivals_of(evaluation: EvaluationResult) -> dict[str, BaselineResult]:
    """Return the baselines by title, without the baseline that is the model itself before calibration."""
    return {kind_title(name): part for name, part in evaluation.baselines.items() if name != UNCALIBRATED}


def metric_table(evaluation: EvaluationResult) -> Table:
    """Return a table of all metrics of the model and of its baselines on the same games."""
    rivals = rivals_of(evaluation)
    sides = [evaluation.metrics, *(part.metrics for part in rivals.values())]
    rows = [[text(metric.title), *(interval(side[key]) for side in sides)] for key, metric in METRICS.items()]
    caption = (
        f"Metrics on the same games, with {evaluation.parameters.confidence:.0%} intervals that resample whole game "
        "dates"
    )
    return Table(caption, ["metric", "model", *rivals], rows)


def difference_table(evaluation: EvaluationResult) -> Table:
    """Return a table of the model's metrics minus each baseline's metrics.

    The column `model better in` is the fraction of bootstrap resamples in which the model is better.
    """
    columns = ["metric"]
    rows: dict[str, list[Cell]] = {}
    for title, part in rivals_of(evaluation).items():
        columns += [f"minus {title}", "model better in"]
        for key, paired in part.model_minus_baseline.items():
            row = rows.setdefault(key, [text(METRICS[key].title)])
            row += [interval(paired.difference, "+.4f"), number(paired.share_better, ".0%")]
    caption = (
        "The model minus each baseline, and the share of resamples in which the model is better; "
        "for log loss and Brier score, less is better"
    )
    return Table(caption, columns, list(rows.values()))


def brier_table(evaluation: EvaluationResult) -> Table | None:
    """Return a table of the terms that add up to the Brier score; None if no games were evaluated."""
    parts = evaluation.brier_decomposition
    if parts is None:
        return None
    rows = [[text(meaning), number(getattr(parts, key), ".5f")] for key, meaning in BRIER_TERMS.items()]
    return Table("Terms that add up to the Brier score", ["term", "value"], rows)


def bin_table(bins: Sequence[ReliabilityBin], caption: str = "Bins of equal mass") -> Table:
    """Return a table with one row for each bin of predicted probabilities."""
    rows = [
        {
            "probability": Cell(
                f"{part.lowest_probability:.3f} to {part.highest_probability:.3f}", str(part.mean_probability)
            ),
            "mean probability": number(part.mean_probability),
            "breakout rate": interval(part.breakout_rate),
            "games": number(part.count, ",.0f"),
        }
        for part in bins
    ]
    return Table.from_records(caption, rows)


def calibration_table(validation: ValidationMetrics, evaluation: EvaluationResult | None) -> Table:
    """Return a table of the metrics before and after calibration, on the validation games and the evaluation games.

    If `evaluation` is None, the table has only the columns of validation. KeyError if `evaluation` has no baseline
    `uncalibrated`.
    """
    rows = []
    for key, metric in METRICS.items():
        row = {
            "metric": text(metric.title),
            "validation, before": number(validation.metrics_before_calibration[key]),
            "validation, after": number(validation.metrics[key]),
        }
        if evaluation:
            row["evaluation, before"] = interval(evaluation.baselines[UNCALIBRATED].metrics[key])
            row["evaluation, after"] = interval(evaluation.metrics[key])
        rows.append(row)
    return Table.from_records("Before and after calibration", rows)


def precision_recall_table(evaluation: EvaluationResult) -> Table:
    """Return a table of precision and recall, with one row for each threshold.

    A threshold flags the games whose predicted probability is at or above it. The row of the chosen threshold is
    highlighted.
    """
    rows = [
        {
            "threshold": number(row.threshold),
            "precision": interval(row.precision),
            "recall": number(row.recall),
            "F1": number(row.f1),
            "flagged": number(row.flagged, ",.0f"),
            "share": number(row.share_flagged, ".1%"),
        }
        for row in evaluation.thresholds
    ]
    chosen = [row.is_chosen for row in evaluation.thresholds]
    return Table.from_records("Games flagged, whose probability is at or above the threshold", rows, chosen)


def top_table(top: Sequence[TopRows]) -> Table:
    """Return a table of hit rate and lift among the games with the highest probabilities.

    The hit rate is the fraction of breakouts among these games. The lift is the hit rate divided by the breakout rate
    of all games.
    """
    rows = [
        {
            "share": Cell(f"top {part.fraction:.0%}", str(part.fraction)),
            "games": number(part.count, ",.0f"),
            "hit rate": interval(part.hit_rate),
            "lift": interval(part.lift, ".2f"),
        }
        for part in top
    ]
    return Table.from_records("Games ranked highest", rows)


def seed_table(evaluation: EvaluationResult, stability: SeedStability) -> Table:
    """Return a table of each metric's mean, standard deviation and range over fits with several seeds.

    The column `this run` has the metric's value in this run.
    """
    rows = [
        {
            "metric": text(METRICS[key].title),
            "this run": number(evaluation.metrics[key].estimate, ".4f"),
            "mean": number(spread.mean, ".4f"),
            "standard deviation": number(spread.standard_deviation, ".4f"),
            "lowest": number(spread.lowest, ".4f"),
            "highest": number(spread.highest, ".4f"),
        }
        for key, spread in stability.metrics.items()
        if spread
    ]
    return Table.from_records("Over seeds, on the evaluation games", rows)


def fold_table(folds: Sequence[FoldMetrics]) -> Table:
    """Return a table with one row for each fold of a walk forward: games, trees and metrics."""
    rows = [
        {
            "fold": text(fold.fold),
            "training games": number(fold.training_rows, ",.0f"),
            "games": number(fold.rows, ",.0f"),
            "trees": number(fold.figures.get("trees"), ".0f"),
            "breakout rate": number(fold.breakout_rate),
            **{METRICS[key].title: interval(fold.metrics[key]) for key in SHOWN_METRICS},
        }
        for fold in folds
    ]
    return Table.from_records("Folds, in order of time", rows)


def slice_tables(evaluation: EvaluationResult) -> list[Table]:
    """Return one table for each way of slicing the games, such as by month; each row is a slice with its metrics.

    A table by weeks since training comes last, if there is one.
    """
    slices = {SLICE_TITLES.get(name, name): parts for name, parts in evaluation.slices.items()}
    if evaluation.staleness:
        slices["By weeks since training"] = evaluation.staleness
    return [_slice_table(caption, parts) for caption, parts in slices.items()]


def _slice_table(caption: str, parts: Sequence[SliceMetrics]) -> Table:
    rows = [
        {
            "slice": text(part.label),
            "games": number(part.n_rows, ",.0f"),
            "breakout rate": interval(part.breakout_rate),
            "probability minus rate": interval(part.calibration_gap, "+.3f"),
            "AUC": interval(part.auc),
            "log loss": interval(part.log_loss),
        }
        for part in parts
    ]
    return Table.from_records(caption, rows)


def validation_table(validation: ValidationMetrics) -> Table:
    """Return a table of the metrics on the validation part, for a run without evaluation games."""
    rows = [[text(metric.title), number(validation.metrics[key])] for key, metric in METRICS.items()]
    return Table("Metrics on the validation part", ["metric", "model"], rows)


def describe_validation_use(metrics: RunMetrics) -> str:
    """Return what was done on the validation games, as a clause to follow the words "games on which".

    The clause is "a threshold was looked for", or "the fit was stopped and a threshold looked for" for a model that
    stops early.
    """
    kind = KINDS.get(metrics.model.kind)  # `kind` is None if this version does not know the model's kind.
    stops_early = kind is not None and kind.stops_early
    return "the fit was stopped and a threshold looked for" if stops_early else "a threshold was looked for"


def importance_table(metrics: RunMetrics) -> Table:
    """Return a table of the importance of each feature, the most important first.

    The order is by the rise in log loss, or by `share` if no feature was shuffled. Columns that were not computed are
    left out.

    - `share`: the feature's fraction of the importance that the model itself reports.
    - `rise in log loss`, `fall in AUC`: the changes when the feature is shuffled.
    - `adds`: whether these changes show that the feature adds something to the model.
    - `mean |SHAP|`: the mean absolute SHAP value.
    """
    permuted, shap = metrics.permutation_importance, metrics.shap
    by_name = {part.feature: part for part in permuted.features} if permuted else {}
    names = list(by_name) or sorted(metrics.importance, key=lambda name: -metrics.importance[name])
    rows = []
    for name in names:
        row = {"feature": code(name), "share": number(metrics.importance[name], ".1%")}
        if permuted:
            part = by_name[name]
            row["rise in log loss"] = interval(part.log_loss_increase, "+.4f")
            row["fall in AUC"] = interval(part.auc_decrease, "+.4f")
            row["adds"] = text(ADDS[part.adds_nothing])
        if shap:
            row["mean |SHAP|"] = number(shap.mean_absolute[name], ".4f")
        rows.append(row)
    shuffled = ", the rise in log loss and fall in AUC if it is shuffled, and what it adds" if permuted else ""
    return Table.from_records(f"Importance by feature: its share of the model{shuffled}", rows)


def distribution_table(features: Sequence[FeatureDistribution]) -> Table:
    """Return a table of each feature's values in training and in evaluation, with two measures of drift.

    PSI is the population stability index, KS the Kolmogorov-Smirnov statistic. A feature has drifted if PSI or KS is
    above its limit.
    """
    rows = [
        {
            "feature": code(part.name),
            "drifted": text("yes" if part.is_drifted else "no"),
            "PSI": number(part.psi),
            "PSI limit": number(part.psi_limit),
            "KS": number(part.ks),
            "KS limit": number(part.ks_limit),
            "training mean": number(part.reference.mean, ".3g"),
            "evaluation mean": number(part.current.mean, ".3g"),
            "training sd": number(part.reference.sd, ".3g"),
            "evaluation sd": number(part.current.sd, ".3g"),
            "training default": number(part.reference.default_share, ".1%"),
            "evaluation default": number(part.current.default_share, ".1%"),
        }
        for part in features
    ]
    return Table.from_records("Distributions; default: share of games with the filled-in value", rows)
