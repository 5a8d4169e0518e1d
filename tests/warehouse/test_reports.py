"""The reading of injury reports from files: statuses, instants, and refused rows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet
import pytest

from breakout.cli import main
from breakout.errors import ConfigurationError, DataError
from breakout.warehouse.duckdb import DuckDBWarehouse
from breakout.warehouse.files.reading import ReadOptions
from breakout.warehouse.renaming import Renaming
from breakout.warehouse.sample import open_sample
from breakout.warehouse.tables import AVAILABILITY
from tests.builders import PLAYER_SCHEMA, REPORT_SCHEMA, TEAM_SCHEMA, History, Row, day

HALF_PAST_FIVE = datetime(2025, 11, 3, 22, 30, tzinfo=UTC)  # 17:30 in New York, on day 2 of the history
Change = Callable[[list[Row]], Any]


@pytest.fixture(scope="module")
def history() -> History:
    built = History()
    for number in range(12):
        built.plays(number, 8 + number)
        built.plays(number, 12, player="bob")
        built.report(number, "out", player="ann", at="17:30")
    return built


@pytest.fixture
def files(history: History, tmp_path: Path) -> dict[str, str]:
    tables = {
        "player_game_summary": pa.Table.from_pylist(history.players, PLAYER_SCHEMA),
        "team_offense_game_summary": pa.Table.from_pylist(history.teams, TEAM_SCHEMA),
        "availability": pa.Table.from_pylist(history.reports, REPORT_SCHEMA),
    }
    for name, table in tables.items():
        pa.parquet.write_table(table, tmp_path / f"{name}.parquet")
    return {name: str(tmp_path / f"{name}.parquet") for name in tables}


def statuses(files: dict[str, str], options: ReadOptions | None = None) -> list[Row]:
    with DuckDBWarehouse(files, options) as warehouse:
        warehouse.check_availability(day(0), day(11))
        name = warehouse.sources.reference(AVAILABILITY)
        sql = f"SELECT team_abbr, status, reported_at FROM {name} ORDER BY game_date, reported_at"  # noqa: S608
        read: list[Row] = warehouse.query(sql, {}).to_pylist()
    return read


def rewritten(files: dict[str, str], table: pa.Table) -> dict[str, str]:
    pa.parquet.write_table(table, files["availability"])
    return files


def changed(files: dict[str, str], history: History, change: Change) -> dict[str, str]:
    rows = [dict(row) for row in history.reports]
    change(rows)
    return rewritten(files, pa.Table.from_pylist(rows, REPORT_SCHEMA))


@pytest.mark.parametrize(
    ("written", "status"),
    [
        ("Out", "out"),
        (" DOUBTFUL ", "doubtful"),
        ("Not Listed", "not_listed"),
        ("not-on report", "not_listed"),
        ("GTD", "questionable"),
        ("Game Time Decision", "questionable"),
        ("Available", "available"),
    ],
)
def test_statuses_are_read_in_any_letter_case(
    files: dict[str, str], history: History, written: str, status: str
) -> None:
    read = statuses(changed(files, history, lambda rows: rows[2].update(status=written)))
    assert read[2]["status"] == status


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda rows: rows[2].update(status="Day-To-Day"), "status is day_to_day"),
        (lambda rows: rows[2].update(status="NOT YET SUBMITTED"), "status is not_yet_submitted"),
        (lambda rows: rows[2].update(status=None), "status is NULL"),
        (lambda rows: rows[2].update(player_lookup=None), "player_lookup is NULL"),
        (lambda rows: rows[2].update(player_lookup=""), "player_lookup is empty"),
        (lambda rows: rows[2].update(reported_at=None), "reported_at is NULL"),
        (lambda rows: rows.append(dict(rows[2], status="available")), "the key stands more than once in 2 rows"),
        (lambda rows: rows[2].update(reported_at=HALF_PAST_FIVE - timedelta(days=9)), "more than 7 days before"),
        (lambda rows: rows[2].update(reported_at=HALF_PAST_FIVE + timedelta(days=2)), "or more than 2 after it"),
        (lambda rows: rows[2].update(team_abbr="BSN"), "'warehouse.team_codes={BSN: BOS}'"),
        (lambda rows: [row.update(player_lookup=f"Last, {number}") for number, row in enumerate(rows)], "'Last, 0'"),
    ],
)
def test_impossible_statuses_are_refused_by_name(
    files: dict[str, str], history: History, change: Change, problem: str
) -> None:
    with pytest.raises(DataError, match="availability") as refused:
        statuses(changed(files, history, change))
    assert problem in str(refused.value)
    if "key" in problem:
        assert "(2025-11-03, BOS, ann, 2025-11-03 22:30:00+00:00)" in str(refused.value)


def test_dates_that_are_a_day_off_are_refused(files: dict[str, str], history: History) -> None:
    rare = [row for row in history.teams if row["game_date"] in {day(0), day(11)}]
    pa.parquet.write_table(pa.Table.from_pylist(rare, TEAM_SCHEMA), files["team_offense_game_summary"])
    players = [row for row in history.players if row["game_date"] in {day(0), day(11)}]
    pa.parquet.write_table(pa.Table.from_pylist(players, PLAYER_SCHEMA), files["player_game_summary"])
    with pytest.raises(DataError, match=r"10 of 12 statuses by days .* BOS on 2025-11-02"):
        statuses(files)


def test_old_team_codes_are_mapped(files: dict[str, str], history: History) -> None:
    mapped = changed(files, history, lambda rows: [row.update(team_abbr="BSN") for row in rows])
    read = statuses(mapped, ReadOptions(renaming=Renaming.from_maps({"BSN": "BOS"}, None)))
    assert {row["team_abbr"] for row in read} == {"BOS"}


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", ["UTC", "America/New_York"])
def test_parquet_holds_instants_in_any_unit_and_zone(files: dict[str, str], unit: str, zone: str) -> None:
    table = pa.parquet.read_table(files["availability"])
    place = table.schema.get_field_index("reported_at")
    column = table["reported_at"].cast(pa.timestamp(unit, zone))
    read = statuses(rewritten(files, table.set_column(place, "reported_at", column)))
    assert read[2]["reported_at"] == HALF_PAST_FIVE


@pytest.mark.parametrize(
    "written",
    [
        "2025-11-03T22:30:00Z",
        "2025-11-03 17:30:00-05:00",
        "2025-11-03T17:30:00-0500",
        "2025-11-03 17:30-05",
        "2025-11-04T04:00:00.000+05:30",
        "2025-11-03 22:30:00 UTC",
    ],
)
def test_a_csv_holds_instants_with_offsets(
    files: dict[str, str], history: History, tmp_path: Path, written: str
) -> None:
    assert statuses(as_csv(files, history, tmp_path, written))[2]["reported_at"] == HALF_PAST_FIVE


@pytest.mark.parametrize("written", ["2025-11-03 17:30:00", "2025-11-03", "11/03/2025 05:30 PM", "17:30 ET"])
def test_a_text_without_time_zone_is_refused(
    files: dict[str, str], history: History, tmp_path: Path, written: str
) -> None:
    with pytest.raises(DataError, match=r"line 4: column reported_at must be TIMESTAMP, with a time zone") as refused:
        statuses(as_csv(files, history, tmp_path, written))
    assert written in str(refused.value)


def test_a_timestamp_without_time_zone_is_refused(files: dict[str, str]) -> None:
    table = pa.parquet.read_table(files["availability"])
    place = table.schema.get_field_index("reported_at")
    naive = table["reported_at"].cast(pa.timestamp("us"))
    with pytest.raises(DataError, match="column reported_at must be TIMESTAMP, with a time zone"):
        statuses(rewritten(files, table.set_column(place, "reported_at", naive)))


def as_csv(files: dict[str, str], history: History, folder: Path, reported_at: str) -> dict[str, str]:
    lines = ["game_date,team_abbr,player_lookup,player_full_name,status,reason,reported_at"]
    for number, row in enumerate(history.reports):
        instant = reported_at if number == 2 else row["reported_at"].isoformat()
        lines.append(f"{row['game_date']},{row['team_abbr']},{row['player_lookup']},,Out,,{instant}")
    path = folder / "reports.csv"
    path.write_text("\n".join(lines) + "\n")
    return files | {"availability": str(path)}


def test_a_damaged_report_stops_only_what_reads_it(files: dict[str, str], history: History) -> None:
    broken = changed(files, history, lambda rows: rows[2].update(status="broken"))
    with DuckDBWarehouse(broken) as warehouse:
        warehouse.check_history(day(0), day(11))
        assert warehouse.has_availability()
        with pytest.raises(DataError, match="broken"):
            warehouse.check_availability(day(0), day(11))
        with pytest.raises(DataError, match="broken"):  # the second attempt must fail too
            warehouse.check_availability(day(0), day(11))


def test_a_warehouse_without_reports_names_the_setting(files: dict[str, str]) -> None:
    with (
        DuckDBWarehouse({name: path for name, path in files.items() if name != "availability"}) as warehouse,
        pytest.raises(ConfigurationError, match=r"warehouse\.availability=PATH"),
    ):
        warehouse.check_availability(day(0), day(11))


def test_only_a_fingerprint_with_reports_changes_with_them(files: dict[str, str], history: History) -> None:
    with DuckDBWarehouse(files) as warehouse:
        games, both = warehouse.fingerprint(), warehouse.fingerprint(has_reports=True)
    with DuckDBWarehouse({name: path for name, path in files.items() if name != "availability"}) as warehouse:
        assert warehouse.fingerprint() == warehouse.fingerprint(has_reports=True) == games
    with DuckDBWarehouse(changed(files, history, lambda rows: rows[2].update(status="probable"))) as warehouse:
        assert warehouse.fingerprint() == games
        assert warehouse.fingerprint(has_reports=True) not in (games, both)


def test_the_sample_has_every_report() -> None:
    with open_sample() as sample:
        sample.check_availability(day(0), day(1))
        total = sample.query("SELECT COUNT(*) AS total FROM nba_analytics.availability", {}).to_pylist()
    assert total == [{"total": 39_593}]


def test_a_feature_of_reports_without_the_table_exits_with_2(
    files: dict[str, str], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    games = [f"warehouse.{name}={path}" for name, path in files.items() if name != "availability"]
    asked = ["mode=experimental", "features.names=[team_points_out]", "start=2025-11-01", "end=2025-11-12"]
    assert main(["dataset", "warehouse=duckdb", *games, *asked, f"out={tmp_path / 'rows.parquet'}"]) == 2
    assert "warehouse.availability" in capsys.readouterr().err
    assert not (tmp_path / "rows.parquet").exists()
