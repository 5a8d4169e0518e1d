"""Estimates of the seconds that a job takes on one core.

The constants were measured with CatBoost 1.2.10 on a cloud core in 2026, on fits with trees of depth 2 to 12, 3,000 and
17,000 rows, and 10 and 30 features. An estimate is within a factor of two of the measured time. That is enough to order
jobs and to decide whether to wait for a sweep.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from breakout import settings

if TYPE_CHECKING:
    from breakout.settings.model_groups import ModelConfig

TREE_SECONDS = 3.0e-4  # seconds per tree, for any number of rows and features
CELL_SECONDS = 6.5e-9  # seconds per tree, row and feature, added to TREE_SECONDS
LEAF_SECONDS = 2.0e-6  # seconds per leaf and feature, added for the 2^depth leaves of a tree
LINEAR_SECONDS = 6.7e-7  # seconds per row and feature of a model without trees

# With early stopping, the estimated number of trees is the smaller of `iterations` and
# EARLY_STOP * EARLY_STOP_RATE / learning_rate + early_stopping_rounds.
EARLY_STOP, EARLY_STOP_RATE = 100, 0.05
# Seconds of the work that is not fitting, for example evaluation: per job, and per evaluated row.
JOB_SECONDS, EVALUATED_ROW_SECONDS = 0.03, 1.2e-5
START_SECONDS = 1.5  # seconds to start and to end a sweep, for any number of jobs


def fit_seconds(model: ModelConfig, rows: int, features: int) -> float:
    """Return the estimated seconds of one fit of this model on one core, for this number of rows and features."""
    if not isinstance(model, settings.CatBoostConfig | settings.BlendConfig | settings.PointsConfig):
        return LINEAR_SECONDS * rows * features
    trees = float(model.iterations)
    if model.early_stopping_rounds:
        trees = min(trees, EARLY_STOP * EARLY_STOP_RATE / model.learning_rate + model.early_stopping_rounds)
    return trees * (TREE_SECONDS + (CELL_SECONDS * rows + LEAF_SECONDS * 2.0**model.depth) * features)


def job_seconds(evaluation_rows: int) -> float:
    """Return the estimated seconds of all work of a job except its fits, from its number of evaluation rows."""
    return JOB_SECONDS + EVALUATED_ROW_SECONDS * evaluation_rows
