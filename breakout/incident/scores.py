"""What each path's AUC is: fits of several seeds and a path's rows in, mean, spread and intervals out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from breakout.evaluation.metrics import area_under_roc
from breakout.evaluation.ranked_replicates import replicate_auc
from breakout.evaluation.resamples import DateResamples, Interval, draw_date_resamples
from breakout.experiment.fitting import split_parts
from breakout.models.kinds import fit_model

if TYPE_CHECKING:
    from breakout.dataset import Dataset
    from breakout.models.base import Model
    from breakout.settings import ExperimentConfig


@dataclass(frozen=True)
class Score:
    """One path: `aucs` by seed; `replicates` (resamples,) the mean of the seeds' AUCs in each resample of dates."""

    aucs: tuple[float, ...]
    replicates: np.ndarray
    resamples: DateResamples

    @property
    def mean(self) -> float:
        """Over the seeds."""
        return float(np.mean(self.aucs))

    @property
    def sd(self) -> float | None:
        """Over the seeds; None for one seed."""
        return float(np.std(self.aucs, ddof=1)) if len(self.aucs) > 1 else None

    @property
    def interval(self) -> Interval:
        """Of the mean over the seeds, resampling whole game dates."""
        return self.resamples.interval(self.mean, self.replicates)

    def minus(self, other: Score) -> Interval:
        """The difference of the means, on the same resamples."""
        return self.resamples.interval(self.mean - other.mean, self.replicates - other.replicates)


def fit_seeds(config: ExperimentConfig, train: Dataset) -> list[Model]:
    """The configured model with `evaluation.seeds` seeds, counted up from the run's own."""
    parts, _ = split_parts(config, train)
    return [fit_model(config.model, parts, config.seed + number, {}) for number in range(config.evaluation.seeds)]


def score_path(config: ExperimentConfig, models: list[Model], rows: Dataset) -> Score:
    """The AUC of each model on the rows of a path; both classes must be among them."""
    rules = config.evaluation
    resamples = draw_date_resamples(
        rows.dates,
        bootstrap_resamples=rules.bootstrap_resamples,
        seed=config.seed,
        confidence=rules.confidence,
    )
    label = rows.label.astype("float64")
    scored = [model.predict_probability(rows.X) for model in models]
    aucs = tuple(float(area_under_roc(label, probability) or 0.0) for probability in scored)
    replicates = np.mean([replicate_auc(label, probability, resamples) for probability in scored], axis=0)
    return Score(aucs, replicates, resamples)
