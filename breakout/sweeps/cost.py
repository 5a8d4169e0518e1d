"""Estimates of the seconds that a job takes on one core.

They were measured with CatBoost 1.2.10 on a cloud core in 2026. They are right to a factor of two, which is enough to
order jobs and to decide whether to wait.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from breakout import settings

if TYPE_CHECKING:
    from breakout.settings.groups import ModelConfig

TREE_SECONDS, ROW_SECONDS = 1.9e-4, 1.0e-7  # for each tree, and for each row of each tree
LEAF_SECONDS = 1.04e-6  # for each of a tree's 2^depth leaves and each feature
LINEAR_SECONDS = 6.7e-7  # for each row and feature of a model without trees
# With early stopping, a fit is estimated to grow this many trees plus `early_stopping_rounds`, at most `iterations`.
EARLY_STOP = 100
JOB_SECONDS, EVALUATED_ROW_SECONDS = 0.03, 1.2e-5  # everything beside the fit: files, evaluation with its intervals
START_SECONDS = 1.5  # to start and end the sweep


def fit_seconds(model: ModelConfig, rows: int, features: int) -> float:
    """Return the estimated seconds of one fit."""
    if not isinstance(model, settings.CatBoostConfig | settings.BlendConfig | settings.PointsConfig):
        return LINEAR_SECONDS * rows * features
    trees = model.iterations
    if model.early_stopping_rounds:
        trees = min(trees, EARLY_STOP + model.early_stopping_rounds)
    leaves = float(2**model.depth)
    return trees * (TREE_SECONDS + ROW_SECONDS * rows + LEAF_SECONDS * leaves * features)


def job_seconds(evaluation_rows: int) -> float:
    """Return the estimated seconds of everything in a job that follows its fits."""
    return JOB_SECONDS + EVALUATED_ROW_SECONDS * evaluation_rows
