"""Tests of `line=PLAYER:POINTS`: the answer from the player's ladder, and the errors."""

from __future__ import annotations

import re
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest

from breakout.bundle.folder import read_bundle
from breakout.errors import ConfigurationError, DataError
from breakout.production.player_line import answer_line, parse_line
from breakout.production.slate import Slate, build_slate
from breakout.warehouse.duckdb import DuckDBWarehouse
from breakout.warehouse.sample import open_sample
from tests.commands import Trained, call

DAY = date(2026, 2, 6)


@pytest.fixture(scope="module")
def slate(trained: Trained) -> Slate:
    with open_sample() as warehouse:
        return build_slate(read_bundle(trained["points"]), warehouse, DAY, 14)


def test_a_slates_ladder_holds_its_breakout_probability_bit_for_bit(slate: Slate) -> None:
    for row in slate.ranked.to_dict("records"):
        assert row["ladder"][row["points_for_breakout"] - 1] == row["probability"]
        assert all(more <= less for less, more in pairwise(row["ladder"]))


def test_a_line_is_answered_from_the_steps_around_it(slate: Slate) -> None:
    row = slate.ranked.iloc[3]
    half = answer_line(slate, parse_line(f"{row['player_full_name'].upper()}:19.5"))
    assert (half.over, half.push) == (row["ladder"][19], 0)
    whole = answer_line(slate, parse_line(f"{row['player_lookup']}:20"))
    assert whole.over == row["ladder"][20]
    assert whole.over + whole.push == pytest.approx(row["ladder"][19])
    for answer in (half, whole, answer_line(slate, parse_line(f"{row['player_lookup']}:0"))):
        assert answer.over + answer.push + answer.under == pytest.approx(1)


@pytest.mark.parametrize("text", ["jalengreen", "jalengreen:x", ":19.5", "jalengreen:19.3", "jalengreen:-1", "a:60"])
def test_a_line_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError):
        parse_line(text)


def test_a_player_without_a_prediction_is_answered_with_the_reason(slate: Slate) -> None:
    skipped = slate.skipped.iloc[0]
    with pytest.raises(DataError, match=skipped["reason"]):
        answer_line(slate, parse_line(f"{skipped['player_lookup']}:10"))
    with pytest.raises(DataError, match="no such player is on a team that plays; his team"):
        answer_line(slate, parse_line("nobody:10"))


@pytest.mark.parametrize("part", ["ranked", "skipped"])
def test_an_unknown_name_is_answered_with_similar_ones(slate: Slate, part: str) -> None:
    name = getattr(slate, part).iloc[0]["player_full_name"]
    with pytest.raises(DataError, match=f"did you mean {re.escape(name)}"):
        answer_line(slate, parse_line(f"{name[:-1]}x:10"))


def test_the_command_prints_the_answer_alone_and_records_nothing(
    trained: Trained, slate: Slate, tmp_path: Path
) -> None:
    row = slate.ranked.iloc[0]
    asked = ("predict", f"bundle={trained['points']}", f"date={DAY}", f"paths.outputs={tmp_path}", "ledger.others=true")
    answer = call(*asked, f"line={row['player_lookup']}:19.5")
    assert answer.code == 0, answer.err
    assert answer.out.count("\n") <= 2
    assert f"{row['ladder'][19]:.3f}" in answer.out
    assert not (tmp_path / "ledger").exists()
    out = tmp_path / "slate.csv"
    assert str(out) in call(*asked, f"line={row['player_lookup']}:19.5", f"out={out}").out.replace("\n", "")
    assert call(*asked).code == 0  # without line=, the whole slate is recorded
    assert list((tmp_path / "ledger" / "entries").rglob("*.parquet"))


def test_a_second_question_about_a_slate_reads_no_table_again(
    trained: Trained, slate: Slate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = slate.ranked["player_lookup"][:2]
    asked = ("predict", f"bundle={trained['points']}", f"date={DAY}", f"paths.outputs={tmp_path}")
    whole = call(*asked, f"line={second}:14.5")
    assert whole.code == 0, whole.err

    def refuse(warehouse: DuckDBWarehouse) -> None:
        raise AssertionError(f"{warehouse} is read again")

    monkeypatch.setattr(DuckDBWarehouse, "_open", refuse)
    assert call(*asked, f"line={first}:9.5").code == 0
    assert call(*asked, f"line={second}:14.5").out == whole.out


def test_a_lazy_warehouse_loads_injury_reports_for_a_query_whose_check_was_remembered() -> None:
    with open_sample(is_lazy=True) as warehouse:
        sql = "SELECT COUNT(*) AS n FROM `nba_analytics.availability`"
        assert warehouse.query(sql, {}).to_pylist()[0]["n"] > 0
    with open_sample(is_lazy=True) as warehouse:
        assert "reported_at" in warehouse.columns("availability")
