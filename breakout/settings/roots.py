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

    `references` contains the path and the text, such as `${oc.env:TOKEN}`, of each value that refers to an environment
    variable. `config_version` is the version of the layout of the settings; `load` migrates older layouts.
    """

    references: References = field(compare=False, repr=False)
    config_version: int


@dataclass(frozen=True)
class ExperimentConfig(ComposedConfig):
    """Settings of `breakout train`, which fits a model and evaluates it on later games.

    If `window` has no evaluation dates, the command only fits the model. If `dry_run` is true, it only prints a plan.
    `optimized_metric` is the metric on the validation part (the latest training rows) that ranks the jobs of a sweep.
    `hypothesis` and `tags` are texts for the user.
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
    """Settings of `breakout dataset`, which writes keys, label and features of rows into the file `out`.

    A row is a game of a role player. The game dates are from `start` to `end`, both inclusive. `out` is a Parquet file.
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

    If `start` is None, it is the day after the bundle's training window. If `end` is None, it is the date of the newest
    game in the warehouse. `allow_contract_mismatch` accepts a bundle of another contract (the definition of features
    and label) than the installed one.
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

    `bundle` is a saved model. `out` is the file or table to write; None writes none. `out` has no influence on what is
    written into the ledger (the record of served predictions). `top` limits the rows that are printed and written; None
    sets no limit. `exclude` names players to leave out of the ranking. A player whose last game is more than
    `max_days_since_game` days ago is listed without a probability. `allow_contract_mismatch` accepts a bundle of
    another contract (the definition of features and label) than the installed one.

    If `line` is PLAYER:POINTS, such as jalengreen:19.5, the command does not rank players. It prints the probabilities
    that the player scores more points, exactly as many, and fewer, and writes nothing into the ledger.

    `backtest` is the folder of a finished `breakout backtest`, or `latest`. Its result contains the weight of the
    model's probability against that of the bookmakers' prices, from which stakes are computed. No stakes are shown if
    `backtest` is None, or if its result shows no edge over the bookmakers' prices.
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

    The ledger is the record of served predictions. Predictions of all dates are graded. The scoreboard, a table of each
    model's metrics, covers the game dates `start` to `end`; None means the first or last date in the ledger. `out` is
    the data file for the graded predictions of these dates; None writes none.
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
    """Settings of `breakout daily`, which grades the ledger (the record of served predictions) and predicts one day.

    `date` is the day to predict: a date, or `today` or `tomorrow` in US Eastern time. `out` is the data file for the
    players of all models; None writes none. `top` is the number of players of each model that are printed and written;
    None prints five and writes all. A player whose last game is more than `max_days_since_game` days ago gets no
    probability.
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

    `run` is the folder or the name of a finished run whose model predicts a ladder (P(points >= k) for k = 1, 2, ...).
    If `run` is None, the predictions are those in the ledger (the record of served predictions) by models of one role.
    `role` is `production`, `shadow` (a challenger scored beside production) or `other`. `start` and `end` limit the
    game dates; None means the first or last date with predictions.
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
    """Settings of `breakout compare`, which scores two bundles (saved models) on the same games.

    `candidate` and `production` are the bundles. If `start` is None, it is the day after the later of their two
    training windows. If `end` is None, it is the date of the newest game in the warehouse.
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
    """Settings of `breakout promote`, which puts a bundle (a saved model) into production if all checks pass.

    `candidate` is the bundle. It is compared with the model in production, or with the base rate if no model is in
    production, on games from `start` to `end`. If `start` is None, it is the day after the latest training window of
    the compared models. If `end` is None, it is the date of the newest game in the warehouse.
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

    If `served` is not None, the command instead checks the ledger (the record of served predictions). It compares the
    feature values in the ledger with values that it computes from today's content of the warehouse. `served` chooses
    the models: `all`, a role (`production`, `shadow` for challengers scored beside production, or `other`), or the name
    or fingerprint of one model.
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

    `kind` is the origin of the public files `files`, and `to` is the folder of the tables. `season` is the season to
    keep or, with kind=nba_api and without files, to download; None keeps all seasons. `reported_at` is the time of an
    injury report, for a file whose name does not contain the time. `compare` is another folder of tables, with which
    the new tables are compared; None compares nothing.
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

# The root settings class of each command. `ImportConfig` is in this table but not in `RootConfig`, because it has no
# warehouse.
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
