"""Two classifiers that `breakout model=sklearn model.build=examples/my_model.py:FUNCTION` can train."""

from __future__ import annotations

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler


def build_logistic(seed: int, C: float = 1.0) -> Pipeline:
    """Return a pipeline that fits the same model as `model=logistic`; a larger `C` means a weaker penalty."""
    del seed  # `model.build` is called with a seed, but this fit makes no random choices
    clip = FunctionTransformer(np.clip, kw_args={"a_min": -3.0, "a_max": 3.0})  # in standard deviations
    return make_pipeline(StandardScaler(), clip, LogisticRegression(C=C, max_iter=1000))


def build_trees(seed: int, max_depth: int = 3, learning_rate: float = 0.05) -> HistGradientBoostingClassifier:
    """Return unfitted gradient-boosted trees of scikit-learn."""
    return HistGradientBoostingClassifier(
        max_depth=max_depth, learning_rate=learning_rate, max_iter=150, random_state=seed
    )
