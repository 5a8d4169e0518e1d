"""The fit of one experiment: the split of the training rows, the model, calibration, threshold and baselines.

The threshold is the probability from which a game is flagged as a breakout.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from breakout import settings
from breakout.bundle.folder import CONTRACT_KEY
from breakout.calibration import (
    Calibration,
    CalibrationFit,
    Calibrator,
    HeldOutCalibration,
    Kind,
    calibrate,
    cross_calibrate,
)
from breakout.errors import DataError
from breakout.evaluation.metrics import log_loss
from breakout.evaluation.thresholds import ThresholdChoice, choose_threshold
from breakout.experiment.plan import check_training_count
from breakout.experiment.shared_work import SharedWork
from breakout.models.base import FitParts, LearnedRows, Model
from breakout.models.kinds import KINDS, Fits, fit_model
from breakout.split import DateRange, select_dates, validation_mask

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from breakout.dataset import Dataset
    from breakout.features.contract import Contract
    from breakout.settings import ExperimentConfig, ValidationConfig

logger = logging.getLogger("breakout")


@dataclass(frozen=True)
class Fitted:
    """A fitted experiment: the model, its calibration, the validation rows, and the baselines.

    The validation rows are the rows of the last training dates; v is their number.

    - `held_out_model`: the model that was fitted without the validation rows.
    - `model`: the final model, also fitted on the validation rows, unless `validation.refit` is false and the kind of
      model can stop early.
    - `validation_raw`, `validation_probability` (v,): what `held_out_model` predicts for the validation rows, before
      and after calibration.
    - `calibrator`: the calibration, which was fitted on `validation_raw`.
    - `threshold`: the probability from which a game is flagged, chosen on `validation_probability`. None if no
      threshold that flags enough rows reached the target precision.
    - `baselines`: the baseline models by kind.
    - `fit_seconds`: the time of both fits of the model, without the baselines.
    """

    model: Model
    held_out_model: Model
    calibrator: Calibrator
    calibration_fit: CalibrationFit
    threshold: ThresholdChoice | None
    baselines: dict[str, Model]
    validation: Dataset
    validation_raw: np.ndarray
    validation_probability: np.ndarray
    learned_rows: LearnedRows
    fit_seconds: float
    warnings: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class SplitRows(FitParts):
    """The training rows in two parts: the earlier rows `fit`, and the latest rows `validation`.

    `validation` is a `Dataset`, because calibration and reports need its dates and keys.
    """

    validation: Dataset


def check_training_rows(train: Dataset, describe_history: Callable[[], str] | None = None) -> None:
    """Raise DataError if the training window has fewer than 500 rows, or only breakouts, or no breakouts.

    `describe_history` returns a description of the games in the warehouse. The message includes the description if
    there are no rows.
    """
    check_training_count(len(train), describe_history)
    if len(np.unique(train.label)) == 1:
        raise DataError(
            f"the training window holds one class only ({_describe_class(train)}), so there is nothing to learn; check "
            "the target's settings, such as target.breakout_multiplier."
        )


def _describe_class(rows: Dataset) -> str:
    kind = "are breakouts" if rows.label[0] else "are no breakouts"
    return f"all {len(rows):,} games of {rows.dates.min()} to {rows.dates.max()} {kind}"


def check_features_vary(config: ExperimentConfig, parts: FitParts) -> None:
    """Raise DataError if no feature varies over the rows of `parts.fit`; a model could then not rank games.

    The model kind `base_rate` uses no feature and is not checked.
    """
    X = parts.fit.X.to_numpy()
    if KINDS[config.model.kind].uses_features and bool((X[0] == X).all()):
        values = ", ".join(f"{name}={value:g}" for name, value in zip(parts.fit.X.columns, X[0], strict=True))
        raise DataError(
            f"no feature varies over the {len(X):,} games to fit on ({values}), so a model could not rank them; "
            "choose other features.names, or check the columns of the source tables that they are built from."
        )


def calibration_kind(config: ExperimentConfig) -> Kind:
    """Return the configured kind of calibration; `sigmoid` instead of `none` for a model with class weights.

    Class weights distort the probabilities, so a model with class weights needs a calibration.
    """
    is_weighted = getattr(config.model, "class_weights", "none") != "none"
    return "sigmoid" if is_weighted and config.calibration.kind == "none" else config.calibration.kind


def split_parts(config: ExperimentConfig, train: Dataset, work: SharedWork | None = None) -> SplitRows:
    """Return the training rows in two parts: the earlier rows to fit on, and the latest rows to validate on.

    The settings `validation` divide the rows. Jobs on the same rows share the parts through `work`. DataError if a
    part is empty or has only one class, or if no feature varies over the rows to fit on.
    """
    rule, work = config.validation, work or SharedWork()
    parts = work.once("split", (train.fingerprint, train.widest.fingerprint, rule), lambda: _split(train, rule))
    check_features_vary(config, parts)
    return parts


def _split(train: Dataset, rule: ValidationConfig) -> SplitRows:
    mask = validation_mask(train.dates, rule)
    first, last = train.dates[mask].min().item(), train.dates.max().item()
    fit = select_dates(train, DateRange(train.dates.min().item(), first - timedelta(days=1)))
    validation = select_dates(train, DateRange(first, last))
    for name, part in (("fit on", fit), ("validate on", validation)):
        if len(np.unique(part.label)) == 1:
            raise DataError(
                f"the part of the training window to {name} holds one class only ({_describe_class(part)}); lengthen "
                "the training window or change the settings of `validation`."
            )
    return SplitRows(fit, validation)


def fit_experiment(
    config: ExperimentConfig, train: Dataset, contract: Contract, work: SharedWork | None = None
) -> Fitted:
    """Fit the configured model and the baselines on the training rows, calibrate the model and choose its threshold.

    The threshold is the probability from which a game is flagged. The fingerprint of `contract` (the definition of
    features and label) is saved with the model. Jobs of a sweep with the same `work` share results. DataError if the
    rows cannot be split into a part to fit on and a part to validate on. ConfigurationError or DataError if the model
    cannot be fitted.
    """
    work = work or SharedWork()
    parts = split_parts(config, train, work)
    started = time.perf_counter()
    metadata = {CONTRACT_KEY: contract.fingerprint}
    fits = work.fit(config.model, parts, config.seed, metadata, is_refit=config.validation.refit)
    fit_seconds = time.perf_counter() - started
    fitted = _finish_fit(config, fits, parts, train, fit_seconds, work)
    logger.info("%s: %s", fitted.model.kind, fitted.learned_rows.describe())
    return fitted


def _finish_fit(
    config: ExperimentConfig,
    fits: Fits,
    parts: SplitRows,
    train: Dataset,
    fit_seconds: float,
    work: SharedWork,
) -> Fitted:
    """Calibrate the model and choose its threshold on the validation rows, and fit the baselines."""
    kind, validation = calibration_kind(config), parts.validation
    is_forced = kind != config.calibration.kind
    if is_forced:
        logger.warning("model.class_weights distorts probabilities: calibrating them with calibration=%s", kind)
    raw = fits.held_out.predict_probability(validation)
    calibration = calibrate(kind, raw, validation.label)
    probability = calibration.calibrator.apply(raw)
    threshold = choose_threshold(
        validation.label,
        probability,
        target_precision=config.evaluation.target_precision,
        min_flagged=config.evaluation.min_flagged,
    )
    baselines = work.once("baselines", parts.digest, lambda: fit_baselines(parts))
    warnings = (*fits.final.warnings, *_calibration_warnings(config, calibration), *_baseline_warnings(baselines))
    for warning in warnings:
        logger.warning(warning)
    return Fitted(
        model=fits.final,
        held_out_model=fits.held_out,
        calibrator=calibration.calibrator,
        calibration_fit=CalibrationFit(
            requested=kind,
            is_forced_by_class_weights=is_forced,
            warnings=calibration.warnings,
            held_out=_evaluate_held_out(calibration.calibrator.kind, raw, validation),
        ),
        threshold=threshold,
        baselines=baselines,
        validation=validation,
        validation_raw=raw,
        validation_probability=probability,
        learned_rows=_learned_rows(config, train, validation),
        fit_seconds=fit_seconds,
        warnings=warnings,
    )


def _learned_rows(config: ExperimentConfig, train: Dataset, validation: Dataset) -> LearnedRows:
    """Return the number and the last date of the rows of the final fit, and the number of validation rows.

    The result also states whether early stopping used the validation rows.
    """
    is_held_out = KINDS[config.model.kind].stops_early and not config.validation.refit
    dates = train.dates[train.dates < validation.dates.min()] if is_held_out else train.dates
    is_stopped = getattr(config.model, "early_stopping_rounds", 0) > 0
    return LearnedRows(len(dates), dates.max().item(), len(validation), is_stopped)


def _calibration_warnings(config: ExperimentConfig, calibration: Calibration) -> tuple[str, ...]:
    is_distorted = getattr(config.model, "class_weights", "none") != "none" and calibration.calibrator.kind == "none"
    if not is_distorted:
        return calibration.warnings
    distorted = (
        "model.class_weights distorts probabilities and nothing could calibrate them, so they are not to be read as "
        "chances; use model.class_weights=none or a longer training window."
    )
    return (*calibration.warnings, distorted)


def _baseline_warnings(baselines: Mapping[str, Model]) -> tuple[str, ...]:
    return tuple(
        f"the baseline {name} did not converge, so the model may look better beside it than it is; "
        "check the features for extreme values."
        for name, model in baselines.items()
        if model.warnings
    )


def _evaluate_held_out(kind: Kind, raw: np.ndarray, validation: Dataset) -> HeldOutCalibration | None:
    """Return the log loss of the validation rows before and after a calibration fitted on other validation dates.

    The result is None if nothing is calibrated, or if the validation rows are of one date.
    """
    y = validation.label
    crossed = None if kind == "none" else cross_calibrate(kind, raw, y, validation.dates)
    if crossed is None:
        return None
    probability, blocks = crossed
    return HeldOutCalibration(len(y), blocks, log_loss(y, raw), log_loss(y, probability))


def fit_baselines(parts: FitParts) -> dict[str, Model]:
    """Return two baselines by kind, `base_rate` and `logistic`, fitted on all training rows.

    - `base_rate` predicts the fraction of breakouts for every game.
    - `logistic` is a logistic regression on all features, with C = 1 (inverse regularisation). Standardised values are
      clipped at 3 standard deviations.
    """
    logistic = settings.LogisticConfig("logistic", C=1.0, clip=3.0, max_iterations=1000, class_weights="none")
    base_rate = settings.BaseRateConfig(kind="base_rate")
    return {config.kind: fit_model(config, parts.joined(), 0, {}) for config in (base_rate, logistic)}
