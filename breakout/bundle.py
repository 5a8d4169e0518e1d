"""A saved model with all it needs: model, contract, settings, manifest and its training rows, as data without code.

save_bundle writes a folder that appears whole; load_bundle verifies every file against the manifest, and the model,
the contract and the manifest against each other.
"""

from __future__ import annotations

import hashlib
import json
import platform
import shutil
import tempfile
from dataclasses import dataclass, replace
from datetime import date
from functools import cache, cached_property
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from breakout import settings
from breakout.artifacts import load_json, load_parquet, save_bytes, save_json, save_text
from breakout.calibration import Calibrator
from breakout.errors import DataError
from breakout.evaluation.thresholds import ThresholdChoice
from breakout.features.config import BreakoutFeatureConfig
from breakout.features.contract import Contract
from breakout.models.kinds import load_model

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    import pandas as pd

    from breakout.models.base import Model
    from breakout.settings import ExperimentConfig

FORMAT_VERSION = 1
MANIFEST_FILE = "manifest.json"
CONTRACT_FILE = "contract.json"
SETTINGS_FILE = "settings.yaml"
TRAINING_FILE = "training_features.parquet"
BASELINE_FOLDER = "baselines"
CONTRACT_KEY = "contract_fingerprint"
SEAL_KEY = "seal"
IDENTITY_KEYS = ("files", "calibration", "chosen_threshold", "windows")


class Learned(Protocol):
    """What was learned, just now or from a file: the model, its calibration, the threshold chosen on its validation
    part, and the baselines fitted on the same rows, by name.
    """

    @property
    def model(self) -> Model: ...
    @property
    def calibrator(self) -> Calibrator: ...
    @property
    def threshold(self) -> ThresholdChoice: ...
    @property
    def baselines(self) -> Mapping[str, Model]: ...


@dataclass(frozen=True)
class Bundle:
    """A loaded bundle. `settings` are those of its training run, `manifest` what is known of how it came about."""

    folder: Path
    model: Model
    calibrator: Calibrator
    contract: Contract
    settings: ExperimentConfig
    manifest: Mapping[str, Any]

    @property
    def fingerprint(self) -> str:
        """The digest of its files, calibration, threshold and windows, which names this bundle everywhere."""
        return str(self.manifest["fingerprint"])

    @property
    def files(self) -> tuple[str, ...]:
        """Every file that belongs to the bundle, below its folder; whatever else lies there does not."""
        return (*self.manifest["files"], MANIFEST_FILE)

    @property
    def features(self) -> BreakoutFeatureConfig:
        """Features, population and label as the contract has them: what every query for this bundle is told."""
        return _features(self.contract)

    @property
    def train_end(self) -> date:
        """The last day that the model has learned from."""
        return date.fromisoformat(self.manifest["windows"]["train"][1])

    @property
    def threshold(self) -> ThresholdChoice:
        """The decision threshold that was chosen on the validation part."""
        return ThresholdChoice(**self.manifest["chosen_threshold"])

    def predict_probability(self, X: pd.DataFrame) -> np.ndarray:
        """Calibrated probability of a breakout, shape (n,), for features in contract order."""
        return self.calibrator.apply(self.model.predict_probability(X))

    def training_features(self) -> pd.DataFrame:
        """The features that the model was trained on, defaults filled, shape (n, k)."""
        return load_parquet(self.folder / TRAINING_FILE)

    @cached_property
    def baselines(self) -> dict[str, Model]:
        """The baselines that were fitted on the same training window, by name."""
        return {name: load_model(name, self.folder / BASELINE_FOLDER / name)[0] for name in self.manifest["baselines"]}


def save_bundle(
    folder: Path,
    learned: Learned,
    contract: Contract,
    config: ExperimentConfig,
    training_file: bytes,
    facts: Mapping[str, Any],
) -> str:
    """Write a new bundle folder and return its fingerprint.

    `training_file` holds the training rows' features as Parquet; `facts` (JSON types) join the manifest.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
    try:
        beside.chmod(0o755)
        files = [*_save_model(learned.model, beside, beside), CONTRACT_FILE, SETTINGS_FILE, TRAINING_FILE]
        for name, baseline in learned.baselines.items():
            files += _save_model(baseline, beside / BASELINE_FOLDER / name, beside)
        save_json({"fingerprint": contract.fingerprint, **contract.to_dict()}, beside / CONTRACT_FILE)
        save_text(settings.to_yaml(config), beside / SETTINGS_FILE)
        save_bytes(training_file, beside / TRAINING_FILE)
        manifest = {
            "format_version": FORMAT_VERSION,
            "model": {"kind": learned.model.kind, "file": files[0], **learned.model.describe()},
            "calibration": learned.calibrator.to_dict(),
            "baselines": list(learned.baselines),
            CONTRACT_KEY: contract.fingerprint,
            "files": {name: _digest(beside / name) for name in files},
            "versions": versions(),
            **facts,
        }
        manifest["fingerprint"] = _fingerprint(manifest)
        save_json({**manifest, SEAL_KEY: _seal(manifest)}, beside / MANIFEST_FILE)
        beside.rename(folder)
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        raise
    return str(manifest["fingerprint"])


def load_bundle(folder: Path) -> Bundle:
    """A verified bundle; DataError naming the file that is missing, damaged, changed or of another run."""
    if not (folder / MANIFEST_FILE).exists() and (folder / "bundle").is_dir():
        folder = folder / "bundle"
    if not (folder / MANIFEST_FILE).exists() and not (folder / CONTRACT_FILE).exists():
        raise DataError(f"there is no bundle at {folder}; give the bundle/ folder of a run.")
    manifest = load_json(folder / MANIFEST_FILE)
    _check_manifest(folder, manifest)
    contract = _load_contract(folder)
    if contract.fingerprint != manifest[CONTRACT_KEY]:
        raise DataError(f"{folder / CONTRACT_FILE} and {MANIFEST_FILE} do not belong together: their contracts differ.")
    model, metadata = load_model(manifest["model"]["kind"], folder)
    if metadata.get(CONTRACT_KEY) != contract.fingerprint or model.names != contract.names:
        name = manifest["model"]["file"]
        raise DataError(
            f"{folder / name} and {CONTRACT_FILE} do not belong together: the model was fitted under another."
        )
    config = settings.load_file(folder / SETTINGS_FILE, settings.ExperimentConfig)
    _check_target(folder, contract, config)
    return Bundle(folder, model, Calibrator.from_dict(manifest["calibration"]), contract, config, manifest)


@cache
def versions() -> dict[str, str]:
    """The versions that a fitted model depends on."""
    packages = ("breakout", "catboost", "duckdb", "numpy", "pandas", "pyarrow", "scikit-learn", "sqlglot")
    return {"python": platform.python_version(), **{name: version(name) for name in packages}}


def _save_model(model: Model, own: Path, folder: Path) -> list[str]:
    """Save into a folder of the model's own; the files' paths as the manifest of `folder` names them."""
    own.mkdir(parents=True, exist_ok=True)
    return [path.relative_to(folder).as_posix() for path in model.save(own)]


def _check_manifest(folder: Path, manifest: Any) -> None:
    """Raise DataError unless the manifest is whole and the files beside it are those that it names."""
    path = folder / MANIFEST_FILE
    needed = ("format_version", "fingerprint", "model", *IDENTITY_KEYS, "baselines", CONTRACT_KEY, SEAL_KEY)
    if not isinstance(manifest, dict) or any(key not in manifest for key in needed):
        raise DataError(f"{path} is damaged: it is no manifest of a bundle.")
    if manifest["format_version"] != FORMAT_VERSION:
        found = manifest["format_version"]
        raise DataError(f"{path} has format {found}, but this version reads {FORMAT_VERSION}.")
    if manifest[SEAL_KEY] != _seal(manifest) or manifest["fingerprint"] != _fingerprint(manifest):
        raise DataError(f"{path} is damaged or was edited: its content does not match its seal.")
    missing = [name for name in manifest["files"] if not (folder / name).is_file()]
    if missing:
        raise DataError(f"{folder / missing[0]} is missing.")
    _check_digests(path, manifest["files"])


def _check_digests(path: Path, digests: Mapping[str, str]) -> None:
    """One file that differs is damaged; where several do, it is the manifest that does not belong here."""
    changed = [name for name, digest in digests.items() if _digest(path.parent / name) != digest]
    if len(changed) > 1:
        raise DataError(f"{path} is of another run: {', '.join(changed)} are not the files that it names.")
    if changed:
        raise DataError(
            f"{path.parent / changed[0]} is not the file that {MANIFEST_FILE} names: "
            "it is damaged, or one of the two is of another run."
        )


def _check_target(folder: Path, contract: Contract, config: ExperimentConfig) -> None:
    """Raise DataError unless the settings ask for the label and the population that the contract fixes."""
    asked = BreakoutFeatureConfig.from_target(contract.names, config.target)
    if replace(asked, season_types=tuple(sorted(asked.season_types))) != _features(contract):
        raise DataError(f"{folder / SETTINGS_FILE} and {CONTRACT_FILE} do not belong together: their targets differ.")


def _load_contract(folder: Path) -> Contract:
    try:
        return Contract.from_dict(load_json(folder / CONTRACT_FILE))
    except (KeyError, TypeError) as error:
        raise DataError(f"{folder / CONTRACT_FILE} is damaged: it holds no contract.") from error


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror}).") from error


def _features(contract: Contract) -> BreakoutFeatureConfig:
    label = contract.label
    return BreakoutFeatureConfig(
        contract.names,
        label["min_ppg"],
        label["max_ppg"],
        label["breakout_multiplier"],
        label["min_prior_games"],
        tuple(label["season_types"]),
    )


def _fingerprint(manifest: Mapping[str, Any]) -> str:
    """The name of what is judged and used: an evaluation or a promotion of it speaks of nothing else."""
    return _json_digest({key: manifest[key] for key in IDENTITY_KEYS})[:16]


def _seal(manifest: Mapping[str, Any]) -> str:
    """The digest of everything else in the manifest."""
    return _json_digest({key: value for key, value in manifest.items() if key != SEAL_KEY})


def _json_digest(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
