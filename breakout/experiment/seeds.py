"""The same recipe fitted with several seeds, which shows how much of a metric depends on the seed."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from breakout.evaluation.run_metrics import SeedStability
from breakout.evaluation.stability import summarise_seeds
from breakout.experiment.fitting import calibrated_fit, split_parts

if TYPE_CHECKING:
    import numpy as np

    from breakout.dataset import Dataset
    from breakout.settings import ExperimentConfig

logger = logging.getLogger("breakout")


def measure_stability(
    config: ExperimentConfig, train: Dataset, evaluation: Dataset, headline: np.ndarray
) -> SeedStability | None:
    """Return the spread of each metric over `evaluation.seeds` seeds, counted up from the run's own; None for one seed.

    `headline` (n,) are the run's own probabilities of the evaluation rows. Each further fit is calibrated on its own
    validation part. The threshold is not used.
    """
    if config.evaluation.seeds == 1:
        return None
    parts, _ = split_parts(config, train)
    probabilities = {config.seed: headline}
    for seed in range(config.seed + 1, config.seed + config.evaluation.seeds):
        model, calibrator = calibrated_fit(config, parts, seed)
        probabilities[seed] = calibrator.apply(model.predict_probability(evaluation.X))
        logger.info("fitted %s with seed %d", model.kind, seed)
    return SeedStability(tuple(probabilities), summarise_seeds(evaluation.label, probabilities))
