"""Tests of `breakout daily`, `predict`, `grade` and `shadow`; `test_ten_mornings.py` runs `daily` on ten mornings."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import pandas as pd
import pytest

from breakout.bundle.folder import read_bundle
from breakout.errors import DataError
from breakout.ledger.freshness import check_freshness, measure_freshness
from breakout.ledger.shadows import Shadows
from breakout.ledger.store import FolderLedger
from breakout.production.registry import EventFacts, Registry
from breakout.programs import daily
from breakout.settings.composition import compose
from breakout.warehouse.duckdb import DuckDBWarehouse
from breakout.warehouse.sample import open_sample
from tests.commands import Trained, call, fingerprint
from tests.ledger.entries import add_refused_shadow

DAY = date(2026, 1, 15)
MORNING = datetime(2026, 1, 15, 15, tzinfo=UTC)


@pytest.fixture
def outputs(trained: Trained, tmp_path: Path) -> Path:
    """Return an outputs folder with the logistic regression in production."""
    registry = Registry.of(tmp_path / "outputs")
    with registry.lock():
        registry.promote(read_bundle(trained["logistic"]), EventFacts(name="logistic"))
    return tmp_path / "outputs"


def entries(outputs: Path) -> Any:
    return FolderLedger.of(outputs).read_entries().rows.to_pandas()


def test_predict_keeps_production_and_shadows_and_others_only_if_asked(trained: Trained, outputs: Path) -> None:
    there = f"paths.outputs={outputs}"
    assert call("shadow", "add", f"bundle={trained['base_rate']}", there).code == 0
    for name, extra in (
        ("logistic", ()),
        ("base_rate", ()),
        ("earlier_base_rate", ()),
        ("earlier", ("ledger.others=true",)),
    ):
        answer = call("predict", f"bundle={trained[name]}", "date=2026-02-06", there, "top=3", *extra)
        assert answer.code == 0, answer.err
    kept = entries(outputs).groupby("name")["role"].agg(["first", "size"])
    assert kept["first"].to_dict() == {"logistic": "production", "base_rate": "shadow", "earlier": "other"}
    assert (kept["size"] > 40).all()  # `top` limits only what is printed
    assert entries(outputs)["is_late"].all()  # the slate is predicted after its games


def test_a_shadow_is_added_once_listed_and_removed_by_its_fingerprint(trained: Trained, outputs: Path) -> None:
    there = f"paths.outputs={outputs}"
    mark = fingerprint(trained["base_rate"])
    for _ in range(2):
        assert call("shadow", "add", f"bundle={trained['base_rate']}", there).code == 0
    assert mark in call("shadow", "list", there).out
    assert call("shadow", "add", f"bundle={trained['logistic']}", there).code == 2  # the model is in production
    assert call("shadow", "remove", "bundle=nobody", there).code == 2
    assert call("shadow", "remove", f"bundle={mark}", there).code == 0
    assert mark not in call("shadow", there).out
    assert call("shadow", "drop", there).code == 2


def test_a_shadow_is_removed_by_the_name_it_was_added_by_even_if_its_run_was_repeated_or_deleted(
    trained: Trained, outputs: Path
) -> None:
    there = f"paths.outputs={outputs}"
    run = outputs / "runs" / "base_rate" / "20260101T000000.000000Z-0"
    later = outputs / "runs" / "base_rate" / "20260102T000000.000000Z-0"
    shutil.copytree(trained["base_rate"], run)
    for given in ("base_rate", "latest:base_rate", str(run)):
        assert call("shadow", "add", "bundle=base_rate", there).code == 0
        assert call("shadow", "remove", f"bundle={given}", there).code == 0, given
        assert Shadows.of(outputs).fingerprints() == ()
    assert call("shadow", "add", "bundle=base_rate", there).code == 0
    shutil.copytree(trained["earlier"], later)  # now the newest run of this name is no shadow
    assert call("shadow", "remove", "bundle=base_rate", there).code == 0
    Shadows.of(outputs).add(read_bundle(trained["base_rate"]))
    shutil.rmtree(outputs / "runs")
    assert call("shadow", "remove", "bundle=base_rate", there).code == 0
    assert Shadows.of(outputs).fingerprints() == ()


def test_a_name_that_two_shadows_have_is_refused_with_their_fingerprints(trained: Trained, outputs: Path) -> None:
    shadows = Shadows.of(outputs)
    added = [read_bundle(trained[name]) for name in ("base_rate", "earlier")]
    for bundle in added:
        shadows.add(bundle)
    names = dict.fromkeys(shadows.fingerprints(), "weekly")
    with mock.patch.object(Shadows, "names", return_value=names):
        answer = call("shadow", "remove", "bundle=weekly", f"paths.outputs={outputs}")
    assert answer.code == 2
    assert all(bundle.fingerprint in answer.err for bundle in added)
    assert len(shadows.fingerprints()) == 2


def test_a_damaged_shadow_does_not_stop_production(trained: Trained, outputs: Path) -> None:
    copy = outputs / "shadows" / fingerprint(trained["base_rate"])
    shutil.copytree(trained["base_rate"] / "bundle", copy)
    (copy / "contract.json").write_text("{}")
    out = outputs / "day.csv"
    words = (f"paths.outputs={outputs}", f"date={DAY}", "evaluation.bootstrap_resamples=20", f"out={out}", "top=3")
    config: Any = compose("daily", words)
    assert daily.run_at(config, MORNING) == 0
    assert set(entries(outputs)["role"]) == {"production"}
    assert pd.read_csv(out)["role"].tolist() == ["production"] * 3


def test_a_damaged_shadow_is_listed_beside_the_others_and_can_be_removed(trained: Trained, outputs: Path) -> None:
    shadows, there = Shadows.of(outputs), f"paths.outputs={outputs}"
    shadows.add(read_bundle(trained["base_rate"]))
    damaged = fingerprint(trained["earlier"])
    shadows.add(read_bundle(trained["earlier"]))
    (shadows.folder / damaged / "contract.json").write_text("{}")
    listed = call("shadow", "list", there)
    assert listed.code == 0
    assert "base_rate" in listed.out
    assert "contract.json" in listed.out.replace("\n", "")
    assert call("shadow", "remove", f"bundle={damaged}", there).code == 0
    assert shadows.fingerprints() == (fingerprint(trained["base_rate"]),)


def test_a_shadow_with_refused_settings_has_no_name_and_a_replaced_one_is_refused(
    trained: Trained, outputs: Path
) -> None:
    shadows = Shadows.of(outputs)
    refused = add_refused_shadow(read_bundle(trained["base_rate"]), outputs)
    shutil.copytree(shadows.folder / refused, shadows.folder / "0123456789abcdef")
    shutil.rmtree(shadows.folder / refused)
    shadows.add(read_bundle(trained["earlier"]))
    shadows.add(read_bundle(trained["base_rate"]))
    one, other = (shadows.folder / fingerprint(trained[name]) for name in ("earlier", "base_rate"))
    shutil.rmtree(one)
    shutil.copytree(other, one)
    assert shadows.names() == {"0123456789abcdef": "", one.name: "", other.name: "base_rate"}
    with pytest.raises(DataError, match="exchanged"):
        shadows.load(one.name)


def test_without_a_model_in_production_daily_says_so_and_an_idle_day_predicts_nothing(tmp_path: Path) -> None:
    out = tmp_path / "day.parquet"
    answer = call("daily", f"paths.outputs={tmp_path}", "date=2026-02-06", f"out={out}")
    assert answer.code == 3
    assert "nothing predicted: no model is in production" in answer.out
    assert "breakout promote" in answer.err
    assert not out.exists()
    # The day is in the All-Star break. Without games, only the schedule must be fresh.
    idle = call("daily", f"paths.outputs={tmp_path}", "date=2026-02-14", f"out={out}")
    assert pd.read_parquet(out).empty
    assert idle.code == 0, idle.err
    assert "nothing predicted: no game of the schedule" in idle.out
    assert call("daily", f"paths.outputs={tmp_path}", "date=2026-02-14", "out=day.html").code == 2
    beyond = call("daily", f"paths.outputs={tmp_path}", "date=2026-07-01")  # the schedule ends in April
    assert beyond.code == 3
    assert "schedule" in beyond.err


def test_a_source_that_lags_too_far_is_refused_and_named() -> None:
    with open_sample() as warehouse:
        fresh = measure_freshness(warehouse, date(2026, 2, 6), datetime(2026, 2, 6, 15, tzinfo=UTC), "America/New_York")
        assert [(one.source, one.lag_hours) for one in fresh] == [
            ("games", 0.0),
            ("schedule", 0.0),
            ("injury reports", 10.0),
        ]
        late = measure_freshness(warehouse, date(2026, 2, 8), datetime(2026, 2, 8, 15, tzinfo=UTC), "America/New_York")
        assert late[0].lag_hours == 34.0  # since the end of February 6th
        past = measure_freshness(warehouse, date(2026, 2, 7), datetime(2026, 11, 1, tzinfo=UTC), "America/New_York")
        assert past[0].lag_hours == 24.0  # from the end of February 6th to the end of the 7th
    check_freshness(fresh, 24)
    with pytest.raises(DataError, match="games"):
        check_freshness(late, 24)


def test_without_a_schedule_freshness_is_unknown_and_refused() -> None:
    with DuckDBWarehouse.from_arrow({}) as warehouse, pytest.raises(DataError, match=r"warehouse\.schedule"):
        measure_freshness(warehouse, DAY, MORNING, "America/New_York")


def test_a_rehearsal_of_a_past_day_says_first_that_its_entries_are_late(outputs: Path) -> None:
    answer = call("daily", f"paths.outputs={outputs}", "date=2026-02-07", "evaluation.bootstrap_resamples=20")
    assert answer.code == 0, answer.err
    kept = len(entries(outputs))
    assert kept
    assert answer.out.index(f"late entries: {kept} of {kept}") < answer.out.index("candidates, new")
    assert f"outcomes new in this call: 0; entries newly marked late: {kept}" in answer.out


def test_grade_fails_on_overdue_results_only_if_asked(outputs: Path) -> None:
    config: Any = compose("daily", (f"paths.outputs={outputs}", "date=2026-02-06", "evaluation.bootstrap_resamples=20"))
    assert daily.run_at(config, datetime(2026, 2, 6, 15, tzinfo=UTC)) == 0
    assert not entries(outputs)["is_late"].any()
    there = (f"paths.outputs={outputs}", "evaluation.bootstrap_resamples=20", "ledger.lost_after_days=400")
    assert call("grade", *there, f"out={outputs / 'graded.csv'}", "grade.fail_on=[calibration]").code == 0
    assert pd.read_csv(outputs / "graded.csv").empty  # no game of the day has a result yet
    assert call("grade", *there, "out=graded.html").code == 2
    stale = call("grade", *there, "grade.fail_on=[stale]")
    assert stale.code == 1
    assert "overdue" in stale.err
    assert (outputs / "ledger" / "report.html").is_file()


def test_a_changed_source_writes_a_revision_that_names_the_moved_players(outputs: Path, capsys: Any) -> None:
    words = (f"paths.outputs={outputs}", f"date={DAY}", "evaluation.bootstrap_resamples=20")
    config: Any = compose("daily", words)
    assert daily.run_at(config, MORNING) == 0
    again: Any = compose("daily", (*words, "max_days_since_game=1"))
    capsys.readouterr()
    assert daily.run_at(again, MORNING + timedelta(hours=1)) == 0
    assert "no longer on the slate" in capsys.readouterr().out
    assert entries(outputs)["predicted_at"].nunique() == 2
    out = outputs / "graded.json"
    assert call("grade", f"paths.outputs={outputs}", f"out={out}", "evaluation.bootstrap_resamples=20").code == 0
    rows = pd.DataFrame(json.loads(out.read_text()))
    assert ((rows["points"] >= rows["points_for_breakout"]) == (rows["outcome"] == "breakout")).all()
    assert set(rows["outcome"]) == {"breakout", "no"}
