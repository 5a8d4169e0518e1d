"""From training rows to a model that can be judged: validation kept back, fit, calibration, threshold, baselines."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from breakout import settings
from breakout.bundle import CONTRACT_KEY
from breakout.calibration import Calibrator, Kind, fit_calibrator
from breakout.errors import DataError
from breakout.evaluation.thresholds import ThresholdChoice, choose_threshold
from breakout.experiment.row_counts import check_training_count
from breakout.models.base import FitParts, Model
from breakout.models.kinds import FitModel, fit_model, held_out_probability
from breakout.split import validation_mask

if TYPE_CHECKING:
    from breakout.dataset import Dataset
    from breakout.features.contract import Contract
    from breakout.settings import ExperimentConfig

logger = logging.getLogger("breakout")


@dataclass(frozen=True)
class Fitted:
    """A fitted experiment: the model, its calibration, what was kept back, and the baselines fitted on the same rows.

    `validation_raw` and `validation_probability` (v,) are the probabilities of the validation rows before and after
    calibration; `threshold` was chosen on the latter.
    """

    model: Model
    calibrator: Calibrator
    threshold: ThresholdChoice
    baselines: dict[str, Model]
    validation: Dataset
    validation_raw: np.ndarray
    validation_probability: np.ndarray
    training_rows: int
    fit_seconds: float


def check_training_rows(train: Dataset) -> None:
    """Refuse to learn from too little: DataError below 500 rows or with one class only."""
    check_training_count(len(train))
    if len(np.unique(train.label)) == 1:
        raise DataError(
            "the training window holds one class only, so there is nothing to learn; check the target's settings."
        )


def calibration_kind(config: ExperimentConfig) -> Kind:
    """The configured calibration; weighted classes ruin probabilities, so a sigmoid mends them if none is asked."""
    is_weighted = getattr(config.model, "class_weights", "none") != "none"
    return "sigmoid" if is_weighted and config.calibration.kind == "none" else config.calibration.kind


def split_parts(config: ExperimentConfig, train: Dataset) -> tuple[FitParts, Dataset]:
    """The part to fit on and the validation part: the latest whole dates of the training window."""
    return _split_by_fraction(train, config.validation.fraction)


@lru_cache(maxsize=4)
def _split_by_fraction(train: Dataset, fraction: float) -> tuple[FitParts, Dataset]:
    """Remembered, so that jobs on the same rows share their parts, and with them fits and baselines."""
    mask = validation_mask(train.dates, fraction)
    fit, validation = train.take(~mask), train.take(mask)
    if len(np.unique(fit.label)) == 1 or len(np.unique(validation.label)) == 1:
        raise DataError("one part of the training window holds one class only; lengthen the training window.")
    return FitParts(fit.X, fit.label, validation.X, validation.label), validation


def fit_experiment(config: ExperimentConfig, train: Dataset, contract: Contract, fit: FitModel = fit_model) -> Fitted:
    """Fit the configured model on the training rows; `fit` may hand out fits that several jobs of a sweep share."""
    parts, validation = split_parts(config, train)
    started = time.perf_counter()
    metadata = {CONTRACT_KEY: contract.fingerprint}
    model = fit(config.model, parts, config.seed, metadata)
    fit_seconds = time.perf_counter() - started
    logger.info("fitted %s on %d rows, %d kept back", model.kind, len(parts.y_fit), len(validation))
    return finish_fit(config, model, parts, validation, fit_seconds)


def finish_fit(
    config: ExperimentConfig, model: Model, parts: FitParts, validation: Dataset, fit_seconds: float
) -> Fitted:
    """All that follows a fit on the validation part: calibration, the threshold, and the baselines beside it."""
    kind = calibration_kind(config)
    if kind != config.calibration.kind:
        logger.warning("model.class_weights distorts probabilities: mending them with calibration=%s", kind)
    raw = held_out_probability(config.model, model, parts)
    calibrator = fit_calibrator(kind, raw, validation.label)
    probability = calibrator.apply(raw)
    threshold = choose_threshold(
        validation.label,
        probability,
        target_precision=config.evaluation.target_precision,
        min_flagged=config.evaluation.min_flagged,
    )
    rows = len(parts.y_fit) + len(validation)
    baselines = fit_baselines(parts)
    return Fitted(model, calibrator, threshold, baselines, validation, raw, probability, rows, fit_seconds)


def calibrated_fit(config: ExperimentConfig, parts: FitParts, seed: int) -> tuple[Model, Calibrator]:
    """The configured model with another seed and its calibration, without all that a run tells beside."""
    model = fit_model(config.model, parts, seed, {})
    raw = held_out_probability(config.model, model, parts)
    return model, fit_calibrator(calibration_kind(config), raw, parts.y_validation)


@lru_cache(maxsize=4)
def fit_baselines(parts: FitParts) -> dict[str, Model]:
    """The base rate, and logistic regression (C = 1) on the same features, both over the whole training window."""
    logistic = settings.LogisticConfig(kind="logistic", C=1.0, max_iterations=1000, class_weights="none")
    base_rate = settings.BaseRateConfig(kind="base_rate")
    return {config.kind: fit_model(config, parts, 0, {}) for config in (base_rate, logistic)}
