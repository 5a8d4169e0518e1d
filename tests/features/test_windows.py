"""Window expressions to which `Relation.column` gives a cheaper form with the same values."""

from __future__ import annotations

import pandas as pd
import pytest
from sqlglot import exp, parse_one

from breakout.dataset import Dataset, build_dataset
from breakout.features import windows as w
from breakout.warehouse.duckdb import DuckDBWarehouse
from tests.builders import features_config, frame_of
from tests.features.conftest import SAMPLE_END, SAMPLE_START

PLAYER = w.RELATION_OF_WINDOW["player_season"]


def parsed(sql: str) -> exp.Window:
    node = parse_one(sql, read=w.DIALECT)
    assert isinstance(node, exp.Window)
    return node


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("COUNT(*) OVER last_5", "LEAST(ROW_NUMBER() OVER player_season, 5)"),
        ("COUNT(*) OVER season_so_far", "ROW_NUMBER() OVER player_season"),
        ("LAG(points + 1, 0) OVER player_season", "points + 1"),
        # None of these has a cheaper form, although they resemble the expressions above.
        ("COUNT(points) OVER last_5", "COUNT(points) OVER last_5"),
        ("COUNT(*) OVER player_season", "COUNT(*) OVER player_season"),
        ("LAG(points, 1) OVER player_season", "LAG(points, 1) OVER player_season"),
        ("LAG(points, 1, 0) OVER player_season", "LAG(points, 1, 0) OVER player_season"),
        ("LAG(IF(points > 9, 1, 0), 1) OVER player_season", "LAG(IF(points > 9, 1, 0), 1) OVER player_season"),
        ("LAG(points, 10) OVER player_season", "LAG(points, 10) OVER player_season"),
        ("LAG(points, 0) OVER team_season", "LAG(points, 0) OVER team_season"),
    ],
)
def test_a_column_is_written_without_a_window_where_that_gives_the_same(written: str, asked: str) -> None:
    assert PLAYER.column(parsed(written)) == asked


@pytest.mark.parametrize(
    "frame", ["ROWS BETWEEN 4 PRECEDING AND 1 FOLLOWING", "ROWS BETWEEN 5 PRECEDING AND 1 PRECEDING"]
)
def test_games_of_a_frame_that_ends_elsewhere_are_counted(frame: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PLAYER.windows, "last_5", frame)
    assert PLAYER.column(parsed("COUNT(*) OVER last_5")) == "COUNT(*) OVER last_5"


def test_columns_as_features_write_them_give_the_same_on_every_row(
    sample: DuckDBWarehouse, every_feature: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(w.Relation, "column", lambda _, node: w.write_sql(node))
    as_written = build_dataset(sample, features_config(), SAMPLE_START, SAMPLE_END)
    pd.testing.assert_frame_equal(frame_of(as_written), frame_of(every_feature), check_exact=True)
