"""A finished run done once more: its folder in, what it recorded and what the same settings give today out.

A run's dates are taken as it resolved them, so that a window that trails the newest game does not move.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from breakout import settings
from breakout.artifacts import load_parquet
from breakout.bundle import Bundle, load_bundle, versions
from breakout.errors import ConfigurationError, DataError, GateError
from breakout.experiment.assessment import predictions_frame
from breakout.experiment.fitting import fit_experiment
from breakout.experiment.plan import open_plan
from breakout.experiment.walk_forward import fold_predictions, judge_folds
from breakout.models.kinds import fit_model
from breakout.production.bundle_gate import contract_differences, find_bundle
from breakout.production.scoring import score_window
from breakout.runs import SETTINGS_FILE, git_commit, read_status
from breakout.split import DateRange
from breakout.warehouse.opening import open_for

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from breakout.dataset import Dataset
    from breakout.experiment.plan import Plan

PREDICTIONS_FILE = "predictions.parquet"
# What may lie elsewhere than when the run was made, without the run being another.
PLACES = ("warehouse.player_game_summary", "warehouse.team_offense_game_summary", "warehouse.schedule", "bundle")


Rerunnable = TypeVar("Rerunnable", settings.ExperimentConfig, settings.EvaluateConfig)


@dataclass(frozen=True)
class Record:
    """What must be the same: fingerprints by name (settings, data, contract, rows) and predictions.

    `versions` may explain a difference.
    """

    fingerprints: Mapping[str, str | None]
    predictions: pd.DataFrame
    versions: Mapping[str, str | None]


def rerun(folder: Path, places: Mapping[str, str]) -> tuple[Record, Record]:
    """The record that a run left and the one that it gives now; `places`, keyed by PLACES, are read instead of its own.

    DataError if the folder holds no completed run; ConfigurationError for a program that cannot be run again;
    GateError if the contract has changed since, for then there is no same run to be had.
    """
    status = read_status(folder)
    if status["state"] != "completed":
        raise DataError(f"{folder} is {status['state']}, and only a completed run can be reproduced.")
    if status["command"] == "evaluate":
        return _rerun_evaluation(folder, status, places)
    if status["command"] == "train":
        return _rerun_training(folder, places)
    raise ConfigurationError(f"{folder} is a run of `breakout {status['command']}`; only train and evaluate run again.")


def _rerun_training(folder: Path, places: Mapping[str, str]) -> tuple[Record, Record]:
    bundle = load_bundle(folder / "bundle")
    check_unchanged(bundle)
    manifest = bundle.manifest
    config = settings.load_file(folder / SETTINGS_FILE, settings.ExperimentConfig)
    prints = {
        "settings": manifest["settings_fingerprint"],
        "data": manifest["data_fingerprint"],
        "contract": bundle.contract.fingerprint,
        "training rows": manifest["row_fingerprints"]["train"],
        "evaluation rows": manifest["row_fingerprints"]["evaluation"],
    }
    found = {**manifest["versions"], "git commit": manifest["git_commit"]}
    saved = Record(prints, load_parquet(folder / PREDICTIONS_FILE), found)
    again = _at_places(_on_own_dates(config, manifest["windows"]), places)
    return saved, _train_again(again, settings.fingerprint(config))


def _train_again(config: settings.ExperimentConfig, settings_fingerprint: str) -> Record:
    with open_plan(config) as plan:
        train, evaluation, predictions = _fit_folds(plan) if plan.folds else _fit_once(plan)
        prints = {
            "settings": settings_fingerprint,
            "data": plan.warehouse.fingerprint(),
            "contract": plan.contract.fingerprint,
            "training rows": train.fingerprint,
            "evaluation rows": None if evaluation is None else evaluation.fingerprint,
        }
    return Record(prints, predictions, _versions())


def _fit_once(plan: Plan) -> tuple[Dataset, Dataset | None, pd.DataFrame]:
    train, evaluation = plan.build_train(), plan.build_evaluation()
    fitted = fit_experiment(plan.config, train, plan.contract)
    parts = {"validation": (fitted.validation, fitted.validation_probability)}
    if evaluation is not None:
        probability = fitted.calibrator.apply(fitted.model.predict_probability(evaluation.X))
        parts["evaluation"] = (evaluation, probability)
    return train, evaluation, predictions_frame(parts)


def _fit_folds(plan: Plan) -> tuple[Dataset, Dataset, pd.DataFrame]:
    """A walk forward; the rows are the last fold's, whose model the bundle holds."""
    judged = judge_folds(plan, plan.build_span(), fit_model)
    return judged[-1].train, judged[-1].rows, fold_predictions(judged)


def _rerun_evaluation(folder: Path, status: dict[str, Any], places: Mapping[str, str]) -> tuple[Record, Record]:
    own = settings.load_file(folder / SETTINGS_FILE, settings.EvaluateConfig)
    config = _at_places(own, places)
    bundle = find_bundle(config.bundle)
    if bundle.fingerprint != status["bundle"]:
        raise DataError(f"{config.bundle} holds another bundle than the one that was evaluated ({status['bundle']}).")
    check_unchanged(bundle)
    if status["contract_mismatch"]:
        raise GateError(f"{folder} was scored under another contract than its bundle's, so there is none to keep to.")
    prints = {
        "settings": status["fingerprint"],
        "data": status["data_fingerprint"],
        "contract": status["contract"],
        "evaluation rows": status["row_fingerprint"],
    }
    saved = Record(prints, load_parquet(folder / PREDICTIONS_FILE), status["versions"])
    window = DateRange(*map(date.fromisoformat, status["window"]))
    return saved, _score_again(config, bundle, window, settings.fingerprint(own))


def _score_again(
    config: settings.EvaluateConfig, bundle: Bundle, window: DateRange, settings_fingerprint: str
) -> Record:
    warehouse = open_for(config, "reproduce")
    try:
        scored = score_window(bundle, warehouse, window)
        prints = {
            "settings": settings_fingerprint,
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


def _at_places(config: Rerunnable, places: Mapping[str, str]) -> Rerunnable:
    """The settings with the places that are told; ConfigurationError for one that this run did not read from."""
    mapping = settings.to_mapping(config)
    for key, place in places.items():
        group, _, name = key.rpartition(".")
        owner = mapping[group] if group else mapping
        if name not in owner:
            raise ConfigurationError(f"{key} has no place in this run, which did not read from there; leave it out.")
        owner[name] = place
    return settings.load(type(config), mapping)


def _on_own_dates(config: settings.ExperimentConfig, windows: dict[str, list[str] | None]) -> settings.ExperimentConfig:
    """The settings with the dates that the run resolved; those of a walk forward are fixed as they stand."""
    if isinstance(config.window, settings.WalkForwardWindow):
        return config
    start, end = map(date.fromisoformat, windows["train"] or [])
    evaluated: list[date | None] = [date.fromisoformat(day) for day in windows["evaluation"] or []] or [None, None]
    return replace(config, window=settings.DateWindow("dates", start, end, *evaluated))


def _versions() -> dict[str, str | None]:
    return {**versions(), "git commit": git_commit(Path(__file__).parent)}
