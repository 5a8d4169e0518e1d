"""The embedded sample, opened once, and the oracle (`tests.reference`) over the same rows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from breakout.dataset import Dataset, build_dataset
from breakout.warehouse.duckdb import DuckDBWarehouse
from breakout.warehouse.sample import open_sample
from tests.builders import Row, features_config
from tests.reference import ReferenceHistory

SAMPLE_START, SAMPLE_END = date(2023, 10, 1), date(2026, 2, 5)


@pytest.fixture(scope="session")
def sample() -> Iterator[DuckDBWarehouse]:
    warehouse = open_sample()
    yield warehouse
    warehouse.close()


def source_rows(warehouse: DuckDBWarehouse, table: str) -> list[Row]:
    rows: list[dict[str, Any]] = warehouse.query(f"SELECT * FROM nba_analytics.{table}", {}).to_pylist()  # noqa: S608
    return rows


@pytest.fixture(scope="session")
def player_rows(sample: DuckDBWarehouse) -> list[Row]:
    return source_rows(sample, "player_game_summary")


@pytest.fixture(scope="session")
def reference(sample: DuckDBWarehouse, player_rows: list[Row]) -> ReferenceHistory:
    sample.check_availability(SAMPLE_START, SAMPLE_END)
    reports = source_rows(sample, "availability")
    return ReferenceHistory(player_rows, source_rows(sample, "team_offense_game_summary"), reports=reports)


@pytest.fixture(scope="session")
def every_feature(sample: DuckDBWarehouse) -> Dataset:
    """Return all kept rows of the sample with all features."""
    return build_dataset(sample, features_config(), SAMPLE_START, SAMPLE_END)
