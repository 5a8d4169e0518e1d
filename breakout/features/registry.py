"""The registry of all features, the fixed feature list of `mode=shared`, and the defaults that fill missing values."""

from __future__ import annotations

from itertools import chain
from types import MappingProxyType
from typing import TYPE_CHECKING

from breakout.features.availability import AVAILABILITY_FEATURES
from breakout.features.experimental import EXPERIMENTAL_FEATURES
from breakout.features.form import FORM_FEATURES
from breakout.features.shared import SHARED_FEATURES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from breakout.features.feature import Feature

# In shared mode (`mode=shared`), a model must have exactly these features, in this order. To add a feature to the list,
# move its definition to shared.py and add its name here.
BREAKOUT_FEATURE_ORDER: tuple[str, ...] = (
    "pts_vs_season_zscore",
    "points_std_last_10",
    "explosion_ratio",
    "days_since_breakout",
    "opponent_def_rating",
    "home_away",
    "back_to_back",
    "points_avg_last_5",
    "points_avg_season",
    "minutes_avg_last_10",
)


def build_registry(*groups: tuple[Feature, ...]) -> Mapping[str, Feature]:
    """Return the features of all groups by name, in the given order. ValueError if a name occurs twice."""
    registry: dict[str, Feature] = {}
    for feature in chain.from_iterable(groups):
        if feature.name in registry:
            raise ValueError(f"feature {feature.name} is registered twice")
        registry[feature.name] = feature
    return MappingProxyType(registry)


REGISTRY: Mapping[str, Feature] = build_registry(
    SHARED_FEATURES, EXPERIMENTAL_FEATURES, FORM_FEATURES, AVAILABILITY_FEATURES
)


def registry_with(own: tuple[Feature, ...]) -> Mapping[str, Feature]:
    """Return the package's features by name, followed by the user's features `own`.

    A feature of the user is left out if the package has a feature with its name.
    """
    if not own:
        return REGISTRY
    return MappingProxyType({**REGISTRY, **{entry.name: entry for entry in own if entry.name not in REGISTRY}})


FEATURE_DEFAULTS: Mapping[str, float] = MappingProxyType({name: entry.default for name, entry in REGISTRY.items()})
