"""The comparison of a candidate (a model that may replace production) with the production model on the same games."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from numpy.typing import ArrayLike

from breakout.evaluation.intervals import PairedDifference, bootstrap_metrics, paired_differences
from breakout.evaluation.reliability import ReliabilityBin, reliability_table
from breakout.evaluation.resamples import DateResamples, EvaluationParameters, Interval
from breakout.evaluation.rows import check_dates, check_labels
from breakout.evaluation.slice_labels import SliceLabels
from breakout.evaluation.slices import SliceDifference, compare_slices
from breakout.threads import one_blas_thread

# Increase this number when a field of `Comparison` is renamed or removed, or when its meaning changes.
SCHEMA_VERSION = 2


@dataclass(frozen=True)
class ModelFigures:
    """The metrics of one model (the candidate or production), each with an interval, and its reliability.

    `reliability` contains the mean probability and the breakout rate in each bin of the model's probabilities.
    """

    metrics: Mapping[str, Interval]
    reliability: tuple[ReliabilityBin, ...]


@dataclass(frozen=True)
class Comparison:
    """The comparison of a candidate with the production model on the same games.

    - `differences`: the differences on all rows, candidate minus production, by metric.
    - `slices`: for each kind of slice, such as "month", the differences within each slice.
    """

    n_rows: int
    n_dates: int
    differences: Mapping[str, PairedDifference]
    candidate: ModelFigures
    production: ModelFigures
    slices: Mapping[str, tuple[SliceDifference, ...]]
    parameters: EvaluationParameters
    schema_version: int = SCHEMA_VERSION


@one_blas_thread()
def compare_probabilities(
    y: ArrayLike,
    p_candidate: ArrayLike,
    p_production: ArrayLike,
    game_dates: ArrayLike,
    *,
    parameters: EvaluationParameters,
    slices: Mapping[str, SliceLabels],
) -> Comparison:
    """Return the metrics of two models on the same rows, and the differences, candidate minus production.

    The arrays have the shape (n,). `y` contains the labels: 1 for a breakout, else 0. `slices` maps a kind of slice,
    such as "month", to the label of each row, such as "2026-01".

    ValueError if there are no rows, for a missing date, if the lengths differ, or if `check_rows` refuses the labels
    and the probabilities. ValueError also if the `order` of a SliceLabels lacks a label, for fewer than one resample or
    bin, or for a confidence outside (0, 1).
    """
    labels = check_labels(y)
    resamples = parameters.draw(check_dates(game_dates, labels.size))
    return Comparison(
        n_rows=labels.size,
        n_dates=resamples.n_dates,
        differences=paired_differences(labels, p_candidate, p_production, resamples),
        candidate=_figures(labels, p_candidate, resamples, parameters),
        production=_figures(labels, p_production, resamples, parameters),
        slices={
            name: compare_slices(labels, p_candidate, p_production, resamples, values)
            for name, values in slices.items()
        },
        parameters=parameters,
    )


def _figures(y: ArrayLike, p: ArrayLike, resamples: DateResamples, parameters: EvaluationParameters) -> ModelFigures:
    return ModelFigures(
        bootstrap_metrics(y, p, resamples, ece_bins=parameters.ece_bins),
        reliability_table(y, p, resamples, parameters.ece_bins),
    )
