"""Every command with the emulator, compared with the same command on the embedded sample."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pandas as pd
import pytest
from google.cloud import bigquery

from breakout.cli import main
from tests.bigquery.emulator import PROJECT, run
from tests.bigquery.fault_server import Answer, FaultServer, Request, always

pytestmark = [pytest.mark.bigquery, pytest.mark.slow]

# Every command trains or evaluates with few resamples and without importance and report, to save time.
QUICK_EVALUATION = ["evaluation.bootstrap_resamples=20", "evaluation.permutation_repeats=0", "evaluation.shap_rows=0"]
QUICK = ["window=january", "model.iterations=20", "write_report=false", *QUICK_EVALUATION]


@pytest.fixture
def words(server: FaultServer) -> list[str]:
    """Return the overrides that choose the emulator; they name no project, because it has only one."""
    tables = [f"warehouse.{name}=nba_analytics.{name}" for name in ("schedule", "availability")]
    return ["warehouse=bigquery", f"warehouse.api_endpoint={server.url}", *tables]


@pytest.fixture(scope="session")
def sample_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a run on the embedded sample, with a hypothesis and tags."""
    outputs = tmp_path_factory.mktemp("sample")
    said = ["name=sample", "hypothesis='deeper is better'", "tags=[a,b]", f"paths.outputs={outputs}"]
    assert main([*said, *QUICK]) == 0
    (folder,) = (outputs / "runs" / "sample").iterdir()
    return folder


def predict(run_folder: Path, *more: str) -> int:
    return main(["predict", f"bundle={run_folder / 'bundle'}", "date=2026-02-06", *more])


def test_a_bundle_of_bigquery_predicts_bitwise_what_one_of_the_sample_does(
    sample_run: Path, words: list[str], server: FaultServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["name=bigquery", *QUICK, *words]) == 0
    (ours,) = (tmp_path / "outputs" / "runs" / "bigquery").iterdir()
    assert len(server.extracts) == 2
    expected, found = (pd.read_parquet(folder / "predictions.parquet") for folder in (sample_run, ours))
    pd.testing.assert_frame_equal(found, expected, check_exact=True)
    manifests = [json.loads((folder / "bundle" / "manifest.json").read_text()) for folder in (sample_run, ours)]
    assert manifests[0]["row_fingerprints"] == manifests[1]["row_fingerprints"]
    assert manifests[1]["source"] == f"bigquery {PROJECT}, nba_analytics.player_game_summary"
    slates = []
    for number, (folder, chosen) in enumerate(((sample_run, []), (ours, words), (sample_run, words))):
        out = tmp_path / f"slate{number}.parquet"
        assert predict(folder, f"out={out}", *chosen) == 0
        slates.append(pd.read_parquet(out))
    assert len(slates[0]) > 20
    pd.testing.assert_frame_equal(slates[0].drop(columns="bundle"), slates[1].drop(columns="bundle"), check_exact=True)
    pd.testing.assert_frame_equal(slates[0], slates[2], check_exact=True)
    assert main(["reproduce", str(ours)]) == 0  # without any override: the run's folder has the settings
    assert len(server.extracts) == 3  # two of the run, and one slate for both bundles; reproduce reads the cache


def test_a_dataset_is_the_same_file(words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    days = ["start=2026-02-03", "end=2026-02-05", "mode=experimental", "features=tonight"]
    assert main(["dataset", *days, "out=sample.parquet"]) == 0
    assert main(["dataset", *days, "out=bigquery.parquet", *words]) == 0
    theirs, ours = (pd.read_parquet(tmp_path / f"{name}.parquet") for name in ("sample", "bigquery"))
    pd.testing.assert_frame_equal(ours, theirs, rtol=0, atol=1e-9)


@pytest.mark.parametrize("sweep", [[], ["-m", "model.depth=4,5"]])
def test_a_dry_run_estimates_a_feature_of_the_users_own(
    sweep: list[str], words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = tmp_path / "own.yaml"
    own.write_text(
        "- {name: points_max_last_3, expression: MAX(points) OVER last_3, default: 15, unit: points, group: scoring,"
        " description: Most points in his last 3 games}\n"
    )
    features = [f"features.definitions=[{own}]", "features.names=[points_max_last_3,points_avg_season]"]
    answer = main([*sweep, "dry_run=true", "mode=experimental", *features, f"paths.outputs={tmp_path}", *QUICK, *words])
    assert answer == 0, capsys.readouterr().err


@pytest.mark.parametrize("sweep", [[], ["-m", "model.depth=4,5"]])
def test_a_dry_run_without_the_reports_that_features_need_is_refused(
    sweep: list[str], words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    features = ["mode=experimental", "features=tonight", "warehouse.availability=null", f"paths.outputs={tmp_path}"]
    assert main([*sweep, "dry_run=true", *QUICK, *words, *features]) == 2
    assert "warehouse.availability=DATASET.TABLE" in capsys.readouterr().err


def test_later_games_are_judged_and_audited_as_in_the_sample(
    sample_run: Path, words: list[str], server: FaultServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    days = ["start=2026-01-20", "end=2026-02-05", *QUICK_EVALUATION]
    for chosen in ([], words):
        assert main(["evaluate", f"bundle={sample_run / 'bundle'}", *days, *chosen]) == 0
    folders = sorted((tmp_path / "outputs" / "runs" / "evaluate").iterdir())
    theirs, ours = (json.loads((folder / "metrics.json").read_text()) for folder in folders)
    assert ours["evaluation"] == theirs["evaluation"]
    assert main(["audit", "audit.rows=2", "audit.start=2026-02-03", "audit.end=2026-02-05", *words]) == 0
    assert [request.job["labels"]["command"] for request in server.extracts] == ["evaluate", "audit"]


def test_a_sweep_reads_bigquery_once_and_registers_each_job(
    words: list[str], server: FaultServer, client: bigquery.Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    client.delete_dataset("nba_predictions", delete_contents=True, not_found_ok=True)
    tracked = ["tracking=bigquery", f"tracking.api_endpoint={server.url}", "name=depths", "workers=1"]
    grid = ["model.depth=2,3", "model.iterations=5", "window=january,february"]
    assert main(["-m", *words, *tracked, *grid, "write_report=false", *QUICK_EVALUATION]) == 0
    assert len(server.extracts) == 1
    assert server.extracts[0].job["labels"] == {"program": "breakout", "command": "sweep", "run": "depths"}
    rows = run(client, "SELECT * FROM nba_predictions.ml_experiments")
    assert len({row["experiment_id"] for row in rows}) == len(rows) == 4
    assert len({row["parent_sweep"] for row in rows}) == 1


def test_a_refreshed_sweep_rereads_once_however_many_workers_it_has(
    words: list[str], server: FaultServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    sweep = ["-m", *words, "model=base_rate", "seed=1,2", "window=january", "write_report=false", *QUICK_EVALUATION]
    assert main([*sweep, "workers=1"]) == 0
    assert main([*sweep, "workers=2", "warehouse.refresh=true"]) == 0
    assert len(server.extracts) == 2


def test_a_slate_is_written_once_however_often_it_is_predicted(
    sample_run: Path, words: list[str], client: bigquery.Client
) -> None:
    client.delete_dataset("nba_predictions", delete_contents=True, not_found_ok=True)
    for _ in range(2):
        assert predict(sample_run, "out=bigquery:nba_predictions.slate", *words) == 0
    rows = run(client, "SELECT * FROM nba_predictions.slate")
    assert len(rows) > 20
    assert len({row["player_lookup"] for row in rows}) == len(rows)
    assert {row["bundle"] for row in rows} == {json.loads((sample_run / "status.json").read_text())["bundle"]}


SCHEDULES = {
    "a game twice": (
        """SELECT * FROM nba_analytics.schedule WHERE game_date > '2026-01-01'
        UNION ALL SELECT * FROM nba_analytics.schedule WHERE game_date = '2026-02-06'""",
        "the key stands more than once",
    ),
    "a missing column": (
        "SELECT * EXCEPT (home_team_abbr) FROM nba_analytics.schedule WHERE game_date > '2026-01-01'",
        "lacks the column home_team_abbr",
    ),
    "a wrong type": (
        """SELECT * REPLACE (CAST(game_date AS STRING) AS game_date) FROM nba_analytics.schedule
        WHERE game_date > '2026-01-01'""",
        "column game_date must be DATE, but it is STRING",
    ),
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_spoiled_schedule_is_refused(
    sample_run: Path, words: list[str], client: bigquery.Client, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    sql, message = SCHEDULES[name]
    client.create_dataset("spoiled", exists_ok=True)
    run(client, f"CREATE OR REPLACE TABLE spoiled.schedule AS {sql}")
    assert predict(sample_run, *words, "warehouse.schedule=spoiled.schedule") == 3
    assert message in capsys.readouterr().err


def test_a_run_is_registered_again_by_its_folder(
    sample_run: Path, server: FaultServer, client: bigquery.Client
) -> None:
    client.delete_dataset("nba_predictions", delete_contents=True, not_found_ok=True)
    tracking = ["tracking=bigquery", f"tracking.api_endpoint={server.url}"]
    for _ in range(2):
        assert main(["track", str(sample_run), *tracking]) == 0
    (row,) = run(client, "SELECT * FROM nba_predictions.ml_experiments")
    assert row["experiment_id"] == sample_run.name
    assert (row["hypothesis"], row["tags"], row["status"]) == ("deeper is better", ["a", "b"], "completed")
    assert (row["train_samples"], row["eval_samples"]) == (3653, 1515)


def test_the_doctor_finds_everything_in_place(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", *words]) == 0
    printed = capsys.readouterr().out
    assert "failed" not in printed
    for found in (
        f"credentials and project: bigquery {PROJECT}",
        "permission to run jobs (bigquery.jobs.create): granted",
        "team_offense_game_summary partition filter: partitioned by game_date, filter required",
        "schedule columns: every needed column has its type",
        "feature query over 90 days: BigQuery would scan ",
        "rows from ",
        "sums of points and minutes, and the schedule: ",
        "rows of the schedule: games of ",
    ):
        assert f"ok      {found}" in printed


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
