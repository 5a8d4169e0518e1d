"""Contradictions between tables in BigQuery, which the program refuses, and maps of codes that resolve them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pandas as pd
import pytest
from google.cloud import bigquery

from breakout.coverage import FlawedGame, find_flawed_games
from breakout.dataset import build_dataset
from breakout.errors import DataError
from breakout.features.config import BreakoutFeatureConfig
from breakout.warehouse.base import Warehouse
from breakout.warehouse.bigquery.warehouse import BigQueryWarehouse
from breakout.warehouse.checks.reconciliation import reconcile
from breakout.warehouse.sample import open_sample
from tests.bigquery.conftest import ConfigMaker
from tests.bigquery.emulator import run
from tests.builders import CUTOFF, frame_of

pytestmark = pytest.mark.bigquery

DAYS = (date(2026, 1, 29), date(2026, 2, 5))
# Features of all columns that the tests change: teams, opponents, home and away from game_id.
FEATURES = ("points_avg_season", "opponent_def_rating", "home_away")
SHARED = BreakoutFeatureConfig(FEATURES, 8.0, 16.0, 1.5, 5, ("regular",), CUTOFF)
PLAYERS, TEAMS, SCHEDULE = "player_game_summary", "team_offense_game_summary", "schedule"


def built(warehouse: Warehouse, day: date | None = None) -> pd.DataFrame:
    """Return the rows of played games on DAYS, or the slate of one day."""
    if day is None:
        return frame_of(build_dataset(warehouse, SHARED, *DAYS))
    return frame_of(build_dataset(warehouse, SHARED, day, day, row_source="slate"))


@pytest.fixture(scope="module")
def expected() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the rows and the slate of the embedded sample, whose tables the tests copy into BigQuery."""
    with open_sample() as sample:
        rows, slate = built(sample), built(sample, DAYS[1])
    assert min(len(rows), len(slate)) > 20
    return rows, slate


@pytest.fixture
def tables(client: bigquery.Client) -> Iterator[str]:
    """Yield the name of a dataset with copies of the sample's tables."""
    client.create_dataset("spoiled", exists_ok=True)
    for name in (PLAYERS, TEAMS, SCHEDULE):
        replace(client, name, "*")
    yield "spoiled"
    client.delete_dataset("spoiled", delete_contents=True)


def replace(client: bigquery.Client, name: str, columns: str) -> None:
    """Fill a table of the copy with a SELECT of `columns` from the sample's table."""
    source = f"nba_analytics.{name} WHERE game_date >= '2025-09-01'"
    run(client, f"CREATE OR REPLACE TABLE spoiled.{name} AS SELECT {columns} FROM {source}")


def words(dataset: str, *more: str) -> tuple[str, ...]:
    return (*(f"warehouse.{name}={dataset}.{name}" for name in (PLAYERS, TEAMS, SCHEDULE)), *more)


def recoded(*columns: str) -> str:
    """Return the columns of a SELECT in which PHX is written PHO in these columns and in game_id."""
    codes = ", ".join(f"IF({name} = 'PHX', 'PHO', {name}) AS {name}" for name in columns)
    return f"* REPLACE ({codes}, REPLACE(game_id, 'PHX', 'PHO') AS game_id)"


def test_a_game_with_two_dates_is_refused(config: ConfigMaker, client: bigquery.Client, tables: str) -> None:
    moved = "IF(game_id = '20260204_MEM_SAC', DATE '2026-02-05', game_date)"
    replace(client, TEAMS, f"* REPLACE ({moved} AS game_date)")
    with pytest.raises(DataError, match=r"20260204_MEM_SAC .*2026-02-0\d in .*2026-02-0\d in "):
        build_dataset(BigQueryWarehouse(config(*words(tables))), SHARED, *DAYS)


def test_codes_that_match_no_team_are_refused_until_they_are_mapped(
    config: ConfigMaker, client: bigquery.Client, tables: str, expected: tuple[pd.DataFrame, pd.DataFrame]
) -> None:
    replace(client, PLAYERS, recoded("team_abbr", "opponent_team_abbr"))
    with pytest.raises(DataError, match=r"'PHO' .*PHO: PHX"):
        build_dataset(BigQueryWarehouse(config(*words(tables))), SHARED, *DAYS)
    replace(client, SCHEDULE, recoded("home_team_abbr", "away_team_abbr"))
    mapped = BigQueryWarehouse(config(*words(tables, "warehouse.team_codes={PHO: PHX}")))
    assert built(mapped).equals(expected[0])
    mapped.check_schedule(DAYS[1], DAYS[1])
    assert built(mapped, DAYS[1]).equals(expected[1])


def test_a_schedule_in_other_codes_or_with_two_rows_a_game_is_refused(
    config: ConfigMaker, client: bigquery.Client, tables: str
) -> None:
    BigQueryWarehouse(config(*words(tables))).check_schedule(DAYS[1], DAYS[1])
    replace(client, SCHEDULE, recoded("home_team_abbr", "away_team_abbr"))
    with pytest.raises(DataError, match=r"schedule names teams .*'PHO'"):
        BigQueryWarehouse(config(*words(tables))).check_schedule(DAYS[1], DAYS[1])
    rows = "nba_analytics.schedule WHERE game_date >= '2025-09-01'"
    exchanged = "SELECT * REPLACE (away_team_abbr AS home_team_abbr, home_team_abbr AS away_team_abbr)"
    run(client, f"CREATE OR REPLACE TABLE spoiled.schedule AS SELECT * FROM {rows} UNION ALL {exchanged} FROM {rows}")
    with pytest.raises(DataError, match=r"schedule lists .* more than once"):
        BigQueryWarehouse(config(*words(tables))).check_schedule(DAYS[1], DAYS[1])


def test_season_types_of_other_names_are_refused_until_they_are_mapped(
    config: ConfigMaker, client: bigquery.Client, tables: str, expected: tuple[pd.DataFrame, pd.DataFrame]
) -> None:
    numbered = "CASE season_type WHEN 'regular' THEN 2 WHEN 'playoffs' THEN 3 ELSE 1 END AS season_type"
    for name in (PLAYERS, TEAMS, SCHEDULE):
        replace(client, name, f"* REPLACE ({numbered})")
    with pytest.raises(DataError, match="season_type"):
        build_dataset(BigQueryWarehouse(config(*words(tables))), SHARED, *DAYS)
    maps = words(tables, "warehouse.season_types={2: regular, 3: playoffs, 1: null}")
    assert built(BigQueryWarehouse(config(*maps))).equals(expected[0])


def test_games_that_the_team_table_lacks_and_sums_that_fail_are_found(
    config: ConfigMaker, client: bigquery.Client, tables: str
) -> None:
    opened = BigQueryWarehouse(config(*words(tables)))
    quirks = find_flawed_games(opened, SHARED, *DAYS)
    assert {game.sums for game in quirks} == {"NYK 244 of 240", "ATL 240 of 226", "MIA 241 of 226"}
    run(client, "DELETE FROM spoiled.team_offense_game_summary WHERE game_id = '20260204_MEM_SAC'")
    run(client, "UPDATE spoiled.team_offense_game_summary SET points_scored = points_scored + 1 "
                "WHERE game_id = '20260205_BKN_ORL' AND team_abbr = 'BKN'")  # fmt: skip
    *_, absent, points = find_flawed_games(opened, SHARED, *DAYS)
    assert absent == FlawedGame(date(2026, 2, 4), "20260204_MEM_SAC")
    assert (points.game_id, points.flaw, points.sums[:4]) == ("20260205_BKN_ORL", "points", "BKN ")
    assert find_flawed_games(opened, SHARED, DAYS[0], date(2026, 2, 2)) == quirks[:1]


def test_sums_fail_in_bigquery_as_in_files(config: ConfigMaker, tables: str) -> None:
    days = date(2025, 11, 1), date(2026, 2, 5)
    with open_sample() as sample:
        expected = reconcile(sample, *days)
    assert len(expected) == 3  # minutes, and the cup final, whose id in the schedule is another one
    assert reconcile(BigQueryWarehouse(config(*words(tables))), *days) == expected
