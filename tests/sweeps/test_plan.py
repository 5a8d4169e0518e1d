"""Tests of the plan of a sweep: its jobs, fits and rows, the errors found before any fit, and the warehouse."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from breakout import settings
from breakout.cli import main
from breakout.errors import DataError
from breakout.settings.composition import compose
from breakout.sweeps.job import Job, identity_of
from breakout.sweeps.planning import plan_sweep
from breakout.sweeps.shared_rows import LazyWarehouse
from breakout.sweeps.warehouses import OpenedWarehouses
from breakout.warehouse.sample import SAMPLE_FOLDER
from tests.sample_files import ingest, warehouse_overrides
from tests.sweeps.conftest import Swept

Captured = pytest.CaptureFixture[str]


def plan(capsys: Captured, *words: str) -> tuple[int, str]:
    code = main(["-m", *words, "dry_run=true"])
    shown = capsys.readouterr()
    return code, " ".join((shown.out + shown.err).split())


def test_a_plan_counts_jobs_fits_and_rows_and_writes_nothing(
    capsys: Captured, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, printed = plan(capsys, "model.depth=4,6", "model.iterations=200,500", "window=january,february")
    assert code == 0
    assert "sweep of 8 jobs: 4 fits on 3,653 to 4,911 training rows" in printed
    assert "model.depth=4 model.iterations=200 window=january │ 3,653 │ 1,515" in printed
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def cached(shape: Swept) -> tuple[str, str]:
    """Return overrides of a sweep whose rows are in the cache."""
    return f"paths.outputs={shape.folder.parent.parent}", "window=january"


@pytest.mark.parametrize(
    ("words", "printed"),
    [
        pytest.param(("seed=1,1,2,2",), "2 jobs, 2 asked for twice: 2 fits", id="equal jobs are one"),
        pytest.param(
            ("model=catboost,blend", "calibration=none,sigmoid"), "4 jobs: 1 fit", id="a blend has CatBoost's trees"
        ),
        pytest.param(
            ("model.iterations=100,199,200,500",),
            "4 jobs: 2 fits",
            id="fits below 200 trees differ from longer fits",
        ),
        pytest.param(
            ("model.iterations=200,500", "hydra/launcher=joblib"), "2 jobs: 2 fits", id="other launchers share no fits"
        ),
    ],
)
def test_jobs_that_need_the_same_fit_share_it(
    words: tuple[str, ...], printed: str, cached: tuple[str, str], capsys: Captured
) -> None:
    assert f"sweep of {printed} " in plan(capsys, *cached, *words)[1]


def test_jobs_that_differ_only_in_prices_are_two_jobs_with_one_fit(
    cached: tuple[str, str], capsys: Captured, tmp_path: Path
) -> None:
    prices = tmp_path / "prices.csv"
    prices.write_text("game_date,player_lookup,line,over_price,under_price\n")
    margins = ("model=points", "prices.margin=multiplicative,power")
    assert "sweep of 2 jobs: 1 fit " in plan(capsys, *cached, *margins, f"prices={prices}")[1]
    assert "sweep of 1 job, 1 asked for twice: 1 fit " in plan(capsys, *cached, *margins)[1]


@pytest.mark.parametrize(
    ("first", "second", "is_same"),
    [
        ({"table": "d.a"}, {"table": "d.b"}, False),
        ({"file": "a.csv", "odds": "decimal"}, {"file": "a.csv", "odds": "american"}, False),
        ({"file": "a.csv", "kelly": 0.1}, {"file": "a.csv", "kelly": 0.2}, True),
        ({"file": None, "margin": "shin"}, {"file": None, "margin": "power"}, True),
        ("a.csv", None, True),  # the override of a job that cannot be composed
    ],
)
def test_jobs_differ_by_the_prices_that_change_the_market(first: Any, second: Any, is_same: bool) -> None:
    assert (identity_of("f", {"prices": first}) == identity_of("f", {"prices": second})) is is_same


def test_lengths_of_rolling_training_can_be_swept(capsys: Captured) -> None:
    window = ("window=walk_forward", "window.folds=2", "window.training=rolling", "window.train_days=200,400")
    code, printed = plan(capsys, *window, "model=base_rate")
    assert code == 0
    assert "sweep of 2 jobs: 4 fits on " in printed
    rows = dict(re.findall(r"window.train_days=(\d+) │ ([\d,]+) │", printed))
    assert int(rows["200"].replace(",", "")) < int(rows["400"].replace(",", ""))


def test_too_few_rows_and_impossible_values_are_named_before_anything_runs(capsys: Captured) -> None:
    code, printed = plan(capsys, "model.depth=4,0", "window.train_start=2025-11-02,2026-01-09")
    assert code == 1
    assert "sweep of 4 jobs, 3 impossible: 1 fit" in printed
    assert "the training window holds 119 rows, at least 500 are needed" in printed


def test_a_sweep_of_which_nothing_is_possible_is_refused_in_one_sentence(capsys: Captured) -> None:
    assert plan(capsys, "model.depth=0,40") == (
        2,
        "breakout: model.depth must be an integer from 1 to 16, got 0.",
    )


@pytest.mark.parametrize(
    ("metric", "printed"),
    [
        ("evaluation.auc", "optimized_metric must be one of log_loss, brier, ece, auc, average_precision"),
        ("auc,brier", "a sweep is ranked by one optimized_metric, its jobs name auc and brier; give one of them."),
    ],
)
def test_a_sweep_is_ranked_by_one_metric_and_never_on_the_evaluation_window(
    metric: str, printed: str, cached: tuple[str, str], capsys: Captured
) -> None:
    code, shown = plan(capsys, *cached, f"optimized_metric={metric}", "seed=1,2")
    assert code == 2
    assert printed in shown


def test_a_plan_over_rows_in_the_cache_imports_no_engine_and_no_model(cached: tuple[str, str]) -> None:
    heavy = "{'pandas', 'duckdb', 'scipy', 'sklearn', 'catboost', 'matplotlib'}"
    words = ["-m", *cached, "model.depth=2,3", "dry_run=true"]
    code = f"import sys; from breakout.cli import main; main({words}); print(*({heavy} & set(sys.modules)))"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert "sweep of 2 jobs: 2 fits on 3,653 training rows" in shown.stdout
    assert shown.stdout.splitlines()[-1] == ""


def test_a_worker_never_takes_rows_of_a_changed_source_for_the_planned_ones(tmp_path: Path) -> None:
    ingest(tmp_path / "files", date(2025, 10, 1), date(2026, 2, 5))
    config = compose("train", ["model=base_rate", *warehouse_overrides(tmp_path / "files")])
    assert isinstance(config, settings.ExperimentConfig)
    cache = tmp_path / "cache"
    (group,) = plan_sweep([Job(0, (), config)], cache).groups
    prepared = group.jobs[0].plan
    assert isinstance(prepared.warehouse, LazyWarehouse)
    assert prepared.warehouse.latest_game_date() == date(2026, 2, 5)
    prepared.warehouse.close()
    for entry in cache.glob("*.parquet"):
        entry.unlink()
    ingest(tmp_path / "files", date(2024, 10, 1), date(2025, 5, 1))
    with pytest.raises(DataError, match="the source has changed since the sweep was planned"):
        prepared.build_train()
    assert not list(cache.glob("*.parquet"))


def test_a_copy_of_a_source_shares_its_cache_but_not_its_name(tmp_path: Path) -> None:
    copy = settings.DuckDBWarehouseConfig(
        kind="duckdb",
        folder=None,
        database=None,
        player_game_summary=str(SAMPLE_FOLDER / "player_game_summary.parquet"),
        team_offense_game_summary=str(SAMPLE_FOLDER / "team_offense_game_summary.parquet"),
        schedule=str(SAMPLE_FOLDER / "schedule.parquet"),
        availability=str(SAMPLE_FOLDER / "availability.parquet"),
        season_type=None,
        columns=None,
        team_codes=None,
        season_types=None,
        date_format=None,
        hive_partitioning=False,
    )
    with OpenedWarehouses(tmp_path, is_dry=False) as sources:
        facts = [sources.open(config, "a").facts for config in (settings.SampleWarehouseConfig("sample"), copy)]
    assert facts[0].fingerprints == facts[1].fingerprints
    assert [source.description for source in facts] == ["sample, games to 2026-02-05", "duckdb, games to 2026-02-05"]
