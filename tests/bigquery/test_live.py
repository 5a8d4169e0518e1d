"""Tests of what only the real service does; they run only on request.

BREAKOUT_LIVE_PROJECT=my-project pytest -m bigquery_live tests/bigquery

They make datasets of their own, load the sample (14 MB), read and write there for a few cents, and remove the datasets.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from google.cloud import bigquery

from breakout import settings
from breakout.dataset import build_dataset
from breakout.errors import DataError
from breakout.experiment.plan import estimate_rows
from breakout.features.config import BreakoutFeatureConfig
from breakout.features.registry import REGISTRY
from breakout.warehouse.bigquery.warehouse import BigQueryWarehouse
from breakout.warehouse.cache import CachedWarehouse
from breakout.warehouse.sample import open_sample
from tests.bigquery.conftest import LIVE as PROJECT
from tests.bigquery.emulator import load_sample
from tests.builders import CUTOFF

pytestmark = [
    pytest.mark.bigquery_live,
    pytest.mark.skipif(not PROJECT, reason="set BREAKOUT_LIVE_PROJECT to a Google Cloud project to run this"),
]

ALL = BreakoutFeatureConfig(tuple(REGISTRY), 8.0, 16.0, 1.5, 5, ("regular",), CUTOFF)
DAYS = (date(2023, 10, 1), date(2026, 2, 5))


@pytest.fixture(scope="module")
def client() -> Iterator[bigquery.Client]:
    opened = bigquery.Client(PROJECT)
    yield opened
    opened.close()  # type: ignore[no-untyped-call]


@pytest.fixture(scope="module")
def dataset(client: bigquery.Client) -> Iterator[str]:
    """Yield the name of a new dataset with the sample, and remove it at the end."""
    name = f"breakout_live_{uuid.uuid4().hex[:12]}"
    try:
        load_sample(client, name)
        yield name
    finally:
        client.delete_dataset(name, delete_contents=True, not_found_ok=True)


@pytest.fixture(scope="module")
def config(dataset: str) -> settings.BigQueryWarehouseConfig:
    return settings.BigQueryWarehouseConfig(
        kind="bigquery",
        project=PROJECT,
        location=None,
        player_game_summary=f"{dataset}.player_game_summary",
        team_offense_game_summary=f"{dataset}.team_offense_game_summary",
        schedule=f"{dataset}.schedule",
        availability=None,
        season_type=None,
        columns=None,
        team_codes=None,
        season_types=None,
        api_endpoint=None,
        maximum_bytes_billed=10 * 2**30,
        price_per_tib=6.25,
        timeout_seconds=300.0,
        refresh=False,
    )


def test_every_row_and_feature_comes_through_the_storage_api_as_duckdb_gives_it(
    config: settings.BigQueryWarehouseConfig,
) -> None:
    ours, theirs = (build_dataset(source, ALL, *DAYS) for source in (BigQueryWarehouse(config), open_sample()))
    assert ours.keys.equals(theirs.keys)
    assert np.array_equal(ours.label, theirs.label)
    assert np.abs(ours.X.to_numpy() - theirs.X.to_numpy()).max() <= 1e-9


def test_the_cost_is_printed_before_and_saved_after(config: settings.BigQueryWarehouseConfig, tmp_path: Path) -> None:
    cached = CachedWarehouse(BigQueryWarehouse(config), tmp_path)
    before = estimate_rows(cached, ALL, *DAYS)
    build_dataset(cached, ALL, *DAYS)
    after = estimate_rows(cached, ALL, *DAYS)
    assert before is not None
    assert after is not None
    assert before.bytes_scanned > 0
    assert (after.bytes_scanned, after.bytes_saved) == (0, before.bytes_scanned)


def test_the_limit_refuses_before_anything_is_charged(config: settings.BigQueryWarehouseConfig) -> None:
    with pytest.raises(DataError, match=r"would bill [\d,]+ bytes .*warehouse\.maximum_bytes_billed=1;"):
        BigQueryWarehouse(replace(config, maximum_bytes_billed=1)).latest_game_date()


def test_a_table_that_requires_a_partition_filter_says_so(config: settings.BigQueryWarehouseConfig) -> None:
    with pytest.raises(DataError, match="without a filter over column"):
        BigQueryWarehouse(config).query(f"SELECT COUNT(*) AS n FROM `{config.team_offense_game_summary}`", {})
