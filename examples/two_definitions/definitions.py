"""Wrong second definitions of features, such as a team might write beside the first one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date

import pandas as pd

from breakout.dataset import Dataset, build_dataset
from breakout.errors import DataError
from breakout.features.config import BreakoutFeatureConfig
from breakout.proof.paths import RowBuilder
from breakout.warehouse.base import Warehouse


@dataclass(frozen=True)
class Definition:
    """One definition of the features; `build` builds the rows between two dates.

    If `is_shared_by_training` is true, the model is also fitted on rows of this definition; otherwise it is only
    evaluated on them. If `has_names` is true, the model gets the features with their names; otherwise it gets an array
    without names.
    """

    name: str
    description: str
    build: RowBuilder
    is_shared_by_training: bool = False
    has_names: bool = True


def changed(change: Callable[[pd.DataFrame], pd.DataFrame]) -> RowBuilder:
    """Return a function that builds the rows as breakout does and then applies `change` to the features."""

    def build(warehouse: Warehouse, config: BreakoutFeatureConfig, start: date, end: date) -> Dataset:
        rows = build_dataset(warehouse, config, start, end)
        return replace(rows, X=change(rows.X))

    return build


def constants(X: pd.DataFrame) -> pd.DataFrame:
    """Replace two features by their defaults in all rows, as if they had not been computed."""
    return X.assign(explosion_ratio=1.5, days_since_breakout=30.0)


def another_zscore(X: pd.DataFrame) -> pd.DataFrame:
    """Apply `constants`, and divide the z-score by the season average instead of the standard deviation."""
    season = X["points_avg_season"]
    return constants(X).assign(pts_vs_season_zscore=(X["points_avg_last_5"] - season) / season.where(season > 0))


def flipped_zscore(X: pd.DataFrame) -> pd.DataFrame:
    """Apply `another_zscore`, with the sign of the z-score flipped."""
    other = another_zscore(X)
    return other.assign(pts_vs_season_zscore=-other["pts_vs_season_zscore"])


def swapped(X: pd.DataFrame) -> pd.DataFrame:
    """Swap the values of the first two features and leave the names in place."""
    return reordered(X, [1, 0, *range(2, X.shape[1])])


def backwards(X: pd.DataFrame) -> pd.DataFrame:
    """Reverse the order of the values and leave the names in place."""
    return reordered(X, range(X.shape[1])[::-1])


def reordered(X: pd.DataFrame, order: Sequence[int]) -> pd.DataFrame:
    """Return the values of the columns in another order under the old names.

    A model reads an array without names like this if the order of its columns is wrong.
    """
    return X.iloc[:, list(order)].set_axis(X.columns, axis=1)


# The frame of this rolling mean ends one game too late: at the current game instead of the game before.
_ROLLING_MEAN = """SELECT player_lookup, game_id, AVG(CAST(points AS FLOAT64)) OVER last_5 AS points_avg_last_5
FROM `{table}`
WHERE game_date BETWEEN @history_start AND @end AND {season_type} IN UNNEST(@season_types)
  AND minutes_played > 0 AND points IS NOT NULL
WINDOW last_5 AS (
  PARTITION BY player_lookup, season_year ORDER BY game_date, game_id ROWS BETWEEN 4 PRECEDING AND CURRENT ROW
)"""


def with_current_game(warehouse: Warehouse, config: BreakoutFeatureConfig, start: date, end: date) -> Dataset:
    """Build the rows as breakout does, but with points_avg_last_5 over a window that contains the current game."""
    rows = build_dataset(warehouse, config, start, end)
    sources = warehouse.sources
    sql = _ROLLING_MEAN.format(table=sources.player_game_summary, season_type=sources.season_type)
    means = warehouse.query(sql, config.parameters(warehouse.history_start(start), start, end)).to_pandas()
    found = rows.keys.merge(means, how="left", on=["player_lookup", "game_id"], validate="one_to_one")
    if found["points_avg_last_5"].isna().any():
        raise DataError("the example's rolling mean lacks rows of the evaluation window.")
    return replace(rows, X=rows.X.assign(points_avg_last_5=found["points_avg_last_5"].to_numpy()))


CONSISTENT = Definition(
    "consistent", "one definition for training and evaluation, as every command of this program", build_dataset
)
DEFINITIONS = (
    CONSISTENT,
    Definition("constants", "explosion_ratio is always 1.5 and days_since_breakout always 30", changed(constants)),
    Definition("another z-score", "and pts_vs_season_zscore is (mean of last 5 - S) / S", changed(another_zscore)),
    Definition("sign flipped", "and that z-score is (S - mean of last 5) / S", changed(flipped_zscore)),
    Definition("columns swapped", "a bare array with the first two columns swapped", changed(swapped), has_names=False),
    Definition("columns reversed", "a bare array with the columns reversed", changed(backwards), has_names=False),
    Definition(
        "current game",
        "points_avg_last_5 ends with the current game, in training and evaluation alike",
        with_current_game,
        is_shared_by_training=True,
    ),
)
NEEDED = ("pts_vs_season_zscore", "explosion_ratio", "days_since_breakout", "points_avg_last_5", "points_avg_season")
