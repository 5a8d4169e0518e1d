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
ColumnNames = dict[str, str]  # maps a column's name in this package to its name in the user's tables
TeamCodes = dict[str, str]  # maps a team code in the user's tables to the code that replaces it

# Maps a season type in the user's tables to the type that replaces it. Rows of a season type that maps to None are left
# out.
SeasonTypes = dict[str | int | float, SeasonType | None]


@dataclass(frozen=True)
class SampleWarehouseConfig:
    """The sample of real games that the package contains."""

    kind: Literal["sample"]


@dataclass(frozen=True)
class DuckDBWarehouseConfig:
    """A warehouse of the user's Parquet or CSV files, or of a DuckDB database file.

    - `folder`: a folder of tables that `breakout import` wrote. A table whose path is also given is read from that
      path.
    - `database`: a DuckDB file.
    - `player_game_summary`, `team_offense_game_summary`, `schedule`, `availability` (the injury reports): the path of a
      table, which may be a glob. If `database` is given, the table's name in that file, `TABLE` or `SCHEMA.TABLE`. None
      means the table with the field's name in `folder` or `database`. `schedule` and `availability` are optional.
    - `season_type`: the season type, such as regular or playoffs, for rows that have none. If `season_type` is None,
      such rows are an error.
    - `columns`: maps a column's name in this package to its name in the user's tables. None means that all names are
      equal.
    - `team_codes`, `season_types`: map values of the tables to the values that replace them.
    - `date_format`: the strptime format of dates that are text; None means YYYY-MM-DD.
    - `hive_partitioning`: if true, columns are also read from the names of folders, as in `season_year=2025/`.
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

    DuckDBWarehouseConfig explains `season_type`, `columns`, `team_codes` and `season_types`.

    - `project`: None means the project of the credentials.
    - `location`: None lets BigQuery find the location.
    - `schedule`, `availability` (the injury reports): None if there is no such table.
    - `api_endpoint`: None means the public service.
    - `maximum_bytes_billed`: the most bytes that a query may read; None sets no limit.
    - `price_per_tib`: the price of a TiB in US dollars, for estimates.
    - `timeout_seconds`: the longest time for a query.
    - `refresh`: if true, cached results of queries are ignored.
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

    `uri` is the address of a tracking server; None means a local store below `paths.outputs`. `experiment` is MLflow's
    name for a group of runs.
    """

    kind: Literal["mlflow"]
    uri: str | None
    experiment: Annotated[str, Meta(min_length=1)]
    timeout_seconds: Seconds


@dataclass(frozen=True)
class BigQueryTrackingConfig:
    """Tracking by one row for each run in a BigQuery table, in addition to the run folder.

    The table is created if it does not exist. BigQueryWarehouseConfig explains the other fields.
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

    - `file`, `table`: the file or the BigQuery table of the prices; both are None if no prices are used.
    - `odds`: the format of the prices.
    - `margin`: the method that removes the bookmaker's margin from the probabilities that prices imply.
    - `kelly`: the fraction of the Kelly stake (the stake that lets the bank grow fastest) that is staked.
    - `max_stake`: the largest stake as a fraction of the bank (all money for bets).
    - `min_edge`: a bet with a smaller expected value per unit staked gets no stake.
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
    """A ledger (what was predicted) in a folder below `paths.outputs`, and the rules for it.

    - `others`: if true, the ledger also keeps predictions of models that are neither in production nor a shadow (a
      challenger scored in parallel with production).
    - `which`: which prediction before the game's tip-off is graded, the first or the last.
    - `lost_after_days`: the outcome is `lost` if the game has no rows this many days after its date.
    - `timezone`: an unknown tip-off counts as the end of the game date in this time zone.
    """

    kind: Literal["folder"]
    others: bool
    which: Literal["first", "last"]
    lost_after_days: Annotated[int, Meta(ge=1, le=400)]
    timezone: str


@dataclass(frozen=True)
class BigQueryLedgerConfig:
    """A ledger (what was predicted) in two BigQuery tables, and the rules for it.

    `entries` and `grades` are the tables of predictions and outcomes, which are created if they do not exist.
    FolderLedgerConfig explains the rules (`others` to `timezone`), BigQueryWarehouseConfig the other fields.
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


# The settings classes that configure a client of BigQuery and the limits of its queries.
BigQueryConfig = BigQueryWarehouseConfig | BigQueryTrackingConfig | BigQueryLedgerConfig


@dataclass(frozen=True)
class PathsConfig:
    """The folder for all output, `outputs`; a relative path starts at the current folder."""

    outputs: FilePath
