"""Messages about unknown team codes and season types, with the overrides that map them to known ones."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

from breakout.errors import nearest_name
from breakout.warehouse import tables

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_PLAYERS, _TEAMS, _SCHEDULE = (
    table.name for table in (tables.PLAYER_GAME_SUMMARY, tables.TEAM_OFFENSE_GAME_SUMMARY, tables.SCHEDULE)
)
_MOST_CODES = 8  # a message names at most this many unknown team codes

# _EAST and _WEST are the team codes that the league uses today.
_EAST = ("ATL", "BOS", "BKN", "CHA", "CHI", "CLE", "DET", "IND", "MIA", "MIL", "NYK", "ORL", "PHI", "TOR", "WAS")
_WEST = ("DAL", "DEN", "GSW", "HOU", "LAC", "LAL", "MEM", "MIN", "NOP", "OKC", "PHX", "POR", "SAC", "SAS", "UTA")
LEAGUE_CODES = frozenset((*_EAST, *_WEST))
# These characters must be escaped in the keys of a map in a Hydra override, as in {KEY: VALUE}. White space is escaped
# only at the ends of a key.
_GRAMMAR = r"[\\()\[\]{}:=,]|^\s|\s$"


def describe_season_types(rows: Sequence[dict[str, Any]]) -> str:
    """Return the message about season types that are unknown or missing.

    `rows` are the rows of the kind `names of season types` in the result of `consistency_query`. The message suggests
    the override that maps the unknown types, or the override that gives a type to rows without one.
    """
    by_source: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        by_source[row["source"]].append(row)
    held = "; ".join(
        f"{source} holds " + ", ".join(f"{_type_text(row)} in {_rows(row)}" for row in types)
        for source, types in by_source.items()
        if any(row["season_type"] not in tables.SEASON_TYPES for row in types)
    )
    unknown = sorted({row["season_type"] for row in rows} - {*tables.SEASON_TYPES, None, ""})
    known = ", ".join(tables.SEASON_TYPES)
    remedy = "give the rows without one a type with warehouse.season_type=regular"
    if unknown:
        named = _override("season_types", {name: _likely_type(name) for name in unknown})
        remedy = f"map each with {named} (null leaves the rows of a type out)"
    return f"season_type must be one of {known}, but {held}; {remedy}."


def _type_text(row: dict[str, Any]) -> str:
    return "NULL" if row["season_type"] is None else repr(row["season_type"])


def _rows(row: dict[str, Any]) -> str:
    return f"{row['row_count']:,} row{'' if row['row_count'] == 1 else 's'}"


# For each season type, the words and numbers that public sources (nba_api, ESPN, Basketball-Reference) use. A season
# type in the user's tables matches a word that it contains, or a number that it equals. The first match is used.
# `null` is for games to leave out.
_TYPE_HINTS = (
    ("null", ("pre", "all star", "all-star", "1", "4")),
    ("play_in", ("play in", "play-in", "playin", "5")),
    ("cup_final", ("cup", "tournament", "6")),
    ("playoffs", ("playoff", "post", "final", "3")),
    ("regular", ("reg", "2")),
)


def _likely_type(name: str) -> str:
    """Return the season type that an unknown name probably means; the placeholder TYPE if no type fits.

    For preseason and All-Star games the result is the text `null`, with which warehouse.season_types leaves them out.
    """
    text = name.casefold().replace("_", " ").strip()
    for value, hints in _TYPE_HINTS:
        if any(text == hint if hint.isdigit() else hint in text for hint in hints):
            return value
    return "TYPE"


def describe_team_codes(rows: Sequence[dict[str, Any]]) -> str:
    """Return the message about team codes that the team table lacks, each with the most similar known code, if any.

    `rows` are the rows of the kind `team codes` in the result of `consistency_query`. The sources are examined in this
    order: player table, opponents in the team table, schedule. The message is about the first source that has unknown
    codes. If the team table has no rows of the seasons in which these codes are unknown, the message names the seasons,
    not the codes. For the schedule it always names the codes.
    """
    codes: dict[str, dict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
    known: dict[str, set[int]] = defaultdict(set)
    for row in rows:
        codes[row["source"]][row["team"]].add(row["season_year"])
        # `opponent` is only a flag: NULL if the code in `team` occurs only as an opponent. The team table then has no
        # rows of that team in the season, so the code is not known.
        if row["source"] == _TEAMS and row["opponent"] is not None:
            known[row["team"]].add(row["season_year"])
    for source in (_PLAYERS, _TEAMS, _SCHEDULE):
        unknown = _unknown(codes[source], known, is_any_season=source == _SCHEDULE)
        if unknown:
            break
    seasons = set().union(*unknown.values())
    if source != _SCHEDULE and seasons.isdisjoint(set().union(*known.values())):
        return (
            f"{_TEAMS} has no rows of season_year {_listed(seasons)}, but {source} has; both must hold the same "
            f"seasons: add the rows to {_TEAMS}, or leave them out of {source}."
        )
    unused = [code for code in known if code not in codes[source]]
    nearest = {code: _nearest(code, unused) or _nearest(code, list(known)) for code in unknown}
    counts: Counter[str] = Counter()
    for row in rows:
        counts[row["team"]] += row["row_count"] if row["source"] == source else 0
    years = "" if source == _SCHEDULE else f" in season_year {_listed(seasons)}"
    pairs = dict(_pair_to_map(code, near) for code, near in nearest.items() if near)
    remedy = f"correct the codes, or map them with {_override('team_codes', pairs)}; " if pairs else ""
    return (
        f"{source} names teams that {_TEAMS} has no row of{years}: {_list_codes(nearest, counts)}; {remedy}"
        "leave out games of teams that are not in the league (preseason, All-Star), for example with "
        "warehouse.season_types={TYPE: null}."
    )


def _listed(seasons: Iterable[int]) -> str:
    return ", ".join(map(str, sorted(seasons)))


def _list_codes(nearest: Mapping[str, str | None], counts: Mapping[str, int]) -> str:
    shown = [
        f"{code!r} ({counts[code]:,} rows{f', nearest {near!r}' if near else ''})"
        for code, near in list(nearest.items())[:_MOST_CODES]
    ]
    more = f" and {len(nearest) - len(shown)} more" if len(nearest) > len(shown) else ""
    return ", ".join(shown) + more


def _pair_to_map(code: str, near: str) -> tuple[str, str]:
    """Return the code that warehouse.team_codes should replace, and its replacement.

    Usually the known code `near` replaces the unknown `code`. If the league uses `code` today and does not use `near`,
    `code` replaces `near`.
    """
    return (near, code) if code in LEAGUE_CODES and near not in LEAGUE_CODES else (code, near)


def _override(key: str, pairs: Mapping[str, str]) -> str:
    """Return an override for the shell, such as `'warehouse.team_codes={PHO: PHX}'`, with keys escaped for Hydra."""
    escaped = [(re.sub(_GRAMMAR, r"\\\g<0>", name), value) for name, value in pairs.items()]
    listed = ", ".join(f"{name}: {value}" for name, value in escaped)
    return f"'warehouse.{key}={{{listed}}}'"


def _unknown(codes: dict[str, set[int]], known: dict[str, set[int]], *, is_any_season: bool) -> dict[str, set[int]]:
    """Return the codes that are missing in `known`, each with the seasons in which it is missing.

    `codes` and `known` map codes to seasons. If `is_any_season` is true, a code that `known` has in one season counts
    as known in all seasons.
    """
    missing = {}
    for code, seasons in sorted(codes.items()):
        lacked = set() if is_any_season and code in known else seasons - known.get(code, set())
        if lacked:
            missing[code] = lacked
    return missing


def _nearest(code: str, candidates: Sequence[str]) -> str | None:
    """Return the candidate that is most similar to a code, but not equal to it; None if none is similar."""
    plain = code.strip().upper()
    same = [name for name in candidates if name.strip().upper() == plain and name != code]
    upper = {name.strip().upper(): name for name in candidates if name != code}
    near = nearest_name(plain, upper, cutoff=0.5)
    return same[0] if same else upper[near] if near else None
