"""The ledger in BigQuery, which stores each slate and each outcome once even with several writers."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from google.cloud import bigquery

from breakout.errors import ConfigurationError, DataError
from breakout.ledger.bigquery import BigQueryLedger
from breakout.ledger.grading import GRADE_SCHEMA, choose_counted, grade_entries
from breakout.ledger.opening import open_ledger
from breakout.ledger.source_rows import KEPT_TABLES, dates_read, read_source_rows
from breakout.settings import BigQueryLedgerConfig
from breakout.settings.composition import compose
from breakout.warehouse.bigquery.warehouse import BigQueryWarehouse
from breakout.warehouse.sample import open_sample
from tests.bigquery.conftest import ConfigMaker
from tests.bigquery.emulator import PROJECT, run
from tests.bigquery.fault_server import Answer, FaultServer, always
from tests.commands import Trained
from tests.ledger.entries import DAY, GAME, MORNING, entry, frame, results, table
from tests.ledger.mornings import FIRST, SECOND, first_morning, rows_of, write_source

pytestmark = pytest.mark.bigquery

ENTRIES, GRADES = "nba_predictions.ledger_entries", "nba_predictions.ledger_grades"


@pytest.fixture
def place(server: FaultServer, client: bigquery.Client) -> Iterator[BigQueryLedgerConfig]:
    client.delete_dataset("nba_predictions", delete_contents=True, not_found_ok=True)
    yield BigQueryLedgerConfig(
        kind="bigquery",
        others=False,
        which="first",
        lost_after_days=3,
        timezone="America/New_York",
        project=PROJECT,
        location=None,
        entries=ENTRIES,
        grades=GRADES,
        api_endpoint=server.url,
        maximum_bytes_billed=10 * 2**30,
        timeout_seconds=20.0,
    )
    client.delete_dataset("nba_predictions", delete_contents=True, not_found_ok=True)


@pytest.fixture
def ledger(place: BigQueryLedgerConfig) -> BigQueryLedger:
    return BigQueryLedger(place)


def test_an_empty_ledger_has_neither_entries_nor_grades(ledger: BigQueryLedger) -> None:
    assert ledger.read_entries().rows.num_rows == 0
    assert ledger.read_grades().rows.num_rows == 0
    assert ledger.read_slate(DAY, "b1") is None
    assert ledger.add_entries(table()) is None


def test_entries_come_back_as_they_were_added_and_a_changed_slate_is_a_revision(ledger: BigQueryLedger) -> None:
    third = 1 / 3  # needs all bits of a FLOAT64
    added = table(
        entry("ann", ladder=[0.9, third], availability_status="questionable", probability=third, known_at=MORNING),
        entry("bea"),
    )
    assert ledger.add_entries(added) == f"{ENTRIES} revision 1"
    later = table(*({**row, "predicted_at": MORNING + timedelta(hours=1)} for row in added.to_pylist()))
    assert ledger.add_entries(later) is None
    assert ledger.read_entries().rows.equals(added)
    changed = table(entry("ann", probability=0.5), entry("bea"))
    assert ledger.add_entries(changed) == f"{ENTRIES} revision 2"
    newest = ledger.read_slate(DAY, "b1")
    assert newest is not None
    assert sorted(newest["probability"].to_pylist()) == [0.2, 0.5]
    assert ledger.read_entries(("player_lookup", "probability")).rows.num_rows == 4


def test_four_writers_at_once_add_each_slate_once(place: BigQueryLedgerConfig, client: bigquery.Client) -> None:
    ledger = BigQueryLedger(place)
    ledger.add_entries(table(entry("ann", bundle="b0")))  # creates the tables
    slates = [table(entry("ann", probability=0.1 * n), entry("bea", probability=0.1 * n)) for n in (1, 2, 2, 3)]
    errors: list[BaseException] = []

    def write(slate: pa.Table) -> None:
        try:
            BigQueryLedger(place).add_entries(slate)
        except BaseException as error:  # noqa: BLE001 - shown by the test
            errors.append(error)

    writers = [threading.Thread(target=write, args=(slate,)) for slate in slates]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert errors == []
    sql = f"SELECT revision, COUNT(*) AS players, COUNT(DISTINCT probability) AS slates FROM {ENTRIES}"
    found = run(client, f"{sql} WHERE game_date >= '2000-01-01' AND bundle = 'b1' GROUP BY revision ORDER BY revision")
    assert all((row["players"], row["slates"]) == (2, 1) for row in found)
    assert [row["revision"] for row in found] == list(range(1, len(found) + 1))
    assert len(found) in (3, 4)  # two writers add 0.2; the second adds a revision only if 0.1 or 0.3 came between


def test_a_statement_that_is_sent_again_adds_nothing(ledger: BigQueryLedger, server: FaultServer) -> None:
    lost = iter([True])

    def lose_the_answer(asked: object) -> Answer | None:
        """Answer the first MERGE with an error after the service has run it."""
        is_merge = str(getattr(asked, "sql", "")).startswith("MERGE")
        return Answer.error(503, "backendError", "lost") if is_merge and next(lost, False) else None

    server.faults.append(lose_the_answer)
    assert ledger.add_entries(table(entry("ann")))
    assert ledger.read_entries().rows.num_rows == 1


def test_outcomes_are_added_once_and_a_correction_beside_the_old_one(
    ledger: BigQueryLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    entries = choose_counted(frame(entry("ann"), entry("bea")), "first")

    def graded(points: int) -> pd.DataFrame:
        rows = results((GAME, DAY, "ann", "BOS", points, 30.0))
        return grade_entries(entries, rows, {GAME: DAY}, date(2026, 1, 6), lost_after_days=3)

    assert ledger.update_grades(graded(14), MORNING).changes.num_rows == 2
    assert ledger.update_grades(graded(14), MORNING).changes.num_rows == 0
    with monkeypatch.context() as at_once:  # as if this call had read the history before the first call wrote
        at_once.setattr(BigQueryLedger, "_read_grades", lambda *_: GRADE_SCHEMA.empty_table())
        ledger.update_grades(graded(14), MORNING)
    (change,) = ledger.update_grades(graded(16), MORNING).changes.to_pylist()
    assert (change["outcome"], change["was"]) == ("breakout", "no")
    history = ledger.read_grades().rows
    assert sorted(zip(history["player_lookup"].to_pylist(), history["outcome"].to_pylist(), strict=True)) == [
        ("ann", "breakout"),
        ("ann", "no"),
        ("bea", "void"),
    ]


def test_daily_keeps_the_same_entries_and_grades_as_in_a_folder(
    place: BigQueryLedgerConfig, trained: Trained, tmp_path: Path
) -> None:
    mornings = first_morning(trained, tmp_path)
    in_tables = replace(mornings, config=replace(mornings.config, ledger=place))
    outputs = mornings.copy(tmp_path / "tables")
    shutil.rmtree(outputs / "ledger")
    write_source(tmp_path / "source", FIRST - timedelta(days=1))
    assert in_tables.run(outputs, FIRST) == 0
    write_source(tmp_path / "source", FIRST)
    assert in_tables.run(outputs, SECOND) == 0
    assert mornings.run(mornings.outputs, SECOND) == 0
    ledger = BigQueryLedger(place)
    found = [sorted(part.rows.to_pylist(), key=repr) for part in (ledger.read_entries(), ledger.read_grades())]
    assert tuple(found) == rows_of(mornings.outputs)
    page = Path("ledger") / "report.html"
    assert (outputs / page).read_bytes() == (mornings.outputs / page).read_bytes()


def test_source_rows_are_those_of_files(config: ConfigMaker) -> None:
    sample, warehouse = open_sample(), BigQueryWarehouse(config())
    sample.check_availability(DAY, DAY)
    for source in KEPT_TABLES:
        first, last = dates_read(source, DAY)
        days = (max(first, last - timedelta(days=3)), last)
        found, expected = (
            read_source_rows(one, source, days, ["plus_minus"]).sort_values(list(source.key), ignore_index=True)
            for one in (warehouse, sample)
        )
        assert len(found) > 0
        assert expected.drop(columns=found.columns).isna().all(axis=None)  # only columns without any value are absent
        pd.testing.assert_frame_equal(found, expected[found.columns], check_dtype=False)
    sample.close()
    warehouse.close()


def test_a_refused_table_is_named_and_a_hostile_name_is_refused(
    place: BigQueryLedgerConfig, server: FaultServer
) -> None:
    server.faults.append(always(Answer.error(403, "accessDenied", "Access Denied: bigquery.tables.create denied")))
    with pytest.raises(DataError, match=r"bigquery\.dataEditor"):
        BigQueryLedger(place).add_entries(table(entry("ann")))
    with pytest.raises(ConfigurationError, match=r"ledger\.entries must be"):
        compose("grade", ["ledger=bigquery", "ledger.entries='x; drop table'"])


def test_the_settings_open_it(place: BigQueryLedgerConfig) -> None:
    composed = compose("daily", ["ledger=bigquery", f"ledger.project={PROJECT}"])
    ledger = composed.ledger  # type: ignore[union-attr]
    assert isinstance(ledger, BigQueryLedgerConfig)
    opened = open_ledger(replace(ledger, api_endpoint=place.api_endpoint), "outputs")
    assert isinstance(opened, BigQueryLedger)
    assert opened.config.entries == ENTRIES
