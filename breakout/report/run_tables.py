"""The tables of one run, from its metrics and distributions; this module computes no figures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from breakout.evaluation.metrics import AUC, ECE, LOG_LOSS, METRICS
from breakout.evaluation.reliability import ReliabilityBin
from breakout.evaluation.run_metrics import FoldMetrics, RunMetrics, SeedStability, ValidationMetrics
from breakout.evaluation.slices import SliceMetrics
from breakout.evaluation.summary import BaselineResult, EvaluationResult
from breakout.evaluation.thresholds import TopRows
from breakout.features.distributions import FeatureDistribution
from breakout.models.kinds import kind_title
from breakout.report.tables import UNDEFINED, Cell, Table, code, interval, number, text

if TYPE_CHECKING:
    import pandas as pd

SHOWN_METRICS = (AUC, LOG_LOSS, ECE)  # the metrics in places that have no room for all five
UNCALIBRATED = "uncalibrated"  # the baseline that is the same model without calibration
SLICES = {
    "month": "By month",
    "points_band": "By season average, points a game",
    "home_away": "At home and away",
    "rest": "By the team's days of rest (1 is a back-to-back)",
    "season_phase": "By phase of the season",
    "prior_season": "By whether the player has a prior season",
}
RULES = {"target_precision": "the target precision", "best_f1": "the best F1, as no threshold reached the target"}
NAMED_GAMES = 15  # the number of games in each table of games by player
OUTCOMES = {True: "breakout", False: "no breakout"}
ADDS = {True: "nothing", False: "something", None: UNDEFINED}
BRIER_TERMS = {
    "brier": "Brier score",
    "reliability": "reliability: distance from the diagonal, lower is better",
    "resolution": "resolution: how far bins differ from the breakout rate, higher is better",
    "uncertainty": "uncertainty: of the games themselves, the same for every model",
    "within_bin_variance": "variance within bins",
    "within_bin_covariance": "covariance within bins, subtracted",
}


def rivals_of(evaluation: EvaluationResult) -> dict[str, BaselineResult]:
    """Return the baselines by title, except UNCALIBRATED."""
    return {kind_title(name): part for name, part in evaluation.baselines.items() if name != UNCALIBRATED}


def metric_table(evaluation: EvaluationResult) -> Table:
    """Return a table of all metrics of the model and of its baselines."""
    rivals = rivals_of(evaluation)
    sides = [evaluation.metrics, *(part.metrics for part in rivals.values())]
    rows = [[text(metric.title), *(interval(side[key]) for side in sides)] for key, metric in METRICS.items()]
    caption = (
        f"Metrics on the same games, with {evaluation.parameters.confidence:.0%} intervals that resample whole game "
        "dates"
    )
    return Table(caption, ["metric", "model", *rivals], rows)


def difference_table(evaluation: EvaluationResult) -> Table:
    """Return a table of the differences model minus baseline in each metric that is compared."""
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
    """Return a table of the terms of the Brier score; None if it is undefined."""
    parts = evaluation.brier_decomposition
    if parts is None:
        return None
    rows = [[text(meaning), number(getattr(parts, key), ".5f")] for key, meaning in BRIER_TERMS.items()]
    return Table("Terms that add up to the Brier score", ["term", "value"], rows)


def bin_table(bins: Sequence[ReliabilityBin]) -> Table:
    """Return a table of the bins of a reliability curve."""
    rows = [
        [
            Cell(f"{part.lowest_probability:.3f} to {part.highest_probability:.3f}", str(part.mean_probability)),
            number(part.mean_probability),
            interval(part.breakout_rate),
            number(part.count, ",.0f"),
        ]
        for part in bins
    ]
    return Table("Bins of equal mass", ["probability", "mean probability", "breakout rate", "games"], rows)


def calibration_table(validation: ValidationMetrics, evaluation: EvaluationResult | None) -> Table:
    """Return a table of metrics before and after calibration, on the validation part and on the evaluation games."""
    columns = ["metric", "validation, before", "validation, after"]
    columns += ["evaluation, before", "evaluation, after"] if evaluation else []
    rows = []
    for key, metric in METRICS.items():
        row = [text(metric.title)]
        row += [number(part[key]) for part in (validation.metrics_before_calibration, validation.metrics)]
        if evaluation:
            raw = evaluation.baselines[UNCALIBRATED]
            row += [interval(side.metrics[key]) for side in (raw, evaluation)]
        rows.append(row)
    return Table("Before and after calibration", columns, rows)


def threshold_table(evaluation: EvaluationResult) -> Table:
    """Return a table of precision and recall of flagging the games at or above each threshold."""
    rows = [
        [
            number(row.threshold),
            interval(row.precision),
            number(row.recall),
            number(row.f1),
            number(row.flagged, ",.0f"),
            number(row.share_flagged, ".1%"),
        ]
        for row in evaluation.thresholds
    ]
    chosen = [row.is_chosen for row in evaluation.thresholds]
    columns = ["threshold", "precision", "recall", "F1", "games flagged", "share flagged"]
    return Table("Games with a probability at or above the threshold", columns, rows, chosen)


def top_table(top: Sequence[TopRows]) -> Table:
    """Return a table of the hit rate of the highest-ranked games."""
    rows = [
        [
            Cell(f"top {part.fraction:.0%}", str(part.fraction)),
            number(part.count, ",.0f"),
            interval(part.hit_rate),
            interval(part.lift, ".2f"),
        ]
        for part in top
    ]
    return Table("Games ranked highest", ["share", "games", "hit rate", "lift"], rows)


def seed_table(evaluation: EvaluationResult, stability: SeedStability) -> Table:
    """Return a table of each metric's mean and spread over seeds, and its value in this run."""
    rows = [
        [
            text(METRICS[key].title),
            number(evaluation.metrics[key].estimate, ".4f"),
            number(spread.mean, ".4f"),
            number(spread.standard_deviation, ".4f"),
            number(spread.lowest, ".4f"),
            number(spread.highest, ".4f"),
        ]
        for key, spread in stability.metrics.items()
        if spread
    ]
    columns = ["metric", "this run", "mean", "standard deviation", "lowest", "highest"]
    return Table("Over seeds, on the evaluation games", columns, rows)


def fold_table(folds: Sequence[FoldMetrics]) -> Table:
    """Return a table with one row for each fold of a walk-forward run."""
    rows = [
        [
            text(fold.fold),
            number(fold.training_rows, ",.0f"),
            number(fold.rows, ",.0f"),
            number(fold.figures.get("trees"), ".0f"),
            number(fold.breakout_rate),
            *(interval(fold.metrics[key]) for key in SHOWN_METRICS),
        ]
        for fold in folds
    ]
    titles = [METRICS[key].title for key in SHOWN_METRICS]
    columns = ["fold", "training games", "games", "trees", "breakout rate", *titles]
    return Table("Folds, in order of time", columns, rows)


def slice_tables(evaluation: EvaluationResult) -> list[Table]:
    """Return one table for each way of slicing the games, and one by weeks since training."""
    slices = {SLICES.get(name, name): parts for name, parts in evaluation.slices.items()}
    if evaluation.staleness:
        slices["By weeks since training"] = evaluation.staleness
    return [_slice_table(caption, parts) for caption, parts in slices.items()]


def _slice_table(caption: str, parts: Sequence[SliceMetrics]) -> Table:
    rows = [
        [
            text(part.label),
            number(part.n_rows, ",.0f"),
            interval(part.breakout_rate),
            interval(part.calibration_gap, "+.3f"),
            interval(part.auc),
            interval(part.log_loss),
        ]
        for part in parts
    ]
    return Table(caption, ["slice", "games", "breakout rate", "probability minus rate", "AUC", "log loss"], rows)


def validation_table(validation: ValidationMetrics) -> Table:
    """Return a table of the metrics on the validation part, for a run without evaluation."""
    rows = [[text(metric.title), number(validation.metrics[key])] for key, metric in METRICS.items()]
    return Table("Metrics on the validation part", ["metric", "model"], rows)


def importance_table(metrics: RunMetrics) -> Table:
    """Return a table of the importance of each feature: the model's own, by permutation and by SHAP."""
    permuted, shap = metrics.permutation_importance, metrics.shap
    by_name = {part.feature: part for part in permuted.features} if permuted else {}
    names = list(by_name) or sorted(metrics.importance, key=lambda name: -metrics.importance[name])
    columns = ["feature", "model's own share"]
    columns += ["rise in log loss", "fall in AUC", "adds"] if permuted else []
    columns += ["mean |SHAP|"] if shap else []
    rows = []
    for name in names:
        row = [code(name), number(metrics.importance[name], ".1%")]
        if permuted:
            part = by_name[name]
            row += [interval(part.log_loss_increase, "+.4f"), interval(part.auc_decrease, "+.4f")]
            row.append(text(ADDS[part.adds_nothing]))
        if shap:
            row.append(number(shap.mean_absolute[name], ".4f"))
        rows.append(row)
    return Table("Importance by feature", columns, rows)


def distribution_table(features: Sequence[FeatureDistribution]) -> Table:
    """Return a table of each feature's values in training and in evaluation, with the tests for drift."""
    rows = []
    for part in features:
        samples = (part.reference, part.current)
        tests = [number(value) for value in (part.psi, part.psi_limit, part.ks, part.ks_limit)]
        means = [number(sample.mean, ".3g") for sample in samples]
        spreads = [number(sample.sd, ".3g") for sample in samples]
        shares = [number(sample.default_share, ".1%") for sample in samples]
        rows.append([code(part.name), text("yes" if part.is_drifted else "no"), *tests, *means, *spreads, *shares])
    columns = ["feature", "drifted", "PSI", "PSI limit", "KS", "KS limit", "training mean", "evaluation mean"]
    columns += ["training sd", "evaluation sd", "training default", "evaluation default"]
    return Table("Distributions; default: share of games with the filled-in value", columns, rows)


def named_game_tables(predictions: pd.DataFrame) -> list[Table]:
    """Return two tables of evaluated games by player: those ranked highest, and the breakouts ranked lowest.

    `predictions` is the content of predictions.parquet.
    """
    evaluated = predictions[predictions["split"] == "evaluation"]
    order = ["probability", "game_date", "player_lookup"]
    ranked = evaluated.sort_values(order, ascending=[False, True, True]).assign(rank=range(1, len(evaluated) + 1))
    missed = ranked[ranked["is_breakout"] == 1].tail(NAMED_GAMES).iloc[::-1]
    count = f"{len(ranked):,}"
    return [
        _named_games(f"The {NAMED_GAMES} games ranked highest of {count}", ranked.head(NAMED_GAMES)),
        _named_games(f"The {NAMED_GAMES} breakouts ranked lowest of {count} games", missed),
    ]


def describe_game(game_id: str) -> str:
    """Return the teams of a game by its id: "NYK at BOS" for 20260105_NYK_BOS."""
    return game_id.split("_", 1)[-1].replace("_", " at ")


def _named_games(caption: str, games: pd.DataFrame) -> Table:
    rows = [
        [
            number(game["rank"], ".0f"),
            text(game["player_lookup"]),
            text(game["game_date"]),
            text(describe_game(game["game_id"])),
            number(game["probability"]),
            text(OUTCOMES[bool(game["is_breakout"])]),
        ]
        for game in games.to_dict("records")
    ]
    return Table(caption, ["rank", "player", "date", "game", "probability", "outcome"], rows)
