"""The audit finds no violation in the installed features, and names each planted fault and the row that leaked."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from breakout.dataset import Dataset, build_dataset
from breakout.features import query
from breakout.features import windows as w
from breakout.features.config import BreakoutFeatureConfig
from breakout.features.feature import Feature
from breakout.features.registry import BREAKOUT_FEATURE_ORDER, REGISTRY, registry_with
from breakout.proof import sampling
from breakout.proof.audit_checks import (
    AGREEMENT,
    DATA_CHECKS,
    EVALUATION_PATH,
    LABEL,
    PERTURBATION,
    PREDICTION_PATH,
    TRUNCATION,
)
from breakout.proof.auditing import AuditReport, audit_features
from breakout.proof.differences import COLUMNS, GAMES, ROWS
from breakout.proof.paths import Paths, installed_paths
from breakout.proof.sampling import edge_cases, sample_rows
from breakout.warehouse.duckdb import DuckDBWarehouse
from breakout.warehouse.sample import open_sample
from tests.builders import ALL_FEATURES, CUTOFF

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from breakout.warehouse.base import Warehouse
    from breakout.warehouse.tables import SourceTables

START, END = date(2025, 11, 2), date(2026, 1, 31)


@pytest.fixture(scope="module")
def warehouse() -> Iterator[DuckDBWarehouse]:
    """Return the first months of one season, which have every kind of edge case and are computed quickly."""
    sample = open_sample()
    cut = {
        table: sample.query(
            f"SELECT * FROM nba_analytics.{table} WHERE game_date BETWEEN @first AND @end",  # noqa: S608
            {"first": date(2025, 10, 1), "end": END},
        )
        for table in ("player_game_summary", "team_offense_game_summary")
    }
    sample.close()
    small = DuckDBWarehouse.from_arrow(cut)
    yield small
    small.close()


@pytest.fixture(autouse=True)
def _few_dates(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sample one row of each kind of edge case instead of two, because an audit's time grows with the dates."""
    monkeypatch.setattr(sampling, "EDGE_ROWS", 1)


def config(names: tuple[str, ...] = BREAKOUT_FEATURE_ORDER) -> BreakoutFeatureConfig:
    return BreakoutFeatureConfig(names, 8.0, 16.0, 1.5, 5, ("regular",), CUTOFF)


def audit(warehouse: DuckDBWarehouse, name: str, paths: Paths | None = None) -> AuditReport:
    return audit_features(warehouse, config((name,)), rows=40, seed=7, start=START, end=END, paths=paths)


def planted(name: str, expression: str) -> Mapping[str, Feature]:
    return dict(REGISTRY) | {name: replace(REGISTRY[name], expression=expression)}


def test_every_feature_of_games_is_clean(warehouse: DuckDBWarehouse) -> None:
    names = tuple(name for name in ALL_FEATURES if REGISTRY[name].group != "availability")
    report = audit_features(warehouse, config(names), rows=60, seed=7, start=START, end=END)
    assert report.is_clean
    assert report.rows == 60
    assert all(rows > 0 for rows in report.edge_cases.values()), report.edge_cases


@pytest.mark.parametrize(
    "columns",
    [
        {"minutes_played": "last_5", "usage_rate": "last_10", "season_year": "season_so_far"},
        {"minutes_total": "team_season_so_far", "points_scored": "opponent_defence_last_15"},
    ],
)
def test_own_features_may_read_columns_that_every_replay_copies(
    warehouse: DuckDBWarehouse, columns: dict[str, str]
) -> None:
    own = tuple(
        Feature(f"own_{column}_{window}", f"SUM({column}) OVER {window}", 0.0, "amount", "scoring", "An own sum")
        for column, window in columns.items()
    )
    names = tuple(feature.name for feature in own)
    paths = installed_paths(registry_with(own))
    report = audit_features(warehouse, config(names), rows=20, seed=7, start=START, end=END, paths=paths)
    assert report.is_clean


def test_a_window_that_holds_the_current_game_is_found(
    warehouse: DuckDBWarehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(w, "BY_COUNT_JOIN", "{state}.games_so_far = kept.games_before + 1")
    report = audit(warehouse, "points_avg_last_5")
    assert report.count("points_avg_last_5", PERTURBATION)
    assert report.count("points_avg_last_5", LABEL)
    assert report.count("points_avg_last_5", PREDICTION_PATH)
    example = report.counterexamples[0]
    assert example.difference.check in DATA_CHECKS
    assert example.leaked is not None
    assert example.leaked.table == "player_game_summary"
    assert example.leaked.key == (example.difference.game_id, example.difference.player_lookup)


def test_a_last_breakout_partitioned_by_the_own_label_is_found(
    warehouse: DuckDBWarehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    same_label = (
        "(PARTITION BY player_lookup, season_year, points >= 18 ORDER BY day "
        "RANGE BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)"
    )
    monkeypatch.setitem(w.ROW_WINDOWS, "same_label", same_label)
    registry = planted("days_since_breakout", "row.day - MAX(day) OVER same_label")
    report = audit(warehouse, "days_since_breakout", installed_paths(registry))
    assert report.count("days_since_breakout", LABEL)
    leaked = report.counterexamples[0].leaked
    assert leaked is not None
    assert leaked.key[0] == report.counterexamples[0].difference.game_id


def test_a_join_that_multiplies_rows_is_found(warehouse: DuckDBWarehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    last_30_days = (
        "{state}.state_date < kept.game_date AND {state}.state_date >= DATE_SUB(kept.game_date, INTERVAL 30 DAY)"
    )
    monkeypatch.setattr(w, "BY_COUNT_JOIN", last_30_days)
    report = audit(warehouse, "points_avg_last_5")
    assert report.count(ROWS, TRUNCATION)
    assert any(found.found != "1 row" for found in report.violations)


def test_a_season_average_over_the_whole_season_is_found(
    warehouse: DuckDBWarehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(w.ROW_WINDOWS, "whole_season", "(PARTITION BY player_lookup, season_year)")
    registry = planted("points_avg_season", "SUM(points) OVER whole_season / COUNT(points) OVER whole_season")
    report = audit(warehouse, "points_avg_season", installed_paths(registry))
    assert report.count("points_avg_season", TRUNCATION)
    assert report.count("points_avg_season", PERTURBATION)
    assert report.counterexamples[0].leaked is not None


def test_an_opponent_rating_that_holds_tonight_is_found(
    warehouse: DuckDBWarehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    relation = w.RELATION_OF_WINDOW["opponent_defence_last_15"]
    monkeypatch.setitem(relation.windows, "opponent_defence_last_15", "ROWS BETWEEN 14 PRECEDING AND 1 FOLLOWING")
    report = audit(warehouse, "opponent_def_rating")
    assert report.count("opponent_def_rating", TRUNCATION)
    leaked = report.counterexamples[0].leaked
    assert leaked is not None
    assert leaked.table == "team_offense_game_summary"
    assert leaked.key[0] == report.counterexamples[0].difference.game_id


def test_a_game_that_leaks_by_being_there_is_named(warehouse: DuckDBWarehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    relation = w.RELATION_OF_WINDOW["team_season_so_far"]
    monkeypatch.setitem(relation.windows, "team_season_so_far", "ROWS BETWEEN UNBOUNDED PRECEDING AND 1 FOLLOWING")
    registry = planted("rest_days", "row.day - MAX(day) OVER team_season_so_far")
    report = audit(warehouse, "rest_days", installed_paths(registry))
    assert report.count("rest_days", TRUNCATION)
    example = report.counterexamples[0]
    assert example.leaked is not None
    assert example.leaked.is_left_out
    assert (example.leaked.table, example.leaked.key[0]) == ("team_offense_game_summary", example.difference.game_id)


def test_a_game_with_two_dates_is_named_and_its_leak_found(warehouse: DuckDBWarehouse) -> None:
    """The team table dates a game one day earlier than the player table, as if one used local dates and one UTC.

    So features of the game's own rows can read its result.
    """
    teams = warehouse.query("SELECT * FROM nba_analytics.team_offense_game_summary", {}).to_pandas()
    players = warehouse.query("SELECT * FROM nba_analytics.player_game_summary", {})
    game_id = teams["game_id"][(teams["game_date"] >= date(2025, 12, 1))].iloc[0]
    is_moved = teams["game_id"] == game_id
    teams.loc[is_moved, "game_date"] -= timedelta(days=1)
    schema = warehouse.query("SELECT * FROM nba_analytics.team_offense_game_summary", {}).schema
    spoiled = DuckDBWarehouse.from_arrow(
        {
            "player_game_summary": players,
            "team_offense_game_summary": pa.Table.from_pandas(teams, schema, preserve_index=False),
        }
    )
    day = teams.loc[is_moved, "game_date"].iloc[0] + timedelta(days=1)
    report = audit_features(spoiled, config(("opponent_def_rating",)), rows=200, seed=7, start=day, end=day)
    spoiled.close()
    assert not report.is_clean
    named = [found for found in report.violations if found.check == AGREEMENT]
    assert [found.game_id for found in named] == [game_id]
    assert str(day) in str(named[0].found)
    assert str(day - timedelta(days=1)) in str(named[0].found)
    assert report.count(GAMES, AGREEMENT) == 1
    assert report.count("opponent_def_rating", PERTURBATION)
    leaked = next(example.leaked for example in report.counterexamples if example.leaked is not None)
    assert (leaked.table, leaked.key[0]) == ("team_offense_game_summary", game_id)


def test_a_slate_that_takes_home_for_away_is_found(warehouse: DuckDBWarehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    nights = query._nights

    def swapped(tables: SourceTables, row_source: query.RowSource) -> dict[str, str]:
        swaps = {"0 AS is_home": "1 AS is_home", "1 AS is_home": "0 AS is_home"}
        pattern = re.compile("|".join(swaps))
        return {
            name: pattern.sub(lambda found: swaps[found[0]], sql) for name, sql in nights(tables, row_source).items()
        }

    monkeypatch.setattr(query, "_nights", swapped)
    report = audit(warehouse, "home_away")
    assert {found.check for found in report.violations} == {PREDICTION_PATH}
    assert all(found.expected == 1 - float(found.found) for found in report.violations)


def test_a_newcomer_is_on_no_slate_yet_and_audited_as_a_listed_row(warehouse: DuckDBWarehouse) -> None:
    name = "points_avg_last_5"
    paths = replace(installed_paths(), listed=installed_paths(planted(name, "0")).listed)
    report = audit(warehouse, name, paths)
    traded = {(found.player_lookup, found.check) for found in report.violations}
    assert traded
    assert {check for _, check in traded} == {PREDICTION_PATH}
    assert len(report.violations) < report.rows


def test_a_default_that_differs_between_paths_is_found(warehouse: DuckDBWarehouse) -> None:
    name = "days_since_breakout"
    other = dict(REGISTRY) | {name: replace(REGISTRY[name], default=0.0)}
    paths = replace(installed_paths(), prediction=installed_paths(other).prediction)
    report = audit(warehouse, name, paths)
    assert {found.check for found in report.violations} == {PREDICTION_PATH}
    assert {(found.expected, found.found) for found in report.violations} == {(30.0, 0.0)}


def test_a_reordered_column_is_found(warehouse: DuckDBWarehouse) -> None:
    def reversed_columns(warehouse: Warehouse, config: BreakoutFeatureConfig, start: date, end: date) -> Dataset:
        dataset = build_dataset(warehouse, config, start, end)
        return replace(dataset, X=dataset.X[dataset.X.columns[::-1]])

    paths = replace(installed_paths(), evaluation=reversed_columns)
    report = audit_features(warehouse, config(("home_away", "back_to_back")), 20, 7, start=START, end=END, paths=paths)
    assert report.count(COLUMNS, EVALUATION_PATH)
    assert report.subjects == ("home_away", "back_to_back", COLUMNS)


def test_the_sample_is_the_same_for_a_seed_and_holds_every_edge_case(warehouse: DuckDBWarehouse) -> None:
    dataset = build_dataset(warehouse, config(), START, END)
    first, edges = sample_rows(dataset, 100, 3)
    again, _ = sample_rows(dataset, 100, 3)
    other, _ = sample_rows(dataset, 100, 4)
    assert (first == again).all()
    assert (first != other).any()
    assert int(first.sum()) == 100
    assert set(edges) == set(edge_cases(dataset))
    assert all(rows >= 1 for rows in edges.values()), edges


def test_more_rows_than_there_are_audits_them_all(warehouse: DuckDBWarehouse) -> None:
    dataset = build_dataset(warehouse, config(), END, END)
    chosen, _ = sample_rows(dataset, 10_000, 3)
    assert chosen.all()


def test_an_audit_leaves_the_source_as_it_was(warehouse: DuckDBWarehouse) -> None:
    before = partial(build_dataset, warehouse, config(), START, END)
    fingerprint = before().fingerprint
    audit(warehouse, "home_away")
    assert before().fingerprint == fingerprint
