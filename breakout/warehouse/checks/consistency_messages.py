"""Messages about games whose rows contradict each other: which rows, where, and the remedy."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from breakout.warehouse import tables
from breakout.warehouse.checks.code_messages import describe_season_types, describe_team_codes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

CHECKED_ACROSS_TABLES = (
    "season types, game dates, dates and teams in game_id, season years, ends of seasons, team codes, opponents, both "
    "sides of each game, home teams, games and schedule rows listed twice, players with two games on a date"
)
EXAMPLES = 3  # a message names at most this many examples
Row = dict[str, Any]
Example = list[Row]


@dataclass(frozen=True)
class Inconsistency:
    """A kind of contradiction between source rows, and the message about it.

    Each of `examples` is a pair: a game_id, and the part of the message about that game. The kinds `team codes` and
    `names of season types` have no examples.
    """

    kind: str
    message: str
    examples: tuple[tuple[str, str], ...] = ()


def describe_rows(rows: Sequence[Row]) -> list[Inconsistency]:
    """Return one inconsistency for each kind of contradiction in `rows`, the most basic kind first.

    `rows` are the result of the query that finds contradictions between the source tables.
    """
    by_kind: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_kind[row["kind"]].append(row)
    return [_describe(kind, by_kind[kind]) for kind in ORDER if kind in by_kind]


def _describe(kind: str, rows: list[Row]) -> Inconsistency:
    if kind == "names of season types":
        return Inconsistency(kind, describe_season_types(rows))
    if kind == "team codes":
        return Inconsistency(kind, describe_team_codes(rows))
    beginning, describe, remedy = SENTENCES[kind]
    grouped: dict[int, Example] = defaultdict(list)
    for row in rows:
        grouped[row["number"]].append(row)
    examples = tuple((example[0]["game_id"], describe(example)) for example in grouped.values())
    total = rows[0]["total"]
    games = f"{total} {'game' if total == 1 else 'games'}" if "{games}" in beginning else str(total)
    shown = "; ".join(text for _, text in examples)
    more = ", ..." if total > len(examples) else ""
    message = f"{beginning.format(games=games, total=games)}: {shown}{more}. {remedy}"
    return Inconsistency(kind, message, examples)


def _by_source(value: Callable[[Row], str], joint: str) -> Callable[[Example], str]:
    """Return a function that describes the values of one game in several tables.

    `value` returns the value of a row as text. `joint` is a text that appears once, before the first value. If `joint`
    is `of season_year `, and the values are 2023 in the tables A and B and 2024 in C, the description is
    `GAME is of season_year 2023 in A and B and 2024 in C`.
    """

    def describe(example: Example) -> str:
        held: dict[str, list[str]] = defaultdict(list)
        for row in example:
            if row["source"] not in held[value(row)]:
                held[value(row)].append(row["source"])
        parts = [f"{text} in {' and '.join(sources)}" for text, sources in held.items()]
        return f"{example[0]['game_id']} is {joint}{' and '.join(parts)}"

    return describe


def _pair(row: Row) -> str:
    return f"{row['team']} against {row['opponent']}"


def _teams(example: Example) -> str:
    return f"{example[0]['game_id']} ({_pair(example[0])})"


def _two_ids(example: Example) -> str:
    held: dict[str, list[str]] = defaultdict(list)
    for row in example:
        if row["source"] not in held[row["game_id"]]:
            held[row["game_id"]].append(row["source"])
    ids = " and ".join(f"{game_id} in {' and '.join(sources)}" for game_id, sources in held.items())
    return f"{_pair(example[0])} on {example[0]['game_date']} is {ids}"


def _dated_ids(example: Example) -> str:
    held = {row["game_id"]: f"{row['game_id']} of {row['game_date']} in {row['source']}" for row in example}
    return " and ".join(held.values())


def _seasons(example: Example) -> str:
    """Describe the last date of a season and the first date of a later one, each with a game and its source table."""
    held: dict[int, Row] = {}
    for row in example:
        held.setdefault(row["season_year"], row)
    (ended, last), (begun, first) = sorted(held.items())
    return (
        f"{ended} ends on {last['game_date']} ({last['game_id']} in {last['source']}) and {begun} begins on "
        f"{first['game_date']} ({first['game_id']} in {first['source']})"
    )


def _scheduled(example: Example) -> str:
    rows = [row for row in example if row["source"] == tables.SCHEDULE.name]
    listed = ", ".join(f"{row['team']} at home to {row['opponent']}" for row in rows)
    return f"{example[0]['game_id']} ({listed})"


def _player(example: Example) -> str:
    games = " and ".join(sorted(row["game_id"] for row in example))
    return f"{example[0]['player_lookup']} on {example[0]['game_date']} in {games}"


_CORRECT = "Correct the source and run again."
_dates = _by_source(lambda row: f"of {row['game_date']}", "")
SENTENCES: dict[str, tuple[str, Callable[[Example], str], str]] = {
    "game dates": (
        "{games} with two dates",
        _dates,
        "A game has one date, the calendar day at which it is played in US Eastern time, in every table. " + _CORRECT,
    ),
    "date in game_id": (
        "{games} whose game_id names another date than game_date",
        _dates,
        "Both must be the calendar day at which the game is played in US Eastern time. " + _CORRECT,
    ),
    "season years": (
        "{games} of two seasons",
        _by_source(lambda row: str(row["season_year"]), "of season_year "),
        _CORRECT,
    ),
    "seasons": (
        "a season_year begins before the earlier one has ended, or without a summer between them",
        _seasons,
        "season_year is the year in which a season begins: 2025 for every game from October 2025 to June 2026. "
        + _CORRECT,
    ),
    "season types": (
        "{games} of two season types",
        _by_source(lambda row: repr(row["season_type"]), "of season_type "),
        _CORRECT,
    ),
    "scheduled twice": (
        "schedule lists {games} more than once",
        _scheduled,
        "Its key is game_id: keep one row of each game, with the home team in home_team_abbr.",
    ),
    "own opponent": ("{games} in which a team is its own opponent", _teams, _CORRECT),
    "opponents": ("{games} between different teams", _by_source(_pair, ""), _CORRECT),
    "one side": (
        f"{tables.TEAM_OFFENSE_GAME_SUMMARY.name} holds one of the two teams of {{games}}",
        _teams,
        "Add the row of the other team and run again.",
    ),
    "teams in game_id": (
        "{games} whose game_id does not end with the two teams",
        _teams,
        "Home and away are read from YYYYMMDD_AWAY_HOME. Correct the ids, or map codes with warehouse.team_codes.",
    ),
    "home team": (
        "schedule names another home team than the game_id of {games}",
        _scheduled,
        "A game_id is YYYYMMDD_AWAY_HOME. " + _CORRECT,
    ),
    "two game_ids": (
        "{games} under two game_ids",
        _two_ids,
        "Two teams meet once on a date: give the game one id in every table, or remove one copy of it.",
    ),
    "a day apart": (
        "{games} that two tables date a day apart under two game_ids",
        _dated_ids,
        "Date every table by the calendar day at which a game is played in US Eastern time.",
    ),
    "two games a day": (
        "{total} times a player has two played games on one date",
        _player,
        "If two people share a player_lookup, give each his own. " + _CORRECT,
    ),
}
ORDER = ("names of season types", "game dates", "date in game_id", "season years", "team codes", *list(SENTENCES)[3:])
