"""The settings groups that define an experiment, one frozen dataclass each, and the types of their fields.

No field has a default here: every default is in `conf/`. A group with several kinds is a union of classes; its field
`kind` selects the class. The groups of models, of data and of single commands are in `model_groups`, `data_groups` and
`command_groups`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal

from msgspec import Meta

# Numbers have upper bounds so that typos, such as extra zeros, are refused at once. With a huge value, a library would
# fail late or compute for hours.
Count = Annotated[int, Meta(ge=1, le=1_000_000)]
CountOrZero = Annotated[int, Meta(ge=0, le=1_000_000)]
Seconds = Annotated[float, Meta(gt=0, le=1_000_000)]
# With evaluation.seeds=N, the fits use the seeds `seed` to `seed + N - 1`. The bound keeps them below 2^64, CatBoost's
# limit.
Seed = Annotated[int, Meta(ge=0, le=2**63 - 1)]
Days = Annotated[int, Meta(ge=1, le=36_500)]
DaysOrZero = Annotated[int, Meta(ge=0, le=36_500)]
Points = Annotated[float, Meta(ge=0, le=200)]
Threads = Annotated[int, Meta(ge=1, le=1024)]
Repeats = Annotated[int, Meta(ge=0, le=1000)]
Share = Annotated[float, Meta(gt=0, lt=1)]
# A name of a run becomes a folder name, so it must not contain characters with a meaning for file systems or shells.
Name = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$",
        description="of letters, digits, '.', '_' and '-' (it names a folder), beginning with a letter or digit",
    ),
]
FilePath = Annotated[
    str, Meta(pattern=r"^[^\x00-\x1f\x7f]+$", description="that is not empty and holds no control characters")
]
Day = Annotated[
    str,
    Meta(pattern=r"^(\d{4}-\d\d-\d\d|today|tomorrow)$", description="of the form 2026-01-31, or today, or tomorrow"),
]
TimeOfDay = Annotated[str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$", description="written as HH:MM, such as 17:30")]
CutoffDays = Annotated[int, Meta(ge=0, le=7)]
SeasonType = Literal["regular", "cup_final", "play_in", "playoffs"]
FeatureGroup = Literal[
    "scoring", "volatility", "minutes", "usage", "matchup", "schedule", "roster", "availability", "composite"
]
Text = Annotated[str, Meta(min_length=1)]
FeatureName = Annotated[
    str, Meta(pattern=r"^[a-z][a-z0-9_]{0,62}$", description="of lower-case letters, digits and '_', at most 63")
]


@dataclass(frozen=True)
class ModeConfig:
    """The feature lock, which decides whether the features of a model can be chosen freely.

    - `name`: with `shared`, the features must be the ten of BREAKOUT_FEATURE_ORDER, in this order. With `experimental`,
      any features are allowed, but the model cannot be put into production.
    - `description`: a text for the user.
    """

    name: Literal["shared", "experimental"]
    description: str


@dataclass(frozen=True)
class FeatureDefinitionConfig:
    """A feature that the user defines by an SQL expression.

    - `expression`: SQL in BigQuery's dialect. The SQL may read other features, and facts known before the game.
      It reads earlier games by functions over the package's named SQL windows.
    - `default`: the value that replaces a missing value.
    - `unit`, `group` (the topic), `description`: texts for lists and reports.
    """

    name: FeatureName
    expression: Text
    default: float
    unit: Text
    group: FeatureGroup
    description: Text


@dataclass(frozen=True)
class FeaturesConfig:
    """The names of the model's features, in order, and the definitions of features that the user wrote.

    In configuration files and overrides, `definitions` is a list of paths of YAML files; `load` replaces the paths by
    the content of the files. `features/selection.py`, not `load`, checks that the names are known.
    """

    names: tuple[str, ...]
    definitions: tuple[FeatureDefinitionConfig, ...]


@dataclass(frozen=True)
class TargetConfig:
    """The definition of a row (a role player's game) and of a breakout.

    - `min_ppg`, `max_ppg`: the limits, both inclusive, of a role player's mean points this season before the game.
    - `min_prior_games`: the fewest games that a role player has played this season before the game.
    - `breakout_multiplier`: a game is a breakout if the player scores at least this many times his mean points.
    - `season_types`: the types of games that count, both as rows and in the mean points.
    """

    min_ppg: Points
    max_ppg: Annotated[float, Meta(gt=0, le=200)]
    breakout_multiplier: Annotated[float, Meta(gt=1, le=100)]
    min_prior_games: Count
    season_types: tuple[SeasonType, ...]


@dataclass(frozen=True)
class AvailabilityConfig:
    """The cutoff of injury reports: later reports are not used.

    The cutoff is the time of day `cutoff` in `timezone`, `days_before` days before the game date.
    """

    cutoff: TimeOfDay
    timezone: str
    days_before: CutoffDays


@dataclass(frozen=True)
class AskedCutoffConfig:
    """The cutoff of injury reports for scoring a bundle (a saved model): later reports are not used.

    AvailabilityConfig explains the fields. None means the value with which the model was trained.
    """

    cutoff: TimeOfDay | None
    timezone: str | None
    days_before: CutoffDays | None


@dataclass(frozen=True)
class DateWindowConfig:
    """Training and evaluation between fixed dates, both ends inclusive.

    If `eval_start` and `eval_end` are None, the run only trains. It is an error if only one of them is None.
    """

    kind: Literal["dates"]
    train_start: date
    train_end: date
    eval_start: date | None
    eval_end: date | None


@dataclass(frozen=True)
class TrailingWindowConfig:
    """Evaluation on the `eval_days` days before `as_of`, and training on the `train_days` days before evaluation.

    If `as_of` is None, it is the day after the newest game in the warehouse. If `eval_days` is 0, the run only trains.
    """

    kind: Literal["trailing"]
    train_days: Days
    eval_days: DaysOrZero
    as_of: date | None


@dataclass(frozen=True)
class WalkForwardWindowConfig:
    """A walk forward: evaluation in folds (months or weeks), each with a model trained on earlier rows only.

    - `step`: the length of a fold, a calendar month or week. The folds cover `eval_start` to `eval_end`.
    - `training`: with `expanding`, the model of a fold is trained on all earlier rows since `train_start`. With
      `rolling`, the model is trained on the `train_days` days before the fold, but not on rows before `train_start`.
    - `folds`: keep only this many folds, the latest ones that have games; None keeps all.
    - `fold_jobs`: if true, a sweep makes a separate job of each fold.
    """

    kind: Literal["walk_forward"]
    train_start: date
    eval_start: date
    eval_end: date
    step: Literal["month", "week"]
    training: Literal["expanding", "rolling"]
    train_days: Days | None
    folds: Count | None
    fold_jobs: bool


WindowConfig = DateWindowConfig | TrailingWindowConfig | WalkForwardWindowConfig


@dataclass(frozen=True)
class ValidationConfig:
    """The validation part (the latest training rows), and whether the final fit includes these rows.

    Exactly one of `fraction`, `days` and `start` is given:

    - `fraction`: the fraction of the training rows in the validation part, rounded up to whole dates.
    - `days`: the number of calendar days in the validation part, up to the latest training row.
    - `start`: the first day of the validation part.

    The models catboost, blend and points can use the validation part to choose their number of trees. Their final fit
    includes the validation part only if `refit` is true. Other models always include it.
    """

    fraction: Share | None
    days: Days | None
    start: date | None
    refit: bool


@dataclass(frozen=True)
class CalibrationConfig:
    """The method that calibrates probabilities; `none` leaves them unchanged.

    The method is fitted on the validation part (the latest training rows).
    """

    kind: Literal["none", "sigmoid", "isotonic"]


@dataclass(frozen=True)
class EvaluationConfig:
    """The metrics that a run reports and the computation of their intervals.

    - `target_precision`, `min_flagged`: the decision threshold must reach this precision and flag at least this many
      rows of the validation part (the latest training rows). If no threshold does, the run has none.
    - `bootstrap_resamples`, `confidence`: the number of draws of game dates for intervals, and the level of the
      intervals.
    - `ece_bins`: the number of bins for the calibration error.
    - `thresholds`: the probabilities at which precision and recall are reported.
    - `top_fractions`: for example, 0.1 reports the hit rate of the 10% of rows with the highest probabilities.
    - `seeds`: the number of fits with different seeds, including the fit whose metrics are reported.
    - `permutation_repeats`: the number of shuffles for the permutation importance of a feature; 0 leaves it out.
    - `shap_rows`: the largest number of rows for the SHAP importance; 0 leaves it out.
    """

    target_precision: Annotated[float, Meta(gt=0, le=1)]
    min_flagged: Count
    bootstrap_resamples: Annotated[int, Meta(ge=20, le=100_000)]
    confidence: Share
    ece_bins: Annotated[int, Meta(ge=2, le=1000)]
    thresholds: tuple[Share, ...]
    top_fractions: tuple[Annotated[float, Meta(gt=0, le=1)], ...]
    seeds: Annotated[int, Meta(ge=1, le=1000)]
    permutation_repeats: Repeats
    shap_rows: CountOrZero


@dataclass(frozen=True)
class DistributionsConfig:
    """The test for drift: features with different distributions in the evaluation window and in training.

    - `significance`: the probability that the test finds drift in some feature although no feature drifted.
    - `fail_on_drift`: if true, a run in which a feature drifted ends with exit code 1.
    """

    fail_on_drift: bool
    significance: Share
