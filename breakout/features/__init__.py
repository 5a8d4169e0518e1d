"""The features: their definitions, their defaults, the query that computes them, and the contract of a model's inputs.

Start reading at the module `shared`. It defines the ten features of shared mode (`mode=shared`), in which every model
has the same features. The module `query` builds the SQL of all features.

Public names are imported on first use, so code that only reads definitions does not load NumPy.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from breakout.features.config import BreakoutFeatureConfig
    from breakout.features.distributions import validate_feature_distributions
    from breakout.features.query import get_training_data_query
    from breakout.features.registry import BREAKOUT_FEATURE_ORDER, FEATURE_DEFAULTS
    from breakout.features.selection import select_features
    from breakout.features.vector import prepare_feature_vector

_HOME = {
    "BREAKOUT_FEATURE_ORDER": "registry",
    "FEATURE_DEFAULTS": "registry",
    "BreakoutFeatureConfig": "config",
    "get_training_data_query": "query",
    "prepare_feature_vector": "vector",
    "select_features": "selection",
    "validate_feature_distributions": "distributions",
}

__all__ = [
    "BREAKOUT_FEATURE_ORDER",
    "FEATURE_DEFAULTS",
    "BreakoutFeatureConfig",
    "get_training_data_query",
    "prepare_feature_vector",
    "select_features",
    "validate_feature_distributions",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__} has no attribute {name}")
    return getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
