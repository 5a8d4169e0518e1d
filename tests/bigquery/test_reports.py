"""Injury reports in BigQuery with a partition filter, compared with files: checks, descriptions and features."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import pytest
from google.cloud import bigquery

from breakout.dataset import build_dataset
from breakout.errors import ConfigurationError, DataError
from breakout.warehouse.bigquery.warehouse import BigQueryWarehouse
from breakout.warehouse.checks.report_checks import describe_reports
from breakout.warehouse.sample import SAMPLE_FOLDER, open_sample
from tests.bigquery.conftest import ConfigMaker
from tests.bigquery.emulator import run
from tests.builders import features_config, frame_of

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.bigquery

DAYS = (date(2026, 2, 4), date(2026, 2, 5))
NAME = "nba_analytics.reports"


@pytest.fixture
def reports(client: bigquery.Client) -> Iterator[str]:
    """Yield the name of a table with the sample's statuses of two days; it requires a partition filter."""
    kept = pq.read_table(SAMPLE_FOLDER / "availability.parquet", filters=[("game_date", ">=", DAYS[0])])
    run(
        client,
        f"""CREATE OR REPLACE TABLE {NAME} (game_date DATE, team_abbr STRING, player_lookup STRING,
  player_full_name STRING, status STRING, reason STRING, reported_at TIMESTAMP)
PARTITION BY game_date OPTIONS (require_partition_filter = TRUE)""",
    )
    client.load_table_from_json(
        [
            row | {"game_date": str(row["game_date"]), "reported_at": row["reported_at"].isoformat()}
            for row in kept.to_pylist()
        ],
        NAME.replace("nba_analytics", f"{client.project}.nba_analytics"),
        job_config=bigquery.LoadJobConfig(write_disposition="WRITE_TRUNCATE"),
    ).result()
    yield NAME
    run(client, f"DROP TABLE {NAME}")


def test_features_of_reports_are_those_of_files(config: ConfigMaker, reports: str) -> None:
    features = features_config(("team_points_out", "is_questionable"))
    with BigQueryWarehouse(config(f"warehouse.availability={reports}")) as warehouse:
        found = frame_of(build_dataset(warehouse, features, *DAYS))
        assert warehouse.fingerprint() != warehouse.fingerprint(has_reports=True)
        assert warehouse.estimate_report_checks(*DAYS).bytes_scanned >= 0
        described = describe_reports(warehouse, *DAYS)
    with open_sample() as sample:
        assert found.equals(frame_of(build_dataset(sample, features, *DAYS)))
        assert described == describe_reports(sample, *DAYS)


def test_a_damaged_status_is_refused_with_its_row(config: ConfigMaker, client: bigquery.Client, reports: str) -> None:
    run(client, f"UPDATE {reports} SET status = 'broken' WHERE game_date = '2026-02-05' AND status = 'doubtful'")
    with (
        BigQueryWarehouse(config(f"warehouse.availability={reports}")) as warehouse,
        pytest.raises(DataError, match=r"status is broken.*2026-02-05"),
    ):
        warehouse.check_availability(*DAYS)


def test_without_the_table_the_setting_is_named(config: ConfigMaker) -> None:
    with (
        BigQueryWarehouse(config("warehouse.availability=null")) as warehouse,
        pytest.raises(ConfigurationError, match=r"warehouse\.availability=DATASET\.TABLE"),
    ):
        warehouse.check_availability(*DAYS)
