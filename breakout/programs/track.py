"""The command `breakout track RUN`, which registers finished runs with a tracker such as BigQuery or MLflow."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

from breakout import settings
from breakout.errors import ConfigurationError
from breakout.programs.arguments import split_runs
from breakout.report.terminal.lines import print_line
from breakout.runs import SETTINGS_FILE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from breakout.settings import TrackingConfig


def main(argv: Sequence[str]) -> int:
    """Register each given run with the tracker that the run's settings name, and return the exit code.

    A tracker is a service that records runs, such as BigQuery or MLflow. The override `tracking=KIND` chooses another
    tracker; `tracking.KEY=VALUE` changes a setting of the tracker.

    - ConfigurationError if no run is given, if the tracker of a run is `none`, or for an unknown override.
    - DataError if a run cannot be read or registered; the runs before this run stay registered.
    """
    folders, overrides = split_runs(argv)
    if not folders:
        raise ConfigurationError("name the run: breakout track outputs/runs/NAME/RUN, or its NAME, or latest")
    from breakout.tracking.tracker import register_run

    for folder in folders:
        config = _tracking_of(folder, overrides)
        if config.kind == "none":
            raise ConfigurationError(
                f"{folder} was made with tracking=none; say where to: breakout track {folder} tracking=bigquery"
            )
        register_run(config, folder, is_asked_for=True)
        print_line(f"registered {folder} with tracking={config.kind}")
    return 0


def _tracking_of(folder: Path, overrides: Sequence[str]) -> TrackingConfig:
    """Return the settings `tracking` of a run, changed by the overrides.

    With `tracking=KIND`, the other overrides change the defaults of that kind instead of the run's settings.
    ConfigurationError for an override that does not begin with `tracking`.
    """
    foreign = [override for override in overrides if not override.startswith("tracking")]
    if foreign:
        raise ConfigurationError(f"breakout track takes tracking=... and tracking.KEY=... only, not {foreign[0]}.")
    if any(override.startswith("tracking=") for override in overrides):
        return _composed(overrides)
    own = settings.load_file(folder / SETTINGS_FILE, settings.ExperimentConfig, is_lenient=bool(overrides)).tracking
    if not overrides:
        return own
    composed = _composed([f"tracking={own.kind}", *overrides])
    keys = [override.partition("=")[0].removeprefix("tracking.") for override in overrides]
    return replace(own, **{key: getattr(composed, key) for key in keys})


def _composed(overrides: Sequence[str]) -> TrackingConfig:
    from breakout.settings.composition import compose

    return cast("settings.ExperimentConfig", compose("train", overrides)).tracking
