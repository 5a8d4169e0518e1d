"""The differences of a run's metrics between several seeds, which show how much of a metric depends on the seed."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import numpy as np

from breakout.calibration import calibrate
from breakout.evaluation.metrics import area_under_roc, average_precision, brier_score, log_loss
from breakout.evaluation.run_metrics import SeedSpread, SeedStability
from breakout.experiment.fitting import calibration_kind, split_parts
from breakout.models.kinds import fit_twice

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike

    from breakout.dataset import Dataset
    from breakout.models.base import FitParts
    from breakout.settings import ExperimentConfig

logger = logging.getLogger("breakout")

SEED_METRICS = {
    "auc": area_under_roc,
    "average_precision": average_precision,
    "log_loss": log_loss,
    "brier": brier_score,
}


def measure_stability(
    config: ExperimentConfig, train: Dataset, evaluation: Dataset, headline: np.ndarray
) -> SeedStability | None:
    """Return the spread (mean, deviation, minimum and maximum) of the metrics over `config.evaluation.seeds` seeds.

    The metrics are AUC, average precision, log loss and Brier score on the evaluation rows. The seeds are the run's
    seed and the whole numbers after it. `headline` (n,) contains the calibrated probabilities of the model that was
    fitted with the run's seed. The models of the other seeds are fitted here. Return None if only one seed is
    configured. DataError or ConfigurationError if a model of another seed cannot be fitted.
    """
    if config.evaluation.seeds == 1:
        return None
    parts = split_parts(config, train)
    probabilities = {config.seed: headline}
    for seed in range(config.seed + 1, config.seed + config.evaluation.seeds):
        probabilities[seed] = _predict_with_seed(config, parts, seed, evaluation)
        logger.info("fitted %s with seed %d", config.model.kind, seed)
    return SeedStability(tuple(probabilities), summarise_seeds(evaluation.label, probabilities))


def _predict_with_seed(config: ExperimentConfig, parts: FitParts, seed: int, evaluation: Dataset) -> np.ndarray:
    held_out, model = fit_twice(config.model, parts, seed, {}, is_refit=config.validation.refit)
    raw = held_out.predict_probability(parts.validation)
    calibration = calibrate(calibration_kind(config), raw, parts.validation.label)
    for warning in calibration.warnings:
        logger.warning("seed %d: %s", seed, warning)
    return calibration.calibrator.apply(model.predict_probability(evaluation))


def summarise_seeds(y: ArrayLike, probabilities_by_seed: Mapping[int, ArrayLike]) -> dict[str, SeedSpread | None]:
    """Return the spread (mean, deviation, minimum and maximum) of four metrics over seeds, by name of the metric.

    The metrics are AUC, average precision, log loss and Brier score. `y` (n,) are the labels, 0 or 1.
    `probabilities_by_seed` maps each seed to probabilities (n,) of the same rows. The spread of a metric is None if the
    metric is undefined on these rows, such as the AUC of one class. ValueError for labels other than 0 and 1, for
    probabilities outside 0..1, or if the lengths differ.
    """
    return {name: _spread(name, y, probabilities_by_seed) for name in SEED_METRICS}


def _spread(name: str, y: ArrayLike, probabilities_by_seed: Mapping[int, ArrayLike]) -> SeedSpread | None:
    found = {seed: SEED_METRICS[name](y, p) for seed, p in probabilities_by_seed.items()}
    values = {seed: value for seed, value in found.items() if value is not None}
    if not values:
        return None
    figures = np.fromiter(values.values(), dtype=np.float64)
    deviation = float(figures.std(ddof=1)) if figures.size > 1 else None
    return SeedSpread(values, float(figures.mean()), deviation, float(figures.min()), float(figures.max()))
