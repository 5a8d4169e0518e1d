"""The rows that a model learns from or scores: features in the order of the contract, label, keys and context.

Training, evaluation and prediction all use `build_dataset`; nothing else computes a feature value.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from breakout.errors import DataError
from breakout.features.query import (
    CONTEXT_COLUMNS,
    KEY_COLUMNS,
    get_training_data_query,
    night_columns,
    seasons_before,
)
from breakout.features.query_plan import plan_query
from breakout.features.registry import REGISTRY
from breakout.features.sources import extra_columns
from breakout.features.vector import prepare_feature_vector

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date
    from pathlib import Path

    import pandas as pd
    import pyarrow as pa

    from breakout.features.config import BreakoutFeatureConfig
    from breakout.features.feature import Feature
    from breakout.features.query import RowSource
    from breakout.warehouse.base import Warehouse

# Features that only slices of the evaluation use. They are computed with the model's features, but the model never
# gets them.
SLICE_FEATURES = ("rest_days", "points_avg_prior_season")


@dataclass(frozen=True, eq=False)
class Dataset:
    """A set of n rows, sorted by game_date, game_id, player_lookup.

    `X` (n, k) holds the features as float64 with defaults filled; `is_missing` (n, k) marks the filled values. `y` (n,)
    holds 0 and 1; it is None for a slate, whose points are not known yet. `dates` (n,) is game_date as datetime64[D].
    `keys` holds KEY_COLUMNS. `context` holds columns that reports show or slice by, and that the model never gets.
    """

    X: pd.DataFrame
    is_missing: pd.DataFrame
    y: np.ndarray | None
    dates: np.ndarray
    keys: pd.DataFrame
    context: pd.DataFrame

    def __len__(self) -> int:
        return len(self.X)

    @property
    def label(self) -> np.ndarray:
        """Return y of played games; ValueError for a slate, whose points are not known."""
        if self.y is None:
            raise ValueError("these rows are not played yet and have no label")
        return self.y

    @property
    def breakout_rate(self) -> float | None:
        """Return the share of breakouts; None without rows."""
        return float(self.label.mean()) if len(self) else None

    def take(self, mask: np.ndarray) -> Dataset:
        """Return the rows where `mask`, shape (n,) bool, is true."""
        return Dataset(
            self.X[mask].reset_index(drop=True),
            self.is_missing[mask].reset_index(drop=True),
            None if self.y is None else self.y[mask],
            self.dates[mask],
            self.keys[mask].reset_index(drop=True),
            self.context[mask].reset_index(drop=True),
        )

    @cached_property
    def feature_file(self) -> bytes:
        """Return X as the content of a Parquet file, encoded once for all models that learn from these rows."""
        from breakout.artifacts import to_parquet

        return to_parquet(self.X)

    @cached_property
    def fingerprint(self) -> str:
        """Return 16 hex digits of a digest over the bits of keys, features and label."""
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
    registry: Mapping[str, Feature] = REGISTRY,
) -> Dataset:
    """Return the rows of start..end, both inclusive, with features as of each row's own date.

    `row_source` chooses between played games, the slate of a schedule, and listed rows. The values of `slice_features`
    are in `context`, with missing values unfilled. DataError if the sources are missing, damaged or impossible.
    """
    built = (*config.names, *slice_features)
    sql = get_training_data_query(built, row_source=row_source, sources=warehouse.sources, registry=registry)
    answer = ask_checked(warehouse, config, start, end, sql, registry)
    return dataset_of(answer, config.names, slice_features, row_source=row_source, registry=registry)


def ask_checked(
    warehouse: Warehouse,
    config: BreakoutFeatureConfig,
    start: date,
    end: date,
    sql: str,
    registry: Mapping[str, Feature] = REGISTRY,
) -> pa.Table:
    """Check the source rows that the feature query reads, and return the result of the query."""
    reach = seasons_before(config.names, registry)
    warehouse.check_history(start, end, reach)
    _check_own_columns(warehouse, config.names, registry)
    return warehouse.query(sql, config.parameters(warehouse.history_start(start, reach), start, end))


def dataset_of(
    answer: pa.Table,
    names: Sequence[str],
    slice_features: Sequence[str] = (),
    *,
    row_source: RowSource = "played",
    registry: Mapping[str, Feature] = REGISTRY,
) -> Dataset:
    """Return the result of the feature query as a dataset."""
    frame = answer.to_pandas()
    raw = frame[list(names)].astype("float64")
    _check_finite(raw, frame)
    context = list(dict.fromkeys((*night_columns(row_source), *CONTEXT_COLUMNS, *slice_features)))
    return Dataset(
        X=prepare_feature_vector(raw, names, {name: registry[name].default for name in names}),
        is_missing=raw.isna(),
        y=frame["is_breakout"].to_numpy(dtype="int8") if row_source == "played" else None,
        dates=answer["game_date"].to_numpy().astype("datetime64[D]"),
        keys=frame[list(KEY_COLUMNS)],
        context=frame[[column for column in context if column != "is_breakout"]],
    )


def _check_finite(raw: pd.DataFrame, frame: pd.DataFrame) -> None:
    """Raise DataError if a feature is infinite. NaN is a missing value and is filled with the feature's default."""
    values = raw.to_numpy()
    if np.isinf(values).any():
        row, column = map(int, np.argwhere(np.isinf(values))[0])
        name, key = list(raw.columns)[column], frame.iloc[row]
        raise DataError(
            f"the feature {name} is infinite for {key['player_lookup']} in game {key['game_id']}; "
            "correct the values of the source tables that it is built from."
        )


def _check_own_columns(warehouse: Warehouse, names: Sequence[str], registry: Mapping[str, Feature]) -> None:
    """Raise DataError if a feature reads a non-standard column that this source does not have."""
    inputs = plan_query(registry, names).inputs
    for source, table in (("played", "player_game_summary"), ("team_games", "team_offense_game_summary")):
        own = extra_columns(source, inputs[source])
        absent = sorted(set(own) - set(warehouse.columns(table))) if own else []
        if absent:
            raise DataError(
                f"{table} lacks {', '.join(absent)}, which the features {', '.join(names)} are built from; "
                "add the column to the source or leave the feature out."
            )


def save_dataset(dataset: Dataset, path: Path) -> None:
    """Write keys, label and features as Parquet; the file appears whole or not at all."""
    import pandas as pd

    from breakout.artifacts import save_parquet

    label = pd.DataFrame({"is_breakout": dataset.label})
    save_parquet(pd.concat([dataset.keys, label, dataset.X], axis=1), path)
