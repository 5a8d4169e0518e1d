"""Tests of `breakout runs`: it lists the figures of finished runs, and names damaged runs."""

from __future__ import annotations

import json
import re
import shutil
from datetime import UTC, date, datetime
from pathlib import Path

import msgspec
import pytest

from breakout.evaluation.resamples import Interval
from breakout.report.terminal.run_list import print_listing
from breakout.runs import read_status, write_status
from breakout.runs.listing import Listing, RunRow
from tests.commands import Trained, call

NAMES = ("default", "logistic", "base_rate", "experimental", "untested")


@pytest.fixture
def runs(trained: Trained, tmp_path: Path) -> Path:
    for name in NAMES:
        run = trained[name]
        shutil.copytree(run, tmp_path / "runs" / name / run.name)
    return tmp_path


def listed(outputs: Path, *words: str) -> list[dict[str, object]]:
    answer = call("runs", "--json", f"paths.outputs={outputs}", *words)
    assert answer.code == 0, answer.err
    rows: list[dict[str, object]] = json.loads(answer.out)["rows"]
    return rows


def test_each_run_has_the_figures_of_its_own_files(runs: Path) -> None:
    rows = {row["name"]: row for row in listed(runs)}
    assert set(rows) == set(NAMES)
    folder = next((runs / "runs/logistic").iterdir())
    evaluation = json.loads((folder / "metrics.json").read_text())["evaluation"]
    row = rows["logistic"]
    assert row["metrics"] == {name: evaluation["metrics"][name] for name in evaluation["metrics"]}
    assert (row["verdict"], row["games"]) == (evaluation["verdict"]["level"], evaluation["rows"]["n_rows"])
    assert (row["model"], row["features"], row["folder"]) == ("logistic", "production", str(folder))
    assert (rows["untested"]["verdict"], rows["untested"]["evaluation"]) == (None, None)
    assert rows["experimental"]["features"] == "2"


def test_filters_and_the_order_are_those_asked_for(runs: Path) -> None:
    assert [row["name"] for row in listed(runs, "name=*l*", "sort=name")] == ["default", "experimental", "logistic"]
    assert {row["name"] for row in listed(runs, "model=logistic", "features=production")} == {"logistic", "untested"}
    assert listed(runs, "until=2020-01-01") == []
    assert listed(runs, "since=2099-01-01") == []
    by_loss = listed(runs, "sort=log_loss")
    losses = [row["metrics"]["log_loss"]["estimate"] for row in by_loss[:-1]]  # type: ignore[index]
    assert losses == sorted(losses)
    assert by_loss[-1]["name"] == "untested"  # a run without the metric comes last


def test_damaged_runs_are_named_and_the_others_listed(runs: Path) -> None:
    folder = next((runs / "runs/default").iterdir())
    (folder / "metrics.json").write_text("{}")
    (next((runs / "runs/base_rate").iterdir()) / "status.json").write_text("{")
    answer = call("runs", f"paths.outputs={runs}")
    assert answer.code == 0
    shown = " ".join(answer.out.split())
    assert shown.count("warning") == 2
    assert folder.name in answer.out.replace("\n", "")
    assert {row["name"] for row in listed(runs)} == {"logistic", "experimental", "untested"}


def test_values_that_no_run_has_are_answered_with_those_that_occur(runs: Path) -> None:
    for filters in (["model=foo"], ["features=foo"]):
        answer = call("runs", f"paths.outputs={runs}", *filters)
        shown = " ".join(answer.out.split())
        assert answer.code == 0
        assert "model is base_rate or catboost or logistic; features is 2 or production" in shown
    occurring = json.loads(call("runs", "--json", f"paths.outputs={runs}", "model=foo").out)["occurring"]
    assert occurring == {"model": ["base_rate", "catboost", "logistic"], "features": ["2", "production"]}


def test_runs_that_are_not_completed_are_named(runs: Path) -> None:
    folder = next((runs / "runs/default").iterdir())
    status = read_status(folder)
    write_status(msgspec.structs.replace(status, state="failed"), folder)
    shown = call("runs", f"paths.outputs={runs}").out
    assert "1 run not completed" in shown
    assert str(folder) in shown.replace("\n", "")
    listing = json.loads(call("runs", "--json", f"paths.outputs={runs}").out)
    assert (listing["not_completed"], listing["not_completed_folders"]) == (1, [str(folder)])


def test_lines_fit_into_eighty_columns_and_a_list_without_runs_is_no_error(runs: Path, tmp_path: Path) -> None:
    lines = call("runs", f"paths.outputs={runs}").out.splitlines()
    assert max(len(line.rstrip()) for line in lines if not line.startswith("Figures")) <= 80
    assert "no finished run" in call("runs", f"paths.outputs={tmp_path / 'none'}").out


def test_a_terminal_of_80_columns_cuts_no_date_name_or_figure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    name = "the_name_of_a_sweep-2026-11-29T12-06-18-476785"
    figure = Interval(0.623, 0.58, 0.65, 1000)
    row = RunRow(
        kind="sweep, best of 12 jobs",
        name=name,
        folder="runs",
        started=datetime(2026, 2, 6, 9, tzinfo=UTC),
        train=(date(2023, 10, 1), date(2026, 1, 10)),
        evaluation=(date(2026, 1, 11), date(2026, 2, 5)),
        games=1515,
        model="base_rate",
        features="production",
        metrics={"auc": figure, "log_loss": figure},
        verdict="NEEDS_IMPROVEMENT",
    )
    monkeypatch.setenv("FORCE_COLOR", "1")  # makes rich take the output for a terminal
    monkeypatch.setenv("COLUMNS", "80")
    print_listing(Listing((row,), (), 0), 20, "outputs")
    shown = re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out)
    assert "…" not in shown
    assert max(map(len, shown.splitlines())) <= 80
    assert "2023-10-01..2026-01-10" in shown
    assert "2026-01-11..2026-02-05" in shown
    assert shown.count("0.623 (0.580-0.650)") == 2
    assert shown.splitlines()[0] == name, "so that it can be copied"
    assert len(shown.splitlines()) == 4


@pytest.mark.parametrize("word", ["naem=x", "sort=size", "top=many", "top=²", "since=yesterday", "default"])
def test_an_unknown_setting_is_refused(word: str) -> None:
    assert call("runs", word).code == 2
