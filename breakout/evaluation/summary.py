"""The evaluation of one model's probabilities: every metric that the reports show, computed once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from numpy.typing import ArrayLike

from breakout.evaluation.curves import Curves, build_curves
from breakout.evaluation.intervals import MetricReplicates, PairedDifference, differences_of, replicate_metrics
from breakout.evaluation.ranked_replicates import replicate_ranked
from breakout.evaluation.reliability import (
    BrierDecomposition,
    ReliabilityBin,
    decompose_brier,
    reliability_table,
)
from breakout.evaluation.resamples import DateResamples, EvaluationParameters, Interval
from breakout.evaluation.rows import DateArray, FloatArray, check_dates, check_rows
from breakout.evaluation.slice_labels import SliceLabels, staleness_labels
from breakout.evaluation.slices import SliceMetrics, evaluate_slices
from breakout.evaluation.thresholds import ThresholdChoice, ThresholdRow, TopRows, threshold_table, top_rows
from breakout.evaluation.verdict import VERDICT_FRACTION, Verdict, decide_verdict, describe_better_baselines
from breakout.threads import one_blas_thread

# Increase this number when a field of `EvaluationResult` is renamed or removed, or when its meaning changes.
SCHEMA_VERSION = 2


@dataclass(frozen=True)
class RowSummary:
    """The number, the dates and the breakouts of the evaluated rows; a row is one game of one player."""

    n_rows: int
    n_dates: int
    n_breakouts: int
    first_date: date
    last_date: date
    breakout_rate: Interval
    mean_probability: float
    bias: Interval | None = None  # mean probability minus breakout rate; None if a file of an earlier version was read


@dataclass(frozen=True)
class BaselineResult:
    """The metrics of a baseline (a simple model, such as the base rate), and the model's metrics minus these.

    The keys of both fields are the names of metrics.
    """

    metrics: Mapping[str, Interval]
    model_minus_baseline: Mapping[str, PairedDifference]


@dataclass(frozen=True)
class EvaluationResult:
    """The evaluation of one model on the games of one window.

    - `metrics`: the keys are auc, average_precision, log_loss, brier and ece.
    - `baselines`: by the name of the baseline, such as "base_rate".
    - `chosen_threshold`: chosen on the validation part, the latest training rows. None if no threshold was chosen.
    - `slices`: the metrics by kind of slice, such as "month".
    - `staleness`: the metrics by weeks since the end of training. Empty if the end is not known.

    Intervals come from a bootstrap over whole game dates, with the seed and the number of resamples in `parameters`.
    """

    rows: RowSummary
    verdict: Verdict
    metrics: Mapping[str, Interval]
    baselines: Mapping[str, BaselineResult]
    brier_decomposition: BrierDecomposition | None
    reliability: tuple[ReliabilityBin, ...]
    chosen_threshold: ThresholdChoice | None
    thresholds: tuple[ThresholdRow, ...]
    top_rows: tuple[TopRows, ...]
    slices: Mapping[str, tuple[SliceMetrics, ...]]
    staleness: tuple[SliceMetrics, ...]
    curves: Curves
    parameters: EvaluationParameters
    schema_version: int = SCHEMA_VERSION


@one_blas_thread()
def evaluate_probabilities(
    y: ArrayLike,
    p: ArrayLike,
    game_dates: ArrayLike,
    *,
    parameters: EvaluationParameters,
    chosen_threshold: ThresholdChoice | None,
    baselines: Mapping[str, MetricReplicates],
    slices: Mapping[str, SliceLabels],
    train_end: date | ArrayLike | None,
) -> EvaluationResult:
    """Evaluate probabilities `p` (n,) against the labels `y` (n,) of rows with `game_dates` (n,).

    - `chosen_threshold`: None if no threshold was chosen.
    - `baselines`: the metrics of other probabilities by name, such as the base rate. These metrics must come from the
      same rows and the same resamples (bootstrap draws of game dates).
    - `slices`: the label of each row by kind of slice, such as "month".
    - `train_end`: the last day of training, from which `staleness` counts weeks; None if not known. An array (n,) gives
      each row its own day.

    ValueError if there are no rows, for a missing date, if the lengths differ, or if `check_rows` refuses `y` and `p`.
    ValueError also if the `order` of a SliceLabels lacks a label, for a game on or before its `train_end`, for fewer
    than one resample or bin, or for a confidence outside (0, 1).
    """
    labels, probabilities = check_rows(y, p)
    dates = check_dates(game_dates, labels.size)
    resamples = parameters.draw(dates)
    ranked = replicate_ranked(labels, probabilities, resamples, parameters.ece_bins, parameters.top_fractions)
    model = replicate_metrics(labels, probabilities, resamples, ece_bins=parameters.ece_bins, ranked=ranked)
    metrics = model.intervals(resamples)
    rows = _summarise_rows(labels, probabilities, dates, resamples)
    differences = {name: differences_of(model, baseline, resamples) for name, baseline in baselines.items()}
    top = top_rows(labels, probabilities, resamples, parameters.top_fractions, ranked.top_hit_rate)
    chosen = None if chosen_threshold is None else chosen_threshold.threshold
    thresholds = threshold_table(labels, probabilities, resamples, thresholds=parameters.thresholds, chosen=chosen)
    return EvaluationResult(
        rows=rows,
        verdict=decide_verdict(
            metrics["auc"],
            next((row for row in thresholds if row.is_chosen), None),
            top=next((part for part in top if part.fraction == VERDICT_FRACTION), None),
            bias=rows.bias,
            beaten_by=describe_better_baselines(differences),
            n_rows=labels.size,
            n_dates=resamples.n_dates,
            confidence=resamples.confidence,
        ),
        metrics=metrics,
        baselines={
            name: BaselineResult(baseline.intervals(resamples), differences[name])
            for name, baseline in baselines.items()
        },
        brier_decomposition=decompose_brier(labels, probabilities, parameters.ece_bins),
        reliability=reliability_table(labels, probabilities, resamples, parameters.ece_bins),
        chosen_threshold=chosen_threshold,
        thresholds=thresholds,
        top_rows=top,
        slices={name: evaluate_slices(labels, probabilities, resamples, values) for name, values in slices.items()},
        staleness=()
        if train_end is None
        else evaluate_slices(labels, probabilities, resamples, staleness_labels(dates, train_end)),
        curves=build_curves(labels, probabilities),
        parameters=parameters,
    )


def _summarise_rows(y: FloatArray, p: FloatArray, dates: DateArray, resamples: DateResamples) -> RowSummary:
    return RowSummary(
        n_rows=y.size,
        n_dates=resamples.n_dates,
        n_breakouts=int(y.sum()),
        first_date=dates.min().item(),
        last_date=dates.max().item(),
        breakout_rate=resamples.mean_interval(y),
        mean_probability=float(p.mean()),
        bias=resamples.mean_interval(p - y),
    )
