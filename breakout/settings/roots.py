"""The root settings classes, one for each command that has a file with its name in `conf/`."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Any, Literal

from msgspec import Meta

from breakout.settings.command_groups import (
    AuditRowsConfig,
    DailyLimitsConfig,
    DownloadConfig,
    GradeLimitsConfig,
    PromotionGateConfig,
    RunConfig,
    SweepConfig,
)
from breakout.settings.data_groups import LedgerConfig, PathsConfig, PricesConfig, TrackingConfig, WarehouseConfig
from breakout.settings.groups import (
    AskedCutoffConfig,
    AvailabilityConfig,
    CalibrationConfig,
    Count,
    Day,
    DaysOrZero,
    DistributionsConfig,
    EvaluationConfig,
    FeaturesConfig,
    FilePath,
    ModeConfig,
    Name,
    Seed,
    TargetConfig,
    ValidationConfig,
    WindowConfig,
)
from breakout.settings.model_groups import ModelConfig
from breakout.settings.references import References


@dataclass(frozen=True, kw_only=True)
class ComposedConfig:
    """The base of the root settings classes.

    - `references`: the path and the text, such as `${oc.env:TOKEN}`, of each value that comes from an environment
      variable.
    - `config_version`: the version of the layout of the settings.
    """

    references: References = field(compare=False, repr=False)
    config_version: int


@dataclass(frozen=True)
class ExperimentConfig(ComposedConfig):
    """Settings of `breakout train`, which fits a model and evaluates it on later games.

    - `window`: without evaluation dates, the command only fits the model.
    - `dry_run`: if true, the command only prints a plan.
    - `optimized_metric`: the metric on the validation part (the latest training rows) that ranks the jobs of a sweep.
    - `hypothesis`, `tags`: texts for the user.
    """

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
    availability: AvailabilityConfig
    window: WindowConfig
    model: ModelConfig
    validation: ValidationConfig
    calibration: CalibrationConfig
    evaluation: EvaluationConfig
    distributions: DistributionsConfig
    prices: PricesConfig
    warehouse: WarehouseConfig
    tracking: TrackingConfig
    paths: PathsConfig


@dataclass(frozen=True)
class DatasetConfig(ComposedConfig):
    """Settings of `breakout dataset`, which writes keys, label and features of rows into the Parquet file `out`.

    A row is a game of a role player with a date from `start` to `end`, both inclusive.
    """

    start: date
    end: date
    out: FilePath
    mode: ModeConfig
    features: FeaturesConfig
    target: TargetConfig
    availability: AvailabilityConfig
    warehouse: WarehouseConfig
    paths: PathsConfig


@dataclass(frozen=True)
class EvaluateConfig(ComposedConfig):
    """Settings of `breakout evaluate`, which scores a bundle (a saved model) on later games.

    - `start`: None means the day after the training window of the bundle.
    - `end`: None means the date of the newest game in the warehouse.
    - `allow_contract_mismatch`: accept a bundle whose contract (the definition of features and label) is not the
      installed one.
    """

    seed: Seed
    name: Name
    bundle: FilePath
    start: date | None
    end: date | None
    allow_contract_mismatch: bool
    availability: AskedCutoffConfig
    evaluation: EvaluationConfig
    distributions: DistributionsConfig
    prices: PricesConfig
    warehouse: WarehouseConfig
    paths: PathsConfig


@dataclass(frozen=True)
class PredictConfig(ComposedConfig):
    """Settings of `breakout predict`, which ranks the players of one day's games by their breakout probability.

    - `bundle`: a saved model.
    - `top`: the number of rows that are printed and written; None means all.
    - `exclude`: players to leave out of the ranking.
    - `out`: the file or table to write; None writes none. `out` does not change what the ledger gets.
    - `line`: PLAYER:POINTS, such as jalengreen:19.5. The command then prints the probabilities that the player scores
      more points, exactly as many, and fewer, instead of the ranking. It writes nothing into the ledger.
    - `backtest`: the folder of a finished `breakout backtest`, or `latest`. Stakes are computed from its result. No
      stakes are shown if `backtest` is None, or if the result shows no edge over the bookmakers' prices.
    - `max_days_since_game`: a player gets no probability if the last game was more days ago.
    - `allow_contract_mismatch`: accept a bundle whose contract (the definition of features and label) is not the
      installed one.
    """

    bundle: FilePath
    date: Day
    top: Count | None
    exclude: tuple[str, ...]
    out: FilePath | None
    line: str | None
    backtest: FilePath | None
    max_days_since_game: DaysOrZero
    allow_contract_mismatch: bool
    availability: AskedCutoffConfig
    ledger: LedgerConfig
    prices: PricesConfig
    warehouse: WarehouseConfig
    paths: PathsConfig


@dataclass(frozen=True)
class GradeConfig(ComposedConfig):
    """Settings of `breakout grade`, which compares the predictions in the ledger with their outcomes.

    All predictions are graded. `start` and `end` limit only the scoreboard (a table of each model's metrics) and `out`.

    - `start`, `end`: None means the first or last date in the ledger.
    - `out`: the data file for the graded predictions; None writes none.
    """

    seed: Seed
    start: date | None
    end: date | None
    out: FilePath | None
    grade: GradeLimitsConfig
    ledger: LedgerConfig
    evaluation: EvaluationConfig
    prices: PricesConfig
    warehouse: WarehouseConfig
    paths: PathsConfig


@dataclass(frozen=True)
class DailyConfig(ComposedConfig):
    """Settings of `breakout daily`, which grades the predictions in the ledger and predicts one day.

    - `date`: the day to predict: a date, or `today` or `tomorrow` in US Eastern time.
    - `top`: the number of players of each model that are printed and written; None prints five and writes all.
    - `out`: the data file for the players of all models; None writes none.
    - `max_days_since_game`: a player gets no probability if the last game was more days ago.
    """

    seed: Seed
    date: Day
    top: Count | None
    out: FilePath | None
    max_days_since_game: DaysOrZero
    daily: DailyLimitsConfig
    grade: GradeLimitsConfig
    ledger: LedgerConfig
    evaluation: EvaluationConfig
    prices: PricesConfig
    warehouse: WarehouseConfig
    paths: PathsConfig


@dataclass(frozen=True)
class BacktestConfig(ComposedConfig):
    """Settings of `breakout backtest`, which compares past predictions with prices.

    - `run`: the folder or the name of a finished run whose model predicts a ladder (P(points >= k) for each k). None
      means the ledger's predictions from models whose role is `role`.
    - `role`: `production`, `shadow` (a challenger scored in parallel with production) or `other`.
    - `start`, `end`: the game dates; None means the first or last date with predictions.
    """

    seed: Seed
    name: Name
    run: FilePath | None
    role: Literal["production", "shadow", "other"]
    start: date | None
    end: date | None
    prices: PricesConfig
    ledger: LedgerConfig
    evaluation: EvaluationConfig
    warehouse: WarehouseConfig
    paths: PathsConfig


@dataclass(frozen=True)
class CompareConfig(ComposedConfig):
    """Settings of `breakout compare`, which scores the bundles `candidate` and `production` on the same games.

    - `start`: None means the day after the training windows of both bundles (saved models).
    - `end`: None means the date of the newest game in the warehouse.
    """

    seed: Seed
    name: Name
    candidate: FilePath
    production: FilePath
    start: date | None
    end: date | None
    evaluation: EvaluationConfig
    warehouse: WarehouseConfig
    paths: PathsConfig


@dataclass(frozen=True)
class PromoteConfig(ComposedConfig):
    """Settings of `breakout promote`, which puts the bundle `candidate` into production if all checks pass.

    The bundle (a saved model) is compared with the model in production on games from `start` to `end`. If no model is
    in production, the bundle is compared with the base rate.

    - `start`: None means the day after the latest training window of the compared models.
    - `end`: None means the date of the newest game in the warehouse.
    """

    seed: Seed
    candidate: FilePath
    start: date | None
    end: date | None
    promote: PromotionGateConfig
    audit: AuditRowsConfig
    ledger: LedgerConfig
    evaluation: EvaluationConfig
    warehouse: WarehouseConfig
    paths: PathsConfig


@dataclass(frozen=True)
class AuditConfig(ComposedConfig):
    """Settings of `breakout audit`, which checks that no feature depends on results of the row's own or later games.

    If `served` is not None, the command checks the ledger (what was predicted) instead. It computes the feature values
    in the ledger again from today's content of the warehouse. `served` chooses the models: `all`, a role (`production`,
    `shadow` or `other`), or the name or fingerprint of one model.
    """

    seed: Seed
    served: str | None
    mode: ModeConfig
    features: FeaturesConfig
    target: TargetConfig
    availability: AvailabilityConfig
    audit: AuditRowsConfig
    ledger: LedgerConfig
    warehouse: WarehouseConfig
    paths: PathsConfig


@dataclass(frozen=True)
class ImportConfig(ComposedConfig):
    """Settings of `breakout import`, which makes source tables from public files, or from a season that it downloads.

    - `kind`: the origin of the public files `files`.
    - `to`: the folder of the new tables.
    - `season`: the season to keep; None keeps all. With kind=nba_api and without files, the season to download.
    - `reported_at`: the time of an injury report, for a file whose name does not contain the time.
    - `compare`: another folder of tables to compare the new tables with; None compares nothing.
    """

    kind: Literal["nba_api", "hoopr", "kaggle", "injury_report"]
    files: tuple[FilePath, ...]
    to: FilePath
    season: Annotated[str, Meta(pattern=r"^(19|20)\d\d-\d\d$", description="written as 2026-27")] | None
    reported_at: str | None
    compare: FilePath | None
    download: DownloadConfig


RootConfig = (
    ExperimentConfig
    | DatasetConfig
    | EvaluateConfig
    | PredictConfig
    | GradeConfig
    | DailyConfig
    | BacktestConfig
    | CompareConfig
    | PromoteConfig
    | AuditConfig
)

# The root settings class of each command. `ImportConfig` is not in `RootConfig`, because it has no warehouse.
ROOT_CLASSES: dict[str, type[Any]] = {
    "train": ExperimentConfig,
    "dataset": DatasetConfig,
    "evaluate": EvaluateConfig,
    "predict": PredictConfig,
    "grade": GradeConfig,
    "daily": DailyConfig,
    "backtest": BacktestConfig,
    "compare": CompareConfig,
    "promote": PromoteConfig,
    "audit": AuditConfig,
    "import": ImportConfig,
}
