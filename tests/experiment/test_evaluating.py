"""Evaluation with shared work: equal to evaluation alone, and a stored result is used for equal inputs only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from breakout import settings
from breakout.experiment.evaluating import ScoredRows, evaluate_scored, evaluation_parameters, score_rows
from breakout.experiment.plan import RunPlan, open_plan
from breakout.experiment.shared_work import SharedWork
from breakout.experiment.windows import fit_windows
from breakout.settings.composition import compose


@pytest.fixture(scope="module")
def plan() -> Iterator[RunPlan]:
    config = compose("train", ["debug=tiny", "model=logistic"])
    assert isinstance(config, settings.ExperimentConfig)
    with open_plan(config) as opened:
        yield opened


@pytest.fixture(scope="module")
def scored(plan: RunPlan) -> ScoredRows:
    found = fit_windows(plan).last.scored
    assert found is not None
    return found


def test_baselines_are_kept_for_equal_rows_labels_and_draws_alone(plan: RunPlan, scored: ScoredRows) -> None:
    work, rows = SharedWork(), scored.rows
    parameters = evaluation_parameters(plan.config.evaluation, 42)
    turned = score_rows(scored.learned, replace(rows, y=1 - rows.label), scored.train_end)
    fewer = score_rows(scored.learned, rows.take(rows.dates > rows.dates.min()), scored.train_end)
    for part, drawn in (
        (scored, parameters),
        (turned, parameters),
        (fewer, parameters),
        (scored, replace(parameters, seed=43)),
        (scored, parameters),
    ):
        shared, alone = (
            evaluate_scored([part], part.rows, drawn, plan.config.target, kept) for kept in (work, SharedWork())
        )
        assert shared == alone
