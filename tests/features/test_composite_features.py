"""The two composite features, part by part, on a few games that can be counted by hand.

`History.tonight` computes each case twice, for a game that is not played yet and for a played one, and compares the
two. In the comments, S is the season average of points, L5 and L10 are the means of the last 5 and 10 games. The parts
of the risk score are z (`pts_vs_season_zscore`), t ((L5 - L10) / L10), cv (`cv_ratio`), e (`explosion_ratio`), r
(`opponent_def_rating`) and u (`usage_rate_trend`).
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import sqrt

import pytest

from tests.builders import History
from tests.features.cases import Build, Cases, Expected, Features, check_case, scores

CASES = Cases()
case = CASES.case

COMPOSITE = "composite_breakout_signal"


@case(COMPOSITE, "counts nothing but home before the first game", 1)
def _(names: Sequence[str]) -> Features:
    return History().tonight(0, names=names)


@case(COMPOSITE, "counts nothing away before the first game", 0)
def _(names: Sequence[str]) -> Features:
    return History().tonight(0, names=names, is_home=False)


@case(COMPOSITE, "counts all five", 5)
def _(names: Sequence[str]) -> Features:
    # S = 15, a deviation of 15.8, so cv > 1; L5 = 0; usage exactly 18; at home; two games in the week.
    history = History()
    for number, points in enumerate([30] * 5 + [0] * 5):
        history.plays(4 * number, points, usage=18)
    return history.tonight(40, names=names)


@case(COMPOSITE, "counts a fall of exactly 20 percent", 2)
def _(names: Sequence[str]) -> Features:
    # L10 = 10, L5 = 8; a deviation of 2.1, so cv is low; usage 17.9; away; two games in the week.
    history = History()
    for number, points in enumerate([12] * 5 + [8] * 5):
        history.plays(4 * number, points, usage=17.9)
    return history.tonight(40, names=names, is_home=False)


@case(COMPOSITE, "counts a cv_ratio of exactly 0.6", 2)
def _(names: Sequence[str]) -> Features:
    history = History()
    for number, points in enumerate((4, 10, 16)):  # S = 10, variance 72/2 = 36: cv = 0.6
        history.plays(4 * number, points, usage=17)
    return history.tonight(12, names=names, is_home=False)


RISK = "breakout_risk_score"


def parts(*, hot: float, cold: int, volatility: int, defence: int, opportunity: int, history: Fraction) -> float:
    """Return the risk score that consists of these six parts."""
    six: tuple[float | Fraction, ...] = (hot, cold, volatility, defence, opportunity, history)
    return sum(weight * float(part) for weight, part in zip((15, 10, 25, 20, 15, 15), six, strict=True)) / 100


def risk(*points: int, allowed: int = 90, usage: Sequence[float] = ()) -> Build:
    """Return a function that builds tonight's features, after games with these points on every second day.

    Tonight's opponent NYK has allowed `allowed` points in 100 possessions, in a game against CHI.
    """

    def build(names: Sequence[str]) -> Features:
        history = History()
        for number, value in enumerate(points):
            history.plays(2 * number, value, opponent="MIA", usage=usage[number] if usage else 20.0)
        history.game(0, "CHI", "NYK", scored=allowed)
        return history.tonight(2 * len(points), names=names)

    return build


FEW, NONE_HOT = Fraction(35), Fraction(10)  # the part `history` with fewer than five games, and without a hot game

# z = 0, t missing, cv = 0.4, e = 1.5, r = 112, u = 0
AT_FIRST = parts(hot=50, cold=50, volatility=45 + 25, defence=50, opportunity=50, history=FEW)
case(RISK, "takes every default before the first game", AT_FIRST)(scores())
# S = 10, variance 72/2 = 36, so cv = 0.6; e = 1.6; r = 105, so 50 - 4 * 5
SIX = parts(hot=50, cold=50, volatility=60 + 25, defence=30, opportunity=50, history=FEW)
case(RISK, "adds its six parts", SIX)(risk(4, 10, 16, allowed=105))
# S = 10, variance 80/4 = 20, so cv = 0.447; e = 1.8; r = 116; one game of five reaches 1.5 S
TIES = parts(
    hot=50, cold=50, volatility=45 + 40, defence=90, opportunity=50, history=10 + 90 * Fraction(1, 5) / Fraction(7, 20)
)
case(RISK, "holds the limits of defence and volatility at equality", TIES)(risk(8, 8, 8, 8, 18, allowed=116))
# S = 75/8, L5 = 15, variance (8 * 1125 - 75^2) / 56, so cv = 0.83; e = 1.6; t = 0.6; five games of eight reach 1.5 S
HOT = parts(
    hot=100 * (45 / 8 / sqrt(3375 / 56) + 1.5) / 3,
    cold=30,
    volatility=60 + 25,
    defence=70,
    opportunity=50,
    history=Fraction(100),
)
case(RISK, "knows a hot hand", HOT)(risk(0, 0, 0, 15, 15, 15, 15, 15, allowed=113))
# L5 is below or above S by 3 / sqrt(10) of the sample standard deviation of the last ten games.
for _fall, _points, _z, _cold in (
    ("a fall of exactly 20 percent", [12] * 5 + [8] * 5, -3 / sqrt(10), 100),
    ("a fall of exactly 10 percent", [11] * 5 + [9] * 5, -3 / sqrt(10), 75),
    ("a rise of exactly 10 percent", [9] * 5 + [11] * 5, 3 / sqrt(10), 30),
):
    _expected = parts(hot=100 * (_z + 1.5) / 3, cold=_cold, volatility=20, defence=10, opportunity=50, history=NONE_HOT)
    case(RISK, f"counts {_fall}", _expected)(risk(*_points))
# Eleven games: if the usage is a in the first game and b in the ten others, u = (b - a) / 11.
for _a, _b, _opportunity in ((0, 33, 80), (0, 16.5, 65), (0, 16.4, 50), (16.4, 0, 50), (16.5, 0, 30)):
    _expected = parts(hot=50, cold=50, volatility=20, defence=10, opportunity=_opportunity, history=NONE_HOT)
    case(RISK, f"counts a usage that went from {_a} to {_b}", _expected)(risk(*[10] * 11, usage=[_a] + [_b] * 10))
for _allowed, _defence in ((116, 90), (115, 70), (113, 70), (112, 50), (110, 50), (109, 46), (100, 10), (80, 10)):
    _expected = parts(hot=50, cold=50, volatility=20, defence=_defence, opportunity=50, history=NONE_HOT)
    case(RISK, f"counts a defence that allows {_allowed}", _expected)(risk(*[10] * 6, allowed=_allowed))


@pytest.mark.parametrize(("feature", "build", "expected"), CASES.parameters)
def test_a_feature_is_what_is_counted_by_hand(feature: str, build: Build, expected: Expected) -> None:
    check_case(feature, build, expected)
