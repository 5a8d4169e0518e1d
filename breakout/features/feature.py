"""The definition of one feature: its SQL expression, default, unit and description."""

from __future__ import annotations

from dataclasses import dataclass

from breakout.settings.groups import FeatureGroup


@dataclass(frozen=True)
class Feature:
    """A feature of one player and game, defined by an SQL expression in BigQuery's dialect.

    The expression may read only:

    - `SUM(points) OVER last_5`: a function over a named window of past games or of a team's players (module `windows`).
    - `row.is_home`: a fact that is known before the row's own game (`windows.ROW_COLUMNS`).
    - `cv_ratio`: another feature, NULL where its value is missing.
    - `filled.cv_ratio`: another feature, with its default in place of a missing value.

    NULL means missing. Divide by `NULLIF(x, 0)`. Compare with a threshold t as `x >= t - 1e-9` or `x <= t + 1e-9`,
    because rounding may have moved x past t.

    - `default`: the value that replaces a missing value.
    - `description`: a phrase for users. "He" is the row's player.
    - `phrase`: a text with a place for the value, such as `{value:.0f} points of team-mates out`. The phrase
      of a flag describes the value 1.
    """

    name: str
    expression: str
    default: float
    unit: str
    group: FeatureGroup
    description: str
    phrase: str = ""

    def describe_value(self, value: float) -> str:
        """Return the text of a value, made from `phrase`, such as "listed as probable".

        The value 0 of a flag gives "not listed as probable". A feature without a `phrase` gives its name and the value
        with four significant digits, such as "cv_ratio 0.4".
        """
        if not self.phrase:
            return f"{self.name} {value:.4g}"
        prefix = "not " if self.unit == "flag" and value == 0 else ""
        return prefix + self.phrase.format(value=value)
