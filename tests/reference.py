"""A second, deliberately plain implementation of the rows, the label and the features: the tests' oracle.

`ReferenceHistory` reads rows of `player_game_summary`, `team_offense_game_summary` and `availability` as dicts, and
tip-offs by game date and team. It returns the kept rows with their label (`dataset_rows`), and the features of one row
before defaults (`raw_features`) and after (`features`). None means that a value is missing.

The package computes the same numbers in SQL, over all rows at once, with window functions. Two implementations that
share neither code nor method seldom share a mistake. So this module imports nothing from the package and uses neither
SQL nor data frames. It follows the definitions in README and docs literally: for one row it collects the games that
were played before the row's date, and counts. Sums and comparisons are exact (`Fraction`; 1.3 is 13/10). A value
becomes a float only when a feature is returned or a square root is taken. Limits on `cv_ratio` are compared with its
square, which is exact. So rounding decides no comparison.

Where the definitions leave room, this module reads them as follows. S is the player's season average of points.

- Only games of the row's own `season_year` count, except for `points_avg_prior_season` and decayed means. So the latest
  breakout, the stint and the windows of a team start anew with each season.
- "Before" compares dates only: of two games on one day, neither is before the other. The order (date, game_id) decides
  only which games are the last n, and where a stint begins.
- A player missed a game if he has no *played* row of its `game_id`: a row with 0 minutes is a missed game.
- A past game before which S was 0 is never a breakout, but counts among the games of `breakout_rate_season`.
- A ratio of sums over a window of team games ignores the games of the window that lack one of the two values.
- A ratio with the denominator 0 is missing, so `cv_ratio` and `explosion_ratio` are missing if S is 0.
- `team_points_missing_last_game` is missing before the team's first game of the season; it is 0 if no regular missed
  the previous game.
- `composite_breakout_signal` and `breakout_risk_score` are never missing.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cache, cached_property, wraps
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

Exact = Fraction | int
Number = Exact | float

DEFAULTS: dict[str, float] = {
    # The ten shared features, in the order of the contract.
    "pts_vs_season_zscore": 0.0,
    "points_std_last_10": 5.0,
    "explosion_ratio": 1.5,
    "days_since_breakout": 30.0,
    "opponent_def_rating": 112.0,
    "home_away": 0.5,
    "back_to_back": 0.0,
    "points_avg_last_5": 10.0,
    "points_avg_season": 12.0,
    "minutes_avg_last_10": 25.0,
    # The experimental features.
    "cv_ratio": 0.4,
    "cold_streak_indicator": 0.0,
    "usage_rate_trend": 0.0,
    "minutes_trend": 0.0,
    "games_since_dnp": 10.0,
    "games_in_last_7_days": 3.0,
    "composite_breakout_signal": 2.0,
    "breakout_risk_score": 50.0,
    "points_avg_last_10": 10.0,
    "minutes_avg_season": 25.0,
    "team_pace": 100.0,
    "opponent_pace": 100.0,
    "minutes_avg_last_3": 25.0,
    "minutes_last_game": 25.0,
    "fg_attempts_avg_last_5": 9.0,
    "points_per_minute_last_10": 0.45,
    "rest_days": 7.0,
    "points_avg_prior_season": 10.0,
    "breakout_rate_season": 0.17,
    "team_points_missing_last_game": 0.0,
    # The form features.
    "points_last_game_ratio": 1.0,
    "minutes_last_game_ratio": 1.0,
    "minutes_last_3_ratio": 1.0,
    "minutes_min_last_10_ratio": 0.6,
    "minutes_std_last_10_ratio": 0.25,
    "fg_attempts_last_3_ratio": 0.75,
    "days_since_last_game": 2.0,
    "points_decayed_short_ratio": 1.0,
    "points_decayed_long_ratio": 1.0,
    "minutes_decayed_short_ratio": 1.0,
    "minutes_decayed_long_ratio": 1.0,
    "fg_attempts_decayed_short_ratio": 0.75,
    "fg_attempts_decayed_long_ratio": 0.75,
    "three_point_share_decayed_long": 0.4,
    "free_throw_rate_decayed_long": 0.2,
    "plus_minus_decayed_long": 0.0,
    # The features of availability.
    "team_points_out": 20.0,
    "team_minutes_out": 45.0,
    "team_points_newly_out": 5.0,
    "team_points_returning": 0.0,
    "opponent_points_out": 20.0,
    "is_questionable": 0.0,
    "is_probable": 0.0,
}

# The weight of each of the player's latest career games, the latest game first.
SHORT_DECAY = [16, 13, *[10] * 2, *[5] * 4, *[1] * 8]
LONG_DECAY = [*[10] * 4, *[8] * 4, *[5] * 8, *[2] * 16]


def exact(value: float | Decimal) -> Exact:
    """Return the exact value of the decimal digits of a number: 34.1 is 341/10.

    A whole number is an int, because sums of ints are many times faster than sums of fractions.
    """
    return int(value) if value == value // 1 else Fraction(str(value))


def whole(value: float | Decimal) -> int:
    """Return a whole number as int; ValueError for a number with a fraction."""
    number = exact(value)
    if number.denominator != 1:
        raise ValueError(f"not a whole number: {value}")
    return int(number)


def exact_or_none(value: float | Decimal | None) -> Exact | None:
    return None if value is None else exact(value)


def total(values: Iterable[Exact]) -> Exact:
    """Return the exact sum; numerators of equal denominators are added as ints first, which is faster."""
    numerators: dict[int, int] = defaultdict(int)
    whole_numbers = 0
    for value in values:
        if isinstance(value, int):
            whole_numbers += value
        else:
            numerators[value.denominator] += value.numerator
    return sum((Fraction(top, bottom) for bottom, top in numerators.items()), whole_numbers)


def mean(values: Iterable[Exact | None]) -> Fraction | None:
    """Return the mean of the values that are not None; None without any."""
    present = [value for value in values if value is not None]
    return Fraction(total(present), len(present)) if present else None


def ratio(top: Exact | None, bottom: Exact | None) -> Fraction | None:
    return None if top is None or bottom is None or bottom == 0 else Fraction(top, bottom)


def difference(left: Fraction | None, right: Fraction | None) -> Fraction | None:
    return None if left is None or right is None else left - right


@cache
def decimal(text: str) -> Fraction:
    return Fraction(text)


def at_least(value: Exact | None, limit: str) -> bool:
    """Return whether a value reaches a limit; a missing value reaches none."""
    return value is not None and value >= decimal(limit)


@dataclass(frozen=True)
class Game:
    """One played game of one player."""

    player: str
    game_id: str
    day: date
    team: str
    points: int
    minutes: Exact
    usage: Exact | None
    shots: Exact | None
    threes: Exact | None = None
    free_throws: Exact | None = None
    margin: Exact | None = None


@dataclass(frozen=True)
class TeamGame:
    """The points, possessions and minutes of one team in one game."""

    game_id: str
    day: date
    points: Exact | None
    possessions: Exact | None
    minutes: Exact


AnyGame = TypeVar("AnyGame", Game, TeamGame)
T = TypeVar("T")


def in_order(games: Iterable[AnyGame]) -> list[AnyGame]:
    return sorted(games, key=lambda game: (game.day, game.game_id))


def over(games: Sequence[AnyGame], before: date) -> list[AnyGame]:
    """Return the games before the date `before`; `games` are sorted by date."""
    return list(games[: bisect_left(games, before, key=lambda game: game.day)])


def sorted_lists(lists: Mapping[tuple[str, int], list[AnyGame]]) -> dict[tuple[str, int], list[AnyGame]]:
    return {key: in_order(games) for key, games in lists.items()}


class ReferenceHistory:
    """All games of the enabled season types, and the settings of target and cutoff."""

    def __init__(
        self,
        players: list[dict[str, Any]],
        teams: list[dict[str, Any]],
        *,
        min_ppg: float = 8.0,
        max_ppg: float = 16.0,
        breakout_multiplier: float = 1.5,
        min_prior_games: int = 5,
        season_types: Sequence[str] = ("regular",),
        reports: Sequence[Mapping[str, Any]] = (),
        tip_offs: Mapping[tuple[date, str], datetime] | None = None,
        cutoff: tuple[str, str, int] = ("17:30", "America/New_York", 0),
    ) -> None:
        self.min_ppg = exact(min_ppg)
        self.max_ppg = exact(max_ppg)
        self.multiplier = exact(breakout_multiplier)
        self.min_prior_games = min_prior_games
        self.season_types = tuple(season_types)
        if self.multiplier <= 1:
            raise ValueError("breakout_multiplier must be > 1")
        self.cutoff = cutoff
        self.tip_offs = tip_offs or {}
        # Values that several rows share, by the arguments of the method that computes them.
        self._judged: dict[tuple[str, int], list[tuple[Game, bool]]] = {}
        self._points_avg: dict[tuple[str, int, date], Fraction] = {}
        self._regulars: dict[tuple[str, int, date], dict[str, Fraction]] = {}
        self._players_of: dict[tuple[str, int, date], dict[str, list[Game]]] = {}
        self._reports_by_cutoff: dict[date, list[Mapping[str, Any]]] = {}
        self._statuses: dict[tuple[date, str, str], str | None] = {}
        self._reports: dict[date, list[Mapping[str, Any]]] = defaultdict(list)
        for report in reports:
            self._reports[report["game_date"]].append(report)
        refuse_duplicates(players, "player_lookup")
        refuse_duplicates(teams, "team_abbr")
        of_player: dict[tuple[str, int], list[Game]] = defaultdict(list)
        self._roster: dict[tuple[str, int], set[str]] = defaultdict(set)
        of_team: dict[tuple[str, int], list[TeamGame]] = defaultdict(list)
        against: dict[tuple[str, int], list[TeamGame]] = defaultdict(list)
        for row in players:
            if self._counts(row) and is_played(row):
                game = player_game(row)
                of_player[game.player, row["season_year"]].append(game)
                self._roster[game.team, row["season_year"]].add(game.player)
        for row in teams:
            if self._counts(row):
                of_team[row["team_abbr"], row["season_year"]].append(team_game(row))
                against[row["opponent_team_abbr"], row["season_year"]].append(team_game(row))
        self._of_player = sorted_lists(of_player)
        self._of_team = sorted_lists(of_team)
        self._against = sorted_lists(against)

    def _counts(self, row: Mapping[str, Any]) -> bool:
        return row.get("season_type", "regular") in self.season_types

    def played(self, player: str, season: int, before: date) -> list[Game]:
        """Return the player's played games of the season before a date, oldest first."""
        return over(self._of_player.get((player, season), []), before)

    def judged(self, player: str, season: int) -> list[tuple[Game, bool]]:
        """Return the player's games of the season with at least `min_prior_games` before them, each with a flag.

        The flag is true for a breakout, which needs a season average above 0 before the game.
        """
        if (player, season) not in self._judged:
            self._judged[player, season] = [
                (game, self._is_breakout(game, earlier))
                for game in self._of_player.get((player, season), [])
                if len(earlier := self.played(player, season, before=game.day)) >= self.min_prior_games
            ]
        return self._judged[player, season]

    def _is_breakout(self, game: Game, earlier: list[Game]) -> bool:
        return total(past.points for past in earlier) > 0 and self.reaches_multiple(game, earlier)

    def career(self, player: str, season: int, before: date) -> list[Game]:
        """Return the player's played games before a date, of the season and the two before it, oldest first."""
        seasons = (season - 2, season - 1, season)
        return in_order(game for one in seasons for game in self.played(player, one, before))

    def points_avg(self, player: str, season: int, before: date) -> Fraction:
        """Return the mean points of the player's games of the season before a date; 0 without any."""
        key = (player, season, before)
        if key not in self._points_avg:
            self._points_avg[key] = mean(game.points for game in self.played(*key)) or Fraction(0)
        return self._points_avg[key]

    def team_games(self, team: str, season: int, before: date) -> list[TeamGame]:
        """Return the team's games of the season before a date, oldest first."""
        return over(self._of_team.get((team, season), []), before)

    def games_against(self, team: str, season: int, before: date) -> list[TeamGame]:
        """Return the games of the team's opponents against it, of the season and before a date, oldest first."""
        return over(self._against.get((team, season), []), before)

    def roster(self, team: str, season: int) -> list[str]:
        """Return all players who play for the team at any time of the season, also after the row's date."""
        return sorted(self._roster.get((team, season), set()))

    def reports_by_cutoff(self, day: date) -> list[Mapping[str, Any]]:
        """Return the statuses that were reported for a game date by its cutoff."""
        if day not in self._reports_by_cutoff:
            self._reports_by_cutoff[day] = self._find_reports(day)
        return self._reports_by_cutoff[day]

    def _find_reports(self, day: date) -> list[Mapping[str, Any]]:
        clock, zone, days_before = self.cutoff
        at = datetime.combine(day - timedelta(days=days_before), time.fromisoformat(clock), ZoneInfo(zone))
        return [report for report in self._reports[day] if report["reported_at"] <= at]

    def status(self, day: date, team: str, player: str) -> str | None:
        """Return the player's latest status for a date and team; None if there is none by the cutoff and tip-off."""
        key = day, team, player
        if key not in self._statuses:
            self._statuses[key] = self._find_status(*key)
        return self._statuses[key]

    def _find_status(self, day: date, team: str, player: str) -> str | None:
        tip_off = self.tip_offs.get((day, team))
        own = [
            (report["reported_at"], report["status"])
            for report in self.reports_by_cutoff(day)
            if (report["team_abbr"], report["player_lookup"]) == (team, player)
            and (tip_off is None or report["reported_at"] < tip_off)
        ]
        return max(own)[1] if own else None

    def players_of(self, team: str, season: int, before: date) -> dict[str, list[Game]]:
        """Return the earlier games of each player of the team with at least `min_prior_games` of them.

        A player belongs to the team of his latest game.
        """
        if (team, season, before) not in self._players_of:
            self._players_of[team, season, before] = self._find_players(team, season, before)
        return self._players_of[team, season, before]

    def _find_players(self, team: str, season: int, before: date) -> dict[str, list[Game]]:
        found = {player: self.played(player, season, before) for player in self.roster(team, season)}
        return {
            player: games
            for player, games in found.items()
            if len(games) >= self.min_prior_games and games[-1].team == team
        }

    def missing_regulars(self, team: str, season: int, before: date) -> dict[str, Fraction]:
        """Return the season average of each regular (see `_is_regular`) who missed the team's previous game."""
        key = (team, season, before)
        if key not in self._regulars:
            last_10 = [game.game_id for game in self.team_games(*key)[-10:]]
            found = {player: self.played(player, season, before) for player in self.roster(team, season)}
            self._regulars[key] = {
                player: self.points_avg(player, season, before)
                for player, games in found.items()
                if self._is_regular(games, team, last_10) and last_10[-1] not in {game.game_id for game in games}
            }
        return self._regulars[key]

    def _is_regular(self, games: list[Game], team: str, last_10: list[str]) -> bool:
        """Return whether a player is a regular of a team, given his earlier games and the ids of its last 10 games.

        A regular has played at least 5 games with a mean of at least 10 points, his latest game was for this team, and
        he has played one of the team's last 10 games.
        """
        if len(games) < 5 or games[-1].team != team:
            return False
        if not any(game.game_id in last_10 for game in games if game.team == team):
            return False
        return at_least(mean(game.points for game in games), "10")

    def dataset_rows(self, start: date, end: date) -> list[dict[str, Any]]:
        """Return the kept rows of the dates `start` to `end`, both inclusive, with their label."""
        kept = []
        for (player, season), games in self._of_player.items():
            for game in games:
                earlier = self.played(player, season, before=game.day)
                if start <= game.day <= end and self._is_kept(earlier):
                    kept.append(
                        {
                            "player_lookup": player,
                            "game_id": game.game_id,
                            "game_date": game.day,
                            "team_abbr": game.team,
                            "is_breakout": int(self.reaches_multiple(game, earlier)),
                        }
                    )
        return sorted(kept, key=lambda row: (row["game_date"], row["game_id"], row["player_lookup"]))

    def _is_kept(self, earlier: list[Game]) -> bool:
        average = mean(game.points for game in earlier)
        if average is None or len(earlier) < self.min_prior_games:
            return False
        return self.min_ppg <= average <= self.max_ppg

    def reaches_multiple(self, game: Game, earlier: list[Game]) -> bool:
        """Return whether the points of a game are at least `multiplier` times the mean of the earlier games."""
        return game.points * len(earlier) >= self.multiplier * total(past.points for past in earlier)

    def raw_features(self, row: Mapping[str, Any]) -> dict[str, float | None]:
        """Return every feature of the row before defaults; None for a missing value."""
        morning = Morning(self, row)
        raw: dict[str, float | None] = {}
        for name in DEFAULTS:
            feature: Callable[[], Number | None] = getattr(morning, name)
            value = feature()
            raw[name] = None if value is None else float(value)
        return raw

    def features(self, row: Mapping[str, Any]) -> dict[str, float]:
        """Return every feature of the row, with defaults in the place of missing values."""
        raw = self.raw_features(row)
        return {name: DEFAULTS[name] if value is None else value for name, value in raw.items()}


def refuse_duplicates(rows: list[dict[str, Any]], who: str) -> None:
    counts = Counter((row["game_id"], row[who]) for row in rows)
    twice = sorted(key for key, count in counts.items() if count > 1)
    if twice:
        raise ValueError(f"the same (game_id, {who}) stands more than once: {twice}")


def is_played(row: Mapping[str, Any]) -> bool:
    return row["minutes_played"] is not None and row["minutes_played"] > 0 and row["points"] is not None


def player_game(row: Mapping[str, Any]) -> Game:
    return Game(
        player=row["player_lookup"],
        game_id=row["game_id"],
        day=row["game_date"],
        team=row["team_abbr"],
        points=whole(row["points"]),
        minutes=exact(row["minutes_played"]),
        usage=exact_or_none(row["usage_rate"]),
        shots=exact_or_none(row["fg_attempts"]),
        threes=exact_or_none(row.get("three_pt_attempts")),
        free_throws=exact_or_none(row.get("ft_attempts")),
        margin=exact_or_none(row.get("plus_minus")),
    )


def team_game(row: Mapping[str, Any]) -> TeamGame:
    return TeamGame(
        game_id=row["game_id"],
        day=row["game_date"],
        points=exact_or_none(row["points_scored"]),
        possessions=exact_or_none(row["possessions"]),
        minutes=240 if row["minutes_total"] is None else exact(row["minutes_total"]),
    )


def pace(games: list[TeamGame]) -> Fraction | None:
    """Return 240 * sum(possessions) / sum(minutes) over the last 10 of these games."""
    pairs = [(game.possessions, game.minutes) for game in games[-10:] if game.possessions is not None]
    return ratio(240 * total(pair[0] for pair in pairs), total(pair[1] for pair in pairs))


def once(method: Callable[[Morning], T]) -> Callable[[Morning], T]:
    """Return a method that computes its value once for each row, because several features of the row use it."""

    @wraps(method)
    def value(morning: Morning) -> T:
        if method.__name__ not in morning.values:
            morning.values[method.__name__] = method(morning)
        found: T = morning.values[method.__name__]
        return found

    return value


class Morning:
    """The facts that were known before one row's date, with one method for each feature; None is a missing value."""

    def __init__(self, history: ReferenceHistory, row: Mapping[str, Any]) -> None:
        self.history = history
        self.row = row
        self.day: date = row["game_date"]
        self.player: str = row["player_lookup"]
        self.team: str = row["team_abbr"]
        self.opponent: str = row["opponent_team_abbr"]
        self.season: int = row["season_year"]
        self.values: dict[str, Any] = {}  # the results of methods that are marked with `once`
        self.games = history.played(self.player, self.season, before=self.day)
        self.team_games = history.team_games(self.team, self.season, before=self.day)

    # The ten shared features.

    @once
    def pts_vs_season_zscore(self) -> float | None:
        above = difference(self.points_avg_last_5(), self.points_avg_season())
        deviation = self.points_std_last_10()
        return None if above is None or deviation is None or deviation == 0 else float(above) / deviation

    @once
    def points_std_last_10(self) -> float | None:
        variance = self._points_variance_last_10()
        return None if variance is None else math.sqrt(variance)

    @once
    def _points_variance_last_10(self) -> Fraction | None:
        points = [game.points for game in self.games[-10:]]
        centre = mean(points)
        if centre is None or len(points) < 2:
            return None
        return ratio(total((value - centre) ** 2 for value in points), len(points) - 1)

    @once
    def explosion_ratio(self) -> Fraction | None:
        recent = [game for game in self.games[-5:] if self.day - timedelta(days=30) <= game.day < self.day]
        best = max((game.points for game in recent), default=None)
        return ratio(best, self.points_avg_season())

    def days_since_breakout(self) -> int | None:
        days = [game.day for game, breakout in self._judged if breakout]
        return (self.day - max(days)).days if days else None

    @cached_property
    def _judged(self) -> list[tuple[Game, bool]]:
        """Return the result of `ReferenceHistory.judged` for the player's games before the row's date."""
        judged = self.history.judged(self.player, self.season)
        return [(game, breakout) for game, breakout in judged if game.day < self.day]

    @once
    def opponent_def_rating(self) -> Fraction | None:
        pairs = [
            (game.points, game.possessions)
            for game in self.history.games_against(self.opponent, self.season, before=self.day)[-15:]
            if game.points is not None and game.possessions is not None
        ]
        return ratio(100 * total(pair[0] for pair in pairs), total(pair[1] for pair in pairs))

    def home_away(self) -> int | None:
        """Return `is_home` of the row if it has this key; otherwise compare the home team in the game_id."""
        if "is_home" in self.row:
            return None if self.row["is_home"] is None else int(bool(self.row["is_home"]))
        return int(self.row["game_id"].split("_")[-1] == self.team)

    def back_to_back(self) -> int:
        return int(any(game.day == self.day - timedelta(days=1) for game in self.team_games))

    @once
    def points_avg_last_5(self) -> Fraction | None:
        return mean(game.points for game in self.games[-5:])

    @once
    def points_avg_season(self) -> Fraction | None:
        return mean(game.points for game in self.games)

    @once
    def minutes_avg_last_10(self) -> Fraction | None:
        return mean(game.minutes for game in self.games[-10:])

    # The experimental features.

    def cv_ratio(self) -> float | None:
        deviation, average = self.points_std_last_10(), self.points_avg_season()
        return None if deviation is None or average is None or average == 0 else deviation / float(average)

    def _cv_ratio_squared(self) -> Fraction | None:
        """Return the square of `cv_ratio`, which is rational, so that a comparison with a limit is exact."""
        average = self.points_avg_season()
        return ratio(self._points_variance_last_10(), None if average is None else average**2)

    def cold_streak_indicator(self) -> int | None:
        last_5, last_10 = self.points_avg_last_5(), self.points_avg_last_10()
        return None if last_5 is None or last_10 is None else int(last_5 < decimal("0.8") * last_10)

    @once
    def _usage_avg_last_10(self) -> Fraction | None:
        return mean(game.usage for game in self.games[-10:])

    @once
    def usage_rate_trend(self) -> Fraction | None:
        return difference(self._usage_avg_last_10(), mean(game.usage for game in self.games))

    def minutes_trend(self) -> Fraction | None:
        return difference(self.minutes_avg_last_10(), self.minutes_avg_season())

    def games_since_dnp(self) -> int | None:
        stint = self._stint()
        if not stint:
            return None
        start = (stint[0].day, stint[0].game_id)
        played = {game.game_id for game in stint}
        since = None
        for game in self.team_games:
            if (game.day, game.game_id) < start:
                continue
            if game.game_id not in played:
                since = 0
            elif since is not None:
                since += 1
        return None if since is None else min(since, 10)

    def _stint(self) -> list[Game]:
        """Return the player's latest consecutive games for the row's team; none if his last game was for another."""
        stint: list[Game] = []
        for game in self.games:
            stint = [*stint, game] if game.team == self.team else []
        return stint

    def games_in_last_7_days(self) -> int | None:
        if not self.games:
            return None
        return sum(self.day - timedelta(days=7) <= game.day < self.day for game in self.games)

    def composite_breakout_signal(self) -> int:
        games_in_week = self.games_in_last_7_days()
        fall = self._recent_change()
        return sum(
            [
                at_least(self._cv_ratio_squared(), "0.36"),  # 0.60 squared
                fall is not None and fall <= decimal("-0.20"),
                at_least(self._usage_avg_last_10(), "18"),
                self.home_away() == 1,
                games_in_week is not None and games_in_week <= 2,
            ]
        )

    def _recent_change(self) -> Fraction | None:
        """Return (L5 - L10) / L10, where L5 and L10 are the mean points of the last 5 and 10 games."""
        last_5, last_10 = self.points_avg_last_5(), self.points_avg_last_10()
        return ratio(difference(last_5, last_10), last_10)

    def breakout_risk_score(self) -> float:
        score = (
            0.15 * self._hot()
            + 0.10 * self._cold()
            + 0.25 * self._volatility()
            + 0.20 * self._defence()
            + 0.15 * self._opportunity()
            + 0.15 * self._history()
        )
        return min(max(score, 0.0), 100.0)

    def _hot(self) -> float:
        z = self.pts_vs_season_zscore()
        z = DEFAULTS["pts_vs_season_zscore"] if z is None else z
        return min(max(100 * (z + 1.5) / 3, 0.0), 100.0)

    def _cold(self) -> int:
        t = self._recent_change()
        if t is None:
            return 50
        if t <= decimal("-0.20"):
            return 100
        if t <= decimal("-0.10"):
            return 75
        return 30 if t >= decimal("0.10") else 50

    def _volatility(self) -> int:
        squared = self._cv_ratio_squared()
        squared = Fraction(exact(DEFAULTS["cv_ratio"])) ** 2 if squared is None else squared
        e = self.explosion_ratio()
        e = Fraction(exact(DEFAULTS["explosion_ratio"])) if e is None else e
        c_steps = [("0.60", 60), ("0.40", 45), ("0.25", 25)]
        c_part = next((points for limit, points in c_steps if squared >= decimal(limit) ** 2), 10)
        e_part = next((points for limit, points in [("1.8", 40), ("1.5", 25)] if e >= decimal(limit)), 10)
        return c_part + e_part

    def _defence(self) -> float:
        r = self.opponent_def_rating()
        r = Fraction(exact(DEFAULTS["opponent_def_rating"])) if r is None else r
        for limit, points in [(116, 90), (113, 70), (110, 50)]:
            if r >= limit:
                return points
        return float(max(Fraction(10), 50 - 4 * (110 - r)))

    def _opportunity(self) -> int:
        u = self.usage_rate_trend()
        u = Fraction(exact(DEFAULTS["usage_rate_trend"])) if u is None else u
        if u >= 3:
            return 80
        if u >= decimal("1.5"):
            return 65
        return 30 if u <= decimal("-1.5") else 50

    def _history(self) -> float:
        average = self.points_avg_season()
        if average is None or len(self.games) < 5:
            return 35
        last = self.games[-10:]
        share = Fraction(sum(game.points >= decimal("1.5") * average for game in last), len(last))
        return 100 if share >= decimal("0.35") else float(10 + 90 * share / decimal("0.35"))

    @once
    def points_avg_last_10(self) -> Fraction | None:
        return mean(game.points for game in self.games[-10:])

    @once
    def minutes_avg_season(self) -> Fraction | None:
        return mean(game.minutes for game in self.games)

    def team_pace(self) -> Fraction | None:
        return pace(self.team_games)

    def opponent_pace(self) -> Fraction | None:
        return pace(self.history.team_games(self.opponent, self.season, before=self.day))

    def minutes_avg_last_3(self) -> Fraction | None:
        return mean(game.minutes for game in self.games[-3:])

    def minutes_last_game(self) -> Fraction | None:
        return mean(game.minutes for game in self.games[-1:])

    def fg_attempts_avg_last_5(self) -> Fraction | None:
        return mean(game.shots for game in self.games[-5:])

    def points_per_minute_last_10(self) -> Fraction | None:
        last = self.games[-10:]
        return ratio(total(game.points for game in last), total(game.minutes for game in last))

    def rest_days(self) -> int | None:
        return min((self.day - self.team_games[-1].day).days, 7) if self.team_games else None

    def points_avg_prior_season(self) -> Fraction | None:
        prior = self.history.played(self.player, self.season - 1, before=self.day)
        return mean(game.points for game in prior)

    def breakout_rate_season(self) -> Fraction | None:
        judged = self._judged
        return Fraction(sum(breakout for _, breakout in judged), len(judged)) if judged else None

    def team_points_missing_last_game(self) -> Exact | None:
        if not self.team_games:
            return None
        missing = self.history.missing_regulars(self.team, self.season, self.day)
        return total(average for player, average in missing.items() if player != self.player)

    # The form features.

    def points_last_game_ratio(self) -> Fraction | None:
        return ratio(mean(game.points for game in self.games[-1:]), self.points_avg_season())

    def minutes_last_game_ratio(self) -> Fraction | None:
        return ratio(self.minutes_last_game(), self.minutes_avg_season())

    def minutes_last_3_ratio(self) -> Fraction | None:
        return ratio(self.minutes_avg_last_3(), self.minutes_avg_season())

    def minutes_min_last_10_ratio(self) -> Fraction | None:
        fewest = min((game.minutes for game in self.games[-10:]), default=None)
        return ratio(fewest, self.minutes_avg_season())

    def minutes_std_last_10_ratio(self) -> float | None:
        minutes = [game.minutes for game in self.games[-10:]]
        centre, average = mean(minutes), self.minutes_avg_season()
        if centre is None or average is None or len(minutes) < 3:
            return None
        return math.sqrt(total((value - centre) ** 2 for value in minutes) / (len(minutes) - 1)) / float(average)

    def fg_attempts_last_3_ratio(self) -> Fraction | None:
        return ratio(mean(game.shots for game in self.games[-3:]), self.points_avg_season())

    def days_since_last_game(self) -> int | None:
        return min((self.day - self.games[-1].day).days, 21) if self.games else None

    @cached_property
    def _latest(self) -> list[Game]:
        """Return the player's career games, the latest first."""
        return self.history.career(self.player, self.season, before=self.day)[::-1]

    def _decayed(self, value: Callable[[Game], Exact | None], weights: list[int]) -> Fraction | None:
        """Return the weighted mean of a value over the player's latest career games, ignoring missing values."""
        known = [(weight, value(game)) for weight, game in zip(weights, self._latest, strict=False)]
        pairs = [(weight, number) for weight, number in known if number is not None]
        return ratio(total(w * number for w, number in pairs), sum(w for w, _ in pairs))

    def _decayed_rate(self, top: Callable[[Game], Exact | None]) -> Fraction | None:
        """Return the ratio of two decayed means, attempts of one kind to field-goal attempts.

        Only games in which both are known count.
        """

        def if_both(game: Game, wanted: Exact | None) -> Exact | None:
            return None if top(game) is None or game.shots is None else wanted

        above = self._decayed(lambda game: if_both(game, top(game)), LONG_DECAY)
        return ratio(above, self._decayed(lambda game: if_both(game, game.shots), LONG_DECAY))

    def points_decayed_short_ratio(self) -> Fraction | None:
        return ratio(self._decayed(lambda game: game.points, SHORT_DECAY), self.points_avg_season())

    def points_decayed_long_ratio(self) -> Fraction | None:
        return ratio(self._decayed(lambda game: game.points, LONG_DECAY), self.points_avg_season())

    def minutes_decayed_short_ratio(self) -> Fraction | None:
        return ratio(self._decayed(lambda game: game.minutes, SHORT_DECAY), self.minutes_avg_season())

    def minutes_decayed_long_ratio(self) -> Fraction | None:
        return ratio(self._decayed(lambda game: game.minutes, LONG_DECAY), self.minutes_avg_season())

    def fg_attempts_decayed_short_ratio(self) -> Fraction | None:
        return ratio(self._decayed(lambda game: game.shots, SHORT_DECAY), self.points_avg_season())

    def fg_attempts_decayed_long_ratio(self) -> Fraction | None:
        return ratio(self._decayed(lambda game: game.shots, LONG_DECAY), self.points_avg_season())

    def three_point_share_decayed_long(self) -> Fraction | None:
        return self._decayed_rate(lambda game: game.threes)

    def free_throw_rate_decayed_long(self) -> Fraction | None:
        return self._decayed_rate(lambda game: game.free_throws)

    def plus_minus_decayed_long(self) -> Fraction | None:
        return self._decayed(lambda game: game.margin, LONG_DECAY)

    # The features of availability.

    def _if_reported(self, value: Callable[[], Exact]) -> Exact | None:
        return value() if self.history.reports_by_cutoff(self.day) else None

    def _players_out(self, team: str) -> dict[str, list[Game]]:
        """Return the earlier games of each player of the team who is out or doubtful, without the row's player."""
        players = self.history.players_of(team, self.season, self.day)
        return {
            player: games
            for player, games in players.items()
            if player != self.player and self.history.status(self.day, team, player) in {"out", "doubtful"}
        }

    @once
    def _team_mates_out(self) -> dict[str, list[Game]]:
        return self._players_out(self.team)

    def _played_previous(self, games: list[Game]) -> bool:
        if not self.team_games:
            return False
        previous = self.team_games[-1].game_id
        return any(game.game_id == previous and game.team == self.team for game in reversed(games))

    def team_points_out(self) -> Exact | None:
        return self._if_reported(lambda: self._points_of(self._team_mates_out()))

    def _points_of(self, players: Iterable[str]) -> Exact:
        return total(self.history.points_avg(player, self.season, self.day) for player in players)

    def team_minutes_out(self) -> Exact | None:
        out = self._team_mates_out()
        return self._if_reported(lambda: total(mean(g.minutes for g in games) or Fraction(0) for games in out.values()))

    def team_points_newly_out(self) -> Exact | None:
        out = self._team_mates_out()
        newly = {player: games for player, games in out.items() if self._played_previous(games)}
        return self._if_reported(lambda: self._points_of(newly))

    def team_points_returning(self) -> Exact | None:
        last_10 = {game.game_id for game in self.team_games[-10:]}
        out = self._team_mates_out()
        returning = {
            player: games
            for player, games in self.history.players_of(self.team, self.season, self.day).items()
            if player != self.player
            and player not in out
            and at_least(self.history.points_avg(player, self.season, self.day), "10")
            and not self._played_previous(games)
            and any(game.game_id in last_10 for game in games if game.team == self.team)
        }
        return self._if_reported(lambda: self._points_of(returning))

    def opponent_points_out(self) -> Exact | None:
        return self._if_reported(lambda: self._points_of(self._players_out(self.opponent)))

    def is_questionable(self) -> Exact | None:
        status = self.history.status(self.day, self.team, self.player)
        return self._if_reported(lambda: int(status in {"questionable", "doubtful"}))

    def is_probable(self) -> Exact | None:
        status = self.history.status(self.day, self.team, self.player)
        return self._if_reported(lambda: int(status == "probable"))
