"""Tables in BigQuery whose columns have other names (`warehouse.columns`)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest
from google.cloud import bigquery

from breakout.dataset import build_dataset
from breakout.errors import BreakoutError
from breakout.warehouse.bigquery.metadata import TableMetadata
from breakout.warehouse.bigquery.warehouse import BigQueryWarehouse
from breakout.warehouse.sample import open_sample
from breakout.warehouse.tables import AVAILABILITY, HISTORY_TABLES, PLAYER_GAME_SUMMARY
from tests.bigquery.conftest import ConfigMaker
from tests.bigquery.emulator import run
from tests.builders import features_config

DAYS = (date(2026, 1, 11), date(2026, 2, 5))
NAMES = "warehouse.columns={points: pts, points_scored: pts, minutes_played: MIN, game_date: day, reported_at: seen}"
TABLES = tuple(f"warehouse.{table.name}=named.{table.name}" for table in (*HISTORY_TABLES, AVAILABILITY))
OTHER_NAMES = {
    "player_game_summary": "* EXCEPT (points, minutes_played, game_date), "
    "points AS PTS, 0 AS points, minutes_played AS MIN, game_date AS Day",
    "team_offense_game_summary": "* EXCEPT (points_scored, game_date), points_scored AS PTS, game_date AS Day",
    "availability": "* EXCEPT (reported_at, game_date), reported_at AS SEEN, game_date AS Day",
}


@pytest.fixture
def opened(config: ConfigMaker, client: bigquery.Client) -> Iterator[BigQueryWarehouse]:
    """Yield a warehouse on a copy of the sample with renamed columns and, besides, a column points that is always 0."""
    client.create_dataset("named", exists_ok=True)
    for name, columns in OTHER_NAMES.items():
        source = f"nba_analytics.{name} WHERE game_date >= '2024-09-01'"
        partition = "PARTITION BY Day OPTIONS (require_partition_filter = TRUE)"
        run(client, f"CREATE OR REPLACE TABLE named.{name} {partition} AS SELECT {columns} FROM {source}")
    with BigQueryWarehouse(config(*TABLES, "warehouse.schedule=null", NAMES)) as warehouse:
        yield warehouse


@pytest.mark.bigquery
def test_columns_of_other_names_give_the_same_rows_whatever_their_letter_case(opened: BigQueryWarehouse) -> None:
    features = features_config(("points_avg_season", "minutes_avg_last_10", "opponent_def_rating"))
    with open_sample() as sample:
        assert build_dataset(opened, features, *DAYS).fingerprint == build_dataset(sample, features, *DAYS).fingerprint
        assert opened.latest_game_date() == sample.latest_game_date()
    opened.check_availability(*DAYS)
    assert opened.columns("player_game_summary")["points"] == "INT64"
    assert "pts" not in opened.columns("player_game_summary")
    assert "partitioned by Day" in opened.metadata.partitioning(PLAYER_GAME_SUMMARY)


@pytest.mark.bigquery
@pytest.mark.parametrize(
    ("columns", "problem"),
    [
        ("{points_scored: PTZ, game_date: Day, minutes_played: MIN}", "is PTS meant"),
        (f"{NAMES.partition('=')[2][:-1]}, usage_rate: USG}}", "from a column USG, which no table has"),
        ("{game_date: Day}", r"lacks the column minutes_played.*warehouse\.columns="),
        ("{PTS: points}", "write our name first"),
        ("{points: PTS, fg_attempts: pts}", "two columns of player_game_summary from pts"),
    ],
)
@pytest.mark.usefixtures("opened")
def test_a_wrong_name_is_refused(columns: str, problem: str, config: ConfigMaker) -> None:
    chosen = config(*TABLES, "warehouse.schedule=null", f"warehouse.columns={columns}")
    with pytest.raises(BreakoutError, match=problem), BigQueryWarehouse(chosen) as warehouse:
        warehouse.check_history(*DAYS)


@pytest.mark.parametrize(
    ("present", "columns", "text"),
    [
        (("points", "Game_Date"), {"game_date": "GAME_DATE"}, "`a.b`"),
        (("PTS", "game_id"), {"points": "pts"}, "(SELECT * EXCEPT (`PTS`), `PTS` AS points FROM `a.b`)"),
        (("PTS", "points", "x"), {"points": "pts"}, "(SELECT * EXCEPT (`PTS`, `points`), `PTS` AS points FROM `a.b`)"),
        (
            ("PTS", "day"),
            {"points": "PTS", "game_date": "day"},
            "(SELECT `PTS` AS points, `day` AS game_date FROM `a.b`)",
        ),
        (("points", "x"), {"points": "PTS"}, "`a.b`"),
    ],
)
def test_only_columns_of_other_names_are_selected_by_name(
    present: tuple[str, ...], columns: dict[str, str], text: str
) -> None:
    names = {"player_game_summary": "a.b", "team_offense_game_summary": "a.c", "schedule": None, "availability": None}
    schema = [bigquery.SchemaField(name, "STRING") for name in present]
    jobs: Any = SimpleNamespace(table=lambda *_: bigquery.Table("p.a.b", schema=schema))
    config: Any = SimpleNamespace(columns=columns, **names)
    assert TableMetadata(config, jobs).rows(PLAYER_GAME_SUMMARY) == text
