"""`breakout track RUN`: registers a finished or failed run with its tracker again; the exit code comes out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from breakout.errors import ConfigurationError
from breakout.runs import SETTINGS_FILE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from breakout.settings import TrackingConfig


def main(argv: Sequence[str]) -> int:
    """Register each named run; words like tracking=bigquery choose another tracker than the run's own."""
    folders = [Path(word) for word in argv if "=" not in word]
    overrides = [word for word in argv if "=" in word]
    if not folders:
        raise ConfigurationError("name the run: breakout track outputs/runs/NAME/RUN")
    from breakout.tracking.base import register_run

    for folder in folders:
        config = _tracking_of(folder, overrides)
        if config.kind == "none":
            raise ConfigurationError(
                f"{folder} was made with tracking=none; say where to: breakout track {folder} tracking=bigquery"
            )
        register_run(config, folder, is_asked_for=True)
        print(f"registered {folder} with tracking={config.kind}")
    return 0


def _tracking_of(folder: Path, overrides: Sequence[str]) -> TrackingConfig:
    """The tracker of the run's own settings, or of these words."""
    from breakout import settings
    from breakout.settings.composition import compose

    if overrides:
        foreign = [word for word in overrides if not word.startswith("tracking")]
        if foreign:
            raise ConfigurationError(f"breakout track takes tracking=... and tracking.KEY=... only, not {foreign[0]}.")
        config = compose("train", overrides)
    else:
        config = settings.load_file(folder / SETTINGS_FILE, settings.ExperimentConfig)
    if not isinstance(config, settings.ExperimentConfig):
        raise TypeError("train composes an ExperimentConfig")
    return config.tracking
