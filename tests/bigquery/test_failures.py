"""Failures of BigQuery: error message, exit code 3, time limits and the status of the run."""

from __future__ import annotations

import json
import os
import re
import signal
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
import requests
from google.cloud import bigquery

from breakout.cli import main
from breakout.errors import DataError
from breakout.warehouse.bigquery.warehouse import BigQueryWarehouse
from tests.bigquery.conftest import ConfigMaker
from tests.bigquery.emulator import PROJECT, load_sample, open_emulator, run, running_emulator
from tests.bigquery.fault_server import CUT, Answer, Fault, FaultServer, Request, always, fault_server, times

pytestmark = pytest.mark.bigquery

JANUARY = (date(2026, 1, 11), date(2026, 2, 5))


def is_look_at_a_table(request: Request) -> bool:
    return request.method == "GET" and "/tables/" in request.path


def slow(seconds: float) -> Fault:
    def wait(request: Request) -> Answer | None:
        if request.sql:
            time.sleep(seconds)
        return None

    return wait


def never_done(request: Request) -> Answer | None:
    """Answer as if every job ran without end."""
    if is_result(request):
        job_id = request.path.split("?")[0].rsplit("/", 1)[-1]
        return Answer(200, {"jobReference": {"projectId": PROJECT, "jobId": job_id}, "jobComplete": False})
    if request.sql:
        reference, configuration = request.body["jobReference"], request.job
    elif "/jobs/" in request.path:
        reference = {"projectId": PROJECT, "jobId": request.path.split("?")[0].removesuffix("/cancel").split("/")[-1]}
        configuration = {"query": {}}
    else:
        return None
    running = {
        "jobReference": reference | {"location": "US"},
        "configuration": configuration,
        "status": {"state": "RUNNING"},
    }
    return Answer(200, {"job": running} if is_cancel(request) else running)


def is_result(request: Request) -> bool:
    return request.method == "GET" and "/queries/" in request.path


def is_cancel(request: Request) -> bool:
    return request.path.split("?")[0].endswith("/cancel")


NO_JOBS = Answer.error(
    403,
    "accessDenied",
    "Access Denied: Project breakout-emulator: User does not have bigquery.jobs.create permission in the project.",
)
NO_DATA = Answer.error(
    403,
    "accessDenied",
    "Access Denied: Table breakout-emulator:nba_analytics.player_game_summary: Permission bigquery.tables.getData "
    "denied on table breakout-emulator:nba_analytics.player_game_summary (or it may not exist).",
)
NO_TABLE = Answer.error(
    404, "notFound", "Not found: Table breakout-emulator:nba_analytics.player_game_summary was not found in location US"
)
BUSY = Answer.error(429, "rateLimitExceeded", "Exceeded rate limits: too many requests")
QUOTA = Answer.error(403, "quotaExceeded", "Quota exceeded: your project exceeded quota for free query bytes scanned.")
BROKEN = Answer.error(500, "internalError", "An internal error occurred and the request could not be completed.")
EXPIRED = Answer.error(401, "authError", "Request had invalid authentication credentials.")
CAP = Answer.error(
    400, "bytesBilledLimitExceeded", "Query exceeded limit for bytes billed: 10000000. 52428800 or higher required."
)

# By name: the fault, the message, the number of queries sent, and the time limit in seconds.
FAILURES: dict[str, tuple[Fault, str, range, float]] = {
    "permission to create jobs": (
        always(NO_JOBS),
        r"bigquery\.jobs\.create is missing.*roles/bigquery\.jobUser",
        range(1, 2),
        2,
    ),
    "permission to read": (
        always(NO_DATA),
        r"bigquery\.tables\.getData is missing.*roles/bigquery\.dataViewer",
        range(1, 2),
        2,
    ),
    "no such table": (
        always(NO_TABLE, is_look_at_a_table),
        r"player_game_summary \(nba_analytics\.player_game_summary\): BigQuery does not find it .*warehouse\.location",
        range(1),
        2,
    ),
    "quota": (always(QUOTA), "quota is used up", range(1, 2), 2),
    "always busy": (always(BUSY), "quota is used up", range(2, 30), 2),
    "broken": (always(BROKEN), r"failed by its own account \(500", range(2, 30), 2),
    "expired token": (always(EXPIRED), "gcloud auth application-default login", range(1, 2), 2),
    "slow": (slow(30), r"did not answer within 2 s; raise warehouse\.timeout_seconds", range(1, 2), 4),
    "never done": (never_done, r"did not answer within 2 s; raise warehouse\.timeout_seconds", range(1, 2), 4),
    "cut in mid-query": (always(CUT), "the connection to BigQuery broke off", range(2, 30), 4),
    "too many bytes": (
        always(CAP),
        r"52,428,800 bytes \(50\.0 MiB, at most \$0\.0003 at .*warehouse\.maximum_bytes_billed=10000000; nothing was",
        range(1, 2),
        2,
    ),
}


@pytest.fixture
def breakout(
    server: FaultServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[int, Path | None]]:
    """Return a function that runs `breakout` with the fault server, and returns its exit code and the run folder."""
    monkeypatch.chdir(tmp_path)

    def start(*words: str) -> tuple[int, Path | None]:
        code = main(
            [
                "warehouse=bigquery",
                f"warehouse.api_endpoint={server.url}",
                "warehouse.timeout_seconds=2",
                "warehouse.maximum_bytes_billed=10000000",
                "model=base_rate",
                *words,
            ]
        )
        return code, next((tmp_path / "outputs" / "runs" / "default").glob("*"), None)

    return start


@pytest.mark.parametrize("name", FAILURES)
def test_a_failure_ends_in_its_sentence_in_bounded_time_and_a_true_status(
    breakout: Callable[..., tuple[int, Path | None]], server: FaultServer, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    fault, message, asked, seconds = FAILURES[name]
    server.faults.append(fault)
    began = time.monotonic()
    code, folder = breakout()
    assert time.monotonic() - began < seconds + 15  # 15 s for everything but the fault, on a busy machine
    printed = capsys.readouterr().err
    assert code == 3
    assert re.search(message, printed), printed
    assert printed.count("\n") == 1
    assert "Traceback" not in printed
    assert len(server.queries) in asked
    assert folder is not None
    status = json.loads((folder / "status.json").read_text())
    assert status["state"] == "failed"
    assert re.search(message, status["error"])
    assert not (folder / "bundle").exists()


@pytest.mark.parametrize(
    "fault",
    [
        times(2, BUSY),
        times(2, BROKEN),
        times(1, CUT),
        times(1, Answer.error(503, "backendError", "busy")),
        times(1, Answer.error(400, "invalidQuery", "Could not serialize access to table t due to concurrent update")),
    ],
)
def test_a_hiccup_is_survived(config: ConfigMaker, server: FaultServer, fault: Fault) -> None:
    server.faults.append(fault)
    assert BigQueryWarehouse(config()).latest_game_date() == date(2026, 2, 5)
    assert len(server.queries) >= 2


@pytest.mark.parametrize("fault", [times(2, BROKEN, is_result), times(1, CUT, is_result)])
def test_rows_that_do_not_come_at_once_are_asked_for_again_and_the_query_is_not(
    config: ConfigMaker, server: FaultServer, fault: Fault
) -> None:
    server.faults.append(fault)
    assert BigQueryWarehouse(config()).latest_game_date() == date(2026, 2, 5)
    assert len(server.queries) == 1


def test_a_job_that_the_service_failed_is_run_again_under_a_new_id(config: ConfigMaker, server: FaultServer) -> None:
    failed = iter([True])

    def fail_once(request: Request) -> Answer | None:
        if not request.sql or not next(failed, False):
            return None
        error = {"reason": "backendError", "message": "An internal error occurred."}
        reference = request.body["jobReference"] | {"location": "US"}
        status = {"state": "DONE", "errorResult": error, "errors": [error]}
        body = {"jobReference": reference, "status": status, "configuration": request.job, "statistics": {}}
        return Answer(200, body)

    server.faults.append(fail_once)
    assert BigQueryWarehouse(config()).latest_game_date() == date(2026, 2, 5)
    ids = [request.body["jobReference"]["jobId"] for request in server.queries]
    assert len(ids) == len(set(ids)) == 2


def test_a_refused_connection_is_reported_at_once(config: ConfigMaker) -> None:
    began = time.monotonic()
    with pytest.raises(DataError, match="nobody answers at BigQuery's address"):
        BigQueryWarehouse(config(endpoint="http://127.0.0.1:9")).latest_game_date()
    assert time.monotonic() - began < 5


def test_a_server_killed_in_mid_query_is_reported_at_once(config: ConfigMaker) -> None:
    with running_emulator() as (url, process), fault_server(url) as between:
        client = open_emulator(url)
        load_sample(client, since="2026-01-01")
        client.close()  # type: ignore[no-untyped-call]

        def kill(request: Request) -> Answer | None:
            if request.sql:
                process.send_signal(signal.SIGKILL)
                process.wait()
            return None

        between.faults.append(kill)
        began = time.monotonic()
        with pytest.raises(DataError, match="broke off"):
            BigQueryWarehouse(config("warehouse.timeout_seconds=2", endpoint=between.url)).latest_game_date()
        assert time.monotonic() - began < 15


@pytest.mark.parametrize("fault", [never_done, slow(30)])
def test_a_job_that_nobody_waits_for_is_cancelled(config: ConfigMaker, server: FaultServer, fault: Fault) -> None:
    server.faults.append(fault)
    with pytest.raises(DataError, match="did not answer within 1 s"):
        BigQueryWarehouse(config("warehouse.timeout_seconds=1")).latest_game_date()
    (job,) = server.queries
    assert is_cancel(server.requests[-1])
    assert job.body["jobReference"]["jobId"] in server.requests[-1].path


@pytest.mark.usefixtures("default_interrupt")
def test_an_interrupt_cancels_the_job_in_bigquery(config: ConfigMaker, server: FaultServer) -> None:
    def interrupt(request: Request) -> Answer | None:
        if request.method == "GET" and "/jobs/" in request.path:
            os.kill(os.getpid(), signal.SIGINT)
        return never_done(request)

    server.faults.append(interrupt)
    with pytest.raises(KeyboardInterrupt):
        BigQueryWarehouse(config()).latest_game_date()
    assert is_cancel(server.requests[-1])


def test_a_job_whose_first_answer_was_lost_is_not_started_twice(config: ConfigMaker, server: FaultServer) -> None:
    lost = iter([True])

    def lose_the_answer(request: Request) -> Answer | None:
        if not request.sql or not next(lost, False):
            return None
        address = f"{server.upstream}{request.path}"
        requests.post(address, json=request.body, timeout=20).raise_for_status()
        return CUT

    server.faults.append(lose_the_answer)
    assert BigQueryWarehouse(config()).latest_game_date() == date(2026, 2, 5)
    assert len({request.body["jobReference"]["jobId"] for request in server.queries}) == 1


SPOILED = {
    "an empty table": (
        "SELECT * FROM {table} WHERE game_date >= '2200-01-01'",
        "has no rows from 2021-09-01 to 2026-01-10",
    ),
    "a missing column": (
        "SELECT * EXCEPT (points) FROM {table} WHERE game_date >= '1900-01-01'",
        "lacks the column points",
    ),
    "a wrong type": (
        "SELECT * REPLACE (CAST(points AS STRING) AS points) FROM {table} WHERE game_date >= '1900-01-01'",
        "column points must be INT64, but it is STRING",
    ),
    "a key twice": (
        """SELECT * FROM {table} WHERE game_date >= '2025-10-01' UNION ALL
        (SELECT * FROM {table} WHERE game_date >= '2025-10-01' ORDER BY game_id, player_lookup LIMIT 1)""",
        "the key stands more than once",
    ),
    "a negative amount": (
        "SELECT * REPLACE (-1 AS points) FROM {table} WHERE game_date >= '2025-10-01'",
        "points is negative",
    ),
}


@pytest.mark.parametrize("name", SPOILED)
def test_a_spoiled_table_is_refused(
    breakout: Callable[..., tuple[int, Path | None]],
    client: bigquery.Client,
    capsys: pytest.CaptureFixture[str],
    name: str,
) -> None:
    sql, message = SPOILED[name]
    client.create_dataset("spoiled", exists_ok=True)
    run(client, "CREATE OR REPLACE TABLE spoiled.p AS " + sql.format(table="nba_analytics.player_game_summary"))
    code, folder = breakout("warehouse.player_game_summary=spoiled.p", "warehouse.timeout_seconds=20")
    assert code == 3
    assert message in capsys.readouterr().err
    assert folder is not None
    assert json.loads((folder / "status.json").read_text())["state"] == "failed"


def test_wrong_rows_outside_the_partitions_read_do_no_harm(config: ConfigMaker, client: bigquery.Client) -> None:
    client.create_dataset("old", exists_ok=True)
    points = "IF(game_date < '2024-09-01', -1, points) AS points"
    run(
        client,
        f"CREATE OR REPLACE TABLE old.p AS SELECT * REPLACE ({points}) FROM nba_analytics.player_game_summary "
        "WHERE game_date >= '1900-01-01'",
    )
    BigQueryWarehouse(config("warehouse.player_game_summary=old.p")).check_history(*JANUARY)


def test_a_sentence_quotes_the_service_without_the_address_of_the_request(
    config: ConfigMaker, server: FaultServer
) -> None:
    server.faults.append(always(NO_JOBS))
    with pytest.raises(DataError) as caught:
        BigQueryWarehouse(config()).latest_game_date()
    assert str(caught.value).startswith(
        "the query: permission bigquery.jobs.create is missing (Access Denied: Project "
    )
    assert PROJECT in str(caught.value)
