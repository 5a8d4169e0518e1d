"""The source tables: names, keys, columns and types."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from breakout.settings.groups import SeasonType
from breakout.settings.identifiers import check_table_name
from breakout.warehouse.renaming import Renaming

ColumnType = Literal["STRING", "DATE", "TIMESTAMP", "INT64", "FLOAT64", "BOOL"]
SEASON_TYPES: tuple[str, ...] = get_args(SeasonType)


@dataclass(frozen=True)
class Column:
    """A column of a source table.

    - `type`: the type in BigQuery. A FLOAT64 column may also contain integers and decimals.
    - `is_nullable`: values may be NULL.
    - `is_optional`: the user's table may lack the column.
    - `is_signed`: values may be negative.
    """

    name: str
    type: ColumnType
    is_nullable: bool = False
    is_optional: bool = False
    is_signed: bool = False

    @property
    def is_name(self) -> bool:
        """Whether the column contains text other than a season type: keys, codes, names, statuses or reasons."""
        return self.type == "STRING" and self.name != "season_type"


@dataclass(frozen=True)
class Table:
    """A source table; `key` names the columns that identify a row."""

    name: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]

    @property
    def numbers(self) -> tuple[str, ...]:
        """The names of the numeric columns that may be NULL but not negative, such as points."""
        return tuple(
            column.name
            for column in self.columns
            if column.type in {"INT64", "FLOAT64"} and column.is_nullable and not column.is_signed
        )

    @property
    def has_season_type(self) -> bool:
        """Whether the table declares the column season_type; the user's table may still lack it."""
        return any(column.name == "season_type" for column in self.columns)


@dataclass(frozen=True)
class SourceTables:
    """The names of the source tables, and how queries rename their columns and replace their values.

    - `player_game_summary` to `prices`: the full names of the tables, as dataset.table or project.dataset.table.
    - `has_season_type`: whether queries read the column season_type. If not, the parameter @season_type replaces it.
    - `is_season_type_filled`: whether @season_type also replaces NULL and empty season types.
    - `lacking_season_type`: the tables without the column season_type, if other tables have it. @season_type is the
      season type of all rows in these tables.
    - `has_tip_off`: whether the schedule has the column tip_off.
    - `renamed_rows`: by table name, the SQL text after FROM that reads the table with renamed columns. Tables without
      renamed columns may be left out.
    - `renaming`: the replacement of team codes and season types; None replaces nothing.
    - `known_sums`: known errors in box scores. ("20240112_CHA_SAS", "SAS 244 of 240") means that the minutes of the
      players of SAS sum to 244, but the team has 240.

    ConfigurationError if the full name of a table is malformed.
    """

    player_game_summary: str = "nba_analytics.player_game_summary"
    team_offense_game_summary: str = "nba_analytics.team_offense_game_summary"
    schedule: str = "nba_analytics.schedule"
    availability: str = "nba_analytics.availability"
    slate: str = "nba_analytics.slate"
    prices: str = "nba_analytics.prices"
    has_season_type: bool = True
    is_season_type_filled: bool = False
    lacking_season_type: tuple[str, ...] = ()
    has_tip_off: bool = False
    renamed_rows: Mapping[str, str] = field(default_factory=dict, hash=False)  # hash=False, because a dict has no hash
    renaming: Renaming | None = None
    known_sums: frozenset[tuple[str, str]] = frozenset()

    def __post_init__(self) -> None:
        for setting in (
            "player_game_summary",
            "team_offense_game_summary",
            "schedule",
            "availability",
            "slate",
            "prices",
        ):
            check_table_name(f"warehouse.{setting}", getattr(self, setting))

    @property
    def season_type(self) -> str:
        """The SQL expression of a row's season type.

        The expression is season_type, @season_type, or season_type with @season_type in place of missing values.
        """
        if not self.has_season_type:
            return "@season_type"
        return "COALESCE(NULLIF(season_type, ''), @season_type)" if self.is_season_type_filled else "season_type"

    def reference(self, table: Table) -> str:
        """Return the SQL text after FROM that reads a source table: its quoted name, or a SELECT of its rows.

        The SELECT renames columns, adds a missing season_type, replaces team codes and season types as `renaming` says,
        and changes the statuses of injury reports to the spelling in STATUSES.
        """
        name = self.renamed_rows.get(table.name, f"`{getattr(self, table.name)}`")
        if table.name in self.lacking_season_type:
            name = f"(SELECT *, @season_type AS season_type FROM {name})"
        if table is AVAILABILITY:
            name = f"(SELECT * REPLACE ({_STATUS} AS status) FROM {name})"
        if self.renaming is None:
            return name
        has_season_type = self.has_season_type and table.has_season_type
        return self.renaming.apply(table, name, has_season_type=has_season_type)


PLAYER_GAME_SUMMARY = Table(
    "player_game_summary",
    ("game_id", "player_lookup"),
    (
        Column("player_lookup", "STRING"),
        Column("player_full_name", "STRING", is_nullable=True),
        Column("game_id", "STRING"),
        Column("game_date", "DATE"),
        Column("team_abbr", "STRING"),
        Column("opponent_team_abbr", "STRING"),
        Column("season_year", "INT64"),
        Column("season_type", "STRING", is_nullable=True, is_optional=True),
        Column("points", "INT64", is_nullable=True),
        Column("minutes_played", "FLOAT64", is_nullable=True),
        Column("fg_attempts", "INT64", is_nullable=True),
        Column("usage_rate", "FLOAT64", is_nullable=True),
    ),
)
TEAM_OFFENSE_GAME_SUMMARY = Table(
    "team_offense_game_summary",
    ("game_id", "team_abbr"),
    (
        Column("game_id", "STRING"),
        Column("game_date", "DATE"),
        Column("team_abbr", "STRING"),
        Column("opponent_team_abbr", "STRING"),
        Column("season_year", "INT64"),
        Column("season_type", "STRING", is_nullable=True, is_optional=True),
        Column("points_scored", "INT64", is_nullable=True),
        Column("possessions", "INT64", is_nullable=True),
        Column("minutes_total", "INT64", is_nullable=True),
    ),
)
SCHEDULE = Table(
    "schedule",
    ("game_id", "home_team_abbr"),
    (
        Column("game_id", "STRING"),
        Column("game_date", "DATE"),
        Column("home_team_abbr", "STRING"),
        Column("away_team_abbr", "STRING"),
        Column("season_year", "INT64"),
        Column("season_type", "STRING", is_nullable=True, is_optional=True),
        Column("tip_off", "TIMESTAMP", is_nullable=True, is_optional=True),
    ),
)
# A row of this table is a change of a player's status for one game date, published at `reported_at`.
AVAILABILITY = Table(
    "availability",
    ("game_date", "team_abbr", "player_lookup", "reported_at"),
    (
        Column("game_date", "DATE"),
        Column("team_abbr", "STRING"),
        Column("player_lookup", "STRING"),
        Column("player_full_name", "STRING", is_nullable=True),
        Column("status", "STRING"),
        Column("reason", "STRING", is_nullable=True),
        Column("reported_at", "TIMESTAMP"),
    ),
)
STATUSES = ("out", "doubtful", "questionable", "probable", "available", "not_listed")
# These SQL expressions change a status to the spelling in STATUSES. Letter case, spaces and hyphens do not matter: "Not
# Listed" is not_listed. A game-time decision counts as questionable. "Day-To-Day" is later refused as an unknown
# status, because it can mean anything from probable to out.
_STATUS_TEXT = "REGEXP_REPLACE(LOWER(TRIM(CAST(status AS STRING))), r'[ _-]+', '_')"
_STATUS = (
    f"CASE WHEN {_STATUS_TEXT} IN ('gtd', 'game_time_decision') THEN 'questionable' "
    f"WHEN {_STATUS_TEXT} IN ('not_on_report', 'not_on_injury_report') THEN 'not_listed' ELSE {_STATUS_TEXT} END"
)
# A row of this table is one quote (a bookmaker's offer of prices) for a player's points. Prices are decimal or American
# odds; a price that the bookmaker did not offer is NULL.
PRICES = Table(
    "prices",
    ("game_date", "player_lookup", "player_full_name", "line", "book", "quoted_at", "is_closing"),
    (
        Column("game_date", "DATE"),
        Column("player_lookup", "STRING", is_nullable=True, is_optional=True),
        Column("player_full_name", "STRING", is_nullable=True, is_optional=True),
        Column("line", "FLOAT64"),
        Column("over_price", "FLOAT64", is_nullable=True, is_signed=True),
        Column("under_price", "FLOAT64", is_nullable=True, is_signed=True),
        Column("book", "STRING", is_nullable=True, is_optional=True),
        Column("quoted_at", "TIMESTAMP", is_nullable=True, is_optional=True),
        Column("is_closing", "BOOL", is_nullable=True, is_optional=True),
    ),
)
HISTORY_TABLES = (PLAYER_GAME_SUMMARY, TEAM_OFFENSE_GAME_SUMMARY)
# All tables of a warehouse. Prices are not among them, because they have a configuration group of their own.
WAREHOUSE_TABLES = (*HISTORY_TABLES, SCHEDULE, AVAILABILITY)


def table_named(name: str) -> Table:
    """Return the table of WAREHOUSE_TABLES with this name.

    StopIteration if there is none. The table of prices is not in WAREHOUSE_TABLES.
    """
    return next(table for table in WAREHOUSE_TABLES if table.name == name)
