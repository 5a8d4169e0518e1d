"""The audit of injury reports: no violation in the installed features, and each planted fault of report times found."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest

from breakout.features import roster
from breakout.features.registry import REGISTRY
from breakout.proof.audit_checks import PERTURBATION, PREDICTION_PATH, TRUNCATION
from breakout.proof.auditing import AuditReport, audit_features
from breakout.proof.status_checks import CUTOFF, LATER_STATUSES, REPORTS_COUNT, TIP_OFF, cutoff_of
from breakout.settings import AvailabilityConfig
from breakout.warehouse.duckdb import DuckDBWarehouse
from breakout.warehouse.sample import open_sample
from tests.builders import features_config

if TYPE_CHECKING:
    from collections.abc import Iterator

    from breakout.warehouse.tables import SourceTables

DAY = date(2025, 12, 5)
QUERY_STATES = "breakout.features.query.availability_states"
HALF_PAST_FIVE = AvailabilityConfig("17:30", "America/New_York", 0)
HALF_PAST_ONE = AvailabilityConfig("13:30", "America/New_York", 0)  # the sample's reports of 17:30 are later


@pytest.fixture(scope="module")
def tables() -> dict[str, pa.Table]:
    """Return the tables of the first weeks of a season, with injury reports up to three days after the audited day."""
    sample = open_sample()
    sample.check_availability(DAY, DAY)
    rows = "SELECT * FROM nba_analytics.{} WHERE game_date BETWEEN @start AND @end"
    ends = {"player_game_summary": DAY, "team_offense_game_summary": DAY, "availability": date(2025, 12, 8)}
    cut = {
        table: sample.query(rows.format(table), {"start": date(2025, 10, 1), "end": end}) for table, end in ends.items()
    }
    sample.close()
    return cut


@pytest.fixture(scope="module")
def warehouse(tables: dict[str, pa.Table]) -> Iterator[DuckDBWarehouse]:
    opened = DuckDBWarehouse.from_arrow(tables)
    yield opened
    opened.close()


def audit(warehouse: DuckDBWarehouse, availability: AvailabilityConfig, names: tuple[str, ...]) -> AuditReport:
    config = replace(features_config(names), availability=availability)
    return audit_features(warehouse, config, rows=60, seed=7, start=DAY, end=DAY)


def test_the_installed_features_are_clean(warehouse: DuckDBWarehouse) -> None:
    names = tuple(name for name in REGISTRY if REGISTRY[name].group == "availability")
    report = audit(warehouse, HALF_PAST_ONE, names)
    assert report.is_clean, report.violations[:3]
    assert {LATER_STATUSES, CUTOFF, TIP_OFF, REPORTS_COUNT} < set(report.checks)


def test_the_cutoff_counts_summer_time() -> None:
    assert cutoff_of(date(2025, 12, 5), HALF_PAST_FIVE) == datetime(2025, 12, 5, 22, 30, tzinfo=UTC)
    assert cutoff_of(date(2026, 4, 5), HALF_PAST_FIVE) == datetime(2026, 4, 5, 21, 30, tzinfo=UTC)
    assert cutoff_of(date(2025, 11, 3), replace(HALF_PAST_FIVE, days_before=2)).hour == 21


def test_a_report_after_the_cutoff_is_found_and_named(
    warehouse: DuckDBWarehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(roster, "_CUTOFF", "TIMESTAMP '2100-01-01 00:00:00+00'")
    report = audit(warehouse, HALF_PAST_ONE, ("team_points_out",))
    assert report.count("team_points_out", LATER_STATUSES)
    example = report.counterexamples[0]
    assert example.leaked is not None
    assert example.leaked.table == "availability"
    assert example.leaked.key[0] in example.difference.game_id.split("_")
    assert example.leaked.key[2] == "reported at 2025-12-05 22:30:00 UTC"


def test_the_box_score_of_the_day_as_availability_is_found_and_named(
    warehouse: DuckDBWarehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    who_sat = """SELECT day.game_date, day.team_abbr, squad.player_lookup, 'out' AS status
FROM (SELECT DISTINCT game_date, team_abbr FROM kept) AS day
JOIN (SELECT DISTINCT team_abbr, player_lookup FROM player_games) AS squad ON squad.team_abbr = day.team_abbr
LEFT JOIN player_games AS tonight
  ON tonight.game_date = day.game_date AND tonight.player_lookup = squad.player_lookup
WHERE tonight.player_lookup IS NULL"""

    def by_box_score(tables: SourceTables) -> dict[str, str]:
        return roster.availability_states(tables) | {"availability_state": who_sat}

    monkeypatch.setattr(QUERY_STATES, by_box_score)
    report = audit(warehouse, HALF_PAST_FIVE, ("team_points_out",))
    assert report.count("team_points_out", TRUNCATION)
    assert report.count("team_points_out", PREDICTION_PATH)
    assert report.count("team_points_out", REPORTS_COUNT) == 1
    assert not report.count("team_points_out", PERTURBATION)
    example = report.counterexamples[0]
    assert example.leaked is not None
    assert (example.leaked.table, example.leaked.game_date) == ("player_game_summary", str(DAY))
    assert example.leaked.is_left_out


@pytest.mark.parametrize(
    ("text", "misread", "check"),
    [
        ("@timezone", "'UTC'", CUTOFF),
        ("@timezone", "'America/Los_Angeles'", LATER_STATUSES),
        ("@days_before", "(@days_before + 1)", CUTOFF),
        ("@days_before", "(@days_before + 30)", REPORTS_COUNT),
    ],
)
def test_a_cutoff_of_another_zone_or_day_is_found(
    warehouse: DuckDBWarehouse, monkeypatch: pytest.MonkeyPatch, text: str, misread: str, check: str
) -> None:
    assert text in roster._CUTOFF
    monkeypatch.setattr(roster, "_CUTOFF", roster._CUTOFF.replace(text, misread))
    report = audit(warehouse, HALF_PAST_FIVE, ("team_points_out",))
    assert report.count("team_points_out", check)


def test_a_report_after_tip_off_is_found_and_named(
    tables: dict[str, pa.Table], monkeypatch: pytest.MonkeyPatch
) -> None:
    games = tables["team_offense_game_summary"].to_pylist()
    tip_off = datetime(2025, 12, 5, 17, 0, tzinfo=ZoneInfo("America/New_York"))
    schedule = [
        {
            "game_id": row["game_id"],
            "game_date": row["game_date"],
            "home_team_abbr": row["team_abbr"],
            "away_team_abbr": row["opponent_team_abbr"],
            "season_year": row["season_year"],
            "season_type": "regular",
            "tip_off": tip_off,
        }
        for row in games
        if row["game_date"] == DAY and row["game_id"].endswith(row["team_abbr"])
    ]
    with DuckDBWarehouse.from_arrow(tables | {"schedule": pa.Table.from_pylist(schedule)}) as timed:
        assert audit(timed, HALF_PAST_FIVE, ("team_points_out",)).is_clean
        monkeypatch.setattr(QUERY_STATES, lambda tables: roster.availability_states(replace(tables, has_tip_off=False)))
        report = audit(timed, HALF_PAST_FIVE, ("team_points_out",))
    assert report.count("team_points_out", TIP_OFF)
    assert report.count("team_points_out", LATER_STATUSES)
    leaked = report.counterexamples[0].leaked
    assert leaked is not None
    assert (leaked.table, leaked.key[2]) == ("availability", "reported at 2025-12-05 22:30:00 UTC")
