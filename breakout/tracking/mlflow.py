"""The registration of a run folder as one MLflow run with parameters, metrics, files and the model.

The jobs of a sweep become children of an MLflow run for the sweep. Registering a run again updates its MLflow run.
"""

from __future__ import annotations

import os
import re
import tempfile
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from breakout.errors import BreakoutError, ConfigurationError, DataError
from breakout.runs.names import SWEEPS, sweep_of
from breakout.safe_text import has_mask, mask_parts, mask_secrets
from breakout.tracking.experiments import read_ended_run
from breakout.tracking.mlflow_values import metric_values, parameter_values, tag_values

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlflow import MlflowClient

    from breakout.runs.record import RunRecord
    from breakout.settings import MLflowTrackingConfig

RUN_TAG, SWEEP_TAG = "breakout.run_id", "breakout.sweep"
STATES = {"completed": "FINISHED", "interrupted": "KILLED", "killed": "KILLED"}
# Small files that explain a run; predictions are large and stay in the run folder.
FILES = ("status.json", "settings.yaml", "metrics.json", "distributions.json", "run.log", "report.html")
PARAMETERS_A_CALL = 100


class MLflowTracker:
    """The tracker of `tracking=mlflow`: it registers runs with the MLflow server `tracking.uri`.

    If `tracking.uri` is not set, runs are stored in the folder `mlflow/` beside the folders `runs/` and `sweeps/`.
    """

    def __init__(self, config: MLflowTrackingConfig) -> None:
        self._config = config

    def register(self, run_folder: Path) -> None:
        """Register a run; if the run is a job of a sweep, register the sweep too.

        DataError if the run is still running, if its files are damaged or were changed, or if MLflow fails.
        ConfigurationError if MLflow is not installed.
        """
        record = read_ended_run(run_folder)
        with self._translating(run_folder):
            client, experiment = self._open(run_folder)
            sweep = sweep_of(run_folder)
            parent = None if sweep is None else _sweep_run(client, experiment, sweep)
            run = _find_or_create_run(client, experiment, RUN_TAG, record.status.run_id, record, parent)
            _log_values(client, run, record)
            _log_files(client, run, run_folder)
            ended = _milliseconds(record.status.finished)
            client.set_terminated(run, STATES.get(record.status.state, "FAILED"), ended)

    def _open(self, run_folder: Path) -> tuple[MlflowClient, str]:
        """Return the client of MLflow and the id of the experiment `tracking.experiment`.

        A missing experiment is created.
        """
        store = _outputs_of(run_folder) / "mlflow"
        client_class = _import_client(self._config.timeout_seconds)
        if self._config.uri is None:
            store.mkdir(parents=True, exist_ok=True)
        client = client_class(tracking_uri=self._config.uri or f"sqlite:///{store / 'mlflow.db'}")
        known = client.get_experiment_by_name(self._config.experiment)
        if known is not None:
            return client, str(known.experiment_id)
        place = None if self._config.uri else (store / "artifacts").as_uri()
        return client, str(client.create_experiment(self._config.experiment, artifact_location=place))

    @contextmanager
    def _translating(self, run_folder: Path) -> Iterator[None]:
        """Convert errors of MLflow, its database or the network to DataError; raise a BreakoutError unchanged."""
        try:
            yield
        except BreakoutError:
            raise
        except Exception as error:  # The errors of MLflow and its database have no common base class.
            where, reason = str(self._config.uri or _outputs_of(run_folder) / "mlflow"), str(error).strip()
            reason = mask_parts(reason.partition("\n")[0], where)[:200]
            raise DataError(
                f"MLflow at {mask_secrets(where)} did not take the run ({type(error).__name__}: {reason})."
            ) from error


def open_tracker(config: MLflowTrackingConfig) -> MLflowTracker:
    """Return the tracker of `tracking=mlflow`.

    ConfigurationError if `tracking.uri` contains a masked secret (`***`), because the uri comes from saved settings.
    """
    if config.uri is not None and has_mask(config.uri):
        raise ConfigurationError(
            f"tracking.uri={config.uri} was saved without its secret: give it again with tracking.uri=..., "
            "or write it as ${oc.env:NAME}, which is saved as it is written."
        )
    return MLflowTracker(config)


def _import_client(timeout_seconds: float) -> type[MlflowClient]:
    """Import and return the class of MLflow's client, with telemetry off, one retry and a timeout.

    MLflow reads these options from environment variables; a variable that is already set keeps its value.
    ConfigurationError if MLflow is not installed.
    """
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", str(max(1, round(timeout_seconds))))
    os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "WARNING")
    try:
        from mlflow import MlflowClient
    except ImportError as error:
        raise ConfigurationError("tracking=mlflow needs its extra: run `make extras EXTRAS=mlflow`.") from error
    return MlflowClient


def _find_or_create_run(
    client: MlflowClient, experiment: str, tag: str, value: str, record: RunRecord | None, parent: str | None
) -> str:
    """Return the id of the MLflow run whose tag `tag` has the value `value`; a missing run is created.

    A new run gets its name and start from `record`. A sweep has no `record`; its name is `value`. `parent` is the id of
    the sweep's MLflow run, None for a run that is no job of a sweep.
    """
    # A quote cannot be escaped in MLflow's filters, so it is replaced by `_`, which matches any single character.
    pattern = re.sub("['\"\\\\]", "_", value)
    found = client.search_runs([experiment], f"tags.`{tag}` LIKE '{pattern}'")
    own = [run for run in found if run.data.tags[tag] == value]
    if own:
        return str(own[0].info.run_id)
    tags = {tag: value} | ({"mlflow.parentRunId": parent} if parent else {})
    started = None if record is None else _milliseconds(record.status.started)
    name = value if record is None else record.name
    return str(client.create_run(experiment, started, tags, name).info.run_id)


def _sweep_run(client: MlflowClient, experiment: str, sweep: Path) -> str:
    run = _find_or_create_run(client, experiment, SWEEP_TAG, sweep.name, None, None)
    for name in ("sweep.json", "leaderboard.json", "leaderboard.csv", "report.html"):
        if (sweep / name).is_file():
            client.log_artifact(run, str(sweep / name))
    client.set_terminated(run)
    return run


def _log_values(client: MlflowClient, run: str, record: RunRecord) -> None:
    from mlflow.entities import Metric, Param, RunTag

    # MLflow stores equal pairs of time and value once. Every metric gets the time at which the run finished, so that a
    # second registration adds no values.
    when = _milliseconds(record.status.finished) or 0
    metrics = [Metric(name, value, when, 0) for name, value in metric_values(record).items()]
    tags = [RunTag(name, value) for name, value in tag_values(record).items()]
    parameters = [Param(name, value) for name, value in parameter_values(record).items()]
    client.log_batch(run, metrics=metrics, tags=tags)
    for first in range(0, len(parameters), PARAMETERS_A_CALL):
        client.log_batch(run, params=parameters[first : first + PARAMETERS_A_CALL])


def _log_files(client: MlflowClient, run: str, folder: Path) -> None:
    for name in FILES:
        if (folder / name).is_file():
            client.log_artifact(run, str(folder / name))
    if not (folder / "bundle").is_dir():
        return
    from breakout.tracking.mlflow_model import save_mlflow_model

    with tempfile.TemporaryDirectory() as place:
        save_mlflow_model(folder / "bundle", Path(place) / "model")
        client.log_artifacts(run, str(Path(place) / "model"), "model")


def _outputs_of(run_folder: Path) -> Path:
    """Return the folder with the subfolders `runs/` and `sweeps/` that contains the run."""
    sweep = sweep_of(run_folder)
    if sweep is None:
        return run_folder.resolve().parents[2]
    return next((folder.parent for folder in sweep.parents if folder.name == SWEEPS), sweep.parent)


def _milliseconds(moment: datetime | None) -> int | None:
    return None if moment is None else round(moment.timestamp() * 1000)
