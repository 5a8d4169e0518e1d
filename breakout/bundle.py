"""A saved model with all it needs: model, contract, settings, manifest and its training rows, as data without code.

save_bundle writes a folder that appears whole; load_bundle verifies every file against the manifest, and the model,
the contract and the manifest against each other.
"""

from __future__ import annotations

import hashlib
import platform
import shutil
import tempfile
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from breakout import settings
from breakout.artifacts import load_json, load_parquet, save_json, save_parquet, save_text
from breakout.calibration import Calibrator
from breakout.errors import DataError
from breakout.features.contract import Contract
from breakout.models.base import load_model

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


class Learned(Protocol):
    """What a fit hands over: the model, its calibration, and the baselines fitted on the same rows, by name."""

    @property
    def model(self) -> Model: ...
    @property
    def calibrator(self) -> Calibrator: ...
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
        """The digest of model, contract and settings that names this bundle everywhere."""
        return str(self.manifest["fingerprint"])

    def predict_probability(self, X: pd.DataFrame) -> np.ndarray:
        """Calibrated probability of a breakout, shape (n,), for features in contract order."""
        return self.calibrator.apply(self.model.predict_probability(X))

    def training_features(self) -> pd.DataFrame:
        """The features that the model was trained on, defaults filled, shape (n, k)."""
        return load_parquet(self.folder / TRAINING_FILE)

    def baselines(self) -> dict[str, Model]:
        """The baselines that were fitted on the same training window, by name."""
        return {name: load_model(name, self.folder / BASELINE_FOLDER / name)[0] for name in self.manifest["baselines"]}


def save_bundle(
    folder: Path,
    learned: Learned,
    contract: Contract,
    config: ExperimentConfig,
    training_features: pd.DataFrame,
    facts: Mapping[str, Any],
) -> str:
    """Write a new bundle folder and return its fingerprint; `facts` (JSON types) join the manifest."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
    try:
        beside.chmod(0o755)
        files = [learned.model.save(beside).name, CONTRACT_FILE, SETTINGS_FILE, TRAINING_FILE]
        files += [_save_baseline(beside, name, baseline) for name, baseline in learned.baselines.items()]
        save_json({"fingerprint": contract.fingerprint, **contract.to_dict()}, beside / CONTRACT_FILE)
        save_text(settings.to_yaml(config), beside / SETTINGS_FILE)
        save_parquet(training_features, beside / TRAINING_FILE)
        digests = {name: _digest(beside / name) for name in files}
        manifest = {
            "format_version": FORMAT_VERSION,
            "fingerprint": hashlib.sha256(repr(sorted(digests.items())).encode()).hexdigest()[:16],
            "model": {"kind": learned.model.kind, "file": files[0], **learned.model.describe()},
            "calibration": learned.calibrator.to_dict(),
            "baselines": list(learned.baselines),
            CONTRACT_KEY: contract.fingerprint,
            "files": digests,
            "versions": versions(),
            **facts,
        }
        save_json(manifest, beside / MANIFEST_FILE)
        beside.rename(folder)
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        raise
    return str(manifest["fingerprint"])


def load_bundle(folder: Path) -> Bundle:
    """A verified bundle; DataError naming the file that is missing, damaged, changed or of another run."""
    if not folder.is_dir():
        raise DataError(f"there is no bundle at {folder}; give the bundle/ folder of a run.")
    if not (folder / MANIFEST_FILE).exists() and (folder / "bundle" / MANIFEST_FILE).exists():
        folder = folder / "bundle"
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
    return Bundle(folder, model, Calibrator.from_dict(manifest["calibration"]), contract, config, manifest)


def versions() -> dict[str, str]:
    """The versions that a fitted model depends on."""
    packages = ("breakout", "catboost", "duckdb", "numpy", "pandas", "pyarrow", "scikit-learn", "sqlglot")
    return {"python": platform.python_version(), **{name: version(name) for name in packages}}


def _save_baseline(folder: Path, name: str, model: Model) -> str:
    own = folder / BASELINE_FOLDER / name
    own.mkdir(parents=True)
    return str(model.save(own).relative_to(folder))


def _check_manifest(folder: Path, manifest: Any) -> None:
    needed = ("format_version", "fingerprint", "model", "calibration", "baselines", CONTRACT_KEY, "files")
    if not isinstance(manifest, dict) or any(key not in manifest for key in needed):
        raise DataError(f"{folder / MANIFEST_FILE} is damaged: it is no manifest of a bundle.")
    if manifest["format_version"] != FORMAT_VERSION:
        raise DataError(
            f"{folder / MANIFEST_FILE} has format {manifest['format_version']}, but this version reads {FORMAT_VERSION}."
        )
    for name, digest in manifest["files"].items():
        if not (folder / name).is_file():
            raise DataError(f"{folder / name} is missing.")
        if _digest(folder / name) != digest:
            raise DataError(f"{folder / name} is damaged or of another run: {MANIFEST_FILE} names another file.")


def _load_contract(folder: Path) -> Contract:
    try:
        return Contract.from_dict(load_json(folder / CONTRACT_FILE))
    except (KeyError, TypeError) as error:
        raise DataError(f"{folder / CONTRACT_FILE} is damaged: it holds no contract.") from error


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
