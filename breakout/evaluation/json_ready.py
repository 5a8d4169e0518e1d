"""Turn results into what the json module writes: no numpy types, no NaN, dates as ISO text.

In: a frozen dataclass, or any nesting of mappings, sequences and scalars. Out: dicts, lists, strings,
numbers, None.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np


def json_ready(value: Any) -> Any:
    """Return `value` in plain types; NaN and infinities become None; a TypeError for other types."""
    if type(value) is float:  # as most are
        return value if math.isfinite(value) else None
    if isinstance(value, list | tuple):
        return [json_ready(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): json_ready(item) for key, item in value.items()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: json_ready(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, np.ndarray | np.generic):
        return json_ready(value.tolist())
    return _plain_scalar(value)


def _plain_scalar(value: Any) -> bool | int | float | str | None:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no JSON form")
