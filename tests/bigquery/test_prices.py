"""Prices in a table of BigQuery with a partition filter, compared with prices in a file."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from google.cloud import bigquery

from breakout.errors import DataError
from breakout.market.quotes import read_prices
from breakout.settings import PricesConfig, SampleWarehouseConfig
from tests.bigquery.conftest import ConfigMaker
from tests.bigquery.emulator import run

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.bigquery

DAYS = (date(2026, 2, 4), date(2026, 2, 5))
NAME = "nba_analytics.player_prices"
CONFIG = PricesConfig(None, NAME, "american", "multiplicative", 0.25, 0.02, 0.0)


@pytest.fixture
def table(client: bigquery.Client) -> Iterator[str]:
    """Yield the name of a table with three quotes; one is of a date that the tests do not read."""
    run(
        client,
        f"""CREATE OR REPLACE TABLE {NAME} (game_date DATE, player_lookup STRING, line FLOAT64, over_price INT64,
  under_price INT64, quoted_at TIMESTAMP)
PARTITION BY game_date OPTIONS (require_partition_filter = TRUE)""",
    )
    run(
        client,
        f"""INSERT INTO {NAME} VALUES
  ('2026-02-03', 'nazreid', 12.5, -110, -110, NULL),
  ('2026-02-04', 'nazreid', 12.5, -110, 150, TIMESTAMP '2026-02-04 20:00:00+00'),
  ('2026-02-05', 'jalensuggs', 15.0, NULL, -200, NULL)""",
    )
    yield NAME
    run(client, f"DROP TABLE {NAME}")


def test_prices_of_a_table_are_those_of_a_file(config: ConfigMaker, table: str, tmp_path: Path) -> None:
    path = tmp_path / "prices.csv"
    rows = "2026-02-04,nazreid,12.5,-110,150,2026-02-04T20:00:00Z\n2026-02-05,jalensuggs,15.0,,-200,\n"
    path.write_text(f"game_date,player_lookup,line,over_price,under_price,quoted_at\n{rows}", encoding="utf-8")
    of_file = read_prices(replace(CONFIG, file=str(path), table=None), SampleWarehouseConfig("sample"), *DAYS)
    of_table = read_prices(replace(CONFIG, table=table), config(), *DAYS)
    pd.testing.assert_frame_equal(of_table, of_file)
    assert of_table["over_price"].iloc[0] == pytest.approx(1 + 100 / 110)


def test_a_table_that_does_not_exist_is_named(config: ConfigMaker) -> None:
    with pytest.raises(DataError, match="no_prices"):
        read_prices(replace(CONFIG, table="nba_analytics.no_prices"), config(), *DAYS)


def test_odds_of_another_kind_are_refused_as_in_a_file(config: ConfigMaker, table: str) -> None:
    with pytest.raises(DataError, match=r"over_price is not above 1 \(American odds are prices.odds=american\)"):
        read_prices(replace(CONFIG, table=table, odds="decimal"), config(), *DAYS)
