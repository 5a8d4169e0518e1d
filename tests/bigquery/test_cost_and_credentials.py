"""Cost estimates, the limit of bytes, and credentials; the responses are in the format of the real service."""

from __future__ import annotations

import json
import time
from datetime import date
from pathlib import Path

import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from breakout.cli import main
from breakout.errors import DataError
from breakout.experiment.plan import estimate_rows
from breakout.features.config import BreakoutFeatureConfig
from breakout.features.query import get_training_data_query
from breakout.features.registry import BREAKOUT_FEATURE_ORDER
from breakout.settings import BigQueryWarehouseConfig as Config
from breakout.warehouse.bigquery.errors import translated_errors
from breakout.warehouse.bigquery.types import label
from breakout.warehouse.bigquery.warehouse import BigQueryWarehouse
from tests.bigquery.conftest import ConfigMaker
from tests.bigquery.emulator import PROJECT
from tests.bigquery.fault_server import Answer, FaultServer, Request, always, fault_server
from tests.builders import CUTOFF

pytestmark = pytest.mark.bigquery

SHARED = BreakoutFeatureConfig(BREAKOUT_FEATURE_ORDER, 8.0, 16.0, 1.5, 5, ("regular",), CUTOFF)
PARAMETERS = SHARED.parameters(date(2024, 9, 1), date(2026, 1, 11), date(2026, 2, 5))


def dry_run_of(count: int) -> Answer:
    """Return the real service's response to a dry run: done at once, with the number of bytes as text."""
    statistics = {
        "totalBytesProcessed": str(count),
        "query": {
            "totalBytesProcessed": str(count),
            "totalBytesBilled": "0",
            "totalBytesProcessedAccuracy": "PRECISE",
            "cacheHit": False,
            "statementType": "SELECT",
        },
    }
    reference = {"projectId": PROJECT, "location": "US"}
    return Answer(
        200, {"kind": "bigquery#job", "jobReference": reference, "status": {"state": "DONE"}, "statistics": statistics}
    )


def test_an_estimate_is_a_dry_run_with_the_price_of_its_bytes(config: ConfigMaker, server: FaultServer) -> None:
    server.faults.append(always(dry_run_of(3_298_534_883_328), lambda request: bool(request.job.get("dryRun"))))
    cost = BigQueryWarehouse(config()).estimate(get_training_data_query(), PARAMETERS)
    assert cost.price == 18.75
    assert cost.describe().startswith("BigQuery would scan 3.0 TiB, at most $18.7500 at $6.25 per TiB")
    job = server.requests[-1].job
    assert job["dryRun"] is True
    assert "maximumBytesBilled" not in job["query"]  # a dry run must also report sizes above the limit
    assert len(job["query"]["queryParameters"]) == 8


def test_the_rows_of_a_plan_cost_their_query_and_their_check(config: ConfigMaker, server: FaultServer) -> None:
    server.faults.append(always(dry_run_of(2**30), lambda request: bool(request.job.get("dryRun"))))
    cost = estimate_rows(BigQueryWarehouse(config()), SHARED, date(2026, 1, 11), date(2026, 2, 5))
    assert cost is not None
    assert cost.bytes_scanned == 5 * 2**30  # features, two tables, their consistency, flawed games
    assert server.queries == []


def test_the_limit_of_bytes_stands_on_every_job_and_is_named_when_it_refuses(
    config: ConfigMaker, server: FaultServer
) -> None:
    refusal = Answer.error(
        400,
        "bytesBilledLimitExceeded",
        "Query exceeded limit for bytes billed: 20971520. 1099511627776 or higher required.",
    )
    server.faults.append(always(refusal))
    with pytest.raises(DataError) as caught:
        BigQueryWarehouse(config("warehouse.maximum_bytes_billed=20971520")).latest_game_date()
    assert str(caught.value) == (
        "the query would bill 1,099,511,627,776 bytes (1.0 TiB, at most $6.2500 at $6.25 per TiB), more than "
        "warehouse.maximum_bytes_billed=20971520; nothing was charged. Raise that limit, or ask for fewer days."
    )
    assert [request.job["query"]["maximumBytesBilled"] for request in server.queries] == ["20971520"]


def test_no_limit_is_no_limit(config: ConfigMaker, server: FaultServer) -> None:
    BigQueryWarehouse(config("warehouse.maximum_bytes_billed=null")).latest_game_date()
    assert "maximumBytesBilled" not in server.queries[0].job["query"]


def test_a_label_is_what_the_service_allows() -> None:
    assert label("Prod/V2 Fébruary") == "prod_v2_f_bruary"
    assert len(label("x" * 200)) == 63


@pytest.fixture
def nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder on a machine without any credentials."""
    for name in ("GOOGLE_APPLICATION_CREDENTIALS", "GOOGLE_CLOUD_PROJECT", "GCE_METADATA_HOST", "K_SERVICE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_missing_credentials_cost_a_sentence_and_no_waiting(nobody: Path, capsys: pytest.CaptureFixture[str]) -> None:
    began = time.monotonic()
    assert main(["warehouse=bigquery", f"paths.outputs={nobody}"]) == 3
    assert time.monotonic() - began < 10
    printed = capsys.readouterr().err
    sentence = "there are no credentials for BigQuery (warehouse=bigquery)"
    assert printed == f"breakout: {sentence}; run: gcloud auth application-default login\n"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "which is no file"),
        ("no json", "cannot be used"),
        ("{}", "cannot be used"),
        ('{"type": "x"}', "cannot be used"),
    ],
)
def test_unusable_credentials_are_refused(
    nobody: Path, config: ConfigMaker, monkeypatch: pytest.MonkeyPatch, content: str | None, message: str
) -> None:
    path = nobody / "key.json"
    if content is not None:
        path.write_text(content)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(path))
    with pytest.raises(DataError, match=rf"{message}.*gcloud auth application-default login"):
        BigQueryWarehouse(public(config))


def test_a_withdrawn_key_is_reported_and_never_sent_to_an_emulator(
    config: ConfigMaker, service_account: Path, monkeypatch: pytest.MonkeyPatch, server: FaultServer
) -> None:
    refusal = Answer(400, {"error": "invalid_grant", "error_description": "Invalid JWT Signature."})
    server.faults.append(always(refusal, lambda request: request.path == "/token"))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(service_account))
    warehouse = BigQueryWarehouse(public(config))
    with pytest.raises(DataError, match=r"have expired or were withdrawn; run: gcloud auth application-default login"):
        warehouse.latest_game_date()
    assert [request.path for request in server.requests] == ["/token"]
    BigQueryWarehouse(config()).latest_game_date()
    assert not [request for request in server.requests if "Authorization" in request.headers]


def test_credentials_that_are_never_renewed_cost_no_more_than_the_time_limit(
    config: ConfigMaker, service_account: Path, monkeypatch: pytest.MonkeyPatch, server: FaultServer
) -> None:
    server.faults.append(lambda request: time.sleep(30) if request.path == "/token" else None)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(service_account))
    began = time.monotonic()
    with pytest.raises(
        DataError, match=r"were not renewed \(no answer came in time\);.*gcloud auth application-default login"
    ):
        BigQueryWarehouse(config("warehouse.api_endpoint=null", "warehouse.timeout_seconds=1")).latest_game_date()
    assert time.monotonic() - began < 10


def test_only_an_endpoint_of_its_own_goes_without_the_storage_api(
    config: ConfigMaker, service_account: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(service_account))
    assert BigQueryWarehouse(public(config))._jobs._has_storage_api
    assert not BigQueryWarehouse(config())._jobs._has_storage_api
    private = config("warehouse.project=null", endpoint="https://bigquery-mine.p.googleapis.com")
    opened = BigQueryWarehouse(private)
    assert not opened._jobs._has_storage_api
    assert "key-project" in opened.describe()  # the project that the credentials name


def test_credentials_without_a_project_need_one_named(config: ConfigMaker, service: str) -> None:
    with fault_server(service) as between:
        between.faults.append(always(Answer(200, {"projects": []}), lambda request: request.path.endswith("/projects")))
        with pytest.raises(DataError, match=r"warehouse\.project=PROJECT"):
            BigQueryWarehouse(config("warehouse.project=null", endpoint=between.url))


def test_an_answer_that_is_not_bigquerys_is_reported(config: ConfigMaker, server: FaultServer) -> None:
    server.faults.append(always(Answer(200, ["no", "bigquery"]), lambda request: request.path.endswith("/projects")))  # type: ignore[arg-type]
    with pytest.raises(DataError, match=r"warehouse\.project=PROJECT"):
        BigQueryWarehouse(config("warehouse.project=null"))
    with pytest.raises(DataError, match="cannot be read"), translated_errors("the query"):
        raise requests.exceptions.JSONDecodeError("x", "y", 0)


def public(config: ConfigMaker) -> Config:
    """Return a configuration of the public service, which no test may reach."""
    return config("warehouse.api_endpoint=null", "warehouse.timeout_seconds=10")


@pytest.fixture
def service_account(nobody: Path, server: FaultServer) -> Path:
    """Return a key file in the format of the service; its tokens come from the fault server."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = nobody / "key.json"
    record = {
        "type": "service_account",
        "project_id": "key-project",
        "private_key_id": "1",
        "private_key": pem.decode(),
        "client_email": "robot@key-project.iam.gserviceaccount.com",
        "token_uri": f"{server.url}/token",
    }
    path.write_text(json.dumps(record))
    return path


def test_no_secret_reaches_a_sentence(
    config: ConfigMaker, service_account: Path, monkeypatch: pytest.MonkeyPatch, server: FaultServer
) -> None:
    def answer(request: Request) -> Answer | None:
        return Answer(500, {"error": "internal"}) if request.path == "/token" else None

    server.faults.append(answer)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(service_account))
    warehouse = BigQueryWarehouse(public(config))
    with pytest.raises(DataError) as caught:
        warehouse.latest_game_date()
    assert "PRIVATE KEY" not in str(caught.value)
    assert "assertion" not in str(caught.value)
