"""The feature query in the emulator, compared with DuckDB."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import numpy as np
import pytest
from google.cloud import bigquery

from breakout.dataset import build_dataset
from breakout.errors import ConfigurationError, DataError
from breakout.features.config import BreakoutFeatureConfig
from breakout.features.query import KEY_COLUMNS, get_training_data_query
from breakout.features.registry import BREAKOUT_FEATURE_ORDER, REGISTRY
from breakout.warehouse.bigquery.warehouse import BigQueryWarehouse
from breakout.warehouse.duckdb import DuckDBWarehouse
from breakout.warehouse.sample import open_sample
from tests.bigquery.conftest import ConfigMaker
from tests.bigquery.emulator import PROJECT, run
from tests.bigquery.fault_server import Answer, FaultServer, Request
from tests.builders import CUTOFF

pytestmark = pytest.mark.bigquery

JANUARY = (date(2026, 1, 11), date(2026, 2, 5))


def features(*names: str) -> BreakoutFeatureConfig:
    return BreakoutFeatureConfig(names or BREAKOUT_FEATURE_ORDER, 8.0, 16.0, 1.5, 5, ("regular",), CUTOFF)


# Enough features where a test is about tables, keys or rows.
FEW = features("points_avg_season", "opponent_def_rating")


@pytest.fixture(scope="module")
def sample() -> Iterator[DuckDBWarehouse]:
    opened = open_sample()
    yield opened
    opened.close()


@pytest.fixture
def warehouse(config: ConfigMaker) -> Iterator[BigQueryWarehouse]:
    opened = BigQueryWarehouse(config(), {"command": "train", "run": "Deeper Trees!"})
    yield opened
    opened.close()


def test_every_row_and_feature_of_a_season_is_what_duckdb_gives(
    warehouse: BigQueryWarehouse, sample: DuckDBWarehouse
) -> None:
    wanted, start, end = features(*REGISTRY), date(2025, 10, 1), date(2026, 2, 5)
    ours, theirs = (build_dataset(source, wanted, start, end) for source in (warehouse, sample))
    assert len(ours) == 5_238
    assert ours.keys.equals(theirs.keys)
    assert np.array_equal(ours.label, theirs.label)
    assert ours.is_missing.equals(theirs.is_missing)
    difference = np.abs(ours.X.to_numpy() - theirs.X.to_numpy())
    assert difference.max() <= 1e-9


def test_the_shared_features_are_bitwise_the_same_and_sorted_by_key(
    warehouse: BigQueryWarehouse, sample: DuckDBWarehouse
) -> None:
    ours, theirs = (build_dataset(source, features(), *JANUARY) for source in (warehouse, sample))
    assert ours.fingerprint == theirs.fingerprint
    assert ours.keys.equals(ours.keys.sort_values(["game_date", "game_id", "player_lookup"], ignore_index=True))
    assert set(ours.keys) == set(KEY_COLUMNS)


def test_a_slate_is_the_same_in_both_engines(warehouse: BigQueryWarehouse, sample: DuckDBWarehouse) -> None:
    day = date(2026, 2, 6)
    ours, theirs = (build_dataset(source, features(), day, day, row_source="slate") for source in (warehouse, sample))
    assert len(ours) > 50
    assert ours.keys.equals(theirs.keys)
    assert np.array_equal(ours.X.to_numpy(), theirs.X.to_numpy())


def test_rows_come_in_the_types_of_the_embedded_warehouse_even_if_there_are_none(
    warehouse: BigQueryWarehouse, sample: DuckDBWarehouse
) -> None:
    sql, parameters = get_training_data_query(), features().parameters(date(2024, 9, 1), *JANUARY)
    ours, theirs = warehouse.query(sql, parameters), sample.query(sql, parameters)
    assert {str(kind) for kind in ours.schema.types} == {"string", "date32[day]", "int64", "double", "bool"}
    for name in ours.schema.names:
        assert str(ours.schema.field(name).type) == str(theirs.schema.field(name).type).replace("int32", "int64")
    empty = warehouse.query(sql, parameters | {"start": date(2030, 1, 1), "end": date(2030, 1, 2)})
    assert empty.num_rows == 0
    assert empty.schema.types == ours.schema.types


def test_decimals_and_nullable_integers_arrive_as_numbers(warehouse: BigQueryWarehouse) -> None:
    sql = (
        "SELECT minutes_played, usage_rate, fg_attempts FROM nba_analytics.player_game_summary "
        "WHERE game_date BETWEEN @start AND @end ORDER BY minutes_played, player_lookup"
    )
    table = warehouse.query(sql, {"start": JANUARY[0], "end": JANUARY[1], "unused": "x"})
    assert [str(kind) for kind in table.schema.types] == ["double", "double", "int64"]
    assert table["minutes_played"].to_pylist() == sorted(table["minutes_played"].to_pylist())


def test_every_job_is_labelled_limited_and_typed(warehouse: BigQueryWarehouse, server: FaultServer) -> None:
    build_dataset(warehouse, features(), *JANUARY)
    jobs = [request.job for request in server.queries]
    assert len(jobs) == 4  # a check of each table, one of both together, and the feature query
    for job in jobs:
        assert job["labels"] == {"program": "breakout", "command": "train", "run": "deeper_trees_"}
        assert job["query"]["maximumBytesBilled"] == str(10 * 2**30)
        assert job["jobTimeoutMs"] == "300000"
    sent = {item["name"]: item["parameterType"] for item in jobs[-1]["query"]["queryParameters"]}
    assert sent["start"] == {"type": "DATE"}
    assert sent["min_ppg"] == {"type": "FLOAT64"}
    assert sent["min_prior_games"] == {"type": "INT64"}
    assert sent["season_types"] == {"type": "ARRAY", "arrayType": {"type": "STRING"}}
    assert "season_type" not in sent


def test_the_history_is_this_season_and_the_whole_one_before(warehouse: BigQueryWarehouse) -> None:
    assert warehouse.history_start(date(2026, 2, 5)) == date(2024, 9, 1)
    assert warehouse.history_start(date(2025, 12, 1)) == date(2024, 9, 1)
    assert warehouse.history_start(date(2025, 12, 1), seasons_before=2) == date(2023, 9, 1)
    # In October 2020 the season 2019-20 was still being played.
    assert warehouse.history_start(date(2020, 10, 11)) == date(2018, 9, 1)
    assert warehouse.history_start(date(2020, 12, 22)) == date(2019, 9, 1)


def test_a_query_without_partition_filter_is_refused_as_in_production(warehouse: BigQueryWarehouse) -> None:
    with pytest.raises(DataError, match="without a filter over column"):
        warehouse.query("SELECT COUNT(*) AS n FROM nba_analytics.team_offense_game_summary", {})


def test_the_newest_game_is_found_behind_a_partition_filter(warehouse: BigQueryWarehouse) -> None:
    assert warehouse.latest_game_date() == date(2026, 2, 5)


def test_a_replaced_table_has_another_fingerprint(config: ConfigMaker, client: bigquery.Client) -> None:
    copy_tables(client, "changing")
    chosen = config(*named("changing"))
    before, again = (BigQueryWarehouse(chosen).fingerprint() for _ in range(2))
    copy_tables(client, "changing")
    assert before == again
    assert BigQueryWarehouse(chosen).fingerprint() != before


def test_a_view_is_fingerprinted_by_its_rows(config: ConfigMaker, client: bigquery.Client) -> None:
    copy_tables(client, "viewed", "LIMIT 5")
    run(
        client,
        "CREATE OR REPLACE VIEW viewed.seen AS SELECT player_lookup, game_date, points FROM viewed.player_game_summary",
    )
    chosen = config(*named("viewed", "seen"))
    before, again = (BigQueryWarehouse(chosen).fingerprint() for _ in range(2))
    run(client, "UPDATE viewed.player_game_summary SET points = points + 1 WHERE TRUE")
    assert before == again
    assert BigQueryWarehouse(chosen).fingerprint() != before


def test_a_view_is_known_by_the_tables_behind_it_and_read_by_nobody_for_that(
    config: ConfigMaker, client: bigquery.Client, server: FaultServer
) -> None:
    copy_tables(client, "viewed", "LIMIT 5")
    run(client, "CREATE OR REPLACE VIEW viewed.seen AS SELECT * FROM viewed.player_game_summary")
    reference = {"projectId": PROJECT, "datasetId": "viewed", "tableId": "player_game_summary"}

    def tell_what_is_behind(request: Request) -> Answer | None:
        if not (request.job.get("dryRun") and "viewed.seen" in request.sql):
            return None
        statistics = {"query": {"statementType": "SELECT", "referencedTables": [reference]}}
        return Answer(
            200, {"jobReference": {"projectId": PROJECT}, "status": {"state": "DONE"}, "statistics": statistics}
        )

    server.faults.append(tell_what_is_behind)
    chosen = config(*named("viewed", "seen"))
    before, again = (BigQueryWarehouse(chosen).fingerprint() for _ in range(2))
    copy_tables(client, "viewed", "LIMIT 5")
    assert before == again
    assert BigQueryWarehouse(chosen).fingerprint() != before
    assert server.queries == []


def test_a_warehouse_without_season_type_takes_the_constant(
    config: ConfigMaker, client: bigquery.Client, sample: DuckDBWarehouse
) -> None:
    copy_tables(client, "plain", "AND season_type = 'regular'", select="* EXCEPT (season_type)")
    with pytest.raises(DataError, match=r"warehouse\.season_type=regular"):
        _ = BigQueryWarehouse(config(*named("plain"), "warehouse.schedule=null")).sources
    chosen = config(*named("plain"), "warehouse.schedule=null", "warehouse.season_type=regular")
    ours, theirs = (build_dataset(source, FEW, *JANUARY) for source in (BigQueryWarehouse(chosen), sample))
    assert ours.fingerprint == theirs.fingerprint


def test_a_table_without_season_type_takes_the_constant_beside_tables_that_have_it(
    config: ConfigMaker, client: bigquery.Client, sample: DuckDBWarehouse
) -> None:
    copy_tables(client, "plain", "AND season_type = 'regular'")
    teams = "nba_analytics.team_offense_game_summary WHERE game_date >= '1900-01-01' AND season_type = 'regular'"
    name = "plain.team_offense_game_summary"
    run(client, f"CREATE OR REPLACE TABLE {name} AS SELECT * EXCEPT (season_type) FROM {teams}")
    with pytest.raises(DataError, match=rf"{name} lacks the column season_type.*warehouse\.season_type="):
        _ = BigQueryWarehouse(config(*named("plain"), "warehouse.schedule=null")).sources
    chosen = config(*named("plain"), "warehouse.schedule=null", "warehouse.season_type=regular")
    ours, theirs = (build_dataset(source, FEW, *JANUARY) for source in (BigQueryWarehouse(chosen), sample))
    assert ours.fingerprint == theirs.fingerprint


def test_rows_without_a_season_type_are_refused_or_take_the_constant(
    config: ConfigMaker, client: bigquery.Client, sample: DuckDBWarehouse
) -> None:
    """Check NULL and '': without an error, such games would silently not count."""
    emptied = "* REPLACE (IF(MOD(EXTRACT(DAY FROM game_date), 2) = 0, NULL, '') AS season_type)"
    copy_tables(client, "plain", "AND season_type = 'regular'", select=emptied)
    bare = BigQueryWarehouse(config(*named("plain"), "warehouse.schedule=null"))
    with pytest.raises(DataError, match=r"season_type is NULL or empty in \d+ rows.*warehouse\.season_type="):
        bare.check_history(*JANUARY)
    chosen = config(*named("plain"), "warehouse.schedule=null", "warehouse.season_type=regular")
    ours, theirs = (build_dataset(source, FEW, *JANUARY) for source in (BigQueryWarehouse(chosen), sample))
    assert ours.fingerprint == theirs.fingerprint


@pytest.mark.parametrize(
    ("column", "text", "problem"),
    [
        ("player_lookup", "=cmd|x", "player_lookup begins with"),
        ("player_full_name", "a\x1b]0;x\x07b", "player_full_name has a control"),
        ("player_full_name", "a\u202eb", "player_full_name has a control or format character"),
        ("team_abbr", "", "team_abbr is empty"),
    ],
)
def test_unsafe_text_is_refused(
    column: str, text: str, problem: str, config: ConfigMaker, client: bigquery.Client
) -> None:
    """Check a few kinds of text in BigQuery; tests/warehouse checks the others in files with the same SQL."""
    copy_tables(client, "spoiled", "LIMIT 1")
    parameter = bigquery.QueryJobConfig(query_parameters=[bigquery.ScalarQueryParameter("text", "STRING", text)])
    client.query(f"UPDATE spoiled.player_game_summary SET {column} = @text WHERE TRUE", job_config=parameter).result()
    warehouse = BigQueryWarehouse(config(*named("spoiled"), "warehouse.schedule=null"))
    with pytest.raises(DataError, match=problem) as refused:
        warehouse.check_history(date(2023, 10, 1), date(2026, 2, 5))
    assert str(refused.value).isprintable()


def test_columns_may_be_written_in_any_letter_case(config: ConfigMaker, client: bigquery.Client) -> None:
    spelled = "* EXCEPT (game_id, season_type), game_id AS Game_ID, season_type AS SEASON_TYPE"
    copy_tables(client, "plain", "AND TRUE", select=spelled)
    warehouse = BigQueryWarehouse(config(*named("plain"), "warehouse.schedule=null"))
    assert len(build_dataset(warehouse, FEW, *JANUARY)) == 1_515


def test_a_project_may_stand_before_the_dataset(config: ConfigMaker) -> None:
    chosen = config("warehouse.player_game_summary=breakout-emulator.nba_analytics.player_game_summary")
    assert BigQueryWarehouse(chosen).latest_game_date() == date(2026, 2, 5)


def test_an_emulator_with_one_project_needs_no_project_named(config: ConfigMaker) -> None:
    chosen = config("warehouse.project=null")
    assert "breakout-emulator" in BigQueryWarehouse(chosen).describe()


@pytest.mark.parametrize(
    "name",
    ["x; drop table y", "a.b`; SELECT 1", "a.b c", "á.b", "a.b--", "a", "a.b.c.d", "a.b\n", "nba.t WHERE 1=1", "a.'b'"],
)
@pytest.mark.parametrize("key", ["player_game_summary", "team_offense_game_summary", "schedule"])
def test_a_hostile_table_name_is_refused_before_anything_is_sent(
    config: ConfigMaker, server: FaultServer, key: str, name: str
) -> None:
    from dataclasses import replace

    changed: dict[str, Any] = {key: name}
    with pytest.raises(ConfigurationError, match=f"warehouse.{key} must be dataset.table"):
        BigQueryWarehouse(replace(config(), **changed))
    assert server.requests == []


@pytest.mark.parametrize(
    "name",
    ["a.b", "Nba_1.t_2", "2024.games", "my-project-1.nba.t", "example.com:my-project-1.nba.t", "nba.games-2024"],
)
def test_a_name_that_bigquery_takes_is_taken(config: ConfigMaker, name: str) -> None:
    assert config(f"warehouse.player_game_summary='{name}'").player_game_summary == name


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("warehouse.project='`x`'", "project id"),
        ("warehouse.project='x; drop'", "project id"),
        ("warehouse.location='US;'", "BigQuery location"),
        ("warehouse.player_game_summary='x; drop table'", "must be dataset.table"),
        ("warehouse.api_endpoint=127.0.0.1:9050", "must be a URL"),
        ("warehouse.api_endpoint='http://127.0.0.1:x/'", "must be a URL"),
        ("warehouse.api_endpoint='http://user@evil/'", "must be a URL"),
    ],
)
def test_a_hostile_override_is_refused(config: ConfigMaker, override: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        config(override)


def test_no_text_holds_a_value_of_the_configuration(config: ConfigMaker, server: FaultServer) -> None:
    odd = BreakoutFeatureConfig(BREAKOUT_FEATURE_ORDER, 7.8125, 15.0625, 1.4375, 6, ("summer", "exhibition"), CUTOFF)
    start, end = date(2026, 1, 13), date(2026, 1, 29)
    warehouse = BigQueryWarehouse(config(), {"run": "hypothesis_words"})
    build_dataset(warehouse, odd, start, end)
    build_dataset(warehouse, odd, end, end, row_source="slate")
    warehouse.latest_game_date()
    texts = [request.sql for request in server.queries]
    assert len(texts) >= 5
    values = ("7.8125", "15.0625", "1.4375", "summer", "exhibition", "2026", "hypothesis_words", "breakout-emulator")
    assert [(value, sql) for sql in texts for value in values if value in sql] == []


def named(dataset: str, player: str = "player_game_summary") -> tuple[str, ...]:
    return (
        f"warehouse.player_game_summary={dataset}.{player}",
        f"warehouse.team_offense_game_summary={dataset}.team_offense_game_summary",
    )


def copy_tables(client: bigquery.Client, dataset: str, condition: str = "", select: str = "*") -> None:
    client.create_dataset(dataset, exists_ok=True)
    for name in ("player_game_summary", "team_offense_game_summary"):
        run(
            client,
            f"CREATE OR REPLACE TABLE {dataset}.{name} AS SELECT {select} FROM nba_analytics.{name} "
            f"WHERE game_date >= '2024-09-01' {condition}",
        )
