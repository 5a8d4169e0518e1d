"""Random small histories: several players and teams, trades, two games a day, missed games and missing numbers.

hypothesis draws a `Shape`, so it shrinks a failing example to few games. The seed of the shape determines the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from random import Random
from typing import TypeVar

from hypothesis import strategies as st

from tests.builders import FIRST_DAY, History, Row, day

Value = TypeVar("Value")

TEAMS = ("BOS", "CHI", "MIA", "NYK")
PLAYERS = ("ann", "bob", "cid", "dee", "eve", "fay")
SCORES = (0, 4, 8, 9, 10, 11, 12, 15, 16, 18, 20, 24, 30)
THIS_SEASON = 2025


@dataclass(frozen=True)
class Shape:
    """The size of a random history, and its seed."""

    seed: int
    games: int
    days: int
    players: int
    seasons: int


shapes = st.builds(
    Shape,
    seed=st.integers(0, 2**32 - 1),
    games=st.integers(1, 60),
    days=st.sampled_from([6, 14, 30, 60]),
    players=st.integers(1, len(PLAYERS)),
    seasons=st.integers(1, 4),
)


def random_history(shape: Shape, teams: tuple[str, ...] = TEAMS, prefix: str = "") -> History:
    """Return a random history of this shape; the names of its players begin with `prefix`."""
    rng = Random(shape.seed)  # noqa: S311  (no secret: equal seeds must give equal histories)
    history = History()
    trades = {prefix + name: random_trades(rng, shape.days, teams) for name in PLAYERS[: shape.players]}
    for _ in range(shape.games):
        ago = rng.randrange(shape.seasons) if rng.random() < 0.3 else 0
        number = rng.randrange(shape.days) - 365 * ago
        team, opponent = rng.sample(teams, 2)
        season_type = "cup_final" if rng.random() < 0.06 else "regular"
        add_game(rng, history, number, team, opponent, THIS_SEASON - ago, season_type, trades)
    if rng.random() < 0.9:
        add_reports(rng, history, trades)
    return history


STATUSES = ("out", "out", "doubtful", "questionable", "probable", "available", "not_listed")
REPORT_TIMES = ("09:00", "13:30", "17:29", "17:30", "17:31", "22:45")


def add_reports(rng: Random, history: History, trades: dict[str, list[tuple[int, str]]]) -> None:
    """Add statuses of some players, reported at times around the cutoff, and the tip-off times of some games."""
    games = sorted({(row["game_date"], row["team_abbr"], row["opponent_team_abbr"]) for row in history.teams})
    for game_date, team, opponent in games:
        number = (game_date - FIRST_DAY).days
        if team < opponent and rng.random() < 0.3:
            history.tips_off(number, rng.choice(REPORT_TIMES), team, opponent)
    for game_date, team in sorted({(game_date, team) for game_date, team, _ in games}):
        number = (game_date - FIRST_DAY).days
        for player in [name for name in trades if rng.random() < 0.5]:
            times = {(rng.choice((0, 0, 1)), rng.choice(REPORT_TIMES)) for _ in range(rng.choice((1, 1, 2, 3)))}
            for days_ago, at in sorted(times):
                history.report(number, rng.choice(STATUSES), player=player, team=team, at=at, days_ago=days_ago)


def random_trades(rng: Random, days: int, teams: tuple[str, ...]) -> list[tuple[int, str]]:
    """Return the teams of a player, oldest first, each with the number of the day on which he joined it."""
    moves = sorted(rng.randrange(days) for _ in range(rng.choice((0, 0, 1, 2))))
    return [(-10_000, rng.choice(teams)), *((number, rng.choice(teams)) for number in moves)]


def add_game(
    rng: Random,
    history: History,
    number: int,
    team: str,
    opponent: str,
    season: int,
    season_type: str,
    trades: dict[str, list[tuple[int, str]]],
) -> None:
    """Add the rows of both teams for one game, and the rows of most players who belong to these teams on that day."""
    taken = {row["game_id"] for row in history.teams}
    suffix = next(s for s in ("", *"ABCDEFGHIJKLMNOP") if f"{day(number):%Y%m%d}{s}_{opponent}_{team}" not in taken)
    history.game(
        number,
        team,
        opponent,
        scored=or_none(rng, rng.randint(80, 140)),
        allowed=or_none(rng, rng.randint(80, 140)),
        possessions=or_none(rng, rng.randint(90, 110)),
        opponent_possessions=or_none(rng, rng.randint(90, 110)),
        minutes_total=rng.choice((240, 240, 265, None)),
        season_year=season,
        season_type=season_type,
        suffix=suffix,
    )
    for player, moves in trades.items():
        own = next(name for since, name in reversed(moves) if since <= number)
        if own in {team, opponent} and rng.random() < 0.9:
            other = opponent if own == team else team
            game = {"season_year": season, "season_type": season_type, "suffix": suffix}
            add_player(rng, history, number, player, own, other, is_home=own == team, **game)


def add_player(rng: Random, history: History, number: int, player: str, own: str, other: str, **game: object) -> None:
    """Add a player's row of one game; in one row of ten he did not play."""
    points, minutes = rng.choice(SCORES), rng.choice((0.4, 12.0, 25.5, 31.200000001, 36.0))
    if rng.random() < 0.1:
        points, minutes = rng.choice(((0, 0.0), (None, None), (12, 0.0), (None, 20.0)))  # type: ignore[assignment]
    history.plays(
        number,
        points,
        player=player,
        minutes=minutes,
        usage=or_none(rng, rng.choice((12.5, 17.9, 18.0, 22.25, 33.123456789))),
        shots=or_none(rng, rng.randint(0, 20)),
        threes=or_none(rng, rng.randint(0, 9)),
        free_throws=or_none(rng, rng.randint(0, 12)),
        margin=or_none(rng, rng.randint(-30, 30)),
        team=own,
        opponent=other,
        **game,
    )


def or_none(rng: Random, value: Value) -> Value | None:
    return None if rng.random() < 0.08 else value


def disturbed(history: History, since: date, seed: int) -> History:
    """Return the history after rows on or after a date were deleted, changed and added at random."""
    rng = Random(seed)  # noqa: S311  (no secret)
    shape = Shape(rng.randrange(2**32), rng.randint(1, 15), 20, len(PLAYERS), seasons=1)
    added = random_history(shape)
    first = (since - FIRST_DAY).days
    for row in added.players + added.teams:
        row["game_date"] = day(first + (row["game_date"] - FIRST_DAY).days)
        row["game_id"] = f"{row['game_date']:%Y%m%d}Z" + row["game_id"].partition("_")[0][8:] + row["game_id"][-8:]
    return History(
        replaced(rng, history.players, added.players, since),
        replaced(rng, history.teams, added.teams, since),
        list(history.reports),
        list(history.schedule),
    )


def replaced(rng: Random, rows: list[Row], added: list[Row], since: date) -> list[Row]:
    """Return rows in random order: those before `since`, about 70 % of the others after changes, and `added`."""
    kept = [row for row in rows if row["game_date"] < since]
    kept += [changed(rng, row) for row in rows if row["game_date"] >= since and rng.random() < 0.7]
    return rng.sample(kept + added, len(kept) + len(added))


RESULTS = {
    "points": (0, 5, 50, None),
    "minutes_played": (0.0, 1.0, 48.0, None),
    "usage_rate": (0.0, 99.0, None),
    "fg_attempts": (0, 40, None),
    "three_pt_attempts": (0, 15, None),
    "ft_attempts": (0, 20, None),
    "plus_minus": (-40, 40, None),
    "points_scored": (0, 200, None),
    "possessions": (1, 200, None),
    "minutes_total": (1, 400, None),
    "team_abbr": TEAMS,
    "season_type": ("regular", "cup_final", None),
}


def changed(rng: Random, row: Row) -> Row:
    """Return the row after about half of its results were replaced, and in a few rows the team or the season type."""
    return row | {
        column: rng.choice(values)
        for column, values in RESULTS.items()
        if column in row and rng.random() < (0.1 if column in {"team_abbr", "season_type"} else 0.5)
    }
