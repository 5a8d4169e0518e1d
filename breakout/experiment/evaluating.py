"""The predictions of a fitted model for games after its training window, and their evaluation."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Literal

import numpy as np

from breakout.evaluation import slice_labels as labels
from breakout.evaluation.intervals import MetricReplicates, replicate_metrics
from breakout.evaluation.metrics import AUC, AVERAGE_PRECISION, area_under_roc, average_precision, brier_score, log_loss
from breakout.evaluation.reliability import expected_calibration_error
from breakout.evaluation.resamples import EvaluationParameters
from breakout.evaluation.summary import EvaluationResult, evaluate_probabilities
from breakout.experiment.shared_work import SharedWork
from breakout.models.ladder import predict_ladder

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    import pandas as pd

    from breakout.bundle.folder import Learned
    from breakout.dataset import Dataset
    from breakout.evaluation.slice_labels import SliceLabels
    from breakout.settings import EvaluationConfig, TargetConfig

logger = logging.getLogger("breakout")


def evaluation_parameters(config: EvaluationConfig, seed: int) -> EvaluationParameters:
    """Return the parameters of an evaluation from the group `evaluation` of the settings and the run's seed."""
    return EvaluationParameters(
        bootstrap_resamples=config.bootstrap_resamples,
        seed=seed,
        confidence=config.confidence,
        ece_bins=config.ece_bins,
        thresholds=config.thresholds,
        top_fractions=config.top_fractions,
    )


def predictions_frame(
    split: Literal["validation", "evaluation"], rows: Dataset, probability: np.ndarray, ladder: np.ndarray | None = None
) -> pd.DataFrame:
    """Return rows of predictions.parquet: the columns of `rows.keys`, split, probability and is_breakout (0 or 1).

    `probability` has the shape (n,). `ladder` (n, K) contains P(points >= k) for k = 1, ..., K. If `ladder` is given,
    the result has a column `ladder` with one array for each row. ValueError if the games are not played yet.
    """
    frame = rows.keys.assign(split=split, probability=probability, is_breakout=rows.label.astype("int64"))
    return frame if ladder is None else frame.assign(ladder=list(ladder))


@dataclass(frozen=True)
class ScoredRows:
    """Rows after the training window, with the probabilities that a fitted model predicts for them.

    - `learned`: the fitted model with its calibration and baselines.
    - `raw`, `probability` (n,): the probabilities before and after calibration.
    - `train_end`: the last day of the model's training window.
    - `ladder` (n, K): calibrated P(points >= k) for k = 1, ..., K; None if the model predicts no distribution of
      points.
    """

    learned: Learned
    rows: Dataset
    raw: np.ndarray
    probability: np.ndarray
    train_end: date
    ladder: np.ndarray | None

    def predictions(self) -> pd.DataFrame:
        """Return these rows as rows of predictions.parquet with the split `evaluation` and calibrated probabilities."""
        return predictions_frame("evaluation", self.rows, self.probability, self.ladder)


def score_rows(learned: Learned, rows: Dataset, train_end: date) -> ScoredRows:
    """Return the rows with the probabilities that a fitted model predicts for them, before and after calibration.

    `train_end` is the last day of the model's training window; the function only stores it. ValueError if the rows lack
    a column or a field that the model needs.
    """
    raw = learned.model.predict_probability(rows)
    ladder = predict_ladder(learned.model, rows)
    calibrated = None if ladder is None else learned.calibrator.apply(ladder)
    return ScoredRows(learned, rows, raw, learned.calibrator.apply(raw), train_end, calibrated)


def evaluate_scored(
    parts: Sequence[ScoredRows],
    rows: Dataset,
    parameters: EvaluationParameters,
    target: TargetConfig,
    work: SharedWork | None = None,
) -> EvaluationResult:
    """Return the evaluation of the rows of all parts together, and log its warnings.

    - `parts`: one element for each fold (window) of a walk forward, or one element for any other run.
    - `rows`: the rows of all parts in order.
    - `target`: has the range of season averages, which is divided into slices (groups of games).
    - `work`: stores the metrics of baselines for other jobs of a sweep.

    If any part was calibrated, the probabilities before calibration are one more baseline, `uncalibrated`. The
    evaluated threshold (the probability from which a game is flagged) is the threshold of the first part, because later
    parts chose their thresholds on games that are evaluated here. ValueError if there are no rows.
    """
    work = work or SharedWork()
    baselines = {
        name: np.concatenate([part.learned.baselines[name].predict_probability(part.rows) for part in parts])
        for name in parts[-1].learned.baselines
    }
    if any(part.learned.calibrator.kind != "none" for part in parts):
        baselines["uncalibrated"] = np.concatenate([part.raw for part in parts])
    result = evaluate_probabilities(
        rows.label,
        np.concatenate([part.probability for part in parts]),
        rows.dates,
        parameters=parameters,
        chosen_threshold=parts[0].learned.threshold,
        baselines={
            name: work.once(
                "baseline metrics",
                (name, rows.fingerprint, hashlib.sha256(probability.tobytes()).hexdigest(), parameters),
                partial(_replicate, name, rows, probability, parameters),
            )
            for name, probability in baselines.items()
        },
        slices=build_slices(rows, target),
        train_end=np.concatenate([np.full(len(part.rows), np.datetime64(part.train_end)) for part in parts]),
    )
    for warning in result.verdict.warnings:
        logger.warning(warning)
    logger.info("evaluated on %d rows: %s", len(rows), result.verdict.level)
    return result


def _replicate(name: str, rows: Dataset, probability: np.ndarray, parameters: EvaluationParameters) -> MetricReplicates:
    """Return the metrics of the baseline `name` on all rows and in every resample (bootstrap draw of game dates).

    The baseline `base_rate` predicts one probability for each fold of a walk forward. Different probabilities would
    rank games by date. Therefore the AUC and the average precision of `base_rate` use the mean probability for every
    row.
    """
    draws, bins = parameters.draw(rows.dates), parameters.ece_bins
    found = replicate_metrics(rows.label, probability, draws, ece_bins=bins)
    if name != "base_rate" or len(np.unique(probability)) == 1:
        return found
    flat = replicate_metrics(rows.label, np.full(len(rows), probability.mean()), draws, ece_bins=bins)
    ranked = (AUC, AVERAGE_PRECISION)
    return MetricReplicates(
        {**found.estimates, **{key: flat.estimates[key] for key in ranked}},
        {**found.replicates, **{key: flat.replicates[key] for key in ranked}},
    )


def build_slices(rows: Dataset, target: TargetConfig) -> dict[str, SliceLabels]:
    """Return the slice of each row (such as its month) for six kinds of slices, by the name of the kind.

    A slice is a group of games. The kinds are month, points band (by season average), home or away, rest days, season
    phase and prior season. `rows` must be built with the features SLICE_FEATURES. ValueError if a season average lies
    outside the range of `target`.
    """
    context = rows.context
    average = context["season_points_avg"].to_numpy(dtype="float64")
    return {
        "month": labels.month_labels(rows.dates),
        "points_band": labels.points_band_labels(average, min_ppg=target.min_ppg, max_ppg=target.max_ppg),
        "home_away": labels.home_away_labels(context["is_home"].to_numpy(dtype="float64", na_value=float("nan"))),
        "rest": labels.rest_labels(context["rest_days"].to_numpy(dtype="float64", na_value=float("nan"))),
        "season_phase": labels.season_phase_labels(rows.dates),
        "prior_season": labels.prior_season_labels(
            context["points_avg_prior_season"].to_numpy(dtype="float64", na_value=float("nan"))
        ),
    }


def plain_metrics(label: np.ndarray, probability: np.ndarray, ece_bins: int) -> dict[str, float | None]:
    """Return log loss, Brier score, ECE (calibration error), AUC and average precision by name, without intervals.

    `label` and `probability` have the shape (n,). `ece_bins` is the number of bins of the ECE. A metric is None if it
    is undefined, such as the AUC of one class. ValueError for labels other than 0 and 1, for probabilities outside
    0..1, or for fewer than one bin.
    """
    return {
        "log_loss": log_loss(label, probability),
        "brier": brier_score(label, probability),
        "ece": expected_calibration_error(label, probability, ece_bins),
        "auc": area_under_roc(label, probability),
        "average_precision": average_precision(label, probability),
    }
