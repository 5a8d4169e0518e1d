"""Form features on a few games that can be counted by hand; expected values are fractions.

In the comments, S is the season average of points and M that of minutes.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import sqrt
from typing import Any

import pytest

from tests.builders import SEASON, History
from tests.features.cases import Build, Cases, Expected, Features, check_case, scores

CASES = Cases()
case = CASES.case


def games(*each: dict[str, Any], **tonight: Any) -> Build:
    """Return a function that builds tonight's features; `each` has the arguments of `History.plays` for one game."""

    def build(names: Sequence[str]) -> Features:
        history = History()
        for number, arguments in enumerate(each):
            history.plays(2 * number, **({"points": 10} | arguments))
        return history.tonight(2 * len(each), names=names, **tonight)

    return build


def minutes(*each: float) -> Build:
    return games(*({"minutes": value} for value in each))


def earlier_seasons(*points: int, season_year: int) -> Build:
    """Return a function that builds tonight's features, after games of an earlier season and two of this season."""

    def build(names: Sequence[str]) -> Features:
        history = History()
        days = -365 * (SEASON - season_year)
        for number, value in enumerate(points):
            history.plays(days + 2 * number, value, season_year=season_year)
        history.plays(0, 10)
        history.plays(2, 10)
        return history.tonight(4, names=names)

    return build


case("points_last_game_ratio", "divides the last score by S", Fraction(20, 12))(scores(10, 6, 20))
case("points_last_game_ratio", "is missing before the first game", None)(scores())
case("points_last_game_ratio", "is missing where S is 0", None)(scores(0, 0))
case("minutes_last_game_ratio", "divides the last minutes by M", Fraction(20, 26))(minutes(30, 28, 20))
case("minutes_last_3_ratio", "divides the mean of three by M", Fraction(25, 28))(minutes(37, 30, 25, 20))
case("minutes_min_last_10_ratio", "forgets the eleventh last game", Fraction(30) / Fraction(305, 11))(
    minutes(5, *[30] * 10)
)
# The deviations from the mean of 20 are -10, 0 and 10.
case("minutes_std_last_10_ratio", "divides the sample deviation by M", sqrt(100) / 20)(minutes(10, 20, 30))
case("minutes_std_last_10_ratio", "is missing with two games", None)(minutes(10, 20))
case("minutes_std_last_10_ratio", "is a true 0 for equal minutes", 0)(minutes(21.7, 21.7, 21.7))
case("minutes_std_last_10_ratio", "forgets the eleventh last game", 0)(minutes(5, *[30] * 10))
case("fg_attempts_last_3_ratio", "divides the mean of three by S", Fraction(8, 10))(
    games({"shots": 20}, {"shots": 9}, {"shots": 7}, {"shots": 8})
)
case("fg_attempts_last_3_ratio", "takes three games, then skips unknown attempts", Fraction(8, 10))(
    games({"shots": 20}, {"shots": None}, {"shots": 7}, {"shots": 9})
)
case("fg_attempts_last_3_ratio", "is missing where no attempts are known", None)(games(*[{"shots": None}] * 3))
case("days_since_last_game", "counts days", 5)(scores(10, 10, every=5))
case("days_since_last_game", "is capped at 21", 21)(scores(10, 10, every=22))
case("days_since_last_game", "is missing before the first game", None)(scores())
# Weights 16 and 13: (16*20 + 13*10) / 29, S = 15.
case("points_decayed_short_ratio", "weights the latest two games 16 and 13", Fraction(450, 29) / 15)(scores(10, 20))
# The 16 latest games have the weights 1 (eight games), 5 (four), 10, 10, 13 and 16; the oldest game does not count.
case(
    "points_decayed_short_ratio",
    "weights games 3 to 16 with 10, 10, 5, 5, 5, 5 and 1 each",
    Fraction(8 * 8 * 1 + 4 * 5 * 4 + 2 * 10 * 3 + 13 * 2 + 16 * 1, 77) / Fraction(99 + 64 + 16 + 6 + 2 + 1, 17),
)(scores(99, *[8] * 8, *[4] * 4, 3, 3, 2, 1))
# The 32 latest games have the weights 2 (sixteen games), 5 (eight), 8 (four) and 10 (four); the oldest does not count.
case(
    "points_decayed_long_ratio",
    "weights 32 games with 10, 8, 5 and 2",
    Fraction(16 * 2 * 4 + 8 * 5 * 3 + 4 * 8 * 2 + 4 * 10 * 1, 144) / Fraction(50 + 64 + 24 + 8 + 4, 33),
)(scores(50, *[4] * 16, *[3] * 8, *[2] * 4, *[1] * 4, every=1))
# Latest games 10, 10, then last season 40: (16*10 + 13*10 + 10*40) / 39, over S = 10.
case("points_decayed_short_ratio", "remembers last season", Fraction(690, 39) / 10)(
    earlier_seasons(40, season_year=SEASON - 1)
)
case("points_decayed_short_ratio", "remembers the season before last", Fraction(690, 39) / 10)(
    earlier_seasons(40, season_year=SEASON - 2)
)
case("points_decayed_short_ratio", "forgets three seasons ago", 1)(earlier_seasons(40, season_year=SEASON - 3))
case("points_decayed_short_ratio", "is missing before the first game of a season", None)(scores())
case("minutes_decayed_short_ratio", "weights minutes", Fraction(16 * 30 + 13 * 20, 29) / 25)(minutes(20, 30))
case("minutes_decayed_long_ratio", "weights four games alike", Fraction(1))(minutes(20, 30))
case("fg_attempts_decayed_short_ratio", "divides by S", Fraction(16 * 12 + 13 * 6, 29) / 10)(
    games({"shots": 6}, {"shots": 12})
)
case("fg_attempts_decayed_short_ratio", "takes the games, then skips unknown attempts", Fraction(6, 10))(
    games({"shots": 6}, {"shots": None})
)
case("fg_attempts_decayed_long_ratio", "is missing where no attempts are known", None)(games({"shots": None}))
case("three_point_share_decayed_long", "is a rate of sums", Fraction(2 + 3, 10 + 5))(
    games({"threes": 2, "shots": 10}, {"threes": 3, "shots": 5})
)
case("three_point_share_decayed_long", "leaves out a game that lacks one of its two numbers", Fraction(2, 10))(
    games({"threes": 2, "shots": 10}, {"threes": None, "shots": 5}, {"threes": 4, "shots": None})
)
case("three_point_share_decayed_long", "is missing without an attempt", None)(games({"threes": 0, "shots": 0}))
case("free_throw_rate_decayed_long", "is a rate of sums", Fraction(4 + 6, 10 + 5))(
    games({"free_throws": 4, "shots": 10}, {"free_throws": 6, "shots": 5})
)
# Four games have the weight 10 and one the weight 8.
case("plus_minus_decayed_long", "may be negative", Fraction(10 * (-4 - 3 - 2 - 1) + 8 * -20, 48))(
    games(*({"margin": value} for value in (-20, -4, -3, -2, -1)))
)
case("plus_minus_decayed_long", "is missing where it was never known", None)(games({"margin": None}))


@pytest.mark.parametrize(("feature", "build", "expected"), CASES.parameters)
def test_value(feature: str, build: Build, expected: Expected) -> None:
    check_case(feature, build, expected)
