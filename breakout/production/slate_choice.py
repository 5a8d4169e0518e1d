"""The user's choices for a slate (the ranked players of one day's games): its day, and the players to leave out."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pandas as pd

from breakout.box_scores.names import player_lookup
from breakout.errors import ConfigurationError, nearest_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from breakout.production.slate import Slate
    from breakout.warehouse.base import Warehouse

EASTERN = ZoneInfo("America/New_York")  # game dates are dates of the US East
DAYS_AHEAD = {"today": 0, "tomorrow": 1}
EXCLUDED = "excluded"


def resolve_day(given: str, now: datetime | None = None) -> date:
    """Return the date of `today` or `tomorrow` in US Eastern time, or the date of an ISO text such as 2026-02-06.

    `now` replaces the present time unless it is None. ConfigurationError if `given` is no date.
    """
    if given in DAYS_AHEAD:
        return (now or datetime.now(EASTERN)).astimezone(EASTERN).date() + timedelta(days=DAYS_AHEAD[given])
    try:
        return date.fromisoformat(given)
    except ValueError:
        raise ConfigurationError(f"date={given} is in no calendar; give a date such as 2026-02-06.") from None


def exclude_players(slate: Slate, names: Sequence[str], warehouse: Warehouse) -> Slate:
    """Return the slate with the named players moved from `ranked` to `skipped`, with the reason `excluded`.

    A name is a player_lookup (a key such as lebronjames) or a full name. The name of a player who is not on the slate
    is ignored if he has a game in the warehouse in the 400 days before the slate's day. ConfigurationError for any
    other name. DataError if the warehouse cannot be read.
    """
    wanted = {player_lookup(name): name for name in names}
    here = [*slate.ranked["player_lookup"], *slate.skipped["player_lookup"]]
    full = [*slate.ranked["player_full_name"], *slate.skipped["player_full_name"]]
    by_name = {player_lookup(str(name)): lookup for name, lookup in zip(full, here, strict=True)}
    # The key of a name without Latin letters or digits is an empty string, which identifies nobody.
    by_name.pop("", None)
    found: dict[str, str | None] = {}
    absent = wanted.keys() - set(here) - by_name.keys()
    if absent:
        # The import is here because it loads the whole package `breakout.market`, which few slates need.
        from breakout.market.matching import read_known_names

        known = read_known_names(warehouse, slate.day, slate.day)
        found = {key: known.find(key, wanted[key]) for key in absent}
        unknown = {key: wanted[key] for key, lookup in found.items() if lookup is None}
        _refuse_unknown(unknown, [*here, *known.full_names])
    chosen = {by_name.get(key) or found.get(key) or key for key in wanted}
    is_excluded = slate.ranked["player_lookup"].isin(chosen)
    moved = slate.ranked[is_excluded].reindex(columns=slate.skipped.columns).assign(reason=EXCLUDED)
    parts = [part for part in (slate.skipped, moved) if len(part)]
    skipped = pd.concat(parts, ignore_index=True) if parts else slate.skipped
    return replace(slate, ranked=slate.ranked[~is_excluded].reset_index(drop=True), skipped=skipped)


def _refuse_unknown(unknown: dict[str, str], known: Sequence[str]) -> None:
    """Raise ConfigurationError if `unknown` is not empty; the message suggests similar names from the list `known`.

    `unknown` maps the player_lookup (the key) of each unknown player to the name that the user typed.
    """
    if unknown:
        guesses = [(unknown[key], nearest_name(key, known)) for key in sorted(unknown)]
        described = ", ".join(f"{name} (did you mean {guess}?)" if guess else name for name, guess in guesses)
        raise ConfigurationError(
            f"exclude names players whom the warehouse does not know: {described}; "
            "give a player_lookup such as lebronjames, or a full name in quotes."
        )
