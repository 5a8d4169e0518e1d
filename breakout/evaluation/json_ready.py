"""Conversion of results to JSON types: without numpy types and NaN, dates as ISO text."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np


def json_ready(value: Any) -> Any:
    """Return dataclasses, mappings and sequences in plain types; NaN and infinity become None.

    TypeError for a value that has no JSON form.
    """
    return msgspec.json.decode(msgspec.json.encode(value, enc_hook=_plain))


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} has no JSON form")
