"""The AUC on the rows of one definition by models of several seeds, with its spread and its interval."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from breakout.dataset import Dataset
from breakout.evaluation.intervals import replicate_paired_metrics
from breakout.evaluation.resamples import DateResamples, Interval, draw_date_resamples
from breakout.experiment.fitting import split_parts
from breakout.models.base import Model
from breakout.models.kinds import fit_model
from breakout.settings import ExperimentConfig


@dataclass(frozen=True)
class Score:
    """The AUC on the rows of one definition; `aucs` holds one AUC for the model of each seed.

    `replicates`, of shape (resamples,), holds the mean AUC over the seeds for each resample of game dates.
    """

    aucs: tuple[float, ...]
    replicates: np.ndarray
    resamples: DateResamples

    @property
    def mean(self) -> float:
        return float(np.mean(self.aucs))

    @property
    def sd(self) -> float | None:
        """Return the sample standard deviation of the AUC over the seeds; None for one seed."""
        return float(np.std(self.aucs, ddof=1)) if len(self.aucs) > 1 else None

    @property
    def interval(self) -> Interval:
        """Return the mean AUC with its interval, from resamples of whole game dates."""
        return self.resamples.interval(self.mean, self.replicates)

    def minus(self, other: Score) -> Interval:
        """Return this mean AUC minus that of `other`, with an interval from the same resamples."""
        return self.resamples.interval(self.mean - other.mean, self.replicates - other.replicates)


def fit_seeds(config: ExperimentConfig, train: Dataset) -> list[Model]:
    """Fit the configured model with `evaluation.seeds` consecutive seeds, starting at `seed`."""
    parts = split_parts(config, train)
    return [fit_model(config.model, parts, config.seed + number, {}) for number in range(config.evaluation.seeds)]


def score_rows(config: ExperimentConfig, models: list[Model], rows: Dataset) -> Score:
    """Return the score of the models on rows, whose labels must contain both classes."""
    rules = config.evaluation
    resamples = draw_date_resamples(
        rows.dates,
        bootstrap_resamples=rules.bootstrap_resamples,
        seed=config.seed,
        confidence=rules.confidence,
    )
    label = rows.label.astype("float64")
    probabilities = [model.predict_probability(rows) for model in models]
    metrics = [replicate_paired_metrics(label, probability, resamples) for probability in probabilities]
    aucs = tuple(float(one.estimates["auc"] or 0.0) for one in metrics)
    return Score(aucs, np.mean([one.replicates["auc"] for one in metrics], axis=0), resamples)
