"""A finished run on the terminal: the figures in its files, uncut at 80 columns, and without colours in a pipe."""

from __future__ import annotations

import logging
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from breakout.artifacts import load_json
from breakout.conf_tree import load_presets
from breakout.evaluation.run_metrics import read_metrics
from breakout.report.terminal.bars import progress_line
from breakout.report.terminal.runs import list_next_steps, print_run
from breakout.runs.record import read_run
from tests.report.conftest import Reported


def print_files_of(folder: Path) -> None:
    print_run(folder, read_metrics(folder), read_run(folder).distributions)


NAMES = ["evaluated", "only_trained", "walked_forward"]


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_cut_at_80_columns(
    name: str, reported: Reported, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")  # makes rich print as on a terminal
    monkeypatch.setenv("COLUMNS", "80")
    print_files_of(reported[name])
    printed = re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out)
    assert "…" not in printed
    places = ("run: ", "report: ", "bundle: ", "try next: ")  # not wrapped, so that they can be copied
    assert [line for line in printed.splitlines() if len(line) > 80 and not line.startswith(places)] == []


def test_only_files_that_are_there_are_named(
    reported: Reported, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = shutil.copytree(reported["only_trained"], tmp_path / "run")
    print_files_of(copy)
    assert f"report: {copy / 'report.html'}" in capsys.readouterr().out
    (copy / "report.html").unlink()
    print_files_of(copy)
    assert "report:" not in capsys.readouterr().out


def test_a_pipe_gets_no_colours(reported: Reported, capsys: pytest.CaptureFixture[str]) -> None:
    print_files_of(reported["evaluated"])
    assert "\x1b" not in capsys.readouterr().out


def test_forced_calibration_is_printed_with_log_loss_before_and_after(
    reported: Reported, capsys: pytest.CaptureFixture[str]
) -> None:
    print_files_of(reported["evaluated"])
    printed = " ".join(capsys.readouterr().out.split())
    evaluation = load_json(reported["evaluated"] / "metrics.json")["evaluation"]
    before, after = (
        part["metrics"]["log_loss"]["estimate"] for part in (evaluation["baselines"]["uncalibrated"], evaluation)
    )
    assert before > after + 0.1
    assert (
        "calibrated by sigmoid, as model.class_weights distorts probabilities: "
        f"log loss {before:.3f} before, {after:.3f} after" in printed
    )
    assert "uncalibrated" not in printed, "the model before its own calibration is no rival"


def test_the_top_of_the_list_seeds_trees_and_drift_are_printed(
    reported: Reported, capsys: pytest.CaptureFixture[str]
) -> None:
    print_files_of(reported["evaluated"])
    printed = " ".join(capsys.readouterr().out.split())
    metrics = load_json(reported["evaluated"] / "metrics.json")
    top: Any = metrics["evaluation"]["top_rows"][0]
    assert f"top 5% ({top['count']} games): hit rate {top['hit_rate']['estimate']:.3f}" in printed
    assert f"over 2 seeds: AUC {metrics['stability']['metrics']['auc']['mean']:.3f}" in printed
    assert f"{metrics['model']['trees']:g} trees, fitted on 3,653 games to 2026-01-10; stopped on 566" in printed
    drifted = load_json(reported["evaluated"] / "distributions.json")["drifted"]
    assert f"drift from training to evaluation: {', '.join(drifted)}" in printed


def test_a_run_that_only_trained_prints_its_validation_part_and_that_it_flatters(
    reported: Reported, capsys: pytest.CaptureFixture[str]
) -> None:
    print_files_of(reported["only_trained"])
    printed = " ".join(capsys.readouterr().out.split())
    validation = load_json(reported["only_trained"] / "metrics.json")["validation"]
    assert f"the {validation['rows']} validation games" in printed
    assert "on which a threshold was looked for, flatter it" in printed, "no fit of a logistic regression is stopped"
    assert f"{validation['metrics']['log_loss']:.3f}" in printed


def log_inside_a_progress_line() -> None:
    logger = logging.getLogger("breakout")
    with progress_line("train"):
        logger.info("fitted on %d rows", 3653)
        logger.warning("one feature is constant")


def test_a_progress_line_shows_log_messages_and_restores_the_log(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    logger = logging.getLogger("breakout")
    before = logger.level, list(logger.handlers)
    log_inside_a_progress_line()
    printed = capsys.readouterr().out
    assert "train: " in printed
    assert "warning" in printed
    assert (logger.level, logger.handlers) == before


def test_a_progress_line_prints_nothing_into_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    log_inside_a_progress_line()
    assert capsys.readouterr().out == ""


def test_commands_to_try_next_keep_the_runs_games_and_repeat_nothing_that_it_did(reported: Reported) -> None:
    metrics = read_metrics(reported["evaluated"])
    given = ["window=january", "window.eval_end=2026-01-31", "model.depth=3", "name=x", "hypothesis='a, b'"]
    kinds, tonight = list_next_steps(metrics, given)
    assert kinds.endswith("breakout -m model=catboost,logistic,blend window=january window.eval_end=2026-01-31")
    assert tonight.endswith("features=tonight window=january window.eval_end=2026-01-31 model.depth=3")
    seen = replace(metrics, importance=dict.fromkeys(load_presets()["tonight"], 0.0))
    given = ["mode=experimental", "features=tonight", "warehouse.player_game_summary='a b.csv'"]
    (kinds,) = list_next_steps(seen, given)
    assert kinds.endswith(f'blend mode=experimental features=tonight "{given[-1]}"')


def test_a_run_without_an_evaluation_is_sent_to_other_dates(reported: Reported) -> None:
    given = ["window=january", "window.eval_start=null", "model=logistic"]
    more, _ = list_next_steps(read_metrics(reported["only_trained"]), given)
    assert more.endswith("breakout window=season model=logistic")
    others = list_next_steps(read_metrics(reported["only_trained"]), [*given, "warehouse=duckdb"])
    assert not any("window=season" in step for step in others)  # window=season has the sample's dates
