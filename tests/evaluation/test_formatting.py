"""The formatting of numbers and intervals."""

from __future__ import annotations

import pytest

from breakout.evaluation.formatting import format_count, format_interval, format_number, format_range
from breakout.evaluation.resamples import Interval


@pytest.mark.parametrize(
    ("value", "pattern", "formatted"),
    [
        (0.5904, ".3f", "0.590"),
        (-0.0184, "+.4f", "-0.0184"),
        (0.0016, "+.4f", "+0.0016"),
        (1228, ",.0f", "1,228"),
        (0.811, ".1%", "81.1%"),
        (None, ".3f", "-"),
        (0.0, ".3f", "0.000"),
    ],
)
def test_a_number_has_its_pattern(value: float | None, pattern: str, formatted: str) -> None:
    assert format_number(value, pattern) == formatted


def test_an_interval_stands_behind_its_estimate() -> None:
    auc = Interval(0.5904, 0.5591, 0.6239, 0)
    assert format_interval(auc) == "0.590 (0.559 to 0.624)"
    assert format_interval(auc, ".2f", joint="-") == "0.59 (0.56-0.62)"
    assert format_range(Interval(-0.02, -0.03, 0.01, 0), "+.2f") == "-0.03 to +0.01"


def test_what_is_undefined_is_called_so() -> None:
    assert format_interval(None) == format_interval(Interval(None, None, None, 9)) == "undefined"
    assert format_interval(Interval(0.5, None, None, 9)) == "0.500"
    assert format_range(Interval(0.5, None, None, 9)) == ""


def test_a_count_of_one_is_singular() -> None:
    assert [format_count(count, "game") for count in (0, 1, 1217)] == ["0 games", "1 game", "1,217 games"]
