"""The folder of a bundle (a saved model): model, baselines, contract, settings, manifest, and training features.

The contract is the definition of features and label. The manifest describes the model and has the digests of the files.
`read_bundle` checks each file against the manifest. Reading a bundle runs no code from it. The settings may contain the
text of a user's Python file, but only a fit runs that text.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import msgspec

from breakout import settings
from breakout.artifacts import (
    file_digest,
    load_json,
    load_parquet,
    save_bytes,
    save_json,
    save_sealed,
    save_text,
    whole_folder,
)
from breakout.bundle.manifest import (
    FORMAT_VERSION,
    MANIFEST_FILE,
    BundleFacts,
    Manifest,
    bundle_fingerprint,
    load_manifest,
    versions,
)
from breakout.calibration import Calibrator
from breakout.errors import DataError
from breakout.evaluation.thresholds import ThresholdChoice
from breakout.features.config import BreakoutFeatureConfig
from breakout.features.contract import Contract
from breakout.features.own import own_features
from breakout.models.kinds import load_model
from breakout.models.ladder import predict_ladder
from breakout.settings import AvailabilityConfig

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    import pandas as pd

    from breakout.dataset import Rows
    from breakout.models.base import Model
    from breakout.settings import ExperimentConfig

CONTRACT_FILE = "contract.json"
SETTINGS_FILE = "settings.yaml"
TRAINING_FILE = "training_features.parquet"
BASELINE_FOLDER = "baselines"
CONTRACT_KEY = "contract_fingerprint"


class Learned(Protocol):
    """The results of a fit that are saved in a bundle.

    - `threshold`: the decision threshold. None if every threshold missed the target precision or flagged too few
      validation games.
    - `baselines`: simpler models that were fitted on the same training window, by name.
    """

    @property
    def model(self) -> Model: ...
    @property
    def calibrator(self) -> Calibrator: ...
    @property
    def threshold(self) -> ThresholdChoice | None: ...
    @property
    def baselines(self) -> Mapping[str, Model]: ...


@dataclass(frozen=True)
class Bundle:
    """A saved model that was read from its folder and verified.

    - `contract`: the definition of the model's features and label.
    - `settings`: the settings of the run that trained the model.
    - `asked_availability`: the cutoff (the time up to which injury reports count) for new predictions. None means the
      cutoff of the training.
    """

    folder: Path
    model: Model
    contract: Contract
    settings: ExperimentConfig
    manifest: Manifest
    asked_availability: AvailabilityConfig | None = None

    @property
    def calibrator(self) -> Calibrator:
        return self.manifest.calibration

    @property
    def fingerprint(self) -> str:
        """The digest that identifies the bundle.

        The digest covers the bundle's files, calibration, decision threshold and windows.
        """
        return self.manifest.fingerprint

    @property
    def files(self) -> tuple[str, ...]:
        """The paths of the bundle's files, relative to `folder`, which may contain other files too."""
        return (*self.manifest.files, MANIFEST_FILE)

    @property
    def features(self) -> BreakoutFeatureConfig:
        """The configuration of the feature query for this bundle.

        The cutoff (the time up to which injury reports count) is `asked_availability`, or else the cutoff of the
        training. The user's own features come from the settings. Everything else comes from the contract.
        """
        own = _features(self.contract, self.settings)
        return replace(own, availability=self.asked_availability or own.availability)

    @property
    def train_end(self) -> date:
        return self.manifest.windows.train[1]

    @property
    def threshold(self) -> ThresholdChoice | None:
        """The decision threshold: games with at least this probability are flagged as breakouts.

        None if every threshold missed the target precision or flagged too few validation games.
        """
        return self.manifest.chosen_threshold

    def predict_probability(self, rows: Rows) -> np.ndarray:
        """Return calibrated probabilities of a breakout, shape (n,), for n rows.

        ValueError unless the columns of `rows.X` are the model's features in the order of its contract.
        """
        return self.calibrator.apply(self.model.predict_probability(rows))

    def predict_ladder(self, rows: Rows) -> np.ndarray | None:
        """Return calibrated P(points >= k) for k = 1, ..., LADDER_LENGTH, shape (n, LADDER_LENGTH), for n rows.

        None if the model predicts only the probability of a breakout. ValueError unless the columns of `rows.X` are the
        model's features in the order of its contract.
        """
        ladder = predict_ladder(self.model, rows)
        return None if ladder is None else self.calibrator.apply(ladder)

    def training_features(self) -> pd.DataFrame:
        """Return the features of the training rows: one column for each feature, with defaults for missing values.

        DataError if the file is missing or damaged.
        """
        return load_parquet(self.folder / TRAINING_FILE)

    @cached_property
    def baselines(self) -> dict[str, Model]:
        """The baselines by name: simpler models that were fitted on the same training window.

        Their files are read on first access. DataError if a file is missing or damaged, or if this version does not
        know the kind of a baseline.
        """
        return {name: load_model(name, self.folder / BASELINE_FOLDER / name) for name in self.manifest.baselines}


def save_bundle(
    folder: Path,
    learned: Learned,
    contract: Contract,
    config: ExperimentConfig,
    training_file: bytes,
    facts: BundleFacts,
) -> str:
    """Write a new bundle folder (a saved model), whole or not at all, and return the bundle's fingerprint.

    - `learned`: the model and the other results of the fit.
    - `config`: the settings of the run.
    - `training_file`: the content of a Parquet file with the features of the training rows.
    - `facts`: the origin of the model.

    DataError if the folder cannot be written, or if it exists and is not empty.
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
        fingerprint = bundle_fingerprint(manifest)
        save_sealed({**manifest, "fingerprint": fingerprint}, beside / MANIFEST_FILE)
    return fingerprint


def read_bundle(folder: Path) -> Bundle:
    """Return the verified bundle (a saved model) in `folder`, the folder of a bundle or of a run.

    ConfigurationError if this version refuses the settings of the bundle. DataError for one of these causes:

    - There is no bundle.
    - A file is missing, damaged, changed, from another run or of another version.
    - The calibration does not keep the order of probabilities.
    """
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
    model = load_model(manifest.model.kind, folder)
    if model.metadata.get(CONTRACT_KEY) != contract.fingerprint or model.names != contract.names:
        raise DataError(
            f"{folder / manifest.model.file} and {CONTRACT_FILE} do not belong together: "
            "the model was fitted under another."
        )
    config = settings.load_file(folder / SETTINGS_FILE, settings.ExperimentConfig, is_lenient=True)
    _check_target(folder, contract, config)
    return Bundle(folder, model, contract, config, manifest)


def load_copy(folder: Path, fingerprint: str) -> Bundle:
    """Return the verified bundle (a saved model) in a folder, if its fingerprint is `fingerprint`.

    DataError if the bundle is missing or damaged, or has another fingerprint. ConfigurationError if this version
    refuses the settings of the bundle.
    """
    bundle = read_bundle(folder)
    if bundle.fingerprint != fingerprint:
        raise DataError(f"{folder} holds the bundle {bundle.fingerprint}, not {fingerprint}: it was exchanged.")
    return bundle


def copy_bundle_files(bundle: Bundle, to: Path) -> None:
    """Copy the files of a bundle (a saved model) to another folder.

    Permissions are not copied, because a read-only copy could not be removed. OSError if a file cannot be read or
    written.
    """
    for name in bundle.files:
        (to / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(bundle.folder / name, to / name)


def _save_model(model: Model, own: Path, folder: Path) -> list[str]:
    """Save a model into the folder `own`, and return the paths of its files relative to `folder`."""
    own.mkdir(parents=True, exist_ok=True)
    return [path.relative_to(folder).as_posix() for path in model.save(own)]


def _check_files(path: Path, digests: Mapping[str, str]) -> None:
    """Raise DataError if a file is missing or differs from its digest.

    `path` is the manifest; the files are in its folder. `digests` maps the name of each file to its digest.
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
    """Raise DataError unless the settings and the contract define the same target.

    The target consists of the points band of role players, the label and the season types. If the contract has a cutoff
    (the time up to which injury reports count), the target includes it.
    """
    own = own_features(config.features)
    asked = BreakoutFeatureConfig.from_target(contract.names, config.target, config.availability, own)
    if replace(asked, season_types=tuple(sorted(asked.season_types))) != _features(contract, config):
        raise DataError(f"{folder / SETTINGS_FILE} and {CONTRACT_FILE} do not belong together: their targets differ.")


def load_contract(folder: Path) -> Contract:
    """Return the contract (the definition of features and label) in a bundle's folder.

    DataError if the file is missing or damaged.
    """
    try:
        return Contract.from_dict(load_json(folder / CONTRACT_FILE))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
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
