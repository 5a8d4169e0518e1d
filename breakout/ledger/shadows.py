"""The shadows: challengers that are scored in parallel with the production model.

    outputs/shadows/<fingerprint>/    a copy of the bundle (the saved model) of one shadow

A copy appears whole or not at all. Before the files of a copy are deleted, its folder is renamed to a hidden name.
Hidden folders are not shadows. So a killed process leaves no shadow with missing files.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from breakout.artifacts import whole_folder
from breakout.bundle.folder import copy_bundle_files, load_copy, read_bundle
from breakout.bundle.manifest import MANIFEST_FILE
from breakout.errors import ConfigurationError, DataError, system_sentence
from breakout.production.registry import Registry
from breakout.runs.names import RUNS

if TYPE_CHECKING:
    from breakout.bundle.folder import Bundle

SHADOWS = "shadows"


@dataclass(frozen=True)
class Shadows:
    """The shadows (challengers that are scored in parallel with the production model) in one folder."""

    folder: Path

    @classmethod
    def of(cls, outputs: str | Path) -> Shadows:
        """Return the shadows (challengers of the production model) below `outputs`. Their folder may be missing."""
        return cls(Path(outputs) / SHADOWS)

    def fingerprints(self) -> tuple[str, ...]:
        """Return the fingerprints of the shadows, sorted."""
        return tuple(sorted(path.name for path in self.folder.glob("[!.]*") if path.is_dir()))

    def names(self) -> dict[str, str]:
        """Return the name of each shadow's training run, by fingerprint; "" if its bundle cannot be loaded."""
        names = dict.fromkeys(self.fingerprints(), "")
        for fingerprint in names:
            with contextlib.suppress(ConfigurationError, DataError):
                names[fingerprint] = self.load(fingerprint).manifest.name
        return names

    def load(self, fingerprint: str) -> Bundle:
        """Return the bundle (the saved model) of a shadow, after a check of its files.

        DataError if the bundle is missing, is damaged or has another fingerprint. ConfigurationError if this version
        refuses the bundle's settings.
        """
        return load_copy(self.bundle_folder(fingerprint), fingerprint)

    def bundle_folder(self, fingerprint: str) -> Path:
        """Return the folder for the copy of a bundle, which may be missing."""
        return self.folder / fingerprint

    def add(self, bundle: Bundle) -> bool:
        """Add a copy of a bundle to the shadows; return False, and copy nothing, if it is a shadow already.

        DataError if the copy cannot be written.
        """
        target = self.bundle_folder(bundle.fingerprint)
        if target.exists():
            return False
        with whole_folder(target) as beside:
            copy_bundle_files(bundle, beside)
        return True

    def remove(self, fingerprint: str) -> None:
        """Remove a shadow; its predictions stay in the ledger.

        ConfigurationError if no shadow has the fingerprint. DataError if its files cannot be removed.
        """
        if fingerprint not in self.fingerprints():
            known = ", ".join(self.fingerprints()) or "none"
            raise ConfigurationError(f"{fingerprint} is no shadow; the shadows are: {known}.")
        removed = self.folder / f".{fingerprint}.{os.urandom(8).hex()}"
        try:
            self.bundle_folder(fingerprint).rename(removed)
            shutil.rmtree(removed)
        except OSError as error:
            raise DataError(system_sentence(f"{self.bundle_folder(fingerprint)} cannot be removed", error)) from error


def find_predicting_bundle(fingerprint: str, run_id: str, outputs: Path) -> Bundle | None:
    """Return the bundle of a model that made predictions; None if it is no longer below `outputs`.

    The bundle is searched in the registry, then among the shadows, then in the folder of the training run `run_id`.
    DataError if a found bundle is damaged. ConfigurationError if this version refuses the bundle's settings.
    """
    for copies in (Registry.of(outputs), Shadows.of(outputs)):
        if (copies.bundle_folder(fingerprint) / MANIFEST_FILE).is_file():
            return copies.load(fingerprint)
    found = (read_bundle(path.parent) for path in sorted((outputs / RUNS).glob(f"*/{run_id}/bundle/{MANIFEST_FILE}")))
    return next((bundle for bundle in found if bundle.fingerprint == fingerprint), None)
