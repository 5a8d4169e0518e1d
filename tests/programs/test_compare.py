"""Tests of `breakout compare`, against the figures of each run and against an independent bootstrap."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from tests.commands import QUICK, Answer, Trained, call, train


def compare(candidate: Path, production: Path, outputs: Path, *words: str) -> Answer:
    both = (f"candidate={candidate}", f"production={production}")
    return call("compare", *both, f"paths.outputs={outputs}", *QUICK, *words)


@pytest.fixture(scope="module")
def compared(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the outputs folder of a comparison of logistic regression with the default model."""
    outputs = tmp_path_factory.mktemp("compared")
    answer = compare(trained["logistic"], trained["default"], outputs)
    assert answer.code == 0, answer.err
    return outputs


def read(outputs: Path) -> tuple[dict[str, Any], pd.DataFrame]:
    folder = max((outputs / "comparisons" / "compare").iterdir())
    return json.loads((folder / "comparison.json").read_text()), pd.read_parquet(folder / "predictions.parquet")


def test_both_are_scored_on_the_games_after_both_trainings_as_in_their_own_runs(
    trained: Trained, compared: Path
) -> None:
    comparison, frame = read(compared)
    assert comparison["window"] == ["2026-01-11", "2026-02-05"]
    for role, name in (("candidate", "logistic"), ("production", "default")):
        own = pd.read_parquet(trained[name] / "predictions.parquet").query("split == 'evaluation'")
        assert np.array_equal(frame[f"probability_{role}"], own["probability"])
        metrics = json.loads((trained[name] / "metrics.json").read_text())["evaluation"]["metrics"]
        assert comparison[role]["metrics"] == metrics
        assert comparison[role]["reliability"]
    for metric, paired in comparison["differences"].items():
        ours, theirs = (comparison[role]["metrics"][metric]["estimate"] for role in ("candidate", "production"))
        assert paired["difference"]["estimate"] == pytest.approx(ours - theirs, abs=1e-15)
    assert [row["label"] for row in comparison["slices"]["month"]] == ["2026-01", "2026-02"]
    assert sum(row["n_rows"] for row in comparison["slices"]["month"]) == comparison["n_rows"] == len(frame)


def test_the_interval_agrees_with_an_independent_bootstrap_of_dates_to_the_third_decimal(
    trained: Trained, tmp_path: Path
) -> None:
    assert compare(trained["logistic"], trained["default"], tmp_path, "evaluation.bootstrap_resamples=8000").code == 0
    comparison, frame = read(tmp_path)
    found = comparison["differences"]["auc"]["difference"]
    low, high = independent_interval(frame, resamples=8_000)
    assert found["estimate"] == pytest.approx(
        roc_auc_score(frame["is_breakout"], frame["probability_candidate"])
        - roc_auc_score(frame["is_breakout"], frame["probability_production"]),
        abs=1e-12,
    )
    assert (found["low"], found["high"]) == pytest.approx((low, high), abs=1e-3)


def independent_interval(frame: pd.DataFrame, resamples: int) -> tuple[float, float]:
    """Return the 2.5% and 97.5% quantiles of the AUC difference over resampled dates.

    wins[d, e] counts the pairs in which a breakout of date d is ranked above another game of date e, with ties as half.
    pairs[d, e] counts all such pairs. A resample contains each date v[d] times; its AUC is the ratio of v wins v to v
    pairs v.
    """
    label = frame["is_breakout"].to_numpy(dtype=bool)
    dates, index = np.unique(frame["game_date"].astype(str), return_inverse=True)
    belongs = np.eye(len(dates))[index]
    draws = np.random.default_rng(1).multinomial(len(dates), np.full(len(dates), 1 / len(dates)), size=resamples)
    aucs = []
    for column in ("probability_candidate", "probability_production"):
        p = frame[column].to_numpy()
        won = (p[label][:, None] > p[~label]) + 0.5 * (p[label][:, None] == p[~label])
        wins = belongs[label].T @ won @ belongs[~label]
        pairs = np.outer(belongs[label].sum(axis=0), belongs[~label].sum(axis=0))
        aucs.append(((draws @ wins) * draws).sum(axis=1) / ((draws @ pairs) * draws).sum(axis=1))
    low, high = np.quantile(aucs[0] - aucs[1], [0.025, 0.975])
    return float(low), float(high)


def test_the_window_begins_after_the_later_training(trained: Trained, tmp_path: Path) -> None:
    later = train(tmp_path, "later", "window=february", "model=base_rate")
    assert compare(later, trained["default"], tmp_path).code == 0
    assert read(tmp_path)[0]["window"] == ["2026-02-01", "2026-02-05"]
    answer = compare(later, trained["default"], tmp_path, "start=2026-01-20")
    assert answer.code == 2
    assert "training window, which ends on 2026-01-31" in answer.err


@pytest.mark.parametrize("other", ["itself", "a copy", "a refit"])
def test_a_model_is_not_compared_with_itself(trained: Trained, tmp_path: Path, other: str) -> None:
    model = trained["default"] / "bundle"
    production = {"itself": model, "a refit": trained["refit"]}.get(other) or Path(
        shutil.copytree(model, tmp_path / "copy")
    )
    answer = compare(model, production, tmp_path)
    assert answer.code == 2
    assert "are the same model" in answer.err


def test_models_of_another_population_or_label_are_not_compared(trained: Trained, tmp_path: Path) -> None:
    narrow = compare(trained["narrow"], trained["default"], tmp_path)
    assert narrow.code == 2
    assert "max_ppg is 14.0 for the candidate and 16.0 for production" in narrow.err
    lower = train(tmp_path, "lower", "target.breakout_multiplier=1.4", "model=base_rate")
    answer = compare(lower, trained["default"], tmp_path)
    assert answer.code == 2
    assert all(part in answer.err for part in ("breakout_multiplier", "1.4", "1.5"))


def test_a_single_date_gives_differences_without_an_interval_and_no_share_of_resamples(
    trained: Trained, tmp_path: Path
) -> None:
    answer = compare(trained["logistic"], trained["default"], tmp_path, "start=2026-02-05", "end=2026-02-05")
    assert answer.code == 0, answer.err
    assert "62 games of 1 date, 2026-02-05 to 2026-02-05" in answer.out
    assert "% of resamples" not in answer.out
    differences = read(tmp_path)[0]["differences"]
    assert {paired["difference"]["low"] for paired in differences.values()} == {None}


def test_models_of_other_features_are_compared_on_the_same_games(trained: Trained, tmp_path: Path) -> None:
    answer = compare(trained["experimental"], trained["default"], tmp_path)
    assert answer.code == 0, answer.err
    comparison, frame = read(tmp_path)
    assert comparison["n_rows"] == len(frame) == 1515


def test_the_page_shows_both_models_and_their_paired_differences(compared: Path) -> None:
    comparison, _ = read(compared)
    html = next((compared / "comparisons").rglob("report.html")).read_text(encoding="utf-8")
    assert all(comparison["bundles"][role]["fingerprint"] in html for role in ("candidate", "production"))
    found = comparison["differences"]["log_loss"]["difference"]
    assert f"{found['estimate']:+.4f}".replace("-", "\N{MINUS SIGN}") in html
    assert '<h2 id="slices">' in html
