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
    """A run read from its folder by `read_run`, which has checked that no file with a digest was changed.

    `settings` is the content of settings.yaml. Other files are read on first access.
    """

    folder: Path
    status: RunStatus
    settings: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The setting `name` of the run; if the run has no such setting, the name of its command."""
        return self.status.name

    @cached_property
    def config(self) -> RootConfig | None:
        """The typed settings; None if this version does not know the command or refuses the settings."""
        root = settings.ROOT_CLASSES.get(self.status.command)
        with suppress(BreakoutError):
            loaded: RootConfig | None = None if root is None else settings.load(root, self.settings, is_lenient=True)
            return loaded
        return None

    @property
    def has_metrics(self) -> bool:
        """Whether the run has a metrics.json."""
        return (self.folder / METRICS_FILE).is_file()

    @cached_property
    def metrics(self) -> RunMetrics:
        """The content of metrics.json; DataError if it is missing or damaged."""
        return read_metrics(self.folder)

    @cached_property
    def bundle_folder(self) -> Path | None:
        """The folder of the bundle (a saved model) that the run made or, for an evaluation, scored.

        None if the run made none, or if the bundle was moved or removed. None too if the evaluation was given the
        folder of a registry (a folder of several bundles).
        """
        places = [self.folder / "bundle"]
        if isinstance(self.config, settings.EvaluateConfig):
            scored = Path(self.config.bundle)
            places += [scored, scored / "bundle"]
        return next((place for place in places if (place / MANIFEST_FILE).is_file()), None)

    @cached_property
    def manifest(self) -> Manifest | None:
        """The manifest (the description of a saved model) in `bundle_folder`; None if the run has no such folder.

        DataError if the manifest is damaged.
        """
        return None if self.bundle_folder is None else load_manifest(self.bundle_folder)

    @cached_property
    def distributions(self) -> DistributionReport | None:
        """The content of distributions.json, which records how the features drifted between training and evaluation.

        None if the run has no such file, DataError if the file is damaged.
        """
        path = self.folder / DISTRIBUTIONS_FILE
        return load_typed(path, DistributionReport) if path.is_file() else None

    def predictions(self) -> pd.DataFrame:
        """Read predictions.parquet; DataError if it is missing or damaged."""
        return load_parquet(self.folder / PREDICTIONS_FILE)

    def prediction_columns(self) -> pa.Table:
        """Read predictions.parquet as an Arrow table, without pandas; DataError if the file is missing or damaged."""
        return load_columns(self.folder / PREDICTIONS_FILE)


def read_run(folder: Path) -> RunRecord:
    """Read a run in any state.

    DataError if status.json or settings.yaml is missing or damaged. DataError too if a file that has a digest in
    status.json was changed or removed since the run ended.
    """
    status = read_status(folder)
    check_files(folder, status)
    return RunRecord(folder, status, read_mapping(folder / SETTINGS_FILE))


def read_completed_run(folder: Path) -> RunRecord:
    """Read a completed run.

    DataError if the run is not completed, or if status.json or settings.yaml is missing or damaged. DataError too if a
    file that has a digest in status.json was changed or removed.
    """
    run = read_run(folder)
    if run.status.state != "completed":
        raise DataError(f"the run in {folder} is {run.status.state}, not completed; see its run.log.")
    return run


def previous_run(run: RunRecord) -> RunRecord | None:
    """Return the latest completed run that started before `run` and has the same name and command.

    None if there is no such run. Runs whose files are damaged or were changed are skipped. The names of run folders
    begin with the time of the start, so sorting by name sorts by time.
    """
    own = run.folder.resolve()
    for folder in sorted(own.parent.iterdir(), reverse=True):
        if folder.name >= own.name or not (folder / STATUS_FILE).is_file():
            continue
        with suppress(DataError):  # skip a run that is not completed, or whose files are damaged or were changed
            before = read_completed_run(folder)
            if before.status.command == run.status.command:
                return before
    return None
