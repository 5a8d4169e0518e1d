"""A finished run done once more: its folder in, what it recorded and what the same settings give today out.

A run's dates are taken as it resolved them, so that a window that trails the newest game does not move.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from breakout import settings
from breakout.artifacts import load_parquet
from breakout.assessment import predictions_frame
from breakout.bundle import Bundle, load_bundle, versions
from breakout.bundle_gate import contract_differences, find_bundle
from breakout.errors import ConfigurationError, DataError, GateError
from breakout.fitting import Fitted, fit_experiment
from breakout.plan import open_plan
from breakout.runs import SETTINGS_FILE, git_commit, read_status
from breakout.scoring import score_window
from breakout.split import DateRange
from breakout.warehouse.opening import open_warehouse

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from breakout.dataset import Dataset

PREDICTIONS_FILE = "predictions.parquet"


@dataclass(frozen=True)
class Record:
    """What must be the same: fingerprints by name (data, contract, rows) and predictions; `versions` may explain."""

    fingerprints: Mapping[str, str | None]
    predictions: pd.DataFrame
    versions: Mapping[str, str | None]


def rerun(folder: Path) -> tuple[Record, Record]:
    """The record that a run left and the one that it gives now.

    DataError if the folder holds no completed run; ConfigurationError for a program that cannot be run again;
    GateError if the contract has changed since, for then there is no same run to be had.
    """
    status = read_status(folder)
    if status["state"] != "completed":
        raise DataError(f"{folder} is {status['state']}, and only a completed run can be reproduced.")
    if status["command"] == "evaluate":
        return _rerun_evaluation(folder, status)
    if status["command"] == "train":
        return _rerun_training(folder)
    raise ConfigurationError(f"{folder} is a run of `breakout {status['command']}`; only train and evaluate run again.")


def _rerun_training(folder: Path) -> tuple[Record, Record]:
    bundle = load_bundle(folder / "bundle")
    check_unchanged(bundle)
    manifest = bundle.manifest
    prints = {
        "data": manifest["data_fingerprint"],
        "contract": bundle.contract.fingerprint,
        "training rows": manifest["row_fingerprints"]["train"],
        "evaluation rows": manifest["row_fingerprints"]["evaluation"],
    }
    found = {**manifest["versions"], "git commit": manifest["git_commit"]}
    saved = Record(prints, load_parquet(folder / PREDICTIONS_FILE), found)
    config = settings.load_file(folder / SETTINGS_FILE, settings.ExperimentConfig)
    return saved, _train_again(replace(config, window=_window(manifest["windows"])))


def _train_again(config: settings.ExperimentConfig) -> Record:
    with open_plan(config) as plan:
        train, evaluation = plan.build_train(), plan.build_evaluation()
        fitted = fit_experiment(config, train, plan.contract)
        prints = {
            "data": plan.warehouse.fingerprint(),
            "contract": plan.contract.fingerprint,
            "training rows": train.fingerprint,
            "evaluation rows": None if evaluation is None else evaluation.fingerprint,
        }
    return Record(prints, _predictions(fitted, evaluation), _versions())


def _predictions(fitted: Fitted, evaluation: Dataset | None) -> pd.DataFrame:
    parts = {"validation": (fitted.validation, fitted.validation_probability)}
    if evaluation is not None:
        probability = fitted.calibrator.apply(fitted.model.predict_probability(evaluation.X))
        parts["evaluation"] = (evaluation, probability)
    return predictions_frame(parts)


def _rerun_evaluation(folder: Path, status: dict[str, Any]) -> tuple[Record, Record]:
    config = settings.load_file(folder / SETTINGS_FILE, settings.EvaluateConfig)
    bundle = find_bundle(config.bundle)
    if bundle.fingerprint != status["bundle"]:
        raise DataError(f"{config.bundle} holds another bundle than the one that was evaluated ({status['bundle']}).")
    check_unchanged(bundle)
    prints = {
        "data": status["data_fingerprint"],
        "contract": status["contract"],
        "evaluation rows": status["row_fingerprint"],
    }
    saved = Record(prints, load_parquet(folder / PREDICTIONS_FILE), status["versions"])
    return saved, _score_again(config, bundle, DateRange(*map(date.fromisoformat, status["window"])))


def _score_again(config: settings.EvaluateConfig, bundle: Bundle, window: DateRange) -> Record:
    warehouse = open_warehouse(config.warehouse)
    try:
        scored = score_window(bundle, warehouse, window)
        prints = {
            "data": warehouse.fingerprint(),
            "contract": bundle.contract.fingerprint,
            "evaluation rows": scored.rows.fingerprint,
        }
    finally:
        warehouse.close()
    return Record(prints, predictions_frame({"evaluation": (scored.rows, scored.probability)}), versions())


def check_unchanged(bundle: Bundle) -> None:
    """Raise GateError if the definitions that are installed now are not those of the run."""
    differences = contract_differences(bundle)
    if differences:
        listed = "".join(f"\n  {difference}" for difference in differences)
        raise GateError(f"the run cannot be reproduced: its contract is not the installed one.{listed}")


def _window(windows: dict[str, list[str] | None]) -> settings.DateWindow:
    """The run's dates as it resolved them."""
    train, evaluation = windows["train"] or [], windows["evaluation"]
    start, end = map(date.fromisoformat, train)
    if evaluation is None:
        return settings.DateWindow("dates", start, end, None, None)
    return settings.DateWindow("dates", start, end, *map(date.fromisoformat, evaluation))


def _versions() -> dict[str, str | None]:
    return {**versions(), "git commit": git_commit(Path(__file__).parent)}
