"""Tests of the cells of docs/notebook.md, which run from top to bottom in one namespace."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import breakout
from breakout.errors import ConfigurationError, GateError
from breakout.evaluation.slice_labels import month_labels
from breakout.evaluation.summary import evaluate_probabilities
from tests.commands import Trained, call

PAGE = Path(__file__).parents[2] / "docs" / "notebook.md"


@pytest.fixture(scope="module")
def cells(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return the names that the page's cells define, and as `folder` the folder in which they ran."""
    folder = tmp_path_factory.mktemp("notebook")
    names: dict[str, Any] = {"folder": folder}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for cell in re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL):
            assert len(re.findall(r"\n(?=\S)", cell.strip())) <= 6  # at most seven statements a cell
            exec(cell, names)  # noqa: S102  (our own page)
    return names


def test_the_slate_of_a_notebook_is_that_of_the_command(cells: dict[str, Any], tmp_path: Path) -> None:
    out = tmp_path / "slate.parquet"
    answer = call("predict", f"bundle={cells['bundle'].folder}", "date=2026-02-06", f"out={out}")
    assert answer.code == 0, answer.err
    pd.testing.assert_frame_equal(cells["ranked"], pd.read_parquet(out), check_dtype=False)


def test_a_run_of_a_notebook_predicts_what_the_fit_in_memory_predicts(cells: dict[str, Any]) -> None:
    frames = [cells["fitted"].predictions(), cells["run"].predictions()]
    assert np.array_equal(frames[0]["probability"], frames[1]["probability"])
    scored = frames[0].query("split == 'evaluation'")
    assert np.array_equal(scored["probability"], cells["scored"]["probability"])


def test_features_and_labels_are_those_of_the_dataset_command(cells: dict[str, Any], tmp_path: Path) -> None:
    out = tmp_path / "games.parquet"
    assert call("dataset", "start=2026-01-11", "end=2026-02-05", f"out={out}").code == 0
    pd.testing.assert_frame_equal(cells["games"], pd.read_parquet(out), check_dtype=False)


def test_a_slate_has_features_for_each_player_that_is_ranked(cells: dict[str, Any]) -> None:
    tonight, ranked = cells["tonight"], cells["ranked"]
    assert set(ranked["player_lookup"]) <= set(tonight.query("is_role_player == True")["player_lookup"])
    assert "points_avg_last_5" in tonight


def test_the_metrics_of_a_bundle_and_of_its_fit_are_equal_and_inside_their_intervals(cells: dict[str, Any]) -> None:
    table = breakout.metrics_table(cells["fitted"].evaluation)
    pd.testing.assert_frame_equal(table, breakout.metrics_table(cells["result"]))
    assert {"auc", "log_loss"} <= set(table.index)
    assert bool((table["low"] < table["estimate"])["auc"])
    assert bool((table["estimate"] < table["high"])["auc"])
    assert bool(table["base_rate"].loc[["log_loss", "brier"]].notna().all())


def test_ladders_are_those_of_the_slate_and_their_figures_those_of_the_run(cells: dict[str, Any]) -> None:
    slate = breakout.predict_slate(cells["points_bundle"], date(2026, 2, 6))
    assert np.array_equal(cells["ladders"].to_numpy(), np.array(slate["ladder"].tolist()))
    needed = slate["points_for_breakout"].to_numpy() - 1
    assert np.array_equal(cells["ladders"].to_numpy()[range(len(slate)), needed], slate["probability"])
    metrics = breakout.evaluate_ladders(cells["points_bundle"], date(2026, 1, 11), date(2026, 2, 5))
    table, recorded = breakout.points_table(metrics), cells["points_run"].metrics.points
    assert list(table.loc["crps"]) == [recorded.crps.estimate, recorded.crps.low, recorded.crps.high]
    assert bool((table["low"] <= table["estimate"]).all() and (table["estimate"] <= table["high"]).all())
    assert {"skill_last_games", "coverage_50", "over_19.5"} <= set(table.index)


def test_a_model_without_a_ladder_is_refused(cells: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match="model=points"):
        breakout.ladder_table(cells["ranked"])
    with pytest.raises(ConfigurationError, match="model=points"):
        breakout.evaluate_ladders(cells["bundle"], date(2026, 2, 4))


def test_a_chart_is_saved_as_a_page_and_shown_in_a_frame(cells: dict[str, Any]) -> None:
    page = (cells["folder"] / "reliability.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert "<svg" in page
    shown = breakout.draw_chart(cells["result"], "roc")._repr_html_()
    assert shown.startswith("<iframe srcdoc=")
    assert "<svg" not in shown  # escaped inside srcdoc, so its styles cannot change the notebook


def test_a_chart_of_an_unknown_name_is_refused_with_the_nearest(cells: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match="reliability"):
        breakout.draw_chart(cells["result"], "reliabilty")


@pytest.mark.parametrize("name", ["verdict", "roc", "precision_recall", "months", "lift"])
def test_a_chart_that_needs_both_classes_is_refused_on_games_of_one_class(cells: dict[str, Any], name: str) -> None:
    dates = np.datetime64("2026-01-11") + np.arange(20) % 5
    result = evaluate_probabilities(
        np.zeros(20),
        np.linspace(0.1, 0.4, 20),
        dates,
        parameters=cells["result"].parameters,
        chosen_threshold=None,
        baselines={},
        slices={"month": month_labels(dates)},
        train_end=None,
    )
    with pytest.raises(ConfigurationError, match=name):
        breakout.draw_chart(result, name)


def test_a_day_of_the_training_window_is_refused(cells: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        breakout.predict_slate(cells["bundle"], cells["bundle"].train_end)


def test_a_slate_takes_the_rows_players_and_cutoff_of_the_overrides(cells: dict[str, Any], trained: Trained) -> None:
    ranked = cells["ranked"]
    best = ranked["player_lookup"].iloc[0]
    kept = breakout.predict_slate(cells["bundle"], date(2026, 2, 6), "top=3", f"exclude=[{best}]")
    assert list(kept["player_lookup"]) == list(ranked["player_lookup"].iloc[1:4])
    reported, cutoff = breakout.load_bundle(trained["reported"]), "availability.cutoff=13:30"
    with pytest.raises(GateError, match=r"availability.cutoff was 17:30, is 13:30"):
        breakout.predict_slate(reported, date(2026, 2, 6), cutoff)
    with pytest.raises(GateError, match=r"availability.cutoff was 17:30, is 13:30"):
        breakout.predict_rows(reported, date(2026, 2, 4), None, cutoff)
    allowed = breakout.predict_slate(reported, date(2026, 2, 6), cutoff, "allow_contract_mismatch=true")
    assert bool(allowed["contract_mismatch"].all())


def test_an_unknown_command_is_refused_with_the_nearest() -> None:
    with pytest.raises(ConfigurationError, match=r"command trian: did you mean train\?"):
        breakout.compose("trian", [])


def test_importing_the_package_imports_no_library() -> None:
    code = "import sys, breakout; print(sorted({'pandas', 'numpy', 'hydra', 'duckdb'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_name_of_the_interface_is_imported_on_first_use() -> None:
    assert all(callable(getattr(breakout, name)) for name in breakout.__all__)
