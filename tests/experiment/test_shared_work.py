"""Work shared by jobs of one process: a result is computed once for equal inputs."""

from __future__ import annotations

from pathlib import Path

import pytest

from breakout import settings
from breakout.experiment import fitting, shared_work
from breakout.experiment.plan import open_plan
from breakout.experiment.shared_work import SharedWork
from breakout.experiment.windows import fit_windows
from breakout.settings.composition import compose
from breakout.training import train
from tests.experiment.conftest import QUICK


def experiment(*overrides: str) -> settings.ExperimentConfig:
    config = compose("train", overrides)
    assert isinstance(config, settings.ExperimentConfig)
    return config


def count_fits(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """Count the fits from now on by the kind of model; the fits still run."""
    counts: dict[str, int] = {}
    for module, name in ((fitting, "fit_model"), (shared_work, "fit_twice")):
        fit = getattr(module, name)

        def counted(config, *arguments, fit=fit, **named):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN002, ANN003, ANN202
            counts[config.kind] = counts.get(config.kind, 0) + 1
            return fit(config, *arguments, **named)

        monkeypatch.setattr(module, name, counted)
    return counts


def test_walk_forward_jobs_fit_the_baselines_of_each_fold_once(monkeypatch: pytest.MonkeyPatch) -> None:
    counts, work = count_fits(monkeypatch), SharedWork()
    for depth in (2, 3):
        config = experiment(
            "window=walk_forward",
            "window.train_start=2025-11-01",
            "window.eval_start=2025-12-01",
            "window.eval_end=2025-12-21",
            "window.step=week",
            "window.folds=3",
            f"model.depth={depth}",
            "model.iterations=5",
        )
        work.begin_group(depth, 5)
        with open_plan(config) as plan:
            fit_windows(plan, work)
    assert counts == {"catboost": 6, "base_rate": 3, "logistic": 3}


def test_jobs_on_the_same_rows_share_baselines_and_drift_and_others_do_not(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    counts, work = count_fits(monkeypatch), SharedWork()
    for words in (("model.depth=2",), ("model.depth=3",), ("model.depth=2", "window.eval_days=4")):
        config = experiment("debug=tiny", "model.iterations=5", "write_report=false", *QUICK, *words)
        with open_plan(config) as plan:
            train(plan, tmp_path, work)
    assert (counts["catboost"], counts["base_rate"]) == (3, 2)
    files = [path.read_bytes() for path in sorted(tmp_path.glob("*/distributions.json"))]
    assert files[0] == files[1] != files[2]


def test_results_beyond_the_limit_are_dropped_and_computed_again() -> None:
    work, computed = SharedWork(), []
    for key in [*range(shared_work.ROWS_LIMIT + 1), 0, shared_work.ROWS_LIMIT]:
        work.once("rows", key, lambda key=key: computed.append(key))  # type: ignore[misc]
    assert computed == [*range(shared_work.ROWS_LIMIT + 1), 0]
