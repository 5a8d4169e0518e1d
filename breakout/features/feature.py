"""The definition of one feature: its SQL expression, default, unit and description."""

from __future__ import annotations

from dataclasses import dataclass

from breakout.settings.groups import FeatureGroup


@dataclass(frozen=True)
class Feature:
    """A feature, defined by an SQL expression in BigQuery's dialect; `description` calls the row's player "he".

    The expression may read only:

    - `FUNCTION(column) OVER window`, with a named window of past games or of the players of a team (module `windows`);
    - `row.column`, for a fact about the row's own game that is known before it (`windows.ROW_COLUMNS`);
    - `name`, for another feature, NULL where its value is missing;
    - `filled.name`, for another feature, with its default in place of a missing value.

    NULL means missing, and `default` replaces a missing value. Divide by `NULLIF(x, 0)`. Compare with a threshold t as
    `x >= t - 1e-9` or `x <= t + 1e-9`, so that a rounded x that should equal t meets the condition.

    `phrase` is the text that shows a value to users, with `{value}` in the place of the number. For a flag, it is the
    text of the value 1, such as "listed as probable". The text of the value 0 has "not" before the phrase.
    """

    name: str
    expression: str
    default: float
    unit: str
    group: FeatureGroup
    description: str
    phrase: str = ""

    def describe_value(self, value: float) -> str:
        """Return a text for a value of this feature, made from `phrase`, such as "listed as probable".

        For a flag with the value 0, the text begins with "not". Without a `phrase`, the text is the feature's name and
        the value with four significant digits.
        """
        if not self.phrase:
            return f"{self.name} {value:.4g}"
        prefix = "not " if self.unit == "flag" and value == 0 else ""
        return prefix + self.phrase.format(value=value)
