"""Tests of the registration in MLflow: with a real server, in a local store, and without a server that answers."""

from __future__ import annotations

import json
import re
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient
from playwright.sync_api import Browser

from breakout.artifacts import load_json, load_parquet
from breakout.bundle.folder import read_bundle
from breakout.cli import main
from breakout.dataset import Rows, build_dataset
from breakout.runs import read_status
from breakout.tracking.mlflow import RUN_TAG, SWEEP_TAG
from breakout.tracking.mlflow_model import save_mlflow_model
from breakout.warehouse.sample import open_sample
from tests.commands import Trained
from tests.mlflow.conftest import QUICK, free_port
from tests.report.conftest import command, newest


def words(uri: str, experiment: str = "tests") -> tuple[str, ...]:
    return (
        "tracking=mlflow",
        f"tracking.uri={uri}",
        f"tracking.experiment={experiment}",
        "tracking.timeout_seconds=20",
    )


def runs_of(client: MlflowClient, experiment: str = "tests") -> list[Any]:
    found = client.get_experiment_by_name(experiment)
    assert found is not None
    return list(client.search_runs([found.experiment_id]))


@pytest.fixture(scope="module")
def client(server: str) -> MlflowClient:
    return MlflowClient(tracking_uri=server)


@pytest.fixture(scope="module")
def registered(server: str, client: MlflowClient, run_folder: Path) -> Any:
    """Register a run twice and return its MLflow run."""
    for _ in range(2):
        assert main(["track", str(run_folder), *words(server)]) == 0
    found = [run for run in runs_of(client) if run.data.tags[RUN_TAG] == run_folder.name]
    assert len(found) == 1, "registering again goes into the same run"
    return found[0]


def test_figures_of_the_run_are_the_figures_of_metrics_json(registered: Any, run_folder: Path) -> None:
    metrics = load_json(run_folder / "metrics.json")
    told = registered.data.metrics
    for name, interval in metrics["evaluation"]["metrics"].items():
        assert told[name] == pytest.approx(interval["estimate"], abs=1e-12)
        assert told.get(f"{name}_high") == pytest.approx(interval["high"], abs=1e-12)  # None for ece
    assert told["validation_log_loss"] == pytest.approx(metrics["validation"]["metrics"]["log_loss"], abs=1e-12)


def test_a_metric_is_one_point_however_often_it_is_registered(registered: Any, client: MlflowClient) -> None:
    assert len(client.get_metric_history(registered.info.run_id, "auc")) == 1


def test_settings_are_flat_parameters_and_hold_no_address(registered: Any, server: str) -> None:
    parameters = registered.data.params
    assert parameters["model.depth"] == "5"
    assert parameters["window.train_days"] == "21"
    assert json.loads(parameters["features.names"])[0] == "pts_vs_season_zscore"
    assert not any(server in value for value in parameters.values())


def test_tags_tell_where_it_comes_from(registered: Any, run_folder: Path) -> None:
    tags = registered.data.tags
    assert registered.info.status == "FINISHED"
    assert tags["mlflow.runName"] == "small"
    assert tags["mlflow.note.content"] == "Is it told?"
    assert tags["breakout.tags"] == "one,two"
    assert tags["breakout.contract"] == load_json(run_folder / "bundle" / "contract.json")["fingerprint"]


def test_files_of_the_run_are_there(registered: Any, client: MlflowClient) -> None:
    names = {file.path for file in client.list_artifacts(registered.info.run_id)}
    assert {"metrics.json", "settings.yaml", "run.log", "status.json", "model"} <= names


@pytest.fixture(scope="module")
def model(registered: Any, server: str) -> Any:
    import mlflow

    mlflow.set_tracking_uri(server)
    return mlflow.pyfunc.load_model(f"runs:/{registered.info.run_id}/model")


def test_the_signature_of_the_model_is_the_contract(model: Any, run_folder: Path) -> None:
    contract = load_json(run_folder / "bundle" / "contract.json")
    assert model.metadata.signature.inputs.input_names() == contract["names"]
    assert {str(kind) for kind in model.metadata.signature.inputs.input_types()} == {"DataType.double"}
    assert model.metadata.metadata["contract_fingerprint"] == contract["fingerprint"]


def test_the_model_gives_the_probabilities_of_the_bundle(model: Any, run_folder: Path) -> None:
    features = load_parquet(run_folder / "bundle" / "training_features.parquet")
    expected = read_bundle(run_folder / "bundle").predict_probability(Rows(features))
    shuffled = features[features.columns[::-1]]  # MLflow reorders the columns as in the signature
    for given in (features, shuffled):
        assert np.array_equal(model.predict(given)["probability"], expected)


def test_the_model_refuses_features_that_are_missing(model: Any) -> None:
    with pytest.raises(Exception, match="missing inputs"):
        model.predict(pd.DataFrame({"home_away": [1.0]}))


def test_a_model_of_points_gives_the_probabilities_of_its_bundle(trained: Trained, tmp_path: Path) -> None:
    import mlflow

    bundle = read_bundle(trained["points"])
    with open_sample() as warehouse:
        rows = build_dataset(warehouse, bundle.features, date(2026, 2, 4), date(2026, 2, 5))
    save_mlflow_model(bundle.folder, tmp_path / "model")
    loaded = mlflow.pyfunc.load_model(str(tmp_path / "model"))
    given = rows.X.assign(
        season_average=rows.season_average, points_for_breakout=np.asarray(rows.points_for_breakout, "float64")
    )
    assert np.array_equal(loaded.predict(given)["probability"], bundle.predict_probability(rows))


@pytest.fixture(scope="module")
def swept(server: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run a sweep and register its jobs at an address with a secret; return the folder of outputs."""
    outputs = tmp_path_factory.mktemp("swept") / "it's here"
    address = server.replace("http://", "http://user:s3cr3t@")
    place = (f'paths.outputs="{outputs}"', *words(f"'{address}'", "sweeps"))
    command("-m", "model=base_rate", "seed=1,2", "workers=1", *QUICK, *place)
    return outputs


def test_a_sweep_is_a_run_with_its_jobs_as_children(swept: Path, client: MlflowClient) -> None:
    parents = [run for run in runs_of(client, "sweeps") if SWEEP_TAG in run.data.tags]
    children = [run for run in runs_of(client, "sweeps") if RUN_TAG in run.data.tags]
    assert [run.data.tags[SWEEP_TAG] for run in parents] == [path.name for path in (swept / "sweeps").iterdir()]
    assert {run.data.params["seed"] for run in children} == {"1", "2"}
    assert {run.data.tags["mlflow.parentRunId"] for run in children} == {parents[0].info.run_id}
    assert "leaderboard.csv" in {file.path for file in client.list_artifacts(parents[0].info.run_id)}


def test_a_sweep_registers_its_jobs_by_an_address_with_a_secret_and_writes_it_nowhere(
    swept: Path, client: MlflowClient
) -> None:
    found = runs_of(client, "sweeps")
    assert len([run for run in found if RUN_TAG in run.data.tags]) == 2
    assert holding(swept, "s3cr3t") == []
    assert "s3cr3t" not in repr([run.to_dictionary() for run in found])


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Train with `tracking=mlflow` and no address, and return the folder of outputs.

    It lies in a folder `sweeps` that is none of breakout's.
    """
    outputs = tmp_path_factory.mktemp("local") / "sweeps" / "it's here" / "outputs"
    command("train", f'paths.outputs="{outputs}"', "tracking=mlflow", *QUICK)
    return outputs


def store_of(outputs: Path) -> MlflowClient:
    return MlflowClient(tracking_uri=f"sqlite:///{outputs / 'mlflow' / 'mlflow.db'}")


def test_without_an_address_a_store_lies_beside_the_runs(local: Path) -> None:
    (run,) = runs_of(store_of(local), "breakout")
    assert run.data.tags[RUN_TAG] == newest(local, "tiny").name
    assert "mlflow.parentRunId" not in run.data.tags
    assert list((local / "mlflow" / "artifacts").glob("*/artifacts/model/MLmodel"))


def test_a_sweep_in_a_folder_of_any_name_is_registered_in_a_store_beside_it(local: Path) -> None:
    names = ("it_s", "it's", 'a "50%" sweep')  # in MLflow's filters `_` and `%` match other characters too
    sweeps = [local / "sweeps" / name for name in names]
    for seed, sweep in enumerate(sweeps):
        folder = str(sweep).replace('"', '\\"')
        place = (f'paths.outputs="{local}"', f'hydra.sweep.dir="{folder}"', "tracking=mlflow")
        command("-m", f"seed={seed}", "model=base_rate", *QUICK, *place, "tracking.experiment=named")
    tags = [run.data.tags for run in runs_of(store_of(local), "named")]
    assert sorted(tag[SWEEP_TAG] for tag in tags if SWEEP_TAG in tag) == sorted(names)
    assert len({tag["mlflow.parentRunId"] for tag in tags if RUN_TAG in tag}) == 3
    assert main(["track", *(str(run) for sweep in sweeps for run in (sweep / "runs").iterdir())]) == 0
    assert len(runs_of(store_of(local), "named")) == 6, "registering again adds no runs"


def test_a_server_that_does_not_answer_is_a_warning_and_the_run_is_kept(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    nobody = f"http://127.0.0.1:{free_port()}"
    assert main(["train", f"paths.outputs={tmp_path}", *QUICK, *words(nobody)]) == 0
    folder = newest(tmp_path, "tiny")
    assert read_status(folder).state == "completed"
    (told,) = [record.getMessage() for record in caplog.records if "not registered" in record.getMessage()]
    assert f"breakout track {folder}" in told
    assert main(["track", str(folder), *words(nobody)]) == 3, "there registering is all that was asked for"


def test_the_server_s_own_page_shows_the_run(registered: Any, server: str, browser: Browser) -> None:
    page = browser.new_page()
    page.goto(f"{server}/#/experiments/{registered.info.experiment_id}/runs/{registered.info.run_id}")
    page.get_by_text("model.depth").first.wait_for(timeout=60_000)
    assert page.get_by_text("validation_log_loss").first.is_visible()
    page.close()


def test_no_file_and_no_line_of_a_run_holds_a_secret(
    local: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)  # MLflow stores artifacts of a local database here
    address = "tracking.uri='http://user:s3cr3t@127.0.0.1:9/?token=t0k3n'"
    assert main(["debug=tiny", *QUICK[:-1], "tracking=mlflow", address, "tracking.timeout_seconds=1"]) == 0
    (run,) = (tmp_path / "outputs/runs/tiny").iterdir()
    assert main(["track", str(run)]) == 3
    printed = capfd.readouterr()
    assert "user:***@127.0.0.1" in printed.err
    assert not {"s3cr3t", "t0k3n"} & set(re.findall(r"\w+", printed.out + printed.err))
    assert holding(tmp_path, "s3cr3t", "t0k3n") == []
    store = shutil.copy(local / "mlflow" / "mlflow.db", tmp_path)
    assert main(["track", str(run), f"tracking.uri=sqlite:///{store}", "tracking.experiment=later"]) == 0
    assert list(tmp_path.glob("mlruns/*/*/artifacts/metrics.json"))
    assert holding(tmp_path, "s3cr3t", "t0k3n") == []


def holding(folder: Path, *secrets: str) -> list[str]:
    """Return the files below a folder that contain a secret; fail if the folder has no report.html to search."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert any(path.name == "report.html" for path in files)
    return [str(path) for path in files if any(secret.encode() in path.read_bytes() for secret in secrets)]
