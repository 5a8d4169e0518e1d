"""The reading of a run's folder, for reports, leaderboards, tracking, reruns and production."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from breakout import settings
from breakout.artifacts import load_columns, load_parquet, load_typed
from breakout.bundle.manifest import MANIFEST_FILE, Manifest, load_manifest
from breakout.errors import BreakoutError, DataError
from breakout.evaluation.run_metrics import METRICS_FILE, RunMetrics, read_metrics
from breakout.features.distributions import DISTRIBUTIONS_FILE, DistributionReport
from breakout.runs.status import PREDICTIONS_FILE, SETTINGS_FILE, STATUS_FILE, RunStatus, check_files, read_status
from breakout.settings import RootConfig
from breakout.settings.saved import read_mapping

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


@dataclass(frozen=True)
class RunRecord:
    """A run that `read_run` has read from its folder and checked for changed files.

    `settings` is the content of settings.yaml. The properties read other files on first access.
    """

    folder: Path
    status: RunStatus
    settings: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The setting `name` of the run, or the name of its command if it has no such setting."""
        return self.status.name

    @cached_property
    def config(self) -> RootConfig | None:
        """The typed settings; None if this version of breakout does not know the command or refuses the settings."""
        root = settings.ROOT_CLASSES.get(self.status.command)
        with suppress(BreakoutError):
            loaded: RootConfig | None = None if root is None else settings.load(root, self.settings, is_lenient=True)
            return loaded
        return None

    @property
    def has_metrics(self) -> bool:
        return (self.folder / METRICS_FILE).is_file()

    @cached_property
    def metrics(self) -> RunMetrics:
        """The content of metrics.json; DataError if the file is missing or damaged."""
        return read_metrics(self.folder)

    @cached_property
    def bundle_folder(self) -> Path | None:
        """The folder of the bundle (a saved model) that the run made, or that an evaluation scored.

        None if the run made no bundle, if the bundle was moved or removed, or if the evaluation was given a registry
        (a folder of several bundles).
        """
        places = [self.folder / "bundle"]
        if isinstance(self.config, settings.EvaluateConfig):
            scored = Path(self.config.bundle)
            places += [scored, scored / "bundle"]
        return next((place for place in places if (place / MANIFEST_FILE).is_file()), None)

    @cached_property
    def manifest(self) -> Manifest | None:
        """The manifest (the description) of the bundle in `bundle_folder`; None without a bundle.

        DataError if the manifest is damaged.
        """
        return None if self.bundle_folder is None else load_manifest(self.bundle_folder)

    @cached_property
    def distributions(self) -> DistributionReport | None:
        """The drift report in distributions.json; None if there is no such file.

        DataError if the file is damaged.
        """
        path = self.folder / DISTRIBUTIONS_FILE
        return load_typed(path, DistributionReport) if path.is_file() else None

    def predictions(self) -> pd.DataFrame:
        """Read predictions.parquet; DataError if the file is missing or damaged."""
        return load_parquet(self.folder / PREDICTIONS_FILE)

    def prediction_columns(self) -> pa.Table:
        """Read predictions.parquet as an Arrow table, without pandas; DataError if the file is missing or damaged."""
        return load_columns(self.folder / PREDICTIONS_FILE)


def read_run(folder: Path) -> RunRecord:
    """Read a run in any state.

    DataError if status.json or settings.yaml is missing or damaged, or if a file in `RunStatus.files` was changed or
    removed.
    """
    status = read_status(folder)
    check_files(folder, status)
    return RunRecord(folder, status, read_mapping(folder / SETTINGS_FILE))


def read_completed_run(folder: Path) -> RunRecord:
    """Read a completed run; DataError if the run is not completed, or for the reasons of `read_run`."""
    run = read_run(folder)
    if run.status.state != "completed":
        raise DataError(f"the run in {folder} is {run.status.state}, not completed; see its run.log.")
    return run


def previous_run(run: RunRecord) -> RunRecord | None:
    """Return the latest completed run that started before `run` and has the same name and command.

    None if there is no such run. Runs whose files are damaged or were changed are skipped.
    """
    own = run.folder.resolve()
    # The names of run folders begin with the time of the start, so sorting by name sorts by time.
    for folder in sorted(own.parent.iterdir(), reverse=True):
        if folder.name >= own.name or not (folder / STATUS_FILE).is_file():
            continue
        with suppress(DataError):  # A run that is damaged, changed or not completed is skipped.
            before = read_completed_run(folder)
            if before.status.command == run.status.command:
                return before
    return None
