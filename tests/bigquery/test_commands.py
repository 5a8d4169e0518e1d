"""Every command against the emulator as a user types it, beside the same command against the embedded sample."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from google.cloud import bigquery

from breakout.cli import main
from tests.bigquery.emulator import PROJECT, run
from tests.bigquery.fault_server import Answer, FaultServer, Request, always

pytestmark = [pytest.mark.bigquery, pytest.mark.slow]

Commands = Callable[..., Path]


@pytest.fixture
def words(server: FaultServer) -> list[str]:
    """What chooses the emulator; its only project is found by asking."""
    return ["warehouse=bigquery", f"warehouse.api_endpoint={server.url}", "warehouse.schedule=nba_analytics.schedule"]


@pytest.fixture
def train(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Commands:
    """`breakout`, quickly, and the run folder that it left."""
    monkeypatch.chdir(tmp_path)

    def start(name: str, *more: str) -> Path:
        assert main([f"name={name}", "model.iterations=40", "evaluation.bootstrap_resamples=50", *more]) == 0
        (folder,) = (tmp_path / "outputs" / "runs" / name).iterdir()
        return folder

    return start


def test_a_bundle_of_bigquery_predicts_bitwise_what_one_of_the_sample_does(
    train: Commands, words: list[str], server: FaultServer, tmp_path: Path
) -> None:
    theirs, ours = train("sample"), train("bigquery", *words)
    assert len(server.extracts) == 2
    expected, found = (pd.read_parquet(folder / "predictions.parquet") for folder in (theirs, ours))
    pd.testing.assert_frame_equal(found, expected, check_exact=True)
    manifests = [json.loads((folder / "bundle" / "manifest.json").read_text()) for folder in (theirs, ours)]
    assert manifests[0]["row_fingerprints"] == manifests[1]["row_fingerprints"]
    assert manifests[1]["source"] == f"bigquery {PROJECT}, nba_analytics.player_game_summary"
    slates = []
    for number, (folder, chosen) in enumerate(((theirs, []), (ours, words), (theirs, words))):
        out = tmp_path / f"slate{number}.parquet"
        assert main(["predict", f"bundle={folder / 'bundle'}", "date=2026-02-06", f"out={out}", *chosen]) == 0
        slates.append(pd.read_parquet(out))
    assert len(slates[0]) > 20
    pd.testing.assert_frame_equal(slates[0].drop(columns="bundle"), slates[1].drop(columns="bundle"), check_exact=True)
    pd.testing.assert_frame_equal(slates[0], slates[2], check_exact=True)


def test_a_dataset_is_the_same_file(words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    days = ["start=2026-01-25", "end=2026-02-05", "mode=experimental", "features=all"]
    assert main(["dataset", *days, "out=sample.parquet"]) == 0
    assert main(["dataset", *days, "out=bigquery.parquet", *words]) == 0
    theirs, ours = (pd.read_parquet(tmp_path / f"{name}.parquet") for name in ("sample", "bigquery"))
    pd.testing.assert_frame_equal(ours, theirs, rtol=0, atol=1e-9)


def test_an_audit_holds_against_bigquery(words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["audit", "audit.rows=20", "audit.start=2026-01-20", "audit.end=2026-02-05", *words]) == 0


def test_a_slate_is_written_once_however_often_it_is_predicted(
    train: Commands, words: list[str], client: bigquery.Client
) -> None:
    client.delete_dataset("nba_predictions", delete_contents=True, not_found_ok=True)
    folder = train("slate")
    for _ in range(2):
        predicted = ["predict", f"bundle={folder / 'bundle'}", "date=2026-02-06", "out=bigquery:nba_predictions.slate"]
        assert main([*predicted, *words]) == 0
    rows = run(client, "SELECT * FROM nba_predictions.slate")
    assert len(rows) > 20
    assert len({row["player_lookup"] for row in rows}) == len(rows)
    assert {row["bundle"] for row in rows} == {json.loads((folder / "status.json").read_text())["bundle"]}


def test_a_schedule_that_requires_a_partition_filter_answers(
    train: Commands, words: list[str], server: FaultServer
) -> None:
    server.strict.add("schedule")
    folder = train("slate")
    assert main(["predict", f"bundle={folder / 'bundle'}", "date=2026-02-06", *words]) == 0


def test_a_run_is_registered_again_by_its_folder(train: Commands, server: FaultServer, client: bigquery.Client) -> None:
    client.delete_dataset("nba_predictions", delete_contents=True, not_found_ok=True)
    folder = train("tracked", "hypothesis='deeper is better'", "tags=[a,b]")
    tracking = ["tracking=bigquery", f"tracking.api_endpoint={server.url}"]
    for _ in range(2):
        assert main(["track", str(folder), *tracking]) == 0
    (row,) = run(client, "SELECT * FROM nba_predictions.ml_experiments")
    assert row["experiment_id"] == folder.name
    assert (row["hypothesis"], row["tags"], row["status"]) == ("deeper is better", ["a", "b"], "completed")
    assert (row["train_samples"], row["eval_samples"]) == (3653, 1515)


def test_the_doctor_finds_everything_in_place(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", *words]) == 0
    told = capsys.readouterr().out
    assert "failed" not in told
    for found in (
        f"credentials and project: bigquery {PROJECT}",
        "permission to run jobs (bigquery.jobs.create): granted",
        "team_offense_game_summary partition filter: partitioned by game_date, filter required",
        "schedule columns: every needed column has its type",
        "feature query over 90 days: BigQuery would scan 0 bytes",
    ):
        assert f"ok      {found}" in told


def no_jobs(request: Request) -> Answer | None:
    message = "Access Denied: Project p: User does not have bigquery.jobs.create permission in project p."
    return Answer.error(403, "accessDenied", message) if request.sql else None


ILL = {
    "no jobs": (no_jobs, [], "failed  permission to run jobs .*--role=roles/bigquery.jobUser"),
    "no table": (
        None,
        ["warehouse.player_game_summary=nba_analytics.absent"],
        "failed  player_game_summary: .*not find",
    ),
    "no column": (
        None,
        ["warehouse.player_game_summary=nba_analytics.schedule"],
        "failed  player_game_summary columns: .*lacks the columns player_lookup",
    ),
    "expired": (
        always(Answer.error(401, "authError", "expired"), lambda _: True),
        ["warehouse.project=my-project"],
        "gcloud auth",
    ),
}


@pytest.mark.parametrize("name", ILL)
def test_the_doctor_names_what_is_missing_and_the_remedy(
    words: list[str], server: FaultServer, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    fault, more, message = ILL[name]
    if fault:
        server.faults.append(fault)
    assert main(["doctor", *words, *more]) == 3
    assert re.search(message, capsys.readouterr().out)


def test_the_doctor_sees_a_partition_that_no_query_filters_by(
    words: list[str], client: bigquery.Client, capsys: pytest.CaptureFixture[str]
) -> None:
    client.create_dataset("otherwise", exists_ok=True)
    run(
        client,
        """CREATE OR REPLACE TABLE otherwise.p PARTITION BY loaded OPTIONS (require_partition_filter = TRUE)
        AS SELECT *, game_date AS loaded FROM nba_analytics.player_game_summary WHERE game_date > '2026-01-01'""",
    )
    assert main(["doctor", *words, "warehouse.player_game_summary=otherwise.p"]) == 3
    assert "requires a partition filter on loaded" in capsys.readouterr().out


def test_the_doctor_is_content_with_the_sample(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"]) == 0
    assert "ok      warehouse: sample, games to 2026-02-05" in capsys.readouterr().out
