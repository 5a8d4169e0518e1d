"""The shadows: challengers that predict beside the model in production.

    outputs/shadows/<fingerprint>/    a copy of the bundle (the saved model) of one shadow

A copy appears whole or not at all. Before the files of a copy are deleted, its folder is renamed to a hidden name, and
no shadow has a hidden name. Therefore a killed process leaves no shadow with missing files.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from breakout.artifacts import whole_folder
from breakout.bundle.folder import copy_bundle_files, load_copy
from breakout.errors import ConfigurationError, DataError, system_sentence

if TYPE_CHECKING:
    from breakout.bundle.folder import Bundle

SHADOWS = "shadows"


@dataclass(frozen=True)
class Shadows:
    """The shadows (challengers that predict beside the model in production) whose copies are in one folder."""

    folder: Path

    @classmethod
    def of(cls, outputs: str | Path) -> Shadows:
        """Return the shadows (challengers scored beside production) in the folder `shadows` of `outputs`.

        If the folder is missing, there are no shadows.
        """
        return cls(Path(outputs) / SHADOWS)

    def fingerprints(self) -> tuple[str, ...]:
        """Return the fingerprint of each shadow (challenger), sorted; () if the folder is missing."""
        return tuple(sorted(path.name for path in self.folder.glob("[!.]*") if path.is_dir()))

    def names(self) -> dict[str, str]:
        """Return the name of each shadow's training run, by the fingerprint of the shadow (a challenger).

        The name is "" if the shadow's bundle (the saved model) is damaged or refused by this version.
        """
        names = dict.fromkeys(self.fingerprints(), "")
        for fingerprint in names:
            with contextlib.suppress(ConfigurationError, DataError):
                names[fingerprint] = self.load(fingerprint).manifest.name
        return names

    def load(self, fingerprint: str) -> Bundle:
        """Return the verified bundle (a saved model with unchanged files) of a shadow.

        A shadow is a challenger scored beside production. DataError, which names the file, if the bundle is missing or
        damaged, or if another bundle replaced it. ConfigurationError if this version refuses the settings of the
        bundle.
        """
        return load_copy(self.folder / fingerprint, fingerprint)

    def add(self, bundle: Bundle) -> bool:
        """Add a copy of a bundle (a saved model) to the shadows (challengers), and return True.

        Return False, and copy nothing, if the bundle is a shadow already. DataError if the copy cannot be written.
        """
        target = self.folder / bundle.fingerprint
        if target.exists():
            return False
        with whole_folder(target) as beside:
            copy_bundle_files(bundle, beside)
        return True

    def remove(self, fingerprint: str) -> None:
        """Remove a shadow (a challenger scored beside production); its predictions stay in the ledger.

        ConfigurationError if no shadow has the fingerprint. DataError if its files cannot be removed.
        """
        if fingerprint not in self.fingerprints():
            known = ", ".join(self.fingerprints()) or "none"
            raise ConfigurationError(f"{fingerprint} is no shadow; the shadows are: {known}.")
        removed = self.folder / f".{fingerprint}.{os.urandom(8).hex()}"
        try:
            (self.folder / fingerprint).rename(removed)
            shutil.rmtree(removed)
        except OSError as error:
            raise DataError(system_sentence(f"{self.folder / fingerprint} cannot be removed", error)) from error
