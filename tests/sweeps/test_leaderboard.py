"""Tests of a sweep's leaderboard: ranks, ties, baselines, seeds, failed jobs, commands, and separate tables."""

from __future__ import annotations

import json
import shlex
import shutil
from dataclasses import replace
from pathlib import Path

import msgspec
import pandas as pd
import pyarrow as pa
import pytest

from breakout.cli import main
from breakout.leaderboard_files import load_leaderboard
from breakout.report.sweep_tables import describe_best, missing_table
from breakout.sweeps.leaderboard import build_leaderboard
from breakout.sweeps.results import CompletedJob, load_results
from breakout.warehouse.sample import SAMPLE_FOLDER
from tests.commands import call
from tests.sweeps.conftest import Swept, sweep


def test_jobs_are_ranked_by_validation_log_loss_with_intervals(shape: Swept) -> None:
    (table,) = shape.board["tables"]
    losses = [row["value"]["estimate"] for row in table["rows"]]
    assert losses == sorted(losses)
    assert [row["rank"] for row in table["rows"]] == list(range(1, 9))
    for row in table["rows"]:
        metrics = json.loads((Path(row["run"]) / "metrics.json").read_text())
        assert row["value"]["estimate"] == metrics["validation"]["metrics"]["log_loss"]
        assert row["metrics"]["auc"] == metrics["evaluation"]["metrics"]["auc"]
        assert row["value"]["low"] < row["value"]["estimate"] < row["value"]["high"]
        assert row["fit_seconds"] >= 0


def test_ties_hold_zero_in_their_paired_difference_and_the_simplest_is_named(shape: Swept) -> None:
    (table,) = shape.board["tables"]
    rows = {row["job"]: row for row in table["rows"]}
    best = rows[table["best"]]
    assert best["rank"] == 1
    for row in rows.values():
        assert row["difference"]["estimate"] == pytest.approx(row["value"]["estimate"] - best["value"]["estimate"])
        holds_zero = row["difference"]["low"] <= 0 <= row["difference"]["high"]
        assert row["is_tied"] == (holds_zero or row["recipe"] == best["recipe"])
    tied = [rows[job] for job in table["tied"]]
    leaves = {row["job"]: row["trees"] * 2 ** row["model"]["depth"] for row in tied}
    assert leaves[table["simplest"]] == min(leaves.values())


def test_jobs_whose_metric_is_undefined_are_tied_and_none_is_called_better(shape: Swept) -> None:
    def with_one_class(job: CompletedJob) -> CompletedJob:
        labels = pa.array([0] * job.predictions.num_rows, "int8")
        at = job.predictions.column_names.index("is_breakout")
        return replace(
            job,
            entry=msgspec.structs.replace(job.entry, settings=job.entry.settings | {"optimized_metric": "auc"}),
            validation=replace(job.validation, metrics={**job.validation.metrics, "auc": None}),
            predictions=job.predictions.set_column(at, "is_breakout", labels),
        )

    jobs = [with_one_class(one) for one in load_results(shape.folder) if isinstance(one, CompletedJob)]
    board = build_leaderboard(jobs, shape.folder)
    (table,) = board.tables
    assert set(table.tied) == {one.number for one in jobs}
    assert "better" not in describe_best(table, board)


@pytest.mark.parametrize(
    ("states", "is_named"), [(("failed", "not run"), True), (("not run", "killed"), False), (("damaged",), False)]
)
def test_the_table_of_missing_jobs_names_the_log_only_for_failed_ones(
    states: tuple[str, ...], is_named: bool, shape: Swept
) -> None:
    board = load_leaderboard(shape.folder)
    missing = tuple(msgspec.structs.replace(board.not_completed[0], state=state) for state in states)
    table = missing_table(msgspec.structs.replace(board, not_completed=missing))
    assert ("run.log" in table.caption) == is_named


def test_baselines_stand_in_the_table_and_seeds_tell_their_spread(shape: Swept) -> None:
    board = shape.board
    assert [row["baseline"] for row in board["tables"][0]["baselines"]] == ["base_rate", "logistic"]
    assert [spread["seeds"] for spread in board["seeds"]] != []
    spread = board["seeds"][0]
    values = spread["value"]["values"]
    assert spread["value"]["lowest"] == min(values) < max(values) == spread["value"]["highest"]


def test_the_flat_table_holds_jobs_baselines_and_failures(shape: Swept) -> None:
    flat = pd.read_csv(shape.folder / "leaderboard.csv")
    assert flat["kind"].value_counts().to_dict() == {"job": 12, "baseline": 2}
    assert flat["state"].value_counts().to_dict() == {"completed": 10, "failed": 4}
    assert flat[flat["state"] == "completed"]["auc_low"].notna().all()
    assert flat[flat["state"] == "failed"]["reason"].str.startswith("model.depth must be").all()


def test_the_command_beside_a_job_runs_it_alone_whatever_its_words_hold(tmp_path: Path) -> None:
    conf = tmp_path / "my conf" / "window"
    conf.mkdir(parents=True)
    (conf / "mine.yaml").write_text(
        "kind: dates\ntrain_start: 2025-11-02\ntrain_end: 2026-01-10\neval_start: null\neval_end: null\n"
    )
    words = (
        "window=mine",
        "model=base_rate",
        "seed=1",
        "validation.fraction=0.15,0.999",
        """hypothesis='is it, "so"?'""",
    )
    swept = sweep(tmp_path / "out put", "--config-dir", str(conf.parent), *words)
    (failed,) = swept.board["not_completed"]
    assert "leaves 0 to fit on" in failed["reason"]
    alone = call(*shlex.split(failed["command"])[1:])
    assert failed["reason"] in " ".join(alone.err.split())
    good = shlex.split(swept.board["tables"][0]["rows"][0]["command"])
    assert call(*good[1:], "dry_run=true").code == 0
    assert main(shlex.split(swept.board["resume_command"])[1:]) == 1


def test_other_labels_and_populations_stand_in_tables_of_their_own(tmp_path: Path) -> None:
    words = ("model=base_rate", "target.breakout_multiplier=1.5,2", "window=january,february")
    board = sweep(tmp_path, *words, "calibration=none,sigmoid").board
    assert len(board["tables"]) == 4
    assert len({table["title"] for table in board["tables"]}) == 4
    assert len(board["recipes"]) == 2, "means over windows are taken over one problem at a time"
    assert all(recipe["tables"] == 2 for table in board["recipes"] for recipe in table["rows"])
    assert {row["label"] for row in board["tables"][0]["rows"]} == {"calibration=none", "calibration=sigmoid"}


def test_the_report_is_rebuilt_from_the_files_alone_and_tells_of_what_is_missing(shape: Swept, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(shape.folder, tmp_path / shape.folder.name))
    for name in ("leaderboard.csv", "leaderboard.json", "report.html"):
        (folder / name).unlink()
    assert main(["report", str(folder)]) == 0
    rebuilt, before = Swept(0, "", folder).board, shape.board
    assert [row["value"] for row in rebuilt["tables"][0]["rows"]] == [
        row["value"] for row in before["tables"][0]["rows"]
    ]
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "model.depth must be an integer from 1 to 16, got 0." in page
    assert "breakout resume=" in page
    victim = Path(rebuilt["tables"][0]["rows"][0]["run"])
    (victim / "predictions.parquet").write_bytes(b"PAR1")
    assert main(["report", str(folder)]) == 0
    assert "damaged" in {row["state"] for row in Swept(0, "", folder).board["not_completed"]}


def test_no_file_of_a_sweep_has_the_value_of_an_environment_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "told-to-nobody"
    place.symlink_to(SAMPLE_FOLDER)
    monkeypatch.setenv("BREAKOUT_TEST_PLACE", str(place))
    names = ("player_game_summary", "team_offense_game_summary")
    files = [f"warehouse.{name}=${{oc.env:BREAKOUT_TEST_PLACE}}/{name}.parquet" for name in names]
    swept = sweep(tmp_path / "outputs", "model=base_rate", "seed=1,2", "warehouse=duckdb", *files)
    assert swept.code == 0, swept.out
    telling = [path for path in swept.folder.rglob("*") if path.is_file() and b"told-to-nobody" in path.read_bytes()]
    assert telling == []
    assert main([f"resume={swept.folder}"]) == 0


def test_the_spread_over_seeds_is_that_of_one_window_also_where_windows_share_a_table(tmp_path: Path) -> None:
    shared = ("model=base_rate", "validation.fraction=null", "validation.days=14")
    board = sweep(tmp_path, *shared, "seed=1,2", "window.train_start=2025-11-02,2025-11-09").board
    assert len(board["tables"]) == 1
    assert [spread["seeds"] for spread in board["seeds"]] == [[1, 2], [1, 2]]
    assert {spread["value"]["standard_deviation"] for spread in board["seeds"]} == {0.0}
