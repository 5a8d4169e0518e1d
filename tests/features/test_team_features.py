"""Features of a player's team, its opponent and its other players, on a few games that can be counted by hand.

`History.tonight` computes each case twice, for a game that is not played yet and for a played one, and compares the
two.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import pytest

from tests.builders import History, day
from tests.features.cases import Build, Cases, Expected, Features, check_case, scores

CASES = Cases()
case = CASES.case


def opponent_allows(*games: tuple[int | None, int | None]) -> Build:
    """Return a function that builds tonight's features, in a game against NYK, after games of CHI at NYK.

    Each of `games` has the points and the possessions of CHI.
    """

    def build(names: Sequence[str]) -> Features:
        history = History()
        for number, (points, possessions) in enumerate(games):
            history.game(number, "CHI", "NYK", scored=points, possessions=possessions, allowed=1)
        return history.tonight(len(games), names=names)

    return build


case("opponent_def_rating", "is points allowed per 100 possessions", Fraction(100 * 223, 195))(
    opponent_allows((110, 100), (113, 95))
)
case("opponent_def_rating", "looks back fifteen games", Fraction(100))(opponent_allows((200, 100), *[(100, 100)] * 15))
case("opponent_def_rating", "holds the fifteenth", Fraction(100 * 1600, 1500))(
    opponent_allows((200, 100), *[(100, 100)] * 14)
)
case("opponent_def_rating", "leaves out a game with a NULL, after the window is taken", Fraction(90))(
    opponent_allows((500, 100), (500, None), (None, 100), *[(90, 100)] * 13)
)
case("opponent_def_rating", "is missing before the opponent's first game", None)(opponent_allows())
case("opponent_def_rating", "is missing where only NULLs are left", None)(opponent_allows((110, None)))

case("home_away", "is 1 at home", 1)(scores(10))
case("home_away", "is 0 away", 0)(scores(10, is_home=False))
case("back_to_back", "is 0 two days later", 0)(scores(10))
case("back_to_back", "is 1 the day after", 1)(scores(10, every=1))
case("rest_days", "counts days", 2)(scores(10))
case("rest_days", "is 1 back to back", 1)(scores(10, every=1))
case("rest_days", "is capped at 7", 7)(scores(10, every=8))
case("rest_days", "is missing before the team's first game", None)(scores())


@case("back_to_back", "is 1 where his team played without him", 1)
def _(names: Sequence[str]) -> Features:
    history = History()
    history.plays(0, 10)
    history.game(4, "BOS", "MIA")
    return history.tonight(5, names=names)


@case("back_to_back", "follows the new team of a traded player", 0)
def _(names: Sequence[str]) -> Features:
    history = History()
    history.plays(4, 10, team="CHI", opponent="MIA")
    return history.tonight(5, names=names)


@case("rest_days", "follows the new team of a traded player", 3)
def _(names: Sequence[str]) -> Features:
    history = History()
    history.game(2, "BOS", "LAL")
    history.plays(4, 10, team="CHI", opponent="MIA")
    return history.tonight(5, names=names)


def pace(team: str, *games: tuple[int | None, int | None]) -> Build:
    """Return a function that builds tonight's features, BOS against NYK, after games of `team` against CHI.

    Each of `games` has the possessions of `team` and the minutes of the game.
    """

    def build(names: Sequence[str]) -> Features:
        history = History()
        for number, (possessions, length) in enumerate(games):
            history.game(number, team, "CHI", possessions=possessions, opponent_possessions=1, minutes_total=length)
        return history.tonight(len(games), names=names)

    return build


for _feature, _team in (("team_pace", "BOS"), ("opponent_pace", "NYK")):
    case(_feature, "is possessions per 240 minutes", Fraction(240 * 210, 505))(pace(_team, (100, 240), (110, 265)))
    case(_feature, "reads NULL minutes as a game without overtime", Fraction(240 * 210, 505))(
        pace(_team, (100, None), (110, 265))
    )
    case(_feature, "looks back ten games", Fraction(100))(pace(_team, (200, 240), *[(100, 240)] * 10))
    case(_feature, "leaves out a game without possessions", Fraction(90))(pace(_team, (90, 240), (None, 265)))
    case(_feature, "is missing before the first game", None)(pace(_team))


@case("games_since_dnp", "is missing where he missed no team game", None)
def _(names: Sequence[str]) -> Features:
    history = History()
    return history.tonight(history.season(10, 10, 10), names=names)


@case("games_since_dnp", "is 0 where he missed the previous one", 0)
def _(names: Sequence[str]) -> Features:
    history = History()
    history.season(10, 10)
    history.game(4)
    return history.tonight(6, names=names)


@case("games_since_dnp", "counts the games played since", 2)
def _(names: Sequence[str]) -> Features:
    history = History()
    for number in (0, 4, 6):
        history.plays(number, 10)
    history.game(2)
    return history.tonight(8, names=names)


@case("games_since_dnp", "is capped at 10", 10)
def _(names: Sequence[str]) -> Features:
    history = History()
    history.plays(0, 10)
    history.game(1)
    for number in range(2, 14):
        history.plays(number, 10)
    return history.tonight(14, names=names)


@case("games_since_dnp", "counts a row of 0 minutes as missed", 1)
def _(names: Sequence[str]) -> Features:
    history = History()
    history.plays(0, 10)
    history.plays(2, 0, minutes=0)
    history.plays(4, 10)
    return history.tonight(6, names=names)


@case("games_since_dnp", "begins with his first game for the team", None)
def _(names: Sequence[str]) -> Features:
    history = History()
    history.plays(0, 10, team="CHI", opponent="MIA")
    history.game(1)
    history.game(2)
    history.plays(3, 10)
    return history.tonight(4, names=names)


@case("games_since_dnp", "is missing before his first game for a new team", None)
def _(names: Sequence[str]) -> Features:
    history = History()
    history.game(1)
    history.plays(0, 10, team="CHI", opponent="MIA")
    return history.tonight(3, names=names)


@case("games_since_dnp", "forgets an earlier stint with the same team", None)
def _(names: Sequence[str]) -> Features:
    history = History()
    history.plays(0, 10)
    history.game(1)  # missed, in the first stint
    history.plays(2, 10)
    history.plays(3, 10, team="CHI", opponent="MIA")
    history.game(4)
    history.plays(5, 10)
    return history.tonight(6, names=names)


@case("games_since_dnp", "does not look into the season before", None)
def _(names: Sequence[str]) -> Features:
    history = History()
    for number in (-300, -296):
        history.plays(number, 10, season_year=2024)
    history.game(-298, season_year=2024)
    history.plays(0, 10)
    return history.tonight(2, names=names)


def unknown_to_teams(history: History, number: int) -> None:
    """Remove the games of a day from the team table; the player table keeps them."""
    history.teams = [row for row in history.teams if row["game_date"] != day(number)]


@case("games_since_dnp", "leaves out a game that the team table does not know", 0)
def _(names: Sequence[str]) -> Features:
    history = History()
    for number in (0, 2):
        history.plays(number, 10)
    unknown_to_teams(history, 2)
    history.game(4)  # missed
    return history.tonight(6, names=names)


@case("games_since_dnp", "begins a stint with a game that the team table does not know", 1)
def _(names: Sequence[str]) -> Features:
    history = History()
    history.game(0)
    history.plays(2, 10)
    unknown_to_teams(history, 2)
    history.game(4)  # missed
    history.plays(6, 10)
    return history.tonight(8, names=names)


def roster(*, bob: tuple[int, ...] = (0, 1, 2, 3, 4), points: int = 12, **tonight: Any) -> Build:
    """Return a function that builds tonight's features, on day 6, after games of BOS against NYK on days 0 to 5.

    ann played every game. bob played on the days `bob`, with `points` points in each game.
    """

    def build(names: Sequence[str]) -> Features:
        history = History()
        for number in range(6):
            history.plays(number, 10)
            if number in bob:
                history.plays(number, points, player="bob")
        return history.tonight(6, names=names, **tonight)

    return build


MISSING = "team_points_missing_last_game"
case(MISSING, "is the average of a regular who was out", Fraction(12))(roster())
case(MISSING, "is 0 where nobody was out", Fraction(0))(roster(bob=(0, 1, 2, 3, 4, 5)))
case(MISSING, "never counts himself", Fraction(0))(roster(player="bob"))
case(MISSING, "holds a regular of exactly 10 points", Fraction(10))(roster(points=10))
case(MISSING, "leaves out who averages 9", Fraction(0))(roster(points=9))
case(MISSING, "leaves out who played four games", Fraction(0))(roster(bob=(0, 1, 2, 3)))
case(MISSING, "is missing before the team's first game", None)(scores())


@case(MISSING, "sums over all who were out", Fraction(12) + Fraction(61, 5))
def _(names: Sequence[str]) -> Features:
    history = History()
    for number in range(6):
        history.plays(number, 10)
        if number < 5:
            history.plays(number, 12, player="bob")
            history.plays(number, 12 + (number == 0), player="cid")
    return history.tonight(6, names=names)


@case(MISSING, "forgets who has not played in the team's last ten games", Fraction(0))
def _(names: Sequence[str]) -> Features:
    history = History()
    for number in range(15):
        history.plays(number, 5)
        if number < 5:
            history.plays(number, 12, player="bob")
    return history.tonight(15, names=names)


@case(MISSING, "remembers who played in the tenth last", Fraction(12))
def _(names: Sequence[str]) -> Features:
    history = History()
    for number in range(14):
        history.plays(number, 5)
        if number < 5:
            history.plays(number, 12, player="bob")
    return history.tonight(14, names=names)


@case(MISSING, "forgets who has been traded away", Fraction(0))
def _(names: Sequence[str]) -> Features:
    history = History()
    for number in range(6):
        history.plays(number, 5)
        if number < 5:
            history.plays(number, 12, player="bob")
    history.plays(5, 12, player="bob", team="CHI", opponent="MIA")
    return history.tonight(6, names=names)


@case(MISSING, "asks for the previous game that the team table knows", Fraction(12))
def _(names: Sequence[str]) -> Features:
    history = History()
    for number in range(7):
        history.plays(number, 10)
        if number != 5:
            history.plays(number, 12, player="bob")
        history.plays(number, 11, player="cid")
    unknown_to_teams(history, 6)
    return history.tonight(7, names=names)


@case(MISSING, "averages a new man's games for all teams", Fraction(62, 6))
def _(names: Sequence[str]) -> Features:
    history = History()
    for number in range(5):
        history.plays(number, 10, player="bob", team="CHI", opponent="MIA")
        history.plays(number, 5)
    history.plays(5, 12, player="bob")
    history.plays(6, 5)
    return history.tonight(7, names=names)


@case(MISSING, "is counted for a new man's own team", Fraction(12))
def _(names: Sequence[str]) -> Features:
    history = History()
    for number in range(6):
        history.plays(number, 10, player="dee", team="CHI", opponent="MIA")
        history.plays(number, 5)
        if number < 5:
            history.plays(number, 12, player="bob")
    return history.tonight(6, names=names, player="dee")


@pytest.mark.parametrize(("feature", "build", "expected"), CASES.parameters)
def test_a_feature_is_what_is_counted_by_hand(feature: str, build: Build, expected: Expected) -> None:
    check_case(feature, build, expected)
