"""What a fit costs, before it is done: settings, rows and features in, seconds on one core out.

Measured with CatBoost 1.2.10 on a cloud core, 2026: good to a factor of two, enough to order jobs and to decide
whether to wait.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from breakout import settings

if TYPE_CHECKING:
    from breakout.settings.groups import ModelConfig

ROWS, FEATURES = 3000, 10  # of the fit that was measured
TREE_SECONDS, LEAF_SECONDS = 1.0e-3, 1.9e-5  # a tree, and each of its 2^depth leaves
EARLY_STOP = 100  # trees beyond the patience at which early stopping usually ends a fit
JOB_SECONDS = 0.06  # everything beside the fit: evaluation with its intervals, files
START_SECONDS = 3.0


def fit_seconds(model: ModelConfig, rows: int, features: int) -> float:
    """Seconds of one fit on one core."""
    scale = max(rows, 1) / ROWS * features / FEATURES
    if not isinstance(model, settings.CatBoostConfig | settings.BlendConfig):
        return 0.02 * scale
    trees = model.iterations
    if model.early_stopping_rounds:
        trees = min(trees, EARLY_STOP + model.early_stopping_rounds)
    leaves = float(2**model.depth)
    return trees * (TREE_SECONDS + LEAF_SECONDS * leaves) * scale
