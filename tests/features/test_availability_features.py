"""Features of the injury report on a few games that can be counted by hand.

Tonight's game, BOS against NYK, is on day 12. Both teams have played six games before, one every second day.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from tests.builders import History
from tests.features.cases import Build, Cases, Expected, Features, check_case

CASES = Cases()
TONIGHT = 12
# The team of each player and his points in its six games; None if he did not play.
PLAYERS: dict[str, tuple[str, list[int | None]]] = {
    "ann": ("BOS", [10] * 6),
    "bob": ("BOS", [20, 20, 20, 20, 20, 14]),  # a season average of 19
    "cid": ("BOS", [12, 12, 12, 12, 12, None]),  # missed the previous game
    "dee": ("BOS", [30, None, None, None, None, 30]),  # too few games
    "eve": ("NYK", [8] * 6),
}


def tonight(*reports: dict[str, Any], **row: Any) -> Build:
    """Return a function that builds tonight's features; each of `reports` has the arguments of `History.report`."""
    return tonight_after(id, *reports, **row)


def tonight_after(change: Callable[[History], Any], *reports: dict[str, Any], **row: Any) -> Build:
    def build(names: Sequence[str]) -> Features:
        history = History()
        for player, (team, points) in PLAYERS.items():
            opponent = "NYK" if team == "BOS" else "BOS"
            for number, value in enumerate(points):
                if value is not None:
                    history.plays(2 * number, value, player=player, team=team, opponent=opponent, is_home=team == "BOS")
        change(history)
        for report in reports:
            history.report(TONIGHT, **report)
        return history.tonight(TONIGHT, names=names, min_prior_games=5, **row)

    return build


def out(player: str, **report: Any) -> dict[str, Any]:
    return {"player": player, "status": "out", **report}


def case(feature: str, claim: str, expected: Expected, build: Build) -> None:
    CASES.add(feature, claim, expected, build)


POINTS = "team_points_out"
case(POINTS, "is missing without any report for the date", None, tonight())
case(POINTS, "is missing if all reports came after the cutoff", None, tonight(out("bob", at="17:31")))
case(POINTS, "is 0 if only others are listed", 0, tonight(out("eve", team="NYK")))
case(
    POINTS,
    "sums the season averages of those out or doubtful",
    31,
    tonight(out("bob"), {"player": "cid", "status": "doubtful"}),
)
case(POINTS, "does not count the questionable", 0, tonight({"player": "bob", "status": "questionable"}))
case(POINTS, "does not count him", 0, tonight(out("ann")))
case(POINTS, "does not count a player with too few games", 0, tonight(out("dee")))
case(POINTS, "counts a report at the cutoff", 19, tonight(out("bob", at="17:30")))
case(
    POINTS,
    "takes the latest status before the cutoff",
    0,
    tonight(out("bob", at="17:30", days_ago=1), {"player": "bob", "status": "available"}, out("bob", at="18:30")),
)
case(
    POINTS,
    "does not count a player who was taken off the report",
    0,
    tonight(out("bob", at="09:00"), {"player": "bob", "status": "not_listed", "at": "12:00"}),
)
case(POINTS, "does not count a status for another team", 0, tonight(out("bob", team="CHI")))
case(
    POINTS,
    "does not count a status from tip-off on",
    0,
    tonight_after(lambda history: history.tips_off(TONIGHT, "13:30"), out("bob", at="13:30")),
)
case(
    POINTS,
    "does not count a player who went to another team",
    0,
    tonight_after(lambda history: history.plays(11, 10, player="bob", team="CHI", opponent="MIA"), out("bob")),
)
case("team_minutes_out", "sums the season averages of minutes", 60, tonight(out("bob"), out("cid")))
case("team_points_newly_out", "leaves out who missed the previous game", 19, tonight(out("bob"), out("cid")))
RETURNING = "team_points_returning"
case(RETURNING, "counts who missed the previous game and is not out", 12, tonight(out("eve", team="NYK")))
case(RETURNING, "does not count who is out", 0, tonight(out("cid")))
case(RETURNING, "is missing without any report for the date", None, tonight())
case(
    RETURNING,
    "does not count who averages below 10",
    0,
    tonight_after(
        lambda history: [row.update(points=9) for row in history.players if row["player_lookup"] == "cid"],
        out("eve", team="NYK"),
    ),
)
case(
    "opponent_points_out",
    "sums the season averages of the opponent's players",
    8,
    tonight(out("eve", team="NYK"), out("bob")),
)
case("is_questionable", "is 1 if he is doubtful", 1, tonight({"player": "ann", "status": "doubtful"}))
case("is_questionable", "is 0 if he is probable", 0, tonight({"player": "ann", "status": "probable"}))
case("is_questionable", "is 0 if he is not listed", 0, tonight(out("bob")))
case("is_questionable", "is missing without any report for the date", None, tonight())
case("is_probable", "is 1 if he is probable", 1, tonight({"player": "ann", "status": "probable"}))
case("is_probable", "is 0 if he is questionable", 0, tonight({"player": "ann", "status": "questionable"}))


@pytest.mark.parametrize(("feature", "build", "expected"), CASES.parameters)
def test_values_are_those_counted_by_hand(feature: str, build: Build, expected: Expected) -> None:
    check_case(feature, build, expected)
