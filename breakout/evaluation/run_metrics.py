"""The type of metrics.json and the functions that write and read it (docs/metrics.md describes each key)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import msgspec

from breakout.artifacts import json_ready, load_json, save_json
from breakout.calibration import HeldOutCalibration
from breakout.errors import DataError
from breakout.evaluation.importance import FeatureImportance
from breakout.evaluation.market_metrics import MarketMetrics
from breakout.evaluation.points_metrics import PointsMetrics
from breakout.evaluation.reliability import ReliabilityBin
from breakout.evaluation.resamples import Interval
from breakout.evaluation.summary import EvaluationResult
from breakout.models.base import LearnedRows

METRICS_FILE = "metrics.json"
# Increase this number when a key is renamed or removed, or when its meaning changes.
METRICS_SCHEMA_VERSION = 2
# metrics.json lacks these top-level keys if they do not apply to the run. Other top-level keys are null instead.
_ABSENT_IF_NONE = ("folds", "contract_mismatch", "points", "market")

# AUC, average precision, log loss, Brier score and ECE by key, without intervals; None where a metric is undefined.
PlainMetrics = Mapping[str, float | None]


@dataclass(frozen=True)
class ValidationMetrics:
    """The metrics of a model on the validation part: the latest training rows, on which this model was not fitted.

    `metrics` are the values after calibration. The calibration was fitted and the threshold was chosen on these rows.
    """

    rows: int
    first_date: str
    last_date: str
    metrics: PlainMetrics
    metrics_before_calibration: PlainMetrics


@dataclass(frozen=True)
class ModelSummary:
    """The model that was fitted or scored.

    - `figures`: numbers that only some kinds of models have, such as the number of trees. In metrics.json each number
      has a key in `model`.
    - `threshold`, `threshold_rule`: None if no threshold was chosen.
    - `training_rows`: the number of games in the training window.
    - `fit_seconds`: None if a saved model was scored.
    - `bundle`: the fingerprint of the saved model; None if a model was fitted.
    - `learned`: the games that the model was fitted on; None in files of earlier versions.
    """

    kind: str
    figures: Mapping[str, float]
    calibration: str
    threshold: float | None
    threshold_rule: str | None
    training_rows: int
    fit_seconds: float | None
    bundle: str | None = None
    learned: LearnedRows | None = None


@dataclass(frozen=True)
class CalibrationSummary:
    """The calibration that was applied.

    - `kind`: the applied kind. If the requested kind could not be fitted, `kind` is "none" and `warnings` has the
      reason.
    - `requested`: the kind in the settings, or sigmoid if class weights made a calibration necessary.
    - `is_forced_by_class_weights`: whether class weights made a calibration necessary.
    - `held_out`: the log loss of the validation rows before and after calibration. The calibration for a row is fitted
      on other validation dates. None if no calibration was fitted, if all validation rows have the same date, or if an
      earlier version wrote the file.
    - `reliability_before`: for each bin of the evaluation rows, the mean probability before calibration and the
      breakout rate. None if no calibration was applied or no rows were evaluated.
    """

    kind: str
    requested: str
    is_forced_by_class_weights: bool
    warnings: tuple[str, ...]
    held_out: HeldOutCalibration | None
    reliability_before: tuple[ReliabilityBin, ...] | None


@dataclass(frozen=True)
class SeedSpread:
    """The values of one metric by seed of the fit, with their mean, standard deviation, minimum and maximum.

    The sample standard deviation is None if there is only one seed.
    """

    values: Mapping[int, float]
    mean: float
    standard_deviation: float | None
    lowest: float
    highest: float


@dataclass(frozen=True)
class SeedStability:
    """The spread of each metric over fits with several seeds.

    `seeds` begins with the seed of the run. The spread of a metric is None if the metric is undefined.
    """

    seeds: tuple[int, ...]
    metrics: Mapping[str, SeedSpread | None]


@dataclass(frozen=True)
class PermutationImportance:
    """The rise in log loss and the fall in AUC from shuffling each feature, highest rise in log loss first.

    Each feature was shuffled `repeats` times over `n_rows` rows.
    """

    n_rows: int
    repeats: int
    features: tuple[FeatureImportance, ...]


@dataclass(frozen=True)
class ShapImportance:
    """The mean absolute SHAP value (contribution to a prediction) of each feature over `n_rows` rows, largest first.

    SHAP values are in log odds, before calibration.
    """

    n_rows: int
    mean_absolute: Mapping[str, float]


@dataclass(frozen=True)
class FoldMetrics:
    """The metrics of one fold (one window of a walk forward).

    - `train`, `evaluation`: the first and the last date of each window.
    - `rows`: the number of evaluated games.
    - `breakout_rate`: the fraction of breakouts among the evaluated games.
    - `threshold`: None if no threshold was chosen.
    - `figures`: numbers that only some kinds of models have, such as the number of trees.
    - `validation`: the metrics on the validation part, the latest training rows.
    - `metrics`: the metrics on the evaluation window.
    - `calibration`: the applied kind of calibration; None in files of earlier versions.
    """

    fold: str
    train: tuple[str, str]
    evaluation: tuple[str, str]
    training_rows: int
    rows: int
    breakout_rate: float | None
    fit_seconds: float
    threshold: float | None
    figures: Mapping[str, float]
    validation: PlainMetrics
    metrics: Mapping[str, Interval]
    calibration: str | None = None


@dataclass(frozen=True)
class RunMetrics:
    """The content of metrics.json.

    - `evaluation`: None if the run only trains.
    - `validation`: None if the run evaluates a saved model.
    - `stability`: None if not computed.
    - `explained_on`: the part of the rows for which features were shuffled and SHAP values were computed.
    - `importance`: the importance of each feature by the model's own measure.
    - `permutation_importance`, `shap`: None if not computed.
    - `features_that_add_nothing`: the features whose shuffling worsens neither log loss nor AUC beyond chance. None if
      nothing was shuffled, or if all rows have the same date.
    - `folds`: None unless the run is a walk forward.
    - `contract_mismatch`: differences in the definitions of features and label between the saved model and this version
      of the package. None unless the run evaluates a saved model.
    - `points`: None unless the run evaluates a model that predicts a distribution of points.
    - `market`: None unless the model predicts a distribution of points and an evaluated game has a bookmaker's line
      (number of points) whose market probability and result are known.
    """

    evaluation: EvaluationResult | None
    validation: ValidationMetrics | None
    model: ModelSummary
    calibration: CalibrationSummary
    stability: SeedStability | None
    explained_on: Literal["validation", "evaluation"]
    importance: Mapping[str, float]
    permutation_importance: PermutationImportance | None
    shap: ShapImportance | None
    features_that_add_nothing: tuple[str, ...] | None
    warnings: tuple[str, ...] = ()
    folds: tuple[FoldMetrics, ...] | None = None
    contract_mismatch: tuple[str, ...] | None = None
    points: PointsMetrics | None = None
    market: MarketMetrics | None = None
    schema_version: int = METRICS_SCHEMA_VERSION


def write_metrics(metrics: RunMetrics, folder: Path) -> None:
    """Write metrics.json into a run's folder; DataError if the file cannot be written."""
    content: dict[str, Any] = json_ready(metrics)
    content = {"schema_version": content.pop("schema_version"), **content}
    for part in (content["model"], *(content["folds"] or ())):
        part.update(part.pop("figures"))
    if content["model"]["bundle"] is None:
        del content["model"]["bundle"]
    kept = {key: value for key, value in content.items() if value is not None or key not in _ABSENT_IF_NONE}
    save_json(kept, folder / METRICS_FILE)


def read_metrics(folder: Path) -> RunMetrics:
    """Read metrics.json in the folder of a run; an earlier version may have written the file.

    DataError if the file is missing, damaged or of a newer version.
    """
    path = folder / METRICS_FILE
    content = load_json(path)
    try:
        version = content["schema_version"]
        if version > METRICS_SCHEMA_VERSION:
            raise DataError(
                f"{path} has schema version {version}, but this version reads {METRICS_SCHEMA_VERSION}; "
                "install a newer one."
            )
        folds, fold_keys = content.get("folds"), set(FoldMetrics.__dataclass_fields__)
        calibration = content["calibration"]
        # Fill in the keys that a file may lack, such as those that earlier versions did not write.
        content = {"warnings": (), "contract_mismatch": None} | content
        content |= {
            "model": {"bundle": None, "learned": None}
            | _with_figures(content["model"], set(ModelSummary.__dataclass_fields__)),
            # In files of version 1 the calibration lacks `requested`, `warnings` and `held_out`.
            "calibration": {"requested": calibration["kind"], "warnings": [], "held_out": None, **calibration},
            "folds": None
            if folds is None
            else [{"calibration": None} | _with_figures(fold, fold_keys) for fold in folds],
        }
        return msgspec.convert(content, RunMetrics, str_keys=True)
    except (KeyError, TypeError, AttributeError, msgspec.ValidationError) as error:
        reason = f" ({error})" if isinstance(error, msgspec.ValidationError) else ""
        raise DataError(f"{path} is damaged: it does not hold the metrics of a run{reason}.") from error


def _with_figures(part: Mapping[str, Any], known: set[str]) -> dict[str, Any]:
    """Move the keys of `part` that `known` lacks into a dict under the key `figures`; return a new dict."""
    figures = {key: value for key, value in part.items() if key not in known}
    return {**{key: value for key, value in part.items() if key in known}, "figures": figures}
