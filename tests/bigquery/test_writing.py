"""Runs and slates that the program writes to BigQuery; writing them again adds no rows."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest
from google.cloud import bigquery

from breakout import settings
from breakout.artifacts import load_json
from breakout.bundle.folder import read_bundle
from breakout.cli import main
from breakout.errors import ConfigurationError, DataError
from breakout.experiment.plan import open_plan
from breakout.production.slate_output import check_out
from breakout.runs import read_status, write_status
from breakout.runs.names import SWEEP_RECORD
from breakout.settings import BigQueryTrackingConfig
from breakout.settings.composition import compose
from breakout.tracking.tracker import open_tracker, register_run
from breakout.training import train
from breakout.warehouse.bigquery.writing import replace_slate
from tests.bigquery.conftest import ConfigMaker
from tests.bigquery.emulator import PROJECT, run
from tests.bigquery.fault_server import Answer, FaultServer, always
from tests.bigquery.slates import slate

pytestmark = pytest.mark.bigquery

EXPERIMENTS = "nba_predictions.ml_experiments"


@pytest.fixture
def tracking(server: FaultServer, client: bigquery.Client) -> BigQueryTrackingConfig:
    client.delete_dataset("nba_predictions", delete_contents=True, not_found_ok=True)
    return BigQueryTrackingConfig("bigquery", PROJECT, None, EXPERIMENTS, server.url, 10 * 2**30, 20.0)


QUICK = (
    "window=january",
    "evaluation.bootstrap_resamples=20",
    "evaluation.permutation_repeats=0",
    "evaluation.shap_rows=0",
)
HYPOTHESIS = 'Bobby\'s "deeper" trees; ünïcode'


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a job of a sweep, with few resamples and without explanations to save time."""
    default = compose("train", [*QUICK])
    assert isinstance(default, settings.ExperimentConfig)
    config = replace(default, name="deeper", hypothesis=HYPOTHESIS, tags=("a", "b"), run=settings.RunConfig(False))
    with open_plan(config) as plan:
        return train(plan, tmp_path_factory.mktemp("outputs") / "sweeps" / "depths" / "runs").folder


@pytest.fixture
def finished_run(trained: Path, tmp_path: Path) -> Path:
    """Return a copy of the job's folder, in a sweep of its own."""
    sweep = tmp_path / "outputs" / "sweeps" / "depths"
    folder = Path(shutil.copytree(trained, sweep / "runs" / trained.name))
    (sweep / SWEEP_RECORD).write_text("{}", encoding="utf-8")
    return folder


@pytest.fixture
def failed_run(tmp_path: Path) -> Path:
    """Return the folder of a run that failed before the model was fitted."""
    words = [f"paths.outputs={tmp_path}", "name=few", "window.train_start=2026-01-09"]
    assert main(["train", *words]) == 3
    return next((tmp_path / "runs" / "few").iterdir())


def experiments(client: bigquery.Client) -> list[dict[str, Any]]:
    return run(client, f"SELECT * FROM {EXPERIMENTS}")


def test_a_finished_run_is_one_row_with_all_it_was(
    tracking: BigQueryTrackingConfig, finished_run: Path, client: bigquery.Client
) -> None:
    register_run(tracking, finished_run)
    (row,) = experiments(client)
    status = read_status(finished_run)
    assert row["experiment_id"] == finished_run.name
    assert row["experiment_name"] == "deeper"
    assert row["hypothesis"] == HYPOTHESIS
    assert row["experiment_type"] == "shared"
    assert row["tags"] == ["a", "b"]
    assert as_json(row["config"])["model"]["depth"] == 5
    assert (row["train_start"], row["train_end"], row["train_samples"]) == (date(2025, 11, 2), date(2026, 1, 10), 3653)
    assert (row["eval_start"], row["eval_end"], row["eval_samples"]) == (date(2026, 1, 11), date(2026, 2, 5), 1515)
    assert as_json(row["results"]) == load_json(finished_run / "metrics.json")
    assert row["model_path"] == str((finished_run / "bundle").resolve())
    assert row["git_commit"] == read_bundle(finished_run).manifest.git_commit
    assert row["parent_sweep"] == "depths"
    assert (row["status"], row["error"]) == ("completed", None)
    assert (row["started_at"], row["finished_at"]) == (status.started, status.finished)


def test_a_failed_run_is_a_row_with_its_configured_dates_and_its_error(
    tracking: BigQueryTrackingConfig, failed_run: Path, client: bigquery.Client
) -> None:
    register_run(tracking, failed_run)
    (row,) = experiments(client)
    assert (row["status"], row["error"]) == ("failed", read_status(failed_run).error)
    assert (row["results"], row["model_path"], row["train_samples"]) == (None, None, None)
    assert row["train_start"] == date(2026, 1, 9)


def test_registering_again_replaces_the_row(
    tracking: BigQueryTrackingConfig, finished_run: Path, client: bigquery.Client
) -> None:
    status = read_status(finished_run)
    write_status(msgspec.structs.replace(status, state="failed", error="interrupted"), finished_run)
    register_run(tracking, finished_run)
    assert [row["status"] for row in experiments(client)] == ["failed"]
    write_status(status, finished_run)
    register_run(tracking, finished_run)
    register_run(tracking, finished_run)
    assert [(row["status"], row["error"]) for row in experiments(client)] == [("completed", None)]


def test_a_run_that_cannot_be_registered_is_kept_and_says_what_to_do(
    tracking: BigQueryTrackingConfig, finished_run: Path, server: FaultServer, client: bigquery.Client
) -> None:
    refusal = Answer.error(403, "accessDenied", "Access Denied: Permission bigquery.tables.create denied")
    server.faults.append(always(refusal))
    with pytest.raises(DataError, match=rf"roles/bigquery.dataEditor.*Then run: breakout track {finished_run}$"):
        register_run(tracking, finished_run)
    server.faults.clear()
    words = ["tracking=bigquery", f"tracking.api_endpoint={server.url}", f"tracking.project={PROJECT}"]
    assert main(["track", str(finished_run), *words]) == 0
    assert len(experiments(client)) == 1


def test_beside_a_failure_of_the_run_it_is_only_a_note(
    tracking: BigQueryTrackingConfig, finished_run: Path, server: FaultServer
) -> None:
    server.faults.append(always(Answer.error(404, "notFound", "Not found: Dataset")))
    failure = ValueError("the run's own")
    register_run(tracking, finished_run, failure)
    assert "breakout track" in failure.__notes__[0]


def test_a_row_that_does_not_fit_is_an_error(
    tracking: BigQueryTrackingConfig, finished_run: Path, client: bigquery.Client
) -> None:
    client.create_dataset("nba_predictions", exists_ok=True)
    run(client, f"CREATE TABLE {EXPERIMENTS} (experiment_id STRING, experiment_name STRING)")
    with pytest.raises(DataError, match=r"lacks the columns hypothesis.*ALTER TABLE .* ADD COLUMN hypothesis STRING"):
        register_run(tracking, finished_run)
    assert experiments(client) == []


def test_no_text_holds_a_word_of_the_run(
    tracking: BigQueryTrackingConfig, finished_run: Path, server: FaultServer
) -> None:
    register_run(tracking, finished_run)
    assert not [request.sql for request in server.queries if "deeper" in request.sql or "2026" in request.sql]


def test_a_hostile_experiments_table_is_refused(tracking: BigQueryTrackingConfig, server: FaultServer) -> None:
    with pytest.raises(ConfigurationError, match=r"tracking\.table must be"):
        open_tracker(replace(tracking, table="a.b` SELECT 1"))
    assert server.requests == []


@pytest.mark.parametrize(
    "override", ["tracking.table='x; drop table'", "tracking.project='`x`'", "tracking.location='US;'"]
)
def test_a_hostile_tracking_override_is_refused_before_the_run(override: str) -> None:
    with pytest.raises(ConfigurationError, match="tracking"):
        compose("train", ["tracking=bigquery", override])


def test_registering_has_a_limit_of_bytes_and_labels_of_its_own(
    tracking: BigQueryTrackingConfig, finished_run: Path, server: FaultServer
) -> None:
    message = "Query exceeded limit for bytes billed: 10485760. 52428800 or higher required."
    server.faults.append(
        always(Answer.error(400, "bytesBilledLimitExceeded", message), lambda asked: asked.sql.startswith("MERGE"))
    )
    with pytest.raises(
        DataError, match=r"would bill 52,428,800 bytes .*tracking\.maximum_bytes_billed=10485760; nothing"
    ):
        register_run(replace(tracking, maximum_bytes_billed=10485760), finished_run)
    assert {request.job["query"]["maximumBytesBilled"] for request in server.queries} == {"10485760"}
    assert server.queries[-1].job["labels"] == {"program": "breakout", "command": "track", "run": "deeper"}


def test_a_word_corrects_the_tracker_of_the_run(
    tracking: BigQueryTrackingConfig, finished_run: Path, client: bigquery.Client
) -> None:
    config = settings.load_file(finished_run / "settings.yaml", settings.ExperimentConfig)
    unreachable = replace(tracking, api_endpoint="http://127.0.0.1:9", table="nba_predictions.mine")
    (finished_run / "settings.yaml").write_text(settings.to_yaml(replace(config, tracking=unreachable)))
    write_status(read_status(finished_run), finished_run)  # the status contains a digest of the settings
    assert main(["track", str(finished_run)]) == 3
    assert main(["track", str(finished_run), f"tracking.api_endpoint={tracking.api_endpoint}"]) == 0
    assert len(run(client, "SELECT * FROM nba_predictions.mine")) == 1


def test_a_run_without_tracker_needs_one_named(finished_run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["track", str(finished_run)]) == 2
    assert f"breakout track {finished_run} tracking=bigquery" in capsys.readouterr().err


def test_a_slate_stands_once_for_each_day_and_bundle(config: ConfigMaker, client: bigquery.Client) -> None:
    client.delete_dataset("slates", delete_contents=True, not_found_ok=True)
    for frame in (slate(), slate("b2"), slate(day=date(2026, 2, 7)), slate(), slate(players=2)):
        replace_slate(frame, "slates.tonight", config())
    rows = run(client, "SELECT * FROM slates.tonight ORDER BY bundle, game_date, player_lookup")
    assert [(row["bundle"], row["game_date"].day, row["player_lookup"]) for row in rows] == [
        ("b1", 6, "player0"),
        ("b1", 6, "player1"),
        ("b1", 7, "player0"),
        ("b1", 7, "player1"),
        ("b1", 7, "player2"),
        ("b2", 6, "player0"),
        ("b2", 6, "player1"),
        ("b2", 6, "player2"),
    ]
    assert rows[1]["probability"] == 0.1 + 1 / 7  # all bits of the FLOAT64
    assert rows[1]["player_full_name"] == "Player O'1"
    assert (rows[0]["top_features"], rows[1]["top_features"]) == ("points_avg_season", None)


def test_an_empty_slate_writes_nothing(config: ConfigMaker, server: FaultServer) -> None:
    replace_slate(slate(players=0), "slates.empty", config())
    assert server.requests == []


def test_a_slate_needs_a_plain_table_name_and_a_project(config: ConfigMaker) -> None:
    with pytest.raises(ConfigurationError, match="out=bigquery: must be"):
        replace_slate(slate(), "a; drop table b", config())
    with pytest.raises(ConfigurationError, match="out=bigquery: must be"):
        check_out("bigquery:a; drop table b", config())
    with pytest.raises(ConfigurationError, match="warehouse=bigquery"):
        check_out("bigquery:a.b", settings.SampleWarehouseConfig("sample"))
    check_out("bigquery:a.b", config())


def as_json(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value
