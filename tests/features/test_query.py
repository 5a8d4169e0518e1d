"""The feature query: what a registry entry may use, and what the text of the query contains."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import pytest
from sqlglot import exp, parse_one

from breakout import features
from breakout.dataset import build_dataset
from breakout.errors import ConfigurationError, DataError
from breakout.features.feature import Feature
from breakout.features.query import CONTEXT_COLUMNS, KEY_COLUMNS, NIGHT_COLUMNS, RowSource, get_training_data_query
from breakout.features.query_plan import FeatureDefinitionError, plan_query
from breakout.features.registry import BREAKOUT_FEATURE_ORDER, REGISTRY
from breakout.warehouse.duckdb import DuckDBWarehouse
from breakout.warehouse.tables import SourceTables
from tests.builders import ALL_FEATURES, History, everyone, features_config, raw_values
from tests.features.random_histories import Shape, random_history

EVER = date(2020, 1, 1), date(2030, 1, 1)
PARAMETERS = {
    "history_start",
    "start",
    "end",
    "min_ppg",
    "max_ppg",
    "breakout_multiplier",
    "min_prior_games",
    "season_types",
}
OF_AVAILABILITY = {"cutoff", "timezone", "days_before"}


def registry_with(**expressions: str) -> Mapping[str, Feature]:
    """Return the registry after entries with these names and expressions were added or replaced."""
    template = REGISTRY["cv_ratio"]
    added = {name: replace(template, name=name, expression=sql) for name, sql in expressions.items()}
    return {**REGISTRY, **added}


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ("SUM(points) OVER last_4", "names no known window"),
        ("SUM(points) OVER (ORDER BY day)", "names no known window"),
        ("SUM(points) OVER ()", "names no known window"),
        ("points", "uses points"),
        ("row.points", "uses row.points"),
        ("row.minutes_played", "uses row.minutes_played"),
        ("is_breakout", "uses is_breakout"),
        ("cv_ration / 2", "uses cv_ration"),
        ("filled.cv_ration", "uses filled.cv_ration"),
        ("next_row.points", "uses next_row.points"),
        ("SUM(points) OVER last_5 + player_games.points", "uses player_games.points"),
    ],
)
def test_what_an_entry_may_not_use_is_refused_when_the_query_is_built(expression: str, told: str) -> None:
    with pytest.raises(FeatureDefinitionError, match=f"feature mine.*{re.escape(told)}"):
        get_training_data_query(("mine",), registry=registry_with(mine=expression))


@pytest.mark.parametrize(
    ("name", "told"), [("cv_ration", "no feature 'cv_ration'; did you mean cv_ratio?"), ("q", "no feature 'q'")]
)
def test_a_name_that_is_no_feature_is_told(name: str, told: str) -> None:
    with pytest.raises(FeatureDefinitionError, match=re.escape(told)):
        get_training_data_query((name,))


def test_a_cycle_is_refused_and_told() -> None:
    registry = registry_with(a="b + 1", b="filled.c", c="2 * a")
    with pytest.raises(FeatureDefinitionError, match="feature a depends on itself: a -> b -> c -> a"):
        plan_query(registry, ("a",))


def test_a_feature_may_use_others_before_and_after_defaults() -> None:
    """After one game `cv_ratio` is missing, and `filled.cv_ratio` is its default, 0.4."""
    registry = registry_with(raw="2 * cv_ratio", twice="raw + 0", whole="10 * filled.cv_ratio")
    history = History()
    history.season(12, 12, 12)
    first, second = raw_values(history.build(everyone(("whole", "twice", "raw")), registry)).values()
    assert first == {"whole": 4.0, "twice": None, "raw": None}
    assert second == {"whole": 0.0, "twice": 0.0, "raw": 0.0}


def test_a_feature_of_ones_own_is_one_entry() -> None:
    """The feature reads `rebounds`, a column that the package does not declare."""
    registry = registry_with(rebounds_avg_last_5="AVG(rebounds) OVER last_5")
    history = History()
    history.season(10, 10, 10)
    warehouse = history.open()
    warehouse.connection.execute("ALTER TABLE nba_analytics.player_game_summary ADD COLUMN rebounds BIGINT DEFAULT 7")
    config = everyone(("rebounds_avg_last_5",))
    dataset = build_dataset(warehouse, config, *EVER, registry=registry)
    assert dataset.X["rebounds_avg_last_5"].tolist() == [7.0, 7.0]
    warehouse.close()


def test_a_source_column_that_is_not_there_is_a_data_error_that_names_it() -> None:
    history = History()
    history.season(10, 10)
    with pytest.raises(DataError, match="no_such_column"):
        history.build(everyone(("mine",)), registry_with(mine="SUM(no_such_column) OVER last_5"))


def test_a_column_name_that_is_no_name_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="plain column name"):
        get_training_data_query(("mine",), registry=registry_with(mine="SUM(`a; DROP TABLE b`) OVER last_5"))


@pytest.mark.parametrize("row_source", ["played", "slate", "listed"])
@pytest.mark.parametrize("column", ["is_home", "opponent_team_abbr", "team_abbr", "game_id", "season_year", "day"])
def test_no_part_lists_a_column_of_the_night_twice(column: str, row_source: RowSource) -> None:
    """DuckDB renames a column that is listed twice; BigQuery refuses the name as ambiguous."""
    registry = registry_with(mine=f"LAG({column}, 1) OVER player_season")
    parsed = parse_one(get_training_data_query(("mine",), row_source=row_source, registry=registry), read="bigquery")
    listed = [[part.alias_or_name for part in select.expressions] for select in parsed.find_all(exp.Select)]
    assert [names for names in listed if len(names) != len(set(names))] == []


def test_a_window_may_hold_where_games_were_played() -> None:
    registry = registry_with(home_games_of_last_3="SUM(is_home) OVER last_3")
    history = History()
    for number, is_home in enumerate((True, True, False, True, True)):
        history.plays(number, 10, is_home=is_home)
    values = raw_values(history.build(everyone(("home_games_of_last_3",)), registry)).values()
    assert [value["home_games_of_last_3"] for value in values] == [1, 2, 2, 2]


@pytest.mark.parametrize("row_source", ["played", "slate", "listed"])
def test_the_text_holds_parameters_and_no_value_of_the_configuration(row_source: RowSource) -> None:
    text = get_training_data_query(ALL_FEATURES, row_source=row_source)
    assert set(re.findall(r"@(\w+)", text)) == PARAMETERS | OF_AVAILABILITY
    assert "'regular'" not in text
    assert not re.search(r"20\d\d-\d\d-\d\d", text)
    arguments = {"names", "row_source", "sources", "registry", "has_points"}
    assert set(inspect.signature(get_training_data_query).parameters) == arguments


def test_the_configuration_gives_every_parameter() -> None:
    given = features_config().parameters(date(2023, 10, 1), date(2025, 11, 2), date(2026, 1, 10))
    assert set(given) == PARAMETERS | OF_AVAILABILITY
    assert given["start"] == date(2025, 11, 2)
    assert given["season_types"] == ["regular"]


def test_a_source_without_season_type_takes_it_as_a_parameter() -> None:
    text = get_training_data_query(sources=SourceTables(has_season_type=False))
    assert set(re.findall(r"@(\w+)", text)) == PARAMETERS | {"season_type"}
    assert not re.search(r"(?<!@)\bseason_type\b", text)


def test_every_scan_of_a_source_table_is_filtered_by_date() -> None:
    """BigQuery refuses a scan without a filter if the table requires a partition filter."""
    row_sources: tuple[RowSource, ...] = ("played", "slate", "listed")
    for row_source in row_sources:
        text = get_training_data_query(ALL_FEATURES, row_source=row_source)
        scans = re.findall(r"FROM `[^`]+`\)?\s+WHERE game_date BETWEEN @(?:history_start|start) AND @end", text)
        assert len(scans) == text.count("FROM `")


def test_the_columns_come_in_the_order_asked(sample: DuckDBWarehouse) -> None:
    names = ("cv_ratio", "home_away", "team_pace")
    config = features_config(names)
    day = date(2026, 1, 20)
    table = sample.query(get_training_data_query(names), config.parameters(date(2023, 10, 1), day, day))
    assert tuple(table.column_names) == (*KEY_COLUMNS, *NIGHT_COLUMNS, *CONTEXT_COLUMNS, *names)
    assert {str(table.schema.field(name).type) for name in names} == {"double"}
    keys = table.select(["game_date", "game_id", "player_lookup"]).to_pylist()
    assert keys == sorted(keys, key=lambda row: tuple(row.values()))


def test_a_feature_is_the_same_alone_and_among_all() -> None:
    history = random_history(Shape(seed=11, games=40, days=30, players=5, seasons=3))
    with history.open() as warehouse:
        among = build_dataset(warehouse, everyone(), *EVER).X
        assert len(among) > 30
        for name in ALL_FEATURES:
            assert build_dataset(warehouse, everyone((name,)), *EVER).X[name].equals(among[name]), name


def test_the_package_hands_out_its_names() -> None:
    for name in features.__all__:
        assert getattr(features, name) is not None
    assert features.BREAKOUT_FEATURE_ORDER is BREAKOUT_FEATURE_ORDER
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = features.no_such_name
