"""The bundle: a folder that holds a model, its contract, settings, manifest and training rows. No file holds code.

`save_bundle` writes all files or none. `load_bundle` checks each file against the manifest, and that the model, the
contract, the settings and the manifest belong together.
"""

from __future__ import annotations

import platform
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache, cached_property
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from breakout import __version__, settings
from breakout.artifacts import (
    SEAL_KEY,
    as_typed,
    check_seal,
    file_digest,
    json_digest,
    load_json,
    load_parquet,
    save_bytes,
    save_json,
    save_sealed,
    save_text,
    whole_folder,
)
from breakout.calibration import CalibrationFit, Calibrator
from breakout.errors import DataError
from breakout.evaluation.thresholds import ThresholdChoice
from breakout.features.config import BreakoutFeatureConfig
from breakout.features.contract import Contract
from breakout.features.own import own_features
from breakout.models.base import LearnedRows
from breakout.models.kinds import KINDS, load_model
from breakout.models.ladder import predict_ladder
from breakout.settings import AvailabilityConfig

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    import pandas as pd

    from breakout.dataset import Rows
    from breakout.models.base import Model
    from breakout.settings import ExperimentConfig

FORMAT_VERSION = 1
MANIFEST_FILE = "manifest.json"
CONTRACT_FILE = "contract.json"
SETTINGS_FILE = "settings.yaml"
TRAINING_FILE = "training_features.parquet"
BASELINE_FOLDER = "baselines"
CONTRACT_KEY = "contract_fingerprint"
IDENTITY_KEYS = ("files", "calibration", "chosen_threshold", "windows")


class Learned(Protocol):
    """A fitted or loaded model with its calibration, its decision threshold, and the baselines fitted on the same rows.

    The threshold was chosen on the validation part (None if none reached the target precision); baselines are by name.
    """

    @property
    def model(self) -> Model: ...
    @property
    def calibrator(self) -> Calibrator: ...
    @property
    def threshold(self) -> ThresholdChoice | None: ...
    @property
    def baselines(self) -> Mapping[str, Model]: ...


class Windows(msgspec.Struct, frozen=True):
    """First and last day of training, of the validation part, and of the evaluation window; None without one."""

    train: tuple[date, date]
    validation: tuple[date, date]
    evaluation: tuple[date, date] | None


class RowCounts(msgspec.Struct, frozen=True):
    """The number of player-games in each part; 0 without an evaluation."""

    train: int
    validation: int
    evaluation: int


class RowFingerprints(msgspec.Struct, frozen=True):
    """Digests of the rows of each part; None without an evaluation."""

    train: str
    evaluation: str | None


class BundleFacts(msgspec.Struct, frozen=True, kw_only=True):
    """The origin of a model: its run, data, settings, code, windows, rows and threshold."""

    run_id: str
    name: str
    git_commit: str | None
    data_fingerprint: str
    source: str
    settings_fingerprint: str
    seed: int
    thread_count: int | None
    windows: Windows
    rows: RowCounts
    row_fingerprints: RowFingerprints
    train_breakout_rate: float | None
    chosen_threshold: ThresholdChoice | None
    is_evaluated: bool
    calibration_fit: CalibrationFit | None = None
    learned: LearnedRows | None = None  # None in bundles of earlier versions, which never fitted on all rows again
    warnings: tuple[str, ...] = ()


class ModelFile(msgspec.Struct, frozen=True):
    """The model's kind and file. The manifest has further keys on the model, which depend on the kind."""

    kind: str
    file: str


class Manifest(BundleFacts, frozen=True, kw_only=True):
    """manifest.json: the origin of the model, and the digests of the bundle's files.

    `fingerprint` is the digest of the keys in IDENTITY_KEYS.
    """

    format_version: int
    model: ModelFile
    calibration: Calibrator
    baselines: tuple[str, ...]
    contract_fingerprint: str
    files: dict[str, str]
    versions: dict[str, str]
    fingerprint: str

    @property
    def learned_rows(self) -> LearnedRows:
        """The rows that the model learned from; for a bundle of an earlier version by the kind of its model."""
        if self.learned is not None:
            return self.learned
        kind = KINDS.get(self.model.kind)
        if kind is None or not kind.stops_early:
            return LearnedRows(self.rows.train, self.windows.train[1], self.rows.validation, is_stopped=False)
        last_date = self.windows.validation[0] - timedelta(days=1)
        return LearnedRows(self.rows.train - self.rows.validation, last_date, self.rows.validation, is_stopped=True)


@dataclass(frozen=True)
class Bundle:
    """A loaded bundle. `settings` are those of its training run.

    `asked_availability` is a cutoff to score with in place of the contract's; None is the contract's.
    """

    folder: Path
    model: Model
    contract: Contract
    settings: ExperimentConfig
    manifest: Manifest
    asked_availability: AvailabilityConfig | None = None

    @property
    def calibrator(self) -> Calibrator:
        """The map from the model's scores to probabilities."""
        return self.manifest.calibration

    @property
    def fingerprint(self) -> str:
        """The digest of the bundle's files, calibration, threshold and windows, which identifies the bundle."""
        return self.manifest.fingerprint

    @property
    def files(self) -> tuple[str, ...]:
        """The paths, relative to the folder, of the files that belong to the bundle; other files may be beside them."""
        return (*self.manifest.files, MANIFEST_FILE)

    @property
    def features(self) -> BreakoutFeatureConfig:
        """The features, population, label and cutoff, from which each query for this bundle is made.

        The user's own definitions are those in the bundle's settings.
        """
        own = _features(self.contract, self.settings)
        return replace(own, availability=self.asked_availability or own.availability)

    @property
    def train_end(self) -> date:
        """The last day of the training window."""
        return self.manifest.windows.train[1]

    @property
    def threshold(self) -> ThresholdChoice | None:
        """The decision threshold that was chosen on the validation part; None if none reached the target precision."""
        return self.manifest.chosen_threshold

    def predict_probability(self, rows: Rows) -> np.ndarray:
        """Return calibrated probabilities of a breakout, shape (n,), for rows with features in contract order."""
        return self.calibrator.apply(self.model.predict_probability(rows))

    def predict_ladder(self, rows: Rows) -> np.ndarray | None:
        """Return calibrated P(points >= k) for k = 1, 2, ..., shape (n, k); None if the model has no ladder."""
        ladder = predict_ladder(self.model, rows)
        return None if ladder is None else self.calibrator.apply(ladder)

    def training_features(self) -> pd.DataFrame:
        """Return the features that the model was trained on, defaults filled, shape (n, k)."""
        return load_parquet(self.folder / TRAINING_FILE)

    @cached_property
    def baselines(self) -> dict[str, Model]:
        """The baselines that were fitted on the same training window, by name."""
        return {name: load_model(name, self.folder / BASELINE_FOLDER / name)[0] for name in self.manifest.baselines}


def save_bundle(
    folder: Path,
    learned: Learned,
    contract: Contract,
    config: ExperimentConfig,
    training_file: bytes,
    facts: BundleFacts,
) -> str:
    """Write a new bundle folder and return its fingerprint.

    `training_file` holds the training rows' features as Parquet.
    """
    with whole_folder(folder) as beside:
        files = [*_save_model(learned.model, beside, beside), CONTRACT_FILE, SETTINGS_FILE, TRAINING_FILE]
        for name, baseline in learned.baselines.items():
            files += _save_model(baseline, beside / BASELINE_FOLDER / name, beside)
        save_json({"fingerprint": contract.fingerprint, **contract.to_dict()}, beside / CONTRACT_FILE)
        save_text(settings.to_yaml(config), beside / SETTINGS_FILE)
        save_bytes(training_file, beside / TRAINING_FILE)
        manifest = {
            "format_version": FORMAT_VERSION,
            "model": {"kind": learned.model.kind, "file": files[0], **learned.model.describe()},
            "calibration": msgspec.to_builtins(learned.calibrator),
            "baselines": list(learned.baselines),
            CONTRACT_KEY: contract.fingerprint,
            "files": {name: file_digest(beside / name) for name in files},
            "versions": versions(),
            **msgspec.to_builtins(facts),
        }
        fingerprint = _fingerprint(manifest)
        save_sealed({**manifest, "fingerprint": fingerprint}, beside / MANIFEST_FILE)
    return fingerprint


def load_bundle(folder: Path) -> Bundle:
    """Load a verified bundle; DataError naming the file that is missing, damaged, changed or from another run."""
    if not (folder / MANIFEST_FILE).exists() and (folder / "bundle").is_dir():
        folder = folder / "bundle"
    if not (folder / MANIFEST_FILE).exists() and not (folder / CONTRACT_FILE).exists():
        raise DataError(f"there is no bundle at {folder}; give the bundle/ folder of a run.")
    manifest = load_manifest(folder)
    _check_files(folder / MANIFEST_FILE, manifest.files)
    manifest.calibration.check_increasing()
    contract = load_contract(folder)
    if contract.fingerprint != manifest.contract_fingerprint:
        raise DataError(f"{folder / CONTRACT_FILE} and {MANIFEST_FILE} do not belong together: their contracts differ.")
    model, metadata = load_model(manifest.model.kind, folder)
    if metadata.get(CONTRACT_KEY) != contract.fingerprint or model.names != contract.names:
        raise DataError(
            f"{folder / manifest.model.file} and {CONTRACT_FILE} do not belong together: "
            "the model was fitted under another."
        )
    config = settings.load_file(folder / SETTINGS_FILE, settings.ExperimentConfig, is_lenient=True)
    _check_target(folder, contract, config)
    return Bundle(folder, model, contract, config, manifest)


def load_manifest(folder: Path) -> Manifest:
    """Load the manifest of a bundle's folder; DataError if it is missing, damaged or edited."""
    path = folder / MANIFEST_FILE
    record = load_json(path)
    if not isinstance(record, dict) or any(key not in record for key in ("format_version", *IDENTITY_KEYS, SEAL_KEY)):
        raise DataError(f"{path} is damaged: it is no manifest of a bundle.")
    if record["format_version"] != FORMAT_VERSION:
        found = record["format_version"]
        raise DataError(f"{path} has format {found}, but this version reads {FORMAT_VERSION}.")
    check_seal(record, path)
    manifest = as_typed(record, Manifest, path)
    if manifest.fingerprint != _fingerprint(record):
        raise DataError(f"{path} is damaged or was edited: its content does not match its fingerprint.")
    return manifest


@cache
def versions() -> dict[str, str]:
    """Return the versions that a fitted model depends on."""
    packages = ("catboost", "duckdb", "numpy", "pandas", "pyarrow", "scikit-learn", "sqlglot")
    own = {"python": platform.python_version(), "breakout": __version__}
    return own | {name: version(name) for name in packages}


def _save_model(model: Model, own: Path, folder: Path) -> list[str]:
    """Save a model into its own folder below `folder`, and return the paths of its files relative to `folder`."""
    own.mkdir(parents=True, exist_ok=True)
    return [path.relative_to(folder).as_posix() for path in model.save(own)]


def _check_files(path: Path, digests: Mapping[str, str]) -> None:
    """Raise DataError for a missing or changed file.

    If several files changed, the message states that the manifest belongs to another run.
    """
    missing = [name for name in digests if not (path.parent / name).is_file()]
    if missing:
        raise DataError(f"{path.parent / missing[0]} is missing.")
    changed = [name for name, digest in digests.items() if file_digest(path.parent / name) != digest]
    if len(changed) > 1:
        raise DataError(f"{path} is of another run: {', '.join(changed)} are not the files that it names.")
    if changed:
        raise DataError(
            f"{path.parent / changed[0]} is not the file that {MANIFEST_FILE} names: "
            "it is damaged, or one of the two is of another run."
        )


def _check_target(folder: Path, contract: Contract, config: ExperimentConfig) -> None:
    """Raise DataError unless the settings have the label and the population of the contract."""
    own = own_features(config.features)
    asked = BreakoutFeatureConfig.from_target(contract.names, config.target, config.availability, own)
    if replace(asked, season_types=tuple(sorted(asked.season_types))) != _features(contract, config):
        raise DataError(f"{folder / SETTINGS_FILE} and {CONTRACT_FILE} do not belong together: their targets differ.")


def load_contract(folder: Path) -> Contract:
    """Load the contract of a bundle's folder; DataError if it is missing or damaged."""
    try:
        return Contract.from_dict(load_json(folder / CONTRACT_FILE))
    except (KeyError, TypeError) as error:
        raise DataError(f"{folder / CONTRACT_FILE} is damaged: it holds no contract.") from error


def _features(contract: Contract, config: ExperimentConfig) -> BreakoutFeatureConfig:
    label = contract.label
    return BreakoutFeatureConfig(
        contract.names,
        label["min_ppg"],
        label["max_ppg"],
        label["breakout_multiplier"],
        label["min_prior_games"],
        tuple(label["season_types"]),
        AvailabilityConfig(**contract.availability) if contract.availability else config.availability,
        own_features(config.features),
    )


def _fingerprint(manifest: Mapping[str, Any]) -> str:
    """Return the digest of what decides the probabilities; the other keys only describe the bundle."""
    return json_digest({key: manifest[key] for key in IDENTITY_KEYS})[:16]
