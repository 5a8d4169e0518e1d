"""Estimates of the seconds that a job takes on one core.

Measured with CatBoost 1.2.10 on a cloud core, 2026: good to a factor of two, enough to order jobs and to decide
whether to wait.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from breakout import settings

if TYPE_CHECKING:
    from breakout.settings.groups import ModelConfig

TREE_SECONDS, ROW_SECONDS = 1.9e-4, 1.0e-7  # a tree, and each row that it is fitted on
LEAF_SECONDS = 1.04e-6  # each of a tree's 2^depth leaves, for each feature
LINEAR_SECONDS = 6.7e-7  # of any other model, for each row and feature
EARLY_STOP = 100  # trees beyond the patience at which early stopping usually ends a fit
JOB_SECONDS, EVALUATED_ROW_SECONDS = 0.03, 1.2e-5  # everything beside the fit: files, evaluation with its intervals
START_SECONDS = 1.5  # and the end


def fit_seconds(model: ModelConfig, rows: int, features: int) -> float:
    """Return the estimated seconds of one fit."""
    if not isinstance(model, settings.CatBoostConfig | settings.BlendConfig):
        return LINEAR_SECONDS * rows * features
    trees = model.iterations
    if model.early_stopping_rounds:
        trees = min(trees, EARLY_STOP + model.early_stopping_rounds)
    leaves = float(2**model.depth)
    return trees * (TREE_SECONDS + ROW_SECONDS * rows + LEAF_SECONDS * leaves * features)


def job_seconds(evaluation_rows: int) -> float:
    """Return the estimated seconds of all that follows the fits of a job."""
    return JOB_SECONDS + EVALUATED_ROW_SECONDS * evaluation_rows
