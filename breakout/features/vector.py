"""The function that fills missing feature values with their defaults and puts the features into a given order."""

from __future__ import annotations

from typing import TYPE_CHECKING, overload

from breakout.errors import DataError
from breakout.features.registry import BREAKOUT_FEATURE_ORDER, FEATURE_DEFAULTS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    import pandas as pd


@overload
def prepare_feature_vector(
    values: pd.DataFrame, names: Sequence[str] = ..., defaults: Mapping[str, float] = ...
) -> pd.DataFrame: ...
@overload
def prepare_feature_vector(
    values: Mapping[str, float | None], names: Sequence[str] = ..., defaults: Mapping[str, float] = ...
) -> np.ndarray: ...


def prepare_feature_vector(
    values: pd.DataFrame | Mapping[str, float | None],
    names: Sequence[str] = BREAKOUT_FEATURE_ORDER,
    defaults: Mapping[str, float] = FEATURE_DEFAULTS,
) -> pd.DataFrame | np.ndarray:
    """Return the features `names` of one row or of several rows as float64, in this order, with missing values filled.

    If `values` is a mapping (one row), the result is an array of shape (len(names),). If it is a DataFrame of n rows,
    the result is a DataFrame of shape (n, len(names)). None and NaN are missing values; `defaults` has the value that
    replaces them, by feature.

    DataError if `values` lacks a name, because a feature that was not computed is not a missing value. KeyError if a
    name has no default.
    """
    import pandas as pd

    absent = [name for name in names if name not in values]
    if absent:
        raise DataError(f"the features {', '.join(absent)} were not computed; build them with the feature query.")
    is_many = isinstance(values, pd.DataFrame)
    frame = values if isinstance(values, pd.DataFrame) else pd.DataFrame({name: [values[name]] for name in names})
    filled = frame[list(names)].astype("float64").fillna({name: defaults[name] for name in names})
    return filled if is_many else filled.iloc[0].to_numpy()
