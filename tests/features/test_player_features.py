"""Features of a player's own games, on a few games that can be counted by hand; expected values are fractions.

`History.tonight` computes each case twice, for a game that is not played yet and for a played one, and compares the
two. In the comments, S is the season average of points.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import sqrt
from typing import Any

import pytest

from tests.builders import History
from tests.features.cases import Build, Cases, Expected, Features, check_case, scores

CASES = Cases()
case = CASES.case

# The last five games are the whole season, so their mean is S.
case("pts_vs_season_zscore", "is 0 where the last five are the season", 0)(scores(10, 20, 6, 12, 12))
# S = 64/6 = 32/3, and the mean of the last five is 12. The variance is (6 * 840 - 64^2) / (6 * 5) = 944 / 30.
case("pts_vs_season_zscore", "is measured in standard deviations", float(Fraction(4, 3)) / sqrt(Fraction(944, 30)))(
    scores(4, 10, 20, 6, 12, 12)
)
case("pts_vs_season_zscore", "is missing where every score is the same", None)(scores(12, 12, 12))
case("pts_vs_season_zscore", "is missing after one game", None)(scores(12))
case("points_std_last_10", "divides by n-1", sqrt(Fraction(104, 2)))(scores(10, 20, 6))
case("points_std_last_10", "is missing after one game", None)(scores(12))
case("points_std_last_10", "is a true 0 where every score is the same", 0)(scores(11, 11, 11))
case("points_std_last_10", "forgets the eleventh last game", 0)(scores(40, *[7] * 10))
case("points_std_last_10", "holds the tenth last game", sqrt(Fraction(10 * 1600 - 1600, 90)))(scores(0, 40, *[0] * 9))
case("explosion_ratio", "is the highest of the last five over S", Fraction(20, 12))(scores(10, 20, 6))
case("explosion_ratio", "forgets the sixth last game", Fraction(12, 1) / Fraction(100, 6))(scores(40, *[12] * 5))
case("explosion_ratio", "is missing where S is 0", None)(scores(0, 0))
case("explosion_ratio", "is 0 where only scoreless games are young enough", 0)(scores(10, 0, every=29))
case("points_avg_last_5", "is the mean of five", Fraction(8 + 9 + 10 + 11 + 14, 5))(scores(40, 8, 9, 10, 11, 14))
case("points_avg_last_5", "is the mean of fewer where fewer exist", Fraction(15))(scores(10, 20))
case("points_avg_season", "is the mean of all", Fraction(92, 6))(scores(40, 8, 9, 10, 11, 14))
case("points_avg_season", "is missing before the first game", None)(scores())
case("points_avg_last_10", "is the mean of ten", Fraction(19, 10))(scores(100, 10, *[1] * 9))
case("cv_ratio", "is the deviation over S", sqrt(Fraction(52)) / 12)(scores(10, 20, 6))
case("cv_ratio", "is missing where S is 0", None)(scores(0, 0, 0))
case("cv_ratio", "is missing after one game, not 0.4", None)(scores(12))
# The mean of the last ten is 12, that of the last five 9 = 0.75 * 12.
case("cold_streak_indicator", "is 1 below 0.8 of the last ten", 1)(scores(*[15] * 5, *[9] * 5))
# The mean of the last ten is 10, that of the last five exactly 8.
case("cold_streak_indicator", "is 0 at exactly 0.8 of the last ten", 0)(scores(*[12] * 5, *[8] * 5))
case("cold_streak_indicator", "is missing before the first game", None)(scores())
case("games_in_last_7_days", "holds a game of D-7", 1)(scores(1, 1, every=7))
case("games_in_last_7_days", "counts each game of the week", 3)(scores(1, 1, 1, 1, 1))
case("games_in_last_7_days", "is missing before his first game", None)(scores())
case("games_in_last_7_days", "forgets a game of D-8", 0)(scores(12, every=8))


@case("explosion_ratio", "holds a game of D-30", Fraction(20, 15))
def _(names: Sequence[str]) -> Features:
    history = History()
    history.plays(0, 20)
    history.plays(10, 10)
    return history.tonight(30, names=names)


@case("explosion_ratio", "forgets a game of D-31", Fraction(10, 15))
def _(names: Sequence[str]) -> Features:
    history = History()
    history.plays(0, 20)
    history.plays(10, 10)
    return history.tonight(31, names=names)


@case("explosion_ratio", "is missing where all games are older than 30 days", None)
def _(names: Sequence[str]) -> Features:
    history = History()
    history.plays(0, 20)
    return history.tonight(31, names=names)


# With `min_prior_games=2`: 30 points after a mean of 10 are a breakout on day 4; 14 after 50/3 on day 6 are none.
case("days_since_breakout", "counts from the latest breakout", 4)(scores(10, 10, 30, 14, min_prior_games=2))
case("days_since_breakout", "is missing where he had none", None)(scores(10, 10, 10, 10, min_prior_games=2))
case("days_since_breakout", "judges a tie at exactly 1.5 S as a breakout", 2)(scores(10, 10, 15, min_prior_games=2))
case("days_since_breakout", "judges no game with too few before it", None)(scores(10, 30, 10, min_prior_games=2))
case("days_since_breakout", "is not capped", 98)(scores(10, 30, every=98, min_prior_games=1))
case("days_since_breakout", "finds none over an average of 0", None)(scores(0, 0, 20, min_prior_games=2))
# Of the third and the fourth game one is a breakout: 30 >= 1.5 * 10, 14 < 1.5 * 50/3.
case("breakout_rate_season", "is a share of the games that could be judged", Fraction(1, 2))(
    scores(10, 10, 30, 14, min_prior_games=2)
)
case("breakout_rate_season", "counts a game over an average of 0 as judged", Fraction(0))(
    scores(0, 0, 20, min_prior_games=2)
)
case("breakout_rate_season", "is missing where no game could be judged", None)(scores(10, 10, min_prior_games=2))


def minutes(*each: float, **tonight: Any) -> Build:
    def build(names: Sequence[str]) -> Features:
        history = History()
        for number, value in enumerate(each):
            history.plays(2 * number, 10, minutes=value)
        return history.tonight(2 * len(each), names=names, **tonight)

    return build


case("minutes_avg_last_10", "is the mean of ten", Fraction(291, 10))(minutes(1, 30, *[29] * 9))
case("minutes_avg_last_10", "is missing before the first game", None)(minutes())
case("minutes_avg_season", "is the mean of all", Fraction(292, 11))(minutes(1, 30, *[29] * 9))
case("minutes_avg_season", "keeps nine decimals", Fraction(62_400_000_003, 2_000_000_000))(
    minutes(31.200000001, 31.200000002)
)
case("minutes_avg_last_3", "is the mean of three", Fraction(70, 3))(minutes(48, 20, 20, 30))
case("minutes_last_game", "is the latest", Fraction(34))(minutes(20, 34))
case("minutes_trend", "is the last ten minus the season", Fraction(291, 10) - Fraction(292, 11))(
    minutes(1, 30, *[29] * 9)
)
case("minutes_trend", "is 0 after few games, not minus 25", Fraction(0))(minutes(10, 20))
case("points_per_minute_last_10", "is points over minutes, not a mean of ratios", Fraction(20, 50))(minutes(10, 40))


def usage(*each: float | None) -> Build:
    def build(names: Sequence[str]) -> Features:
        history = History()
        for number, value in enumerate(each):
            history.plays(2 * number, 10, usage=value)
        return history.tonight(2 * len(each), names=names)

    return build


case("usage_rate_trend", "is the last ten minus the season", Fraction(20) - Fraction(230, 11))(usage(30, *[20] * 10))
# The last ten games are nine of 20 and one NULL; the game of 30 is before them.
case("usage_rate_trend", "skips NULLs inside the window", Fraction(20) - Fraction(21))(usage(30, None, *[20] * 9))
case("usage_rate_trend", "is missing where usage never was measured", None)(usage(None, None))
case("usage_rate_trend", "is missing where the last ten were not measured", None)(usage(20, *[None] * 10))


def attempts(*each: int | None) -> Build:
    def build(names: Sequence[str]) -> Features:
        history = History()
        for number, value in enumerate(each):
            history.plays(2 * number, 10, shots=value)
        return history.tonight(2 * len(each), names=names)

    return build


case("fg_attempts_avg_last_5", "is the mean of five", Fraction(10))(attempts(50, 8, 9, 10, 11, 12))
case("fg_attempts_avg_last_5", "skips NULLs after the window is taken", Fraction(9))(attempts(50, None, 8, 9, 9, 10))
case("fg_attempts_avg_last_5", "is missing where all five are NULL", None)(attempts(50, *[None] * 5))


@case("points_avg_prior_season", "is the mean of the season before", Fraction(31, 2))
def _(names: Sequence[str]) -> Features:
    history = History()
    history.plays(-700, 40, season_year=2023)
    history.plays(-300, 10, season_year=2024)
    history.plays(-299, 21, season_year=2024, team="CHI", opponent="MIA")
    history.plays(0, 12)
    return history.tonight(2, names=names)


@case("points_avg_prior_season", "is missing for a player who sat out a year", None)
def _(names: Sequence[str]) -> Features:
    history = History()
    history.plays(-700, 40, season_year=2023)
    history.plays(0, 12)
    return history.tonight(2, names=names)


@case("points_avg_season", "begins anew with the season", Fraction(12))
def _(names: Sequence[str]) -> Features:
    history = History()
    history.plays(-300, 40, season_year=2024)
    history.plays(0, 12)
    return history.tonight(2, names=names)


@case("days_since_breakout", "begins anew with the season", None)
def _(names: Sequence[str]) -> Features:
    history = History()
    history.plays(-300, 10, season_year=2024)
    history.plays(-298, 40, season_year=2024)
    history.plays(0, 12)
    return history.tonight(2, names=names)


@pytest.mark.parametrize(("feature", "build", "expected"), CASES.parameters)
def test_a_feature_is_what_is_counted_by_hand(feature: str, build: Build, expected: Expected) -> None:
    check_case(feature, build, expected)
