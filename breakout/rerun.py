"""The rerun of a completed run with the same settings, to compare the new results with the recorded results.

A rerun trains and evaluates on the dates of the recorded run, because a trailing window could now give other dates.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from breakout import settings
from breakout.bundle.folder import Bundle, read_bundle
from breakout.bundle.manifest import Windows, git_commit, versions
from breakout.errors import ConfigurationError, DataError, GateError
from breakout.experiment.plan import open_plan
from breakout.experiment.windows import fit_windows
from breakout.production.bundle_gate import contract_differences, find_bundle
from breakout.production.scoring import score_window
from breakout.runs import SETTINGS_FILE, warn_without_digests
from breakout.runs.record import RunRecord, read_run
from breakout.split import DateRange
from breakout.warehouse.opening import open_for

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd


# Path settings that a user may change for a rerun, because data and bundles (saved models) may have been moved.
PLACES = (
    "warehouse.folder",
    "warehouse.database",
    "warehouse.player_game_summary",
    "warehouse.team_offense_game_summary",
    "warehouse.schedule",
    "warehouse.availability",
    "bundle",
)


Rerunnable = TypeVar("Rerunnable", settings.ExperimentConfig, settings.EvaluateConfig)


@dataclass(frozen=True)
class Evidence:
    """The results of a run that must be equal in a rerun, and the versions that may explain a difference.

    - `fingerprints`: the fingerprints with the names `settings`, `data` (the source tables), `contract` (the definition
      of features and label), `training rows` and `evaluation rows`. The fingerprint of rows that the run does not have
      is None or missing.
    - `predictions`: the content of predictions.parquet.
    - `versions`: the versions of Python, breakout and its libraries. For a training run also the git commit.
    """

    fingerprints: Mapping[str, str | None]
    predictions: pd.DataFrame
    versions: Mapping[str, str | None]


def rerun(folder: Path, places: Mapping[str, str]) -> tuple[Evidence, Evidence]:
    """Run the settings of a run again; return the recorded results and the results of the rerun.

    `places` maps path settings of PLACES, such as `warehouse.folder` or `bundle`, to the paths that the rerun reads.

    - DataError if the run is not completed, the data cannot be read, or a file or the bundle of the run has changed.
    - ConfigurationError if the command of the run is not train or evaluate, or if its settings lack a key of `places`.
    - GateError if the installed feature definitions differ from the bundle's, or if the run is an evaluation that used
      definitions other than the bundle's.
    """
    run = read_run(folder)
    warn_without_digests(folder, [run.status])
    state, command = run.status.state, run.status.command
    if state != "completed":
        raise DataError(f"{folder} is {state}, and only a completed run can be reproduced.")
    if command == "evaluate":
        return _rerun_evaluation(run, places)
    if command == "train":
        return _rerun_training(run, places)
    raise ConfigurationError(f"{folder} is a run of `breakout {command}`; only train and evaluate run again.")


def _rerun_training(run: RunRecord, places: Mapping[str, str]) -> tuple[Evidence, Evidence]:
    bundle = read_bundle(run.folder / "bundle")
    check_unchanged(bundle)
    manifest = bundle.manifest
    config = settings.load_file(run.folder / SETTINGS_FILE, settings.ExperimentConfig)
    prints = {
        "settings": manifest.settings_fingerprint,
        "data": manifest.data_fingerprint,
        "contract": bundle.contract.fingerprint,
        "training rows": manifest.row_fingerprints.train,
        "evaluation rows": manifest.row_fingerprints.evaluation,
    }
    found = {**manifest.versions, "git commit": manifest.git_commit}
    saved = Evidence(prints, run.predictions(), found)
    again = _at_places(_on_own_dates(config, manifest.windows), places)
    return saved, _train_again(again, settings.fingerprint(config))


def _train_again(config: settings.ExperimentConfig, settings_fingerprint: str) -> Evidence:
    with open_plan(config) as plan:
        run = fit_windows(plan)
        prints = {
            "settings": settings_fingerprint,
            "data": plan.warehouse.fingerprint(has_reports=plan.contract.has_reports),
            "contract": plan.contract.fingerprint,
            "training rows": run.last.train.fingerprint,
            "evaluation rows": None if run.last.evaluation is None else run.last.evaluation.fingerprint,
        }
    installed = {**versions(), "git commit": git_commit()}
    return Evidence(prints, run.predictions(), installed)


def _rerun_evaluation(run: RunRecord, places: Mapping[str, str]) -> tuple[Evidence, Evidence]:
    folder, status = run.folder, run.status
    own = settings.load_file(folder / SETTINGS_FILE, settings.EvaluateConfig)
    config = _at_places(own, places)
    bundle = find_bundle(config.bundle)
    if bundle.fingerprint != status.bundle:
        raise DataError(f"{config.bundle} holds another bundle than the one that was evaluated ({status.bundle}).")
    check_unchanged(bundle)
    if status.contract_mismatch:
        raise GateError(f"{folder} was scored under another contract than its bundle's, so there is none to keep to.")
    if status.window is None:
        raise DataError(f"{folder} does not say which window it scored, so it cannot be scored again.")
    prints = {
        "settings": status.fingerprint,
        "data": status.data_fingerprint,
        "contract": status.contract,
        "evaluation rows": status.row_fingerprint,
    }
    saved = Evidence(prints, run.predictions(), status.versions or {})
    return saved, _score_again(config, bundle, DateRange(*status.window), settings.fingerprint(own))


def _score_again(
    config: settings.EvaluateConfig, bundle: Bundle, window: DateRange, settings_fingerprint: str
) -> Evidence:
    with open_for(config, "reproduce") as warehouse:
        scored = score_window(bundle, warehouse, window)
        prints = {
            "settings": settings_fingerprint,
            "data": warehouse.fingerprint(has_reports=bundle.contract.has_reports),
            "contract": bundle.contract.fingerprint,
            "evaluation rows": scored.rows.fingerprint,
        }
    return Evidence(prints, scored.predictions(), versions())


def check_unchanged(bundle: Bundle) -> None:
    """Raise GateError, which lists the differences, if the installed feature definitions differ from the bundle's."""
    differences = contract_differences(bundle)
    if differences:
        listed = "".join(f"\n  {difference}" for difference in differences)
        raise GateError(f"the run cannot be reproduced: its contract is not the installed one.{listed}")


def _at_places(config: Rerunnable, places: Mapping[str, str]) -> Rerunnable:
    """Return the settings with other paths; ConfigurationError for a key of `places` that the settings lack."""
    mapping = settings.to_mapping(config)
    for key, place in places.items():
        group, _, name = key.rpartition(".")
        owner = mapping[group] if group else mapping
        if name not in owner:
            raise ConfigurationError(f"{key} has no place in this run, which did not read from there; leave it out.")
        owner[name] = place
    return settings.load(type(config), mapping)


def _on_own_dates(config: settings.ExperimentConfig, windows: Windows) -> settings.ExperimentConfig:
    """Return the settings with the fixed dates `windows`, on which the recorded run trained and evaluated.

    The dates of a walk forward are fixed already, so its settings are returned unchanged.
    """
    if isinstance(config.window, settings.WalkForwardWindowConfig):
        return config
    evaluation = windows.evaluation or (None, None)
    return replace(config, window=settings.DateWindowConfig("dates", *windows.train, *evaluation))
