"""The entry of a feature in the registry."""

from __future__ import annotations

from dataclasses import dataclass

from breakout.settings.definitions import FeatureGroup


@dataclass(frozen=True)
class Feature:
    """A feature as one line of SQL in BigQuery's dialect.

    The expression may use only:

    - `AGGREGATE(column) OVER window`, with a window of games (`windows.RELATIONS`, `windows.ROW_WINDOWS`) or of players
      (`windows.ROSTER_WINDOWS`);
    - `row.column`, for a fact about the row's own game that is known before it (`windows.ROW_COLUMNS`);
    - `name`, for another feature before its default is filled;
    - `filled.name`, for another feature with its default filled.

    NULL means missing. Divide by `NULLIF(x, 0)`. Subtract 1e-9 from a threshold, so that rounding never makes an equal
    value fail.
    """

    name: str
    expression: str
    default: float
    unit: str
    group: FeatureGroup
    description: str
