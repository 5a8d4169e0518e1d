"""The rows that a model is fitted on or predicts: features, label, keys, and columns that reports show.

`build_dataset` returns the rows for training, evaluation or prediction. Code that shares rows between runs, such as a
sweep, calls its two steps: `ask_checked` sends the feature query, and `dataset_of` turns the result into rows.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import TYPE_CHECKING, Self

import numpy as np

from breakout.errors import DataError, nearest_name
from breakout.features.query import (
    CONTEXT_COLUMNS,
    KEY_COLUMNS,
    get_training_data_query,
    night_columns,
    seasons_before,
)
from breakout.features.query_plan import plan_query
from breakout.features.sources import extra_columns, window_columns
from breakout.features.vector import prepare_feature_vector

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    import pandas as pd
    import pyarrow as pa

    from breakout.features.config import BreakoutFeatureConfig
    from breakout.features.feature import Feature
    from breakout.features.query import RowSource
    from breakout.warehouse.base import Warehouse

# The features by which an evaluation groups its rows. They are computed for the evaluation rows of every model, even if
# the model does not use them.
SLICE_FEATURES = ("rest_days", "points_avg_prior_season")


@dataclass(frozen=True, eq=False)
class Rows:
    """The columns of n rows that models use; a row is one player in one game.

    - `X` (n, number of features): the features as float64. Missing values are filled with defaults.
    - `y` (n,): 1 for a breakout, else 0.
    - `points` (n,): the player's points in the game.
    - `season_average` (n,): the player's mean points this season before the game; 0 for the first game.
    - `points_for_breakout` (n,): the fewest points that make the game a breakout.
    - `wider`: for a model that is fitted on more players than it predicts, all rows to fit on, including these rows.
      For other models None.

    `y` and `points` are None if the games are not played yet. An array is also None if the models do not use it.
    """

    X: pd.DataFrame
    y: np.ndarray | None = None
    points: np.ndarray | None = None
    season_average: np.ndarray | None = None
    points_for_breakout: np.ndarray | None = None
    wider: Self | None = None

    def __len__(self) -> int:
        return len(self.X)

    @property
    def label(self) -> np.ndarray:
        """Return the array `y`; ValueError if `y` is None, because the games are not played yet."""
        if self.y is None:
            raise ValueError("these rows are not played yet and have no label")
        return self.y

    @property
    def breakout_rate(self) -> float | None:
        """Return the fraction of breakouts among the rows, or None if there are no rows; ValueError if `y` is None."""
        return float(self.label.mean()) if len(self) else None

    def take(self, chosen: np.ndarray) -> Self:
        """Return the rows that `chosen` selects: a bool mask of shape (n,), or an array of positions.

        `wider` is None in the result.
        """
        parts = {field.name: getattr(self, field.name) for field in fields(self) if field.name != "wider"}
        return type(self)(
            **{
                name: part[chosen] if isinstance(part, np.ndarray) else part.iloc[chosen].reset_index(drop=True)
                for name, part in parts.items()
                if part is not None
            }
        )

    @property
    def widest(self) -> Self:
        """Return all rows to fit on: `wider`, or these rows if `wider` is None."""
        return self if self.wider is None else self.wider


def join_rows(first: Rows, second: Rows) -> Rows:
    """Return the rows of `first` followed by the rows of `second`; a field that is None in either stays None."""
    import pandas as pd

    def joined(name: str) -> np.ndarray | None:
        parts = [getattr(first, name), getattr(second, name)]
        return None if any(part is None for part in parts) else np.concatenate(parts)

    arrays = ("y", "points", "season_average", "points_for_breakout")
    wider = None if first.wider is None or second.wider is None else join_rows(first.wider, second.wider)
    X = pd.concat([first.X, second.X], ignore_index=True)
    return Rows(X, **{name: joined(name) for name in arrays}, wider=wider)


@dataclass(frozen=True, eq=False, kw_only=True)
class Dataset(Rows):
    """The n rows of one feature query, sorted by game_date, game_id, player_lookup.

    - `is_missing`: a bool table in the shape of `X`, true where a missing value was filled with a default.
    - `dates` (n,): game_date as datetime64[D].
    - `keys`: the columns KEY_COLUMNS, which name the player, the game and its date.
    - `context`: the columns that reports show or by which they group rows, such as the teams.
    """

    is_missing: pd.DataFrame
    dates: np.ndarray
    keys: pd.DataFrame
    context: pd.DataFrame

    @cached_property
    def feature_file(self) -> bytes:
        """Return the features `X` as the content of a Parquet file, encoded only once."""
        from breakout.artifacts import to_parquet

        return to_parquet(self.X)

    @cached_property
    def fingerprint(self) -> str:
        """Return 16 hex digits of a SHA-256 of feature names, keys, feature values and, if known, labels."""
        digest = hashlib.sha256("\n".join(self.X.columns).encode())
        for column in ("player_lookup", "game_id"):
            digest.update("\n".join(self.keys[column].tolist()).encode())
        digest.update(self.dates.astype("int64").tobytes())
        digest.update(np.ascontiguousarray(self.X.to_numpy()).tobytes())
        digest.update(b"" if self.y is None else self.y.astype("int8").tobytes())
        return digest.hexdigest()[:16]


def build_dataset(
    warehouse: Warehouse,
    config: BreakoutFeatureConfig,
    start: date,
    end: date,
    *,
    row_source: RowSource = "played",
    slice_features: Sequence[str] = (),
    registry: Mapping[str, Feature] | None = None,
) -> Dataset:
    """Return the features, labels and keys of the rows with game dates `start` to `end`, both inclusive.

    A row's features are computed from games before the row's date, and from injury reports up to the cutoff (the
    decision time).

    - `row_source`: `played` for played games, `slate` for scheduled games, `listed` for games that the caller has put
      into a table named `slate`. Only played games have a label.
    - `slice_features`: the features by which an evaluation groups rows. They are columns of `context`, where missing
      values are not filled.
    - `registry`: the definitions of the features; None means the registry of `config`.

    DataError if the source tables are missing or damaged or contain impossible values, or if a feature is infinite.
    ConfigurationError if a feature needs injury reports but no table of them is configured, or if a feature reads a
    column whose name is no plain identifier. FeatureDefinitionError if a feature is unknown or its expression cannot be
    resolved. ValueError if `config` has no features.
    """
    registry = registry or config.registry
    built = (*config.names, *slice_features)
    sql = get_training_data_query(
        built, row_source=row_source, sources=warehouse.sources, registry=registry, has_points=row_source == "played"
    )
    answer = ask_checked(warehouse, config, start, end, sql, registry)
    return dataset_of(answer, config, slice_features, row_source=row_source, registry=registry)


def ask_checked(
    warehouse: Warehouse,
    config: BreakoutFeatureConfig,
    start: date,
    end: date,
    sql: str,
    registry: Mapping[str, Feature] | None = None,
) -> pa.Table:
    """Check the source rows that the features of `config` read, then send the query `sql` and return its result.

    `start` and `end` are the first and last date of the requested rows. `registry` has the definitions of the features;
    None means the registry of `config`. `build_dataset` explains the errors.
    """
    registry = registry or config.registry
    reach = seasons_before(config.names, registry)
    warehouse.check_history(start, end, reach)
    if plan_query(registry, config.names).uses_availability:
        warehouse.check_availability(start, end)
    _check_own_columns(warehouse, config.names, registry)
    try:
        return warehouse.query(sql, config.parameters(warehouse.history_start(start, reach), start, end))
    except DataError as error:
        if not config.own:
            raise
        own = ", ".join(entry.name for entry in config.own)
        raise DataError(f"{error}. If features of your own ({own}) are the cause: each gives one number.") from error


def dataset_of(
    answer: pa.Table,
    config: BreakoutFeatureConfig,
    slice_features: Sequence[str] = (),
    *,
    row_source: RowSource = "played",
    registry: Mapping[str, Feature] | None = None,
) -> Dataset:
    """Convert `answer`, the result of the feature query, to a dataset.

    `answer` must have the columns of the query for the features of `config` and `slice_features`, and also `points` if
    `row_source` is `played`. `build_dataset` explains the other arguments. DataError if a feature is infinite. KeyError
    if a column is missing.
    """
    registry = registry or config.registry
    frame, names = answer.to_pandas(), config.names
    raw = frame[list(names)].astype("float64")
    _check_finite(raw, frame)
    context = list(dict.fromkeys((*night_columns(row_source), *CONTEXT_COLUMNS, *slice_features)))
    is_played = row_source == "played"
    games = frame["games_before"].to_numpy(dtype="int64")
    average = frame["season_points_avg"].to_numpy(dtype="float64", na_value=0.0)
    return Dataset(
        X=prepare_feature_vector(raw, names, {name: registry[name].default for name in names}),
        is_missing=raw.isna(),
        y=frame["is_breakout"].to_numpy(dtype="int8") if is_played else None,
        points=frame["points"].to_numpy(dtype="int64") if is_played else None,
        season_average=average,
        # The sum of points (average times games) is a whole number, so rounding removes the floating-point error.
        points_for_breakout=fewest_points(np.rint(average * games), games, config.breakout_multiplier),
        dates=answer["game_date"].to_numpy().astype("datetime64[D]"),
        keys=frame[list(KEY_COLUMNS)],
        context=frame[[column for column in context if column != "is_breakout"]],
    )


def select_role_players(rows: Dataset, config: BreakoutFeatureConfig) -> Dataset:
    """Return the rows of players whose season average of points is from `config.min_ppg` to `config.max_ppg`.

    The number of earlier games is not checked. The result's field `wider` (the rows to fit on) is `rows`.
    """
    averages, games = (rows.context[name].to_numpy() for name in ("season_points_avg", "games_before"))
    return replace(rows.take(is_within_band(averages, games, config)), wider=rows)


def is_within_band(averages: np.ndarray, games: np.ndarray, config: BreakoutFeatureConfig) -> np.ndarray:
    """Return a bool mask of shape (n,), true for season averages of points from `config.min_ppg` to `config.max_ppg`.

    `averages` and `games` have shape (n,); `games` is the number of games behind each average. As in the feature query,
    the limits are compared with totals: average * games, rounded to whole points, may lie outside min_ppg * games to
    max_ppg * games by up to 1e-9. The mask is false for a NaN average.
    """
    points = np.rint(averages * games)
    return np.asarray((points >= config.min_ppg * games - 1e-9) & (points <= config.max_ppg * games + 1e-9))


def fewest_points(points_before: np.ndarray, games_before: np.ndarray, multiplier: float) -> np.ndarray:
    """Return the fewest points that make a game a breakout, shape (n,) int64.

    A breakout has at least `multiplier` times as many points as the player's season average. `points_before` and
    `games_before`, shape (n,), are the player's points and games this season before the game. As in the feature query,
    points are a breakout if points * games_before >= multiplier * points_before - 1e-9. The result is 0 for a player
    without an earlier game.
    """
    needed, games = multiplier * points_before - 1e-9, np.maximum(games_before, 1)
    points = np.maximum(np.ceil(needed / games), 0)
    is_one_less_enough = (points > 0) & ((points - 1) * games >= needed)
    return np.asarray(points - is_one_less_enough, dtype="int64")


def _check_finite(raw: pd.DataFrame, frame: pd.DataFrame) -> None:
    values = raw.to_numpy()
    if np.isinf(values).any():
        row, column = map(int, np.argwhere(np.isinf(values))[0])
        name, key = list(raw.columns)[column], frame.iloc[row]
        raise DataError(
            f"the feature {name} is infinite for {key['player_lookup']} in game {key['game_id']}; "
            "correct the values of the source tables that it is built from, or divide by NULLIF(x, 0)."
        )


def _check_own_columns(warehouse: Warehouse, names: Sequence[str], registry: Mapping[str, Feature]) -> None:
    """Raise DataError if a feature of `names` reads a column that its source table lacks.

    Columns that the feature query defines are left out, because `Warehouse.check_history` checks their source columns.
    """
    inputs = plan_query(registry, names).inputs
    for source, table in (("played", "player_game_summary"), ("team_games", "team_offense_game_summary")):
        own = extra_columns(source, inputs[source])
        columns = warehouse.columns(table) if own else {}
        absent = sorted(set(own) - set(columns))
        if absent:
            readers = [name for name in names if absent[0] in plan_query(registry, (name,)).inputs[source]]
            near = nearest_name(absent[0], {*columns, *window_columns(source)})
            raise DataError(
                f"{table} lacks {', '.join(absent)}, which {', '.join(readers)} is built from; "
                + (f"did you mean {near}? " if near else "")
                + "Add the column to the source or leave the feature out."
            )


def labelled_features(rows: Dataset) -> pd.DataFrame:
    """Return a table of keys, label `is_breakout` and features; ValueError if the games are not played yet."""
    import pandas as pd

    return pd.concat([rows.keys, pd.DataFrame({"is_breakout": rows.label}), rows.X], axis=1)
