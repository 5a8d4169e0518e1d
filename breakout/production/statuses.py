"""The statuses of players (such as out or doubtful) for one game date, from injury reports up to a configured time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pandas as pd

from breakout.features.config import cutoff_instant
from breakout.features.query import get_status_query
from breakout.warehouse.tables import AVAILABILITY

if TYPE_CHECKING:
    from breakout.dataset import Dataset
    from breakout.features.config import BreakoutFeatureConfig
    from breakout.settings import AvailabilityConfig
    from breakout.warehouse.base import Warehouse

UNKNOWN = "unknown"
NOT_LISTED = "not_listed"
STATUS_COLUMNS = ("game_date", "team_abbr", "player_lookup", "player_full_name", "status", "reason", "reported_at")
_ABSENT = ("out", "doubtful")
_OPTIONAL = ("player_full_name", "reason")


@dataclass(frozen=True)
class ReportedStatuses:
    """The latest status (such as out or doubtful) of each player who was reported for one game date.

    - `players`: one row for each player and team, with STATUS_COLUMNS. `reported_at` is in UTC. `player_full_name`
      holds the player_lookup if the reports have no name.
    - `is_available`: whether the warehouse has injury reports.
    - `cutoff`: the instant after which reports are not used.
    - `cutoff_text`: the time of day of the cutoff, such as `17:00`. The date follows if it is not the game date, as in
      `17:00 on 2026-02-05`.
    """

    players: pd.DataFrame
    is_available: bool
    cutoff: datetime
    cutoff_text: str

    @property
    def known_at(self) -> datetime | None:
        """The time in UTC of the newest injury report for the game date; None if nothing was reported."""
        return self.players["reported_at"].max().to_pydatetime() if len(self.players) else None

    def of_rows(self, rows: Dataset) -> list[str]:
        """Return for each row the status (such as out or doubtful) that was reported for the row's player and team.

        A player who is not in the injury reports is NOT_LISTED. All players are UNKNOWN if nothing was reported.
        """
        if not len(self.players):
            return [UNKNOWN] * len(rows)
        listed = self.players.set_index(["team_abbr", "player_lookup"])["status"].to_dict()
        keys = zip(rows.context["team_abbr"], rows.keys["player_lookup"], strict=True)
        return [listed.get(key, NOT_LISTED) for key in keys]

    def absent_players(self) -> dict[str, str]:
        """Return the players who are out or doubtful, by team.

        For example, `{"HOU": "Jalen Green, Fred VanVleet (doubtful)"}`. A team without such players is left out.
        """
        absent = self.players[self.players["status"].isin(_ABSENT)]
        marked = absent["player_full_name"] + absent["status"].map({"out": "", "doubtful": " (doubtful)"})
        return {str(team): ", ".join(names) for team, names in marked.groupby(absent["team_abbr"])}


def known_by(availability: AvailabilityConfig, day: date, now: datetime) -> AvailabilityConfig:
    """Return the cutoff settings for predictions that are made at `now`.

    The cutoff is the time up to which injury reports are used. If the cutoff for `day` is later than `now`, the result
    has `now` as its cutoff, rounded down to the minute.
    """
    if now >= cutoff_instant(availability, day):
        return availability
    local = now.astimezone(ZoneInfo(availability.timezone))
    return replace(availability, cutoff=f"{local:%H:%M}", days_before=(day - local.date()).days)


def read_statuses(warehouse: Warehouse, features: BreakoutFeatureConfig, day: date) -> ReportedStatuses:
    """Return the statuses (such as out or doubtful) in the injury reports for a day.

    Only reports up to the cutoff time in `features` are read. The result is empty if nothing was reported, or if there
    is no table of injury reports. DataError if the reports are damaged.
    """
    availability = features.availability
    cutoff = cutoff_instant(availability, day)
    text = availability.cutoff + (f" on {cutoff:%Y-%m-%d}" if availability.days_before else "")
    is_available = warehouse.has_availability()
    none = pd.DataFrame(columns=list(STATUS_COLUMNS), dtype="str")
    players = _read_players(warehouse, features, day) if is_available else none
    return ReportedStatuses(players, is_available, cutoff.astimezone(UTC), text)


def _read_players(warehouse: Warehouse, features: BreakoutFeatureConfig, day: date) -> pd.DataFrame:
    warehouse.check_availability(day, day)
    present = warehouse.columns(AVAILABILITY.name)
    named = [*(column for column in _OPTIONAL if column in present), "reported_at"]
    answer = warehouse.query(get_status_query(warehouse.sources, named), features.parameters(day, day, day))
    players: pd.DataFrame = answer.to_pandas().reindex(columns=list(STATUS_COLUMNS))
    return players.assign(
        player_full_name=players["player_full_name"].fillna(players["player_lookup"]),
        reported_at=pd.to_datetime(players["reported_at"], utc=True),
    )
