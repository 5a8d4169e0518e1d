"""The settings groups of a command's data: warehouse, prices, ledger, tracking, and the folder for output.

No field has a default here: every default is in `conf/`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

from msgspec import Meta

from breakout.settings.groups import FilePath, SeasonType, Seconds

Bytes = Annotated[int, Meta(ge=1, le=2**60)]
Price = Annotated[float, Meta(ge=0, le=1_000_000)]
ColumnNames = dict[str, str]  # maps the package's name of a column to its name in the user's tables
TeamCodes = dict[str, str]  # maps a team code in the user's tables to the code that replaces it

# Maps a season type in the user's tables to the type that replaces it. Rows of a type that maps to None are left out.
SeasonTypes = dict[str | int | float, SeasonType | None]


@dataclass(frozen=True)
class SampleWarehouseConfig:
    """The sample of real games that the package contains."""

    kind: Literal["sample"]


@dataclass(frozen=True)
class DuckDBWarehouseConfig:
    """A warehouse of the user's Parquet or CSV files, or of a DuckDB database file.

    Each table is given by its path, which may be a glob. `schedule` and `availability` (the injury reports) may be
    None, if there is no such table. `folder` contains tables that `breakout import` wrote; a table whose path is also
    given is read from that path. `database` is a DuckDB file. With `database`, a table is given as `TABLE` or
    `SCHEMA.TABLE`, and None means the table with the name of the key, such as `schedule`.

    `season_type` is the season type, such as regular or playoffs, of rows without one; None means that such rows are
    refused. `columns` maps the package's name of a column to its name in the user's tables; None means that the names
    are equal. `team_codes` and `season_types` replace values while the tables are read. `date_format` (strptime) is the
    format of dates that are text; None means YYYY-MM-DD. `hive_partitioning` reads columns from the names of folders,
    as in `season_year=2025/`.
    """

    kind: Literal["duckdb"]
    folder: FilePath | None
    database: FilePath | None
    player_game_summary: str | None
    team_offense_game_summary: str | None
    schedule: str | None
    availability: str | None
    season_type: SeasonType | None
    columns: ColumnNames | None = field(hash=False)  # a dict cannot be hashed; == still compares it
    team_codes: TeamCodes | None = field(hash=False)
    season_types: SeasonTypes | None = field(hash=False)
    date_format: str | None
    hive_partitioning: bool


@dataclass(frozen=True)
class BigQueryWarehouseConfig:
    """A warehouse of BigQuery tables.

    `schedule` and `availability` (the injury reports) are None if there is no such table. `season_type` is the season
    type, such as regular or playoffs, of rows without one; None means that such rows are refused. `columns` maps the
    package's name of a column to its name in the user's tables; None means that the names are equal. `team_codes` and
    `season_types` replace values of the tables. All of this happens inside the queries; no table is changed.

    If `project` is None, the project of the credentials is used. If `location` is None, BigQuery finds the location. If
    `api_endpoint` is None, the public service is used. `maximum_bytes_billed` limits the bytes that a query may read;
    None sets no limit. `timeout_seconds` limits the time of a query. `price_per_tib` is the price of a TiB in US
    dollars, for estimates. If `refresh` is true, cached results of queries are ignored.
    """

    kind: Literal["bigquery"]
    project: str | None
    location: str | None
    player_game_summary: str
    team_offense_game_summary: str
    schedule: str | None
    availability: str | None
    season_type: SeasonType | None
    columns: ColumnNames | None = field(hash=False)  # a dict cannot be hashed; == still compares it
    team_codes: TeamCodes | None = field(hash=False)
    season_types: SeasonTypes | None = field(hash=False)
    api_endpoint: str | None
    maximum_bytes_billed: Bytes | None
    price_per_tib: Price
    timeout_seconds: Seconds
    refresh: bool


WarehouseConfig = SampleWarehouseConfig | DuckDBWarehouseConfig | BigQueryWarehouseConfig


@dataclass(frozen=True)
class NoTrackingConfig:
    """No tracking: the run folder is the only record of a run."""

    kind: Literal["none"]


@dataclass(frozen=True)
class MLflowTrackingConfig:
    """Tracking by MLflow, in addition to the run folder.

    `uri` is the address of a tracking server; None means a local store below `paths.outputs`. `experiment` is the name
    of the experiment in MLflow. `timeout_seconds` limits each request.
    """

    kind: Literal["mlflow"]
    uri: str | None
    experiment: Annotated[str, Meta(min_length=1)]
    timeout_seconds: Seconds


@dataclass(frozen=True)
class BigQueryTrackingConfig:
    """Tracking by one row for each run in a BigQuery table, in addition to the run folder.

    `table` is created if it does not exist. If `project` is None, the project of the credentials is used. If `location`
    is None, BigQuery finds the location. If `api_endpoint` is None, the public service is used. `maximum_bytes_billed`
    and `timeout_seconds` limit each SQL statement; None sets no limit of bytes.
    """

    kind: Literal["bigquery"]
    project: str | None
    location: str | None
    table: str
    api_endpoint: str | None
    maximum_bytes_billed: Bytes | None
    timeout_seconds: Seconds


TrackingConfig = NoTrackingConfig | MLflowTrackingConfig | BigQueryTrackingConfig


@dataclass(frozen=True)
class PricesConfig:
    """The prices of bookmakers and the rules for stakes.

    The prices are in `file` or in the BigQuery table `table`; both are None if no prices are used. `odds` is the format
    of the prices. `margin` is the method that removes the bookmaker's margin from the probabilities that prices imply.

    `kelly` is the share of the Kelly fraction (the stake that lets the bank grow fastest) that is staked. `max_stake`
    is the largest stake as a share of the bank (all money for bets). A bet with an expected value below `min_edge` per
    unit staked gets no stake.
    """

    file: FilePath | None
    table: str | None
    odds: Literal["decimal", "american"]
    margin: Literal["multiplicative", "power", "shin"]
    kelly: Annotated[float, Meta(gt=0, le=1)]
    max_stake: Annotated[float, Meta(gt=0, le=1)]
    min_edge: Annotated[float, Meta(ge=0, le=10)]

    @property
    def is_given(self) -> bool:
        return self.file is not None or self.table is not None


@dataclass(frozen=True)
class FolderLedgerConfig:
    """A ledger (the record of served predictions) in a folder below `paths.outputs`, and the rules for it.

    If `others` is true, the ledger also keeps predictions of models that are neither in production nor a shadow (a
    challenger scored beside production). `which` chooses the prediction that is graded: the first or the last one
    before the game's tip-off. If the schedule has no tip-off for a game, the end of its game date in `timezone` counts
    as the tip-off. A game without rows in the source tables counts as lost when `lost_after_days` days have passed
    since its date.
    """

    kind: Literal["folder"]
    others: bool
    which: Literal["first", "last"]
    lost_after_days: Annotated[int, Meta(ge=1, le=400)]
    timezone: str


@dataclass(frozen=True)
class BigQueryLedgerConfig:
    """A ledger (the record of served predictions) in two BigQuery tables, and the rules for it.

    `entries` and `grades` are the tables of predictions and of their outcomes; they are created if they do not exist.
    If `others` is true, the ledger also keeps predictions of models that are neither in production nor a shadow (a
    challenger scored beside production). `which` chooses the prediction that is graded: the first or the last one
    before the game's tip-off. An unknown tip-off counts as the end of the game date in `timezone`. A game without rows
    in the source tables counts as lost when `lost_after_days` days have passed since its date.

    If `project` is None, the project of the credentials is used. If `location` is None, BigQuery finds the location. If
    `api_endpoint` is None, the public service is used. `maximum_bytes_billed` and `timeout_seconds` limit each SQL
    statement; None sets no limit of bytes.
    """

    kind: Literal["bigquery"]
    others: bool
    which: Literal["first", "last"]
    lost_after_days: Annotated[int, Meta(ge=1, le=400)]
    timezone: str
    project: str | None
    location: str | None
    entries: str
    grades: str
    api_endpoint: str | None
    maximum_bytes_billed: Bytes | None
    timeout_seconds: Seconds


LedgerConfig = FolderLedgerConfig | BigQueryLedgerConfig


# The settings classes with the fields of a client of BigQuery, such as `project`, and the limits of its queries.
BigQueryConfig = BigQueryWarehouseConfig | BigQueryTrackingConfig | BigQueryLedgerConfig


@dataclass(frozen=True)
class PathsConfig:
    """The folder for all output, `outputs`; a relative path starts at the current folder."""

    outputs: FilePath
