"""The row builders for training, evaluation and prediction, which must agree bit for bit."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Protocol

from breakout.dataset import SLICE_FEATURES, Dataset, build_dataset
from breakout.features.registry import REGISTRY

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from breakout.features.config import BreakoutFeatureConfig
    from breakout.features.feature import Feature
    from breakout.warehouse.base import Warehouse


class RowBuilder(Protocol):
    """A function that computes the features of all rows with game dates from `start` to `end`, both inclusive.

    The function may raise DataError, ConfigurationError, FeatureDefinitionError or ValueError.
    """

    def __call__(self, warehouse: Warehouse, config: BreakoutFeatureConfig, start: date, end: date) -> Dataset: ...


@dataclass(frozen=True)
class Paths:
    """The row builders that an audit compares.

    - `training`, `evaluation`: build the rows of played games, as `breakout train` does.
    - `prediction`: builds the rows of scheduled games for the players of both teams, as `breakout predict` does.
    - `listed`: builds rows from a list of players and games. The audit uses `listed` for rows that are never predicted
      from a schedule, such as a player's first game for a new team.
    - `registry`: the definitions of the features.
    """

    training: RowBuilder
    evaluation: RowBuilder
    prediction: RowBuilder
    listed: RowBuilder
    registry: Mapping[str, Feature]


def installed_paths(registry: Mapping[str, Feature] = REGISTRY) -> Paths:
    """Return the package's own row builders, which commands such as `breakout train` and `breakout predict` use."""
    return Paths(
        training=partial(build_dataset, registry=registry),
        evaluation=partial(build_dataset, registry=registry, slice_features=SLICE_FEATURES),
        prediction=partial(build_dataset, registry=registry, row_source="slate"),
        listed=partial(build_dataset, registry=registry, row_source="listed"),
        registry=registry,
    )
