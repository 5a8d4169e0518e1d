"""One frozen dataclass for each kind of model, with the types and bounds of its fields; no field has a default here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

from msgspec import Meta

from breakout.settings.groups import Count, CountOrZero, Points, Share, Threads

Depth = Annotated[int, Meta(ge=1, le=16)]
Trees = Annotated[int, Meta(ge=1, le=100_000)]
LearningRate = Annotated[float, Meta(ge=1e-5, le=1)]
Penalty = Annotated[float, Meta(ge=0, le=1e6)]
InversePenalty = Annotated[float, Meta(ge=1e-6, le=1e6)]
Deviations = Annotated[float, Meta(gt=0, le=1000)]
BuildFunction = Annotated[
    str,
    Meta(pattern=r"^.+\.py:[A-Za-z_]\w*$", description="of a file and a function in it, such as my_model.py:build"),
]


@dataclass(frozen=True)
class CatBoostConfig:
    """Gradient-boosted trees of CatBoost; `early_stopping_rounds` 0 means no early stopping."""

    kind: Literal["catboost"]
    depth: Depth
    iterations: Trees
    learning_rate: LearningRate
    l2_leaf_reg: Penalty
    early_stopping_rounds: CountOrZero
    thread_count: Threads
    class_weights: Literal["none", "balanced"]


@dataclass(frozen=True)
class LogisticConfig:
    """Logistic regression on features standardised over the rows that it is fitted on.

    Standardised values are limited to -`clip`..`clip`; None sets no limit. `C` is the inverse of the L2 penalty.
    """

    kind: Literal["logistic"]
    C: InversePenalty
    clip: Deviations | None
    max_iterations: Count
    class_weights: Literal["none", "balanced"]


@dataclass(frozen=True)
class BlendConfig:
    """The weighted average of the log odds of CatBoost and of logistic regression, with the fields of both.

    `catboost_weight` is the weight of CatBoost; the weight of logistic regression is 1 minus it.
    """

    kind: Literal["blend"]
    catboost_weight: Share
    depth: Depth
    iterations: Trees
    learning_rate: LearningRate
    l2_leaf_reg: Penalty
    early_stopping_rounds: CountOrZero
    thread_count: Threads
    C: InversePenalty
    clip: Deviations | None
    max_iterations: Count
    class_weights: Literal["none", "balanced"]

    @property
    def catboost(self) -> CatBoostConfig:
        return CatBoostConfig(
            kind="catboost",
            depth=self.depth,
            iterations=self.iterations,
            learning_rate=self.learning_rate,
            l2_leaf_reg=self.l2_leaf_reg,
            early_stopping_rounds=self.early_stopping_rounds,
            thread_count=self.thread_count,
            class_weights=self.class_weights,
        )

    @property
    def logistic(self) -> LogisticConfig:
        return LogisticConfig(
            kind="logistic",
            C=self.C,
            clip=self.clip,
            max_iterations=self.max_iterations,
            class_weights=self.class_weights,
        )


@dataclass(frozen=True)
class PointsConfig:
    """The distribution of points: two CatBoost regressions, of the mean and of the spread.

    Both regressions are trained on games of players with season averages of `train_min_ppg` to `train_max_ppg` points.
    None means the limit of the target, and a limit inside the target's band is moved to the edge of the band.
    `iterations` is the number of trees of the regression of the mean, `spread_iterations` that of the spread.
    """

    kind: Literal["points"]
    depth: Depth
    iterations: Trees
    learning_rate: LearningRate
    l2_leaf_reg: Penalty
    early_stopping_rounds: CountOrZero
    spread_iterations: Trees
    train_min_ppg: Points | None
    train_max_ppg: Points | None
    thread_count: Threads


@dataclass(frozen=True)
class SklearnConfig:
    """A scikit-learn classifier that a function of the user returns.

    `build` is FILE.py:FUNCTION. `build_text` is the text of that file; for None in a mapping, `load` reads the file.
    The function is called with the keyword `seed` and with the items of `params` as further keywords; None means no
    further keywords.
    """

    kind: Literal["sklearn"]
    build: BuildFunction
    params: dict[str, bool | int | float | str | None] | None = field(hash=False)  # a dict cannot be hashed
    build_text: str | None


@dataclass(frozen=True)
class BaseRateConfig:
    """A baseline: the breakout rate of the training window, predicted for every row."""

    kind: Literal["base_rate"]


ModelConfig = CatBoostConfig | LogisticConfig | BlendConfig | PointsConfig | SklearnConfig | BaseRateConfig
