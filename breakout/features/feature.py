"""The entry of a feature in the registry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Group = Literal["scoring", "volatility", "minutes", "usage", "matchup", "schedule", "roster", "composite"]


@dataclass(frozen=True)
class Feature:
    """A feature as one line of SQL in BigQuery's dialect.

    The expression may use only:
    `AGGREGATE(column) OVER window` with a window of `windows.WINDOWS`; `row.column` for the columns of the row's
    own night (`windows.ROW_COLUMNS`); another feature by its bare name (its value before defaults are filled);
    `filled.name` for another feature with its default filled.
    NULL means missing. Divide by `NULLIF(x, 0)`; thresholds give 1e-9 towards equality.
    """

    name: str
    expression: str
    default: float
    unit: str
    group: Group
    description: str
