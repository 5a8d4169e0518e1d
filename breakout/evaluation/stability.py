"""The spread of metrics over fits that differ in the seed alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from breakout.evaluation.metrics import area_under_roc, average_precision, brier_score, log_loss

SEED_METRICS = {
    "auc": area_under_roc,
    "average_precision": average_precision,
    "log_loss": log_loss,
    "brier": brier_score,
}


@dataclass(frozen=True)
class SeedSpread:
    """The values of one metric by seed, their mean and their spread.

    The sample standard deviation is None with a single seed.
    """

    values: Mapping[int, float]
    mean: float
    standard_deviation: float | None
    lowest: float
    highest: float


def summarise_seeds(y: ArrayLike, probabilities_by_seed: Mapping[int, ArrayLike]) -> dict[str, SeedSpread | None]:
    """Return the spread of each metric over the seeds; None where the metric is undefined on these rows."""
    return {name: _spread(name, y, probabilities_by_seed) for name in SEED_METRICS}


def _spread(name: str, y: ArrayLike, probabilities_by_seed: Mapping[int, ArrayLike]) -> SeedSpread | None:
    found = {seed: SEED_METRICS[name](y, p) for seed, p in probabilities_by_seed.items()}
    values = {seed: value for seed, value in found.items() if value is not None}
    if not values:
        return None
    figures = np.fromiter(values.values(), dtype=np.float64)
    deviation = float(figures.std(ddof=1)) if figures.size > 1 else None
    return SeedSpread(values, float(figures.mean()), deviation, float(figures.min()), float(figures.max()))
