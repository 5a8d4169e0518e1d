"""The checks of the features that read injury reports.

A *later status* is for a later game date, or was reported after the cutoff, or was reported at or after tip-off.

- LATER_STATUSES: later statuses must change no bit of a feature.
- CUTOFF: a status reported exactly at the cutoff must have the same effect as a status reported days earlier.
- TIP_OFF: a status reported just before tip-off must count, and a status reported at tip-off must not.
- REPORTS_COUNT: each feature must change in at least one row if every player gets a status.

The checks compute the cutoff with `zoneinfo`, independently of the feature query.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from breakout.features.config import cutoff_instant
from breakout.features.query_plan import plan_query
from breakout.proof.differences import Audited, Difference, compare_rows, own_rows
from breakout.proof.sampling import keys_of
from breakout.warehouse.tables import STATUSES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from breakout.dataset import Dataset
    from breakout.settings import AvailabilityConfig

LATER_STATUSES = "later statuses"
CUTOFF = "cutoff"
TIP_OFF = "tip-off"
REPORTS_COUNT = "reports count"
STATUS_CHECKS = (LATER_STATUSES, CUTOFF, TIP_OFF, REPORTS_COUNT)

_INSTANT = timedelta(microseconds=1)
# A status reported this long before the cutoff is used even by a query with the wrong day or time zone.
_LONG_BEFORE = timedelta(days=3)
_BEFORE_CUTOFF = timedelta(hours=1)  # in the check TIP_OFF, the games begin this long before the cutoff
_OPPOSITE = 3  # STATUSES has `probable` three places after `out`, and `available` three after `doubtful`


def cutoff_of(day: date, availability: AvailabilityConfig) -> datetime:
    """Return the cutoff of the game date `day` in UTC: the last instant at which a reported status counts."""
    return cutoff_instant(availability, day).astimezone(UTC)


def later_statuses(day: date, cutoff: datetime) -> str:
    """Return an SQL condition that selects the statuses in `main.availability` that must not count for games on `day`.

    These are statuses for later game dates, statuses reported after `cutoff`, and statuses reported at or after
    tip-off.
    """
    tip_off = (
        "SELECT MIN(tip_off) FROM main.schedule AS games "
        "WHERE games.game_date = availability.game_date AND team_abbr IN (home_team_abbr, away_team_abbr)"
    )
    return (
        f"(game_date > DATE '{day}' OR reported_at > {_literal(cutoff)} OR coalesce(reported_at >= ({tip_off}), FALSE))"
    )


@dataclass
class StatusChecks:
    """The checks of one audit that change injury reports and compare the features that read injury reports.

    - `audited`: the sampled rows, and what is needed to compute them again.
    - `moved`: the features that changed in at least one row when a check gave every player a status.
    """

    audited: Audited
    moved: set[str] = field(default_factory=set)

    @cached_property
    def readers(self) -> frozenset[str]:
        """Return the audited features that read injury reports."""
        registry, names = self.audited.paths.registry, self.audited.config.names
        return frozenset(name for name in names if plan_query(registry, (name,)).uses_availability)

    def of_day(self, expected: Dataset, day: date) -> Iterator[Difference]:
        """Compute the sampled rows of `day` from injury reports changed in several ways, and yield the differences.

        `expected` has these rows, computed from unchanged reports.
        """
        if self.readers:
            # Only the features in `readers` are compared, because no other feature reads injury reports.
            names = [name for name in expected.X.columns if name in self.readers]
            rows = replace(expected, X=expected.X[names], is_missing=expected.is_missing[names])
            yield from self._later(rows, day)
            yield from self._known(rows, day)

    def at_the_end(self) -> Iterator[Difference]:
        """Report, as a `Difference`, each feature in `readers` that stayed the same when every player got a status.

        The other checks of injury reports prove nothing about such a feature.
        """
        for name in sorted(self.readers - self.moved):
            yield Difference(REPORTS_COUNT, name, "", "", "", "a change with the statuses before the cutoff", "none")

    def _later(self, expected: Dataset, day: date) -> Iterator[Difference]:
        """Compute the sampled rows of `day` twice more, and yield the differences from `expected`.

        Later statuses (see the module) are left out for the first computation and changed for the second. For the
        second, each player also gets two more later statuses: one that is reported just after the cutoff, and one for a
        game on the next day.
        """
        cutoff = cutoff_of(day, self.audited.config.availability)
        is_later = later_statuses(day, cutoff)
        changed = " ".join(
            f"WHEN '{status}' THEN '{_shifted(number, _OPPOSITE)}'" for number, status in enumerate(STATUSES)
        )
        noise = f"""SELECT * REPLACE (CASE WHEN {is_later} THEN CASE status {changed} END ELSE status END AS status)
FROM main.availability"""
        added = self._statuses(expected, day, cutoff + _INSTANT)
        of_next_day = self._statuses(expected, day + timedelta(days=1), cutoff - _LONG_BEFORE)
        for reports in (
            f"FROM main.availability WHERE NOT {is_later}",
            f"{noise} UNION ALL BY NAME {added} UNION ALL BY NAME {of_next_day}",
        ):
            yield from self._compare(LATER_STATUSES, expected, day, availability=reports)

    def _known(self, expected: Dataset, day: date) -> Iterator[Difference]:
        """Check that statuses reported just in time count like statuses reported days early; yield the differences.

        The checks give every player a status. `expected` has the sampled rows of `day`.

        - Check CUTOFF: the statuses are reported exactly at the cutoff. The check removes all times of tip-off.
        - Check TIP_OFF: the statuses are reported the instant before tip-off. The check sets all tip-offs of `day`
          before the cutoff. Each player also gets a second status, which is reported at tip-off and must not count.
        """
        cutoff = cutoff_of(day, self.audited.config.availability)
        tip_off = cutoff - _BEFORE_CUTOFF
        untimed = "SELECT * REPLACE (CAST(NULL AS TIMESTAMPTZ) AS tip_off) FROM main.schedule"
        early_games = f"""SELECT game_date, team_abbr AS home_team_abbr, opponent_team_abbr AS away_team_abbr,
  {_literal(tip_off)} AS tip_off
FROM main.team_offense_game_summary WHERE game_date = DATE '{day}'"""
        at_tip_off = self._statuses(expected, day, tip_off, _OPPOSITE)
        before = self._statuses(expected, day, tip_off - _INSTANT)
        with self.audited.replay.changed(
            availability=self._statuses(expected, day, cutoff - _LONG_BEFORE), schedule=untimed
        ):
            known = self._recomputed(expected, day)
        self.moved |= {found.feature for found in compare_rows(REPORTS_COUNT, expected, known)}
        sampled = set(keys_of(expected))
        known = known.take(np.array([key in sampled for key in keys_of(known)], dtype=bool))
        at_cutoff = self._statuses(expected, day, cutoff)
        yield from self._compare(CUTOFF, known, day, availability=at_cutoff, schedule=untimed)
        both = f"{before} UNION ALL BY NAME {at_tip_off}"
        yield from self._compare(TIP_OFF, known, day, availability=both, schedule=early_games)

    def _compare(self, check: str, expected: Dataset, day: date, **selects: str) -> Iterator[Difference]:
        with self.audited.replay.changed(**selects):
            yield from compare_rows(check, expected, self._recomputed(expected, day))

    def _recomputed(self, expected: Dataset, day: date) -> Dataset:
        asked = replace(self.audited, config=replace(self.audited.config, names=tuple(expected.X.columns)))
        return asked.recompute(asked.paths.training, day, day)

    def _statuses(self, expected: Dataset, day: date, reported_at: datetime, shift: int = 0) -> str:
        """Return a SELECT of random statuses for the game date `day`, all reported at `reported_at`.

        A player gets one status for each of his teams if he has an earlier game this season or a sampled row in
        `expected`. Each status is then replaced by the status `shift` places later in STATUSES.
        """
        listed = ", ".join(f"'{_shifted(number, shift)}'" for number in range(len(STATUSES)))
        seasons = ", ".join(str(year) for year in sorted(set(expected.context["season_year"])))
        place = f"1 + hash(player_lookup, team_abbr, {self.audited.seed}) % {len(STATUSES)}"
        return f"""SELECT DISTINCT DATE '{day}' AS game_date, team_abbr, player_lookup,
  list_extract([{listed}], CAST({place} AS BIGINT)) AS status, {_literal(reported_at)} AS reported_at
FROM main.player_game_summary
WHERE season_year IN ({seasons}) AND game_date < DATE '{day}' OR {own_rows(expected)}"""


def _shifted(number: int, shift: int) -> str:
    return STATUSES[(number + shift) % len(STATUSES)]


def _literal(instant: datetime) -> str:
    return f"TIMESTAMPTZ '{instant.isoformat()}'"
