"""The manifest of a bundle (a saved model): manifest.json, with the model's origin and the digests of the files."""

from __future__ import annotations

import platform
import subprocess
from datetime import date, timedelta
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from breakout import __version__
from breakout.artifacts import SEAL_KEY, as_typed, check_seal, json_digest, load_json
from breakout.calibration import CalibrationFit, Calibrator
from breakout.errors import DataError
from breakout.evaluation.thresholds import ThresholdChoice
from breakout.models.base import LearnedRows
from breakout.models.kinds import KINDS

if TYPE_CHECKING:
    from collections.abc import Mapping

FORMAT_VERSION = 1
MANIFEST_FILE = "manifest.json"
IDENTITY_KEYS = ("files", "calibration", "chosen_threshold", "windows")


class Windows(msgspec.Struct, frozen=True):
    """The first and the last day of each window of a run.

    - `validation`: the last part of the training window.
    - `evaluation`: None if the run only trains.
    """

    train: tuple[date, date]
    validation: tuple[date, date]
    evaluation: tuple[date, date] | None


class RowCounts(msgspec.Struct, frozen=True):
    """The numbers of rows (one player in one game) in the windows of a run.

    - `validation`: the rows in the last part of the training window. `train` includes them.
    - `evaluation`: 0 if the run only trains.
    """

    train: int
    validation: int
    evaluation: int


class RowFingerprints(msgspec.Struct, frozen=True):
    """Digests of the training rows and of the evaluation rows; `evaluation` is None if the run only trains."""

    train: str
    evaluation: str | None


class BundleFacts(msgspec.Struct, frozen=True, kw_only=True):
    """The origin of a saved model: the run, data, settings, code, windows, rows and threshold.

    - `name`: the name of the run.
    - `git_commit`: None if the commit is not known.
    - `source`: a description of the warehouse.
    - `thread_count`: None if the kind of model has no such setting.
    - `chosen_threshold`: None if every threshold missed the target precision or flagged too few validation games.
    - `learned`: which rows the final fit used. None in bundles of earlier versions of this package.
    """

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
    learned: LearnedRows | None = None
    warnings: tuple[str, ...] = ()


class ModelFile(msgspec.Struct, frozen=True):
    """The kind of the model and the name of its main file.

    Further keys in manifest.json depend on the kind.
    """

    kind: str
    file: str


class Manifest(BundleFacts, frozen=True, kw_only=True):
    """The content of manifest.json: the origin of a saved model, and the digests of its files.

    - `contract_fingerprint`: the fingerprint of the contract (the definition of features and label).
    - `files`: the digest of each file of the bundle, by path.
    - `versions`: the versions of Python, of this package and of libraries at the time of the fit.
    - `fingerprint`: the digest of the fields in IDENTITY_KEYS.
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
        """The rows that the model was fitted on: their number and last date, and the size of the validation part.

        For a manifest of an earlier version of this package, these facts are computed from `windows` and `rows`. A
        model that stops early was fitted without the validation part of the training window. Any other model was fitted
        on the whole window.
        """
        if self.learned is not None:
            return self.learned
        kind = KINDS.get(self.model.kind)
        if kind is None or not kind.stops_early:
            return LearnedRows(self.rows.train, self.windows.train[1], self.rows.validation, is_stopped=False)
        last_date = self.windows.validation[0] - timedelta(days=1)
        return LearnedRows(self.rows.train - self.rows.validation, last_date, self.rows.validation, is_stopped=True)


def load_manifest(folder: Path) -> Manifest:
    """Return the manifest in the folder of a bundle (a saved model).

    DataError if manifest.json is missing, damaged, edited or of another format.
    """
    path = folder / MANIFEST_FILE
    record = load_json(path)
    if not isinstance(record, dict) or any(key not in record for key in ("format_version", *IDENTITY_KEYS, SEAL_KEY)):
        raise DataError(f"{path} is damaged: it is no manifest of a bundle.")
    if record["format_version"] != FORMAT_VERSION:
        found = record["format_version"]
        raise DataError(f"{path} has format {found}, but this version reads {FORMAT_VERSION}.")
    check_seal(record, path)
    manifest = as_typed(record, Manifest, path)
    if manifest.fingerprint != bundle_fingerprint(record):
        raise DataError(f"{path} is damaged or was edited: its content does not match its fingerprint.")
    return manifest


@cache
def versions() -> dict[str, str]:
    """Return the versions of Python, this package and the libraries that a fitted model depends on, by name."""
    packages = ("catboost", "duckdb", "numpy", "pandas", "pyarrow", "scikit-learn", "sqlglot")
    own = {"python": platform.python_version(), "breakout": __version__}
    return own | {name: version(name) for name in packages}


@cache
def git_commit() -> str | None:
    """Return the commit of the git checkout that contains this package, plus `-dirty` if tracked files are changed.

    None if no checkout contains the package, or if git cannot be run or takes longer than 10 seconds.
    """
    package = str(Path(__file__).parent)
    command = ["git", "-C", package, "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() or None


def bundle_fingerprint(manifest: Mapping[str, Any]) -> str:
    """Return the fingerprint of a bundle (a saved model): a digest (16 hex digits) of the keys in IDENTITY_KEYS.

    KeyError if `manifest` lacks one of these keys.
    """
    return json_digest({key: manifest[key] for key in IDENTITY_KEYS})[:16]
