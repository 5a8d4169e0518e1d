"""Messages about contradictions between source rows: which rows, where, and the remedy."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from breakout.errors import nearest_name
from breakout.warehouse import tables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

PLAYERS, TEAMS, SCHEDULE = (
    table.name for table in (tables.PLAYER_GAME_SUMMARY, tables.TEAM_OFFENSE_GAME_SUMMARY, tables.SCHEDULE)
)
CHECKED_ACROSS_TABLES = (
    "season types, game dates, dates and teams in game_id, season years, ends of seasons, team codes, opponents, both "
    "sides of each game, home teams, games and schedule rows listed twice, players with two games on a date"
)
EXAMPLES = 3  # how many games a message names
_MOST_CODES = 8  # how many team codes a message names

# The codes that the league uses today.
_EAST = ("ATL", "BOS", "BKN", "CHA", "CHI", "CLE", "DET", "IND", "MIA", "MIL", "NYK", "ORL", "PHI", "TOR", "WAS")
_WEST = ("DAL", "DEN", "GSW", "HOU", "LAC", "LAL", "MEM", "MIN", "NOP", "OKC", "PHX", "POR", "SAC", "SAS", "UTA")
LEAGUE_CODES = frozenset((*_EAST, *_WEST))
# Characters that Hydra's grammar does not take literally in a map key: white space only at the ends of the key.
_GRAMMAR = r"[\\()\[\]{}:=,]|^\s|\s$"

Row = dict[str, Any]
Example = list[Row]


@dataclass(frozen=True)
class Inconsistency:
    """A kind of contradiction between source rows, its message, and the examples that the message names.

    Each example is a game_id with the part of the message about it.
    """

    kind: str
    message: str
    examples: tuple[tuple[str, str], ...] = ()


def describe_rows(rows: Sequence[Row]) -> list[Inconsistency]:
    """Return one inconsistency for each kind among the rows of the consistency query, sorted as in ORDER."""
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


def describe_season_types(rows: Iterable[Row]) -> str:
    """Return the message about season types that the program does not know, with the override that maps them."""
    by_source: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_source[row["source"]].append(row)
    held = "; ".join(
        f"{source} holds " + ", ".join(f"{_type_text(row)} in {_rows(row)}" for row in types)
        for source, types in by_source.items()
        if any(row["season_type"] not in tables.SEASON_TYPES for row in types)
    )
    unknown = sorted(
        {row["season_type"] for types in by_source.values() for row in types} - {*tables.SEASON_TYPES, None, ""}
    )
    known = ", ".join(tables.SEASON_TYPES)
    remedy = "give the rows without one a type with warehouse.season_type=regular"
    if unknown:
        named = _override("season_types", {name: _likely_type(name) for name in unknown})
        remedy = f"map each with {named} (null leaves the rows of a type out)"
    return f"season_type must be one of {known}, but {held}; {remedy}."


def _type_text(row: Row) -> str:
    return "NULL" if row["season_type"] is None else repr(row["season_type"])


def _rows(row: Row) -> str:
    return f"{row['row_count']:,} row{'' if row['row_count'] == 1 else 's'}"


# Words and numbers of public sources (nba_api, ESPN, Basketball-Reference) by season type; the first match counts.
_TYPE_HINTS = (
    ("null", ("pre", "all star", "all-star", "1", "4")),
    ("play_in", ("play in", "play-in", "playin", "5")),
    ("cup_final", ("cup", "tournament", "6")),
    ("playoffs", ("playoff", "post", "final", "3")),
    ("regular", ("reg", "2")),
)


def _likely_type(name: str) -> str:
    """Return the season type that a name probably means; the placeholder TYPE if that is not clear."""
    text = name.casefold().replace("_", " ").strip()
    for value, hints in _TYPE_HINTS:
        if any(text == hint if hint.isdigit() else hint in text for hint in hints):
            return value
    return "TYPE"


def describe_team_codes(rows: Iterable[Row]) -> str:
    """Return the message about team codes that the team table lacks, each with its most similar code.

    If the team table lacks every team of a season, the message is about the season instead.
    """
    codes: dict[str, dict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
    known: dict[str, set[int]] = defaultdict(set)
    seen: dict[tuple[str, str], int] = defaultdict(int)
    for row in rows:
        codes[row["source"]][row["team"]].add(row["season_year"])
        if row["source"] == TEAMS and row["opponent"] is not None:  # a team's own row, not its opponent's
            known[row["team"]].add(row["season_year"])
        seen[row["source"], row["team"]] += row["row_count"]
    for source in (PLAYERS, TEAMS, SCHEDULE):
        seasons = _unknown(codes[source], known, is_any_season=source == SCHEDULE)
        if seasons:
            break
    counted = {code: seen[source, code] for code in seasons}
    absent = sorted(set().union(*seasons.values()) - set().union(*known.values()))
    if absent and source != SCHEDULE and all(set(missing) <= set(absent) for missing in seasons.values()):
        named = ", ".join(map(str, absent))
        return (
            f"{TEAMS} has no rows of season_year {named}, but {source} has; both must hold the same seasons: add the "
            f"rows to {TEAMS}, or leave them out of {source}."
        )
    unused = [code for code in known if code not in codes[source]]
    nearest = {code: _nearest(code, unused) or _nearest(code, list(known)) for code in seasons}
    shown = list(seasons)[:_MOST_CODES]
    named = ", ".join(
        f"{code!r} ({counted[code]:,} rows{f', nearest {nearest[code]!r}' if nearest[code] else ''})" for code in shown
    )
    more = f" and {len(seasons) - len(shown)} more" if len(seasons) > len(shown) else ""
    pairs = dict(_pair_to_map(code, near) for code, near in nearest.items() if near)
    remedy = f"correct the codes, or map them with {_override('team_codes', pairs)}; " if pairs else ""
    years = (
        "" if source == SCHEDULE else f" in season_year {', '.join(map(str, sorted(set().union(*seasons.values()))))}"
    )
    return (
        f"{source} names teams that {TEAMS} has no row of{years}: {named}{more}; {remedy}"
        "leave out games of teams that are not in the league (preseason, All-Star), for example with "
        "warehouse.season_types={TYPE: null}."
    )


def _pair_to_map(code: str, near: str) -> tuple[str, str]:
    """Return the code to replace and its replacement, as the remedy with `team_codes` names them.

    `code` is in a source table and `near` in the team table. `near` replaces `code`; but if only `code` is a code that
    the league uses today, `code` replaces `near`.
    """
    return (near, code) if code in LEAGUE_CODES and near not in LEAGUE_CODES else (code, near)


def _override(key: str, pairs: Mapping[str, str]) -> str:
    """Return the override that sets a map, escaped for Hydra and quoted for the shell."""
    escaped = [(re.sub(_GRAMMAR, r"\\\g<0>", name), value) for name, value in pairs.items()]
    listed = ", ".join(f"{name}: {value}" for name, value in escaped)
    return f"'warehouse.{key}={{{listed}}}'"


def _unknown(codes: dict[str, set[int]], known: dict[str, set[int]], *, is_any_season: bool) -> dict[str, set[int]]:
    """Return the codes that `known` lacks, each with the seasons in which it lacks them.

    With `is_any_season`, a code that `known` has in some season counts as known in all.
    """
    missing = {}
    for code, seasons in sorted(codes.items()):
        lacked = set() if is_any_season and code in known else seasons - known.get(code, set())
        if lacked:
            missing[code] = lacked
    return missing


def _nearest(code: str, candidates: Sequence[str]) -> str | None:
    """Return the candidate that is probably the same code in another spelling; None if none is similar."""
    plain = code.strip().upper()
    same = [name for name in candidates if name.strip().upper() == plain and name != code]
    upper = {name.strip().upper(): name for name in candidates if name != code}
    near = nearest_name(plain, upper, cutoff=0.5)
    return same[0] if same else upper[near] if near else None


def _by_source(value: Callable[[Row], str], joint: str) -> Callable[[Example], str]:
    """Return a function that describes the `value` of a game in each table, as in `GAME is JOINT 1 in A and 2 in B`."""

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
    """Describe the date on which one season ends and the date on which the next begins, with a game of each."""
    held: dict[int, Row] = {}
    for row in example:
        held.setdefault(row["season_year"], row)
    (ended, last), (begun, first) = sorted(held.items())
    return (
        f"{ended} ends on {last['game_date']} ({last['game_id']} in {last['source']}) and {begun} begins on "
        f"{first['game_date']} ({first['game_id']} in {first['source']})"
    )


def _scheduled(example: Example) -> str:
    rows = [row for row in example if row["source"] == SCHEDULE]
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
        f"{TEAMS} holds one of the two teams of {{games}}",
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
