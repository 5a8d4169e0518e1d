"""The age of the source tables: by how many hours games, schedule and injury reports are out of date."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from breakout.errors import DataError
from breakout.ledger.entries import INSTANT, end_of_day
from breakout.ledger.grading import read_scheduled
from breakout.warehouse.tables import AVAILABILITY

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    from breakout.warehouse.base import Warehouse

# The schedule is read for this many days before and after the examined day, and so includes the neighbouring seasons.
SEARCHED = timedelta(days=400)
# Injury reports are read for the game dates from this many days before the examined day to one day after it.
REPORTED = timedelta(days=7)


class StaleSourcesError(DataError):
    """The error that games, schedule or injury reports are out of date by more than `daily.max_age_hours`."""


@dataclass(frozen=True)
class Freshness:
    """The state of one source: games, schedule or injury reports.

    - `newest`: a text about the newest date or time in the source, such as `to 2024-01-05`.
    - `lag_hours`: by how many hours the source is out of date.
    """

    source: str
    newest: str
    lag_hours: float


def measure_freshness(warehouse: Warehouse, day: date, now: datetime, timezone: str) -> tuple[Freshness, ...]:
    """Return by how many hours each source is out of date for predictions of `day` at the instant `now`.

    The hours are counted from the end of a date to `now`, or to the end of `day` if that is earlier. The date is
    - games: the first scheduled game date after the newest game and before `day`; 0 hours if there is no such date.
    - schedule: the date of the last scheduled game; 0 hours if that is `day` or later.
    - injury reports: the date on which the newest report was made. Only reports made up to `now` and up to the end of
      `day`, for game dates from 7 days before `day` to one day after it, are used. If there are none, the date 7 days
      before `day`.

    Dates are in the time zone `timezone`. Injury reports are left out if the warehouse has no table of injury reports.

    DataError if there is no schedule, if it has no game within 400 days of `day`, if the warehouse has no games, or if
    the injury reports are damaged.
    """
    if not warehouse.has_schedule():
        raise DataError("predictions need to know who plays whom; give the schedule with warehouse.schedule=PATH.")
    newest = warehouse.latest_game_date()
    dates = sorted(set(read_scheduled(warehouse, day - SEARCHED, day + SEARCHED).values()))
    if not dates:
        raise DataError(
            f"the schedule has no game within {SEARCHED.days} days of {day}; bring warehouse.schedule up to date."
        )
    until = min(now, end_of_day(day, timezone))
    # Only dates after the newest game are examined, so a game that is missing on an earlier date causes no lag.
    first_missing = next((scheduled for scheduled in dates if newest < scheduled < day), None)
    last_scheduled = dates[-1] if dates[-1] < day else None
    games = Freshness("games", f"to {newest}", _hours_since_end(first_missing, until, timezone))
    schedule = Freshness("schedule", f"to {dates[-1]}", _hours_since_end(last_scheduled, until, timezone))
    if not warehouse.has_availability():
        return games, schedule
    return games, schedule, _measure_reports(warehouse, day, until, timezone)


def _measure_reports(warehouse: Warehouse, day: date, until: datetime, timezone: str) -> Freshness:
    """Return by how many hours the injury reports are out of date at the instant `until`, for predictions of `day`."""
    sql = f"""SELECT DISTINCT reported_at FROM {warehouse.sources.reference(AVAILABILITY)}
WHERE game_date BETWEEN @start AND @end"""  # noqa: S608 - the table's name is checked, dates are parameters
    first, last = day - REPORTED, day + timedelta(days=1)
    warehouse.check_availability(first, last)
    answer = warehouse.query(sql, {"start": first, "end": last})
    known = [at for at in answer["reported_at"].cast(INSTANT).to_pylist() if at is not None and at <= until]
    newest = max(known).astimezone(ZoneInfo(timezone)).date() if known else first
    text = f"to {max(known):%Y-%m-%d %H:%M} UTC" if known else f"none for {REPORTED.days} days"
    return Freshness("injury reports", text, _hours_since_end(newest, until, timezone))


def _hours_since_end(day: date | None, until: datetime, timezone: str) -> float:
    """Return the hours from the end of the date `day` to `until`; 0 if that is negative or `day` is None."""
    return 0.0 if day is None else max(0.0, (until - end_of_day(day, timezone)) / timedelta(hours=1))


def check_freshness(sources: Sequence[Freshness], max_age_hours: float) -> None:
    """Raise StaleSourcesError if a source lags by more than `max_age_hours`; the error names the stale sources."""
    old = [
        f"{source.source} ({source.newest}, {source.lag_hours:.0f} hours)"
        for source in sources
        if source.lag_hours > max_age_hours
    ]
    if old:
        raise StaleSourcesError(
            f"the sources lag behind by more than daily.max_age_hours={max_age_hours:g}: {', '.join(old)}. Nothing is "
            "predicted; bring them up to date, or raise daily.max_age_hours."
        )
