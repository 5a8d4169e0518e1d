"""The source tables: their names, columns and types, and the checks that every row must pass at the door."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from breakout.errors import DataError
from breakout.settings.identifiers import check_table_name

if TYPE_CHECKING:
    from collections.abc import Collection

    from breakout.warehouse.base import Warehouse

ColumnType = Literal["STRING", "DATE", "INT64", "FLOAT64"]


# No amount of a game comes near it; sums of billionths stay whole numbers that a FLOAT64 can hold.
_MOST = 10_000


@dataclass(frozen=True)
class SourceTables:
    """Full names of the source tables; `has_season_type=False` takes the constant @season_type in its place.

    ConfigurationError if a name is not a plain table name (dataset.table or project.dataset.table).
    """

    player_game_summary: str = "nba_analytics.player_game_summary"
    team_offense_game_summary: str = "nba_analytics.team_offense_game_summary"
    schedule: str = "nba_analytics.schedule"
    slate: str = "nba_analytics.slate"
    has_season_type: bool = True

    def __post_init__(self) -> None:
        for field in ("player_game_summary", "team_offense_game_summary", "schedule", "slate"):
            check_table_name(f"warehouse.{field}", getattr(self, field))

    @property
    def season_type(self) -> str:
        """The expression that stands for a game's season type."""
        return "season_type" if self.has_season_type else "@season_type"


@dataclass(frozen=True)
class Column:
    """A column of a source table. NUMERIC and FLOAT64 sources are both FLOAT64 here; `is_nullable` allows NULL."""

    name: str
    type: ColumnType
    is_nullable: bool = False
    is_optional: bool = False


@dataclass(frozen=True)
class Table:
    """A source table: its key stands once, its numbers are neither negative nor endless."""

    name: str
    key: tuple[str, str]
    columns: tuple[Column, ...]

    @property
    def numbers(self) -> tuple[str, ...]:
        """The columns that hold amounts."""
        return tuple(column.name for column in self.columns if column.type != "STRING" and column.is_nullable)


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
    ),
)
HISTORY_TABLES = (PLAYER_GAME_SUMMARY, TEAM_OFFENSE_GAME_SUMMARY)


def check_columns(table: Table, where: str, present: Collection[str]) -> None:
    """Raise DataError naming the columns that the table lacks; `where` is its path or full name."""
    missing = [column.name for column in table.columns if not column.is_optional and column.name not in present]
    if missing:
        raise DataError(
            f"{table.name} ({where}) lacks the column{'s' if len(missing) > 1 else ''} {', '.join(missing)}; "
            f"it must hold {', '.join(column.name for column in table.columns if not column.is_optional)}."
        )


def problem_query(table: Table, full_name: str, *, is_filtered: bool) -> str:
    """A query for rows that cannot be: a key twice or NULL, an impossible amount. One scan, five rows a problem.

    With `is_filtered` the text reads @history_start to @end only (a partition filter).
    """
    needed = [column.name for column in table.columns if not column.is_nullable]
    whens = [f"WHEN {name} IS NULL THEN '{name} is NULL'" for name in needed]
    whens += [f"WHEN {name} < 0 THEN '{name} is negative'" for name in table.numbers]
    whens += [f"WHEN {name} > {_MOST} THEN '{name} is infinite or above {_MOST}'" for name in table.numbers]
    first, second = table.key
    whens.append(f"WHEN COUNT(*) OVER (PARTITION BY {first}, {second}) > 1 THEN 'the key stands more than once'")
    where = "\n  WHERE game_date BETWEEN @history_start AND @end" if is_filtered else ""
    cases = "\n      ".join(whens)
    return f"""SELECT problem, {first}, {second}, total
FROM (
  SELECT problem, {first}, {second}, COUNT(*) OVER (PARTITION BY problem) AS total,
    ROW_NUMBER() OVER (PARTITION BY problem ORDER BY {first}, {second}) AS number
  FROM (
    SELECT {first}, {second}, CASE
      {cases}
      END AS problem
    FROM `{full_name}`{where}
  )
  WHERE problem IS NOT NULL
)
WHERE number <= 5
ORDER BY problem, {first}, {second}"""


def check_rows(warehouse: Warehouse, table: Table, full_name: str, parameters: dict[str, object]) -> None:
    """Raise DataError naming the table, the problem and a few keys; without `parameters` over the whole table."""
    found = warehouse.query(problem_query(table, full_name, is_filtered=bool(parameters)), parameters).to_pylist()
    if not found:
        return
    problem = found[0]["problem"]
    rows = [row for row in found if row["problem"] == problem]
    keys = dict.fromkeys(f"({', '.join(str(row[part]) for part in table.key)})" for row in rows)
    raise DataError(
        f"{table.name}: {problem} in {rows[0]['total']} row{'s' if rows[0]['total'] > 1 else ''}, for example "
        f"({', '.join(table.key)}) = {', '.join(keys)}; mend the source and run again."
    )
