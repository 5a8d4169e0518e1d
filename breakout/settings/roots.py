"""One frozen dataclass per program: the whole of what that program is told.

In: the groups. Out: the root classes, and which command composes which of them from which file of `conf/`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Literal

from msgspec import Meta

from breakout.settings.groups import (
    AuditRowsConfig,
    CalibrationConfig,
    Count,
    DaysOrZero,
    DistributionsConfig,
    EvaluationConfig,
    FeaturesConfig,
    ModeConfig,
    ModelConfig,
    Name,
    PathsConfig,
    PromotionGateConfig,
    Seed,
    TargetConfig,
    TrackingConfig,
    ValidationConfig,
    WarehouseConfig,
    WindowConfig,
)
from breakout.settings.references import References

Path = Annotated[str, Meta(min_length=1)]


@dataclass(frozen=True, kw_only=True)
class ComposedConfig:
    """Base of the settings of a program: where its values come from the environment, and what was written there."""

    references: References = field(compare=False, repr=False)


@dataclass(frozen=True)
class RunConfig:
    """What a run writes beside its results."""

    write_report: bool


@dataclass(frozen=True)
class SweepConfig:
    """How the jobs of a sweep are run; a single job ignores it.

    `resume` is the folder of a sweep to go on with, `workers` None as many as the cores allow. `job_defaults` are
    overrides that each job is given unless it sets the key itself.
    """

    resume: Path | None
    fail_fast: bool
    workers: Count | None
    job_defaults: tuple[str, ...]


@dataclass(frozen=True)
class ExperimentConfig(ComposedConfig):
    """`breakout train`: the main job."""

    config_version: int
    seed: Seed
    name: Name
    hypothesis: str
    tags: tuple[str, ...]
    dry_run: bool
    optimized_metric: Literal["log_loss", "brier", "ece", "auc", "average_precision"]
    run: RunConfig
    sweep: SweepConfig
    mode: ModeConfig
    features: FeaturesConfig
    target: TargetConfig
    window: WindowConfig
    model: ModelConfig
    validation: ValidationConfig
    calibration: CalibrationConfig
    evaluation: EvaluationConfig
    distributions: DistributionsConfig
    warehouse: WarehouseConfig
    tracking: TrackingConfig
    paths: PathsConfig


@dataclass(frozen=True)
class DatasetConfig(ComposedConfig):
    """`breakout dataset`: keys, label and features of the rows from `start` to `end`, as a file."""

    config_version: int
    start: date
    end: date
    out: Path
    mode: ModeConfig
    features: FeaturesConfig
    target: TargetConfig
    warehouse: WarehouseConfig
    paths: PathsConfig


@dataclass(frozen=True)
class EvaluateConfig(ComposedConfig):
    """`breakout evaluate`: a saved bundle on later games.

    `start` None is the day after the bundle's training window, `end` None the newest game in the warehouse.
    """

    config_version: int
    seed: Seed
    name: Name
    bundle: Path
    start: date | None
    end: date | None
    allow_contract_mismatch: bool
    evaluation: EvaluationConfig
    distributions: DistributionsConfig
    warehouse: WarehouseConfig
    paths: PathsConfig


@dataclass(frozen=True)
class PredictConfig(ComposedConfig):
    """`breakout predict`: the slate of one day, ranked. `out` None prints it only."""

    config_version: int
    bundle: Path
    date: date
    out: Path | None
    max_days_since_game: DaysOrZero
    warehouse: WarehouseConfig
    paths: PathsConfig


@dataclass(frozen=True)
class CompareConfig(ComposedConfig):
    """`breakout compare`: two bundles on the same games; `start` None is the day after both training windows."""

    config_version: int
    seed: Seed
    name: Name
    candidate: Path
    production: Path
    start: date | None
    end: date | None
    evaluation: EvaluationConfig
    warehouse: WarehouseConfig
    paths: PathsConfig


@dataclass(frozen=True)
class PromoteConfig(ComposedConfig):
    """`breakout promote`: the gate, then the registry. `start` and `end` as in `compare`."""

    config_version: int
    seed: Seed
    candidate: Path
    start: date | None
    end: date | None
    promote: PromotionGateConfig
    audit: AuditRowsConfig
    evaluation: EvaluationConfig
    warehouse: WarehouseConfig
    paths: PathsConfig


@dataclass(frozen=True)
class AuditConfig(ComposedConfig):
    """`breakout audit`: proof that no feature sees the future and that all paths agree."""

    config_version: int
    seed: Seed
    mode: ModeConfig
    features: FeaturesConfig
    target: TargetConfig
    audit: AuditRowsConfig
    warehouse: WarehouseConfig
    paths: PathsConfig


RootConfig = (
    ExperimentConfig | DatasetConfig | EvaluateConfig | PredictConfig | CompareConfig | PromoteConfig | AuditConfig
)

# A command's name is also the name of its root file in `conf/`.
ROOT_CLASSES: dict[str, type[RootConfig]] = {
    "train": ExperimentConfig,
    "dataset": DatasetConfig,
    "evaluate": EvaluateConfig,
    "predict": PredictConfig,
    "compare": CompareConfig,
    "promote": PromoteConfig,
    "audit": AuditConfig,
}
