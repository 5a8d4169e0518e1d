"""The matching of bookmakers' quotes (offers of prices) with the players and games of the warehouse."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pandas as pd

from breakout.box_scores.names import player_lookup
from breakout.errors import DataError, nearest_name
from breakout.features.config import cutoff_instant
from breakout.market.lines import PLAYER_DATE, PLAYER_GAME, MatchedLines, match_lines
from breakout.safe_text import printable
from breakout.warehouse.tables import PLAYER_GAME_SUMMARY
from breakout.warehouse.tip_offs import read_tip_offs

if TYPE_CHECKING:
    from breakout.market.odds import Margin
    from breakout.settings import AvailabilityConfig
    from breakout.warehouse.base import Warehouse

EASTERN = ZoneInfo("America/New_York")
# The time (US Eastern) by which the box scores of the day before are complete. A game that tips off at 22:30 ends at
# about 01:00.
MORNING = time(5)
# The time (US Eastern) before which no game begins. If the tip-off is unknown, quotes are used if they were made before
# this time, and closing quotes if they were made before the end of the game date.
EARLIEST_TIP_OFF = time(12)
# Names are searched in the box scores of the predicted dates and of this period before the first predicted date.
KNOWN_FOR = timedelta(days=400)
QUOTE = ["game_date", "player_lookup", "line", "book", "quoted_at", "is_closing"]
# Quotes are refused if they name at least _FEWEST pairs of player and date, and more than the fraction _MOST of these
# players did not play. The dates are then probably of another time zone, because a quoted player seldom misses a game.
_MOST, _FEWEST = 0.5, 10
_EXAMPLES = 3


@dataclass(frozen=True)
class KnownNames:
    """The players of the warehouse by name.

    - `full_names`: maps each player_lookup (the key of a player) to the full name; an empty string if unknown.
    - `by_full_name`: maps each full name, folded like `lukadoncic`, to the player_lookup; an empty string if several
      players have the name.
    """

    full_names: dict[str, str]
    by_full_name: dict[str, str]

    @classmethod
    def of(cls, full_names: dict[str, str]) -> KnownNames:
        """Build the names from a mapping of player_lookup to full name; an unknown full name is an empty string."""
        folded: dict[str, str] = {}
        for lookup, name in full_names.items():
            key = player_lookup(name)
            if key:  # a name without Latin letters or digits folds to an empty string, which identifies nobody
                folded[key] = "" if key in folded else lookup
        return cls(full_names, folded)

    def find(self, lookup: str, full_name: str) -> str | None:
        """Return the player_lookup (key) of the player whom a quote names; None if no player, or several, match.

        `lookup` and `full_name` are the names in the quote; one of them may be empty. A `lookup` that is a known key is
        returned as given. Otherwise both names are compared with the known names; only letters and digits are compared,
        without case and accents.
        """
        if lookup in self.full_names:
            return lookup
        for name in filter(None, (lookup, full_name)):
            folded = player_lookup(name)
            found = self.by_full_name.get(folded)
            if found is None and folded in self.full_names:
                found = folded
            if found:
                return found
        return None

    def full_name(self, lookup: str) -> str:
        """Return the full name of the player with the key `lookup`, or `lookup` itself if the full name is unknown."""
        return self.full_names.get(lookup) or lookup


def information_time(day: date, availability: AvailabilityConfig | None) -> datetime:
    """Return the time (UTC) up to which a prediction for games on `day` may use information.

    The time is 05:00 US Eastern of `day`, when the games of the day before are over, or the cutoff of injury reports if
    that is later. `availability` is None if the features read no injury reports.
    """
    morning = datetime.combine(day, MORNING, EASTERN)
    if availability is None:
        return morning.astimezone(UTC)
    return max(morning, cutoff_instant(availability, day)).astimezone(UTC)


def information_times(days: pd.Series, availability: AvailabilityConfig | None) -> pd.Series:
    """Return the result of `information_time` for each game date, with the index of `days`."""
    times = {day: information_time(day, availability) for day in days.unique()}
    return pd.to_datetime(days.map(times), utc=True)


def match_prices(prices: pd.DataFrame, margin: Margin, warehouse: Warehouse, predictions: pd.DataFrame) -> MatchedLines:
    """Join each quote with the prediction for its player and game date, and count the unused quotes.

    A quote is one offer of prices for a betting line. Names, points and tip-offs are read from the warehouse. A player
    with predictions for two games on a date is not matched, because a quote does not name the game.

    - `prices`: a result of `read_prices`; quotes outside the dates of the predictions are ignored and not counted.
    - `margin`: the method that removes the bookmaker's margin.
    - `predictions`: at least one row, with the columns game_date, game_id, player_lookup, ladder (P(points >= k) for k
      = 1, 2, ...) and known_at (UTC, the time of the newest information behind the prediction).

    DataError if the warehouse cannot be read, if a quote occurs under two names of one player, or if most quoted
    players did not play on the date of their quote.
    """
    start, end = predictions["game_date"].min(), predictions["game_date"].max()
    known = read_known_names(warehouse, start, end)
    quotes, unknown = name_players(prices[prices["game_date"].between(start, end)].reset_index(drop=True), known)
    played = read_points(warehouse, start, end)
    absent = find_absent(quotes, played)
    tip_offs = read_tip_offs(warehouse, start, end)
    # The merge uses the date too, because a bet on a game that was moved to another date is void.
    rows = predictions.drop_duplicates(PLAYER_DATE, keep=False).merge(played, how="left", on=PLAYER_GAME)
    begins = [tip_offs.get(game) for game in rows["game_id"]]
    noons = [datetime.combine(day, EARLIEST_TIP_OFF, EASTERN) for day in rows["game_date"]]
    ends = [datetime.combine(day + timedelta(days=1), time(), EASTERN) for day in rows["game_date"]]
    rows = rows.assign(
        player_full_name=[known.full_name(lookup) for lookup in rows["player_lookup"]],
        tip_off=pd.to_datetime([one or noon for one, noon in zip(begins, noons, strict=True)], utc=True),
        closing_by=pd.to_datetime([one or last for one, last in zip(begins, ends, strict=True)], utc=True),
        is_tip_off_known=[one is not None for one in begins],
    )
    return match_lines(quotes, rows, absent, margin, unknown)


def name_players(quotes: pd.DataFrame, known: KnownNames) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return the quotes with the warehouse's player_lookup (None for an unknown name), and texts about unknown names.

    The column player_full_name is removed. The texts are sorted; each has a hint if possible, such as a similar known
    name. DataError if a quote occurs under two names of one player.
    """
    pairs = list(quotes[["player_lookup", "player_full_name"]].fillna("").itertuples(index=False, name=None))
    found = {pair: known.find(*pair) for pair in dict.fromkeys(pairs)}
    lookups = pd.Series([found[pair] for pair in pairs], index=quotes.index, dtype="object")
    named = quotes.assign(player_lookup=lookups)
    twice = named[lookups.notna() & named.duplicated(QUOTE, keep=False)]
    if len(twice):
        names = ", ".join(sorted({*twice["player_full_name"].dropna(), *twice["player_lookup"]})[:_EXAMPLES])
        raise DataError(
            f"prices: {len(twice)} rows are the same quote of a player under several names ({names}); keep one of each."
        )
    unknown = sorted(_describe(pair[0], pair[1], known) for pair, lookup in found.items() if lookup is None)
    return named.drop(columns="player_full_name"), tuple(unknown)


def _describe(lookup: str, full_name: str, known: KnownNames) -> str:
    name = printable(full_name or lookup)
    same = known.by_full_name.get(player_lookup(full_name)) == ""
    near = None if same else nearest_name(player_lookup(full_name or lookup), known.full_names)
    return name + (" (several players have this name)" if same else f" (did you mean {near}?)" if near else "")


def read_known_names(warehouse: Warehouse, start: date, end: date) -> KnownNames:
    """Return the players with a box score between `start` minus KNOWN_FOR and `end`, both inclusive.

    DataError if the warehouse cannot be read.
    """
    sql = f"""SELECT player_lookup, MAX(player_full_name) AS player_full_name
FROM {warehouse.sources.reference(PLAYER_GAME_SUMMARY)}
WHERE game_date BETWEEN @start AND @end
GROUP BY player_lookup
ORDER BY player_lookup"""  # noqa: S608 - the table's name is checked, dates are parameters
    rows = warehouse.query(sql, {"start": start - KNOWN_FOR, "end": end}).to_pylist()
    return KnownNames.of({str(row["player_lookup"]): str(row["player_full_name"] or "") for row in rows})


def read_points(warehouse: Warehouse, start: date, end: date) -> pd.DataFrame:
    """Return game_date, game_id, player_lookup and points of all who played from `start` to `end`, both inclusive.

    Rows with 0 minutes or without a number of points are left out. DataError if the warehouse cannot be read.
    """
    sql = f"""SELECT game_date, game_id, player_lookup, CAST(points AS FLOAT64) AS points
FROM {warehouse.sources.reference(PLAYER_GAME_SUMMARY)}
WHERE game_date BETWEEN @start AND @end AND minutes_played > 0 AND points IS NOT NULL"""  # noqa: S608 - as above
    points: pd.DataFrame = warehouse.query(sql, {"start": start, "end": end}).to_pandas()
    return points


def find_absent(quotes: pd.DataFrame, played: pd.DataFrame) -> pd.DataFrame:
    """Return game_date and player_lookup of the quoted players who did not play on the date of their quote.

    `played` has a row for each player who played in a game. Unknown names, and dates without games in `played`, are
    ignored.

    DataError if ten or more pairs of player and date are checked and more than half of these players did not play,
    because the dates are then wrong.
    """
    players = quotes.loc[quotes["player_lookup"].notna(), PLAYER_DATE].drop_duplicates()
    due = players[players["game_date"].isin(set(played["game_date"]))]
    marked = due.merge(played[PLAYER_DATE].drop_duplicates(), on=PLAYER_DATE, how="left", indicator=True)
    absent = marked.loc[marked["_merge"] == "left_only", PLAYER_DATE]
    if len(due) >= _FEWEST and len(absent) > _MOST * len(due):
        example = absent.iloc[0]
        raise DataError(
            f"prices: {len(absent)} of {len(due)} quoted players did not play on the date of their quote, for example "
            f"{example['player_lookup']} on {example['game_date']}; game_date must be the day of the game in US "
            "Eastern time."
        )
    return absent
