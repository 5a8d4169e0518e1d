"""The settings of each kind of model, one frozen dataclass each; no field has a default here."""

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
    """Gradient-boosted trees of CatBoost; the fields are CatBoost's parameters of these names.

    - `early_stopping_rounds`: 0 means no early stopping.
    - `class_weights`: a word, unlike CatBoost's parameter. `balanced` gives the rows with and without a breakout the
      same total weight. `none` gives every row the weight 1.
    """

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
    """Logistic regression on features standardised to mean 0 and standard deviation 1 over the rows of the fit.

    `C` is the inverse of the L2 penalty. Standardised values are limited to -`clip`..`clip`; None sets no limit.
    CatBoostConfig explains `class_weights`.
    """

    kind: Literal["logistic"]
    C: InversePenalty
    clip: Deviations | None
    max_iterations: Count
    class_weights: Literal["none", "balanced"]


@dataclass(frozen=True)
class BlendConfig:
    """The weighted average of the log odds of CatBoost and of logistic regression.

    `catboost_weight` is the weight of CatBoost; the weight of logistic regression is `1 - catboost_weight`.
    CatBoostConfig and LogisticConfig explain the other fields.
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
    """A model of the distribution of a player's points: CatBoost regressions of its mean and of its spread.

    The spread is the size of the differences between points and their predicted mean.

    - `iterations`, `spread_iterations`: the numbers of trees of the regressions of mean and spread.
    - `train_min_ppg`, `train_max_ppg`: both regressions are trained on games of players whose season average of points
      is within these limits. If they would leave out role players (`target.min_ppg` to `target.max_ppg`), the limits
      are widened to include these players. None means the limit of role players.
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

    - `build`: FILE.py:FUNCTION. The function is called with the keyword `seed` and the items of `params` as keywords.
    - `build_text`: the text of FILE.py, which `load` reads unless the text is given.
    """

    kind: Literal["sklearn"]
    build: BuildFunction
    params: dict[str, bool | int | float | str | None] | None = field(hash=False)  # a dict cannot be hashed
    build_text: str | None


@dataclass(frozen=True)
class BaseRateConfig:
    """A baseline that predicts the fraction of breakouts in the training window for every row."""

    kind: Literal["base_rate"]


ModelConfig = CatBoostConfig | LogisticConfig | BlendConfig | PointsConfig | SklearnConfig | BaseRateConfig
