"""Builders of small source tables, game by game, and of the features that the feature query computes from them.

Features are returned before defaults are filled; None means a missing value.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from operator import itemgetter
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pyarrow as pa

from breakout.dataset import Dataset, build_dataset
from breakout.features.config import BreakoutFeatureConfig
from breakout.features.feature import Feature
from breakout.features.registry import REGISTRY
from breakout.settings import AvailabilityConfig
from breakout.warehouse.duckdb import DuckDBWarehouse
from tests.reference import DEFAULTS, ReferenceHistory

Row = dict[str, Any]

ALL_FEATURES = tuple(DEFAULTS)  # the features that `ReferenceHistory` computes too
GAME_FEATURES = tuple(name for name in ALL_FEATURES if REGISTRY[name].group != "availability")  # need no injury report
FIRST_DAY = date(2025, 11, 1)
SEASON = 2025

PLAYER_SCHEMA = pa.schema(
    [
        ("player_lookup", pa.string()),
        ("player_full_name", pa.string()),
        ("game_id", pa.string()),
        ("game_date", pa.date32()),
        ("team_abbr", pa.string()),
        ("opponent_team_abbr", pa.string()),
        ("season_year", pa.int64()),
        ("season_type", pa.string()),
        ("points", pa.int64()),
        ("minutes_played", pa.float64()),
        ("fg_attempts", pa.int64()),
        ("usage_rate", pa.float64()),
        ("three_pt_attempts", pa.int64()),
        ("ft_attempts", pa.int64()),
        ("plus_minus", pa.int64()),
    ]
)
TEAM_SCHEMA = pa.schema(
    [
        ("game_id", pa.string()),
        ("game_date", pa.date32()),
        ("team_abbr", pa.string()),
        ("opponent_team_abbr", pa.string()),
        ("season_year", pa.int64()),
        ("season_type", pa.string()),
        ("points_scored", pa.int64()),
        ("possessions", pa.int64()),
        ("minutes_total", pa.int64()),
    ]
)

REPORT_SCHEMA = pa.schema(
    [
        ("game_date", pa.date32()),
        ("team_abbr", pa.string()),
        ("player_lookup", pa.string()),
        ("player_full_name", pa.string()),
        ("status", pa.string()),
        ("reason", pa.string()),
        ("reported_at", pa.timestamp("us", "UTC")),
    ]
)
SCHEDULE_SCHEMA = pa.schema(
    [
        ("game_id", pa.string()),
        ("game_date", pa.date32()),
        ("home_team_abbr", pa.string()),
        ("away_team_abbr", pa.string()),
        ("season_year", pa.int64()),
        ("season_type", pa.string()),
        ("tip_off", pa.timestamp("us", "UTC")),
    ]
)


def day(number: int) -> date:
    """Return the date `number` days after FIRST_DAY."""
    return FIRST_DAY + timedelta(days=number)


NEW_YORK = ZoneInfo("America/New_York")
CUTOFF = AvailabilityConfig("17:30", "America/New_York", 0)  # as in conf/availability/default.yaml


def features_config(
    names: Sequence[str] = ALL_FEATURES,
    *,
    min_ppg: float = 8.0,
    max_ppg: float = 16.0,
    breakout_multiplier: float = 1.5,
    min_prior_games: int = 5,
    season_types: Sequence[str] = ("regular",),
) -> BreakoutFeatureConfig:
    """Return a configuration of the feature query; by default it has all features, and the target in `conf/`."""
    return BreakoutFeatureConfig(
        tuple(names), min_ppg, max_ppg, breakout_multiplier, min_prior_games, tuple(season_types), CUTOFF
    )


def everyone(names: Sequence[str] = ALL_FEATURES, min_prior_games: int = 1) -> BreakoutFeatureConfig:
    """Return a configuration without a points band, which keeps every row after `min_prior_games` games."""
    return features_config(names, min_ppg=0.0, max_ppg=1000.0, min_prior_games=min_prior_games)


def open_tables(
    players: Iterable[Row],
    teams: Iterable[Row],
    slate: Iterable[Row] = (),
    player_schema: pa.Schema = PLAYER_SCHEMA,
    reports: Iterable[Row] = (),
    schedule: Iterable[Row] = (),
) -> DuckDBWarehouse:
    """Return a warehouse of tables with these rows; `slate` are the players listed for games still to be played."""
    tables = {
        "player_game_summary": pa.Table.from_pylist(list(players), player_schema),
        "team_offense_game_summary": pa.Table.from_pylist(list(teams), TEAM_SCHEMA),
        "availability": pa.Table.from_pylist(list(reports), REPORT_SCHEMA),
        "schedule": pa.Table.from_pylist(list(schedule), SCHEDULE_SCHEMA),
    }
    listed = list(slate)
    if listed:
        schema = pa.schema([*(PLAYER_SCHEMA.field(name) for name in NIGHT), ("is_home", pa.int64())])
        tables["slate"] = pa.Table.from_pylist(listed, schema)
    return DuckDBWarehouse.from_arrow(tables)


NIGHT = (
    "player_lookup",
    "player_full_name",
    "game_id",
    "game_date",
    "team_abbr",
    "opponent_team_abbr",
    "season_year",
)


def as_listed(row: Mapping[str, Any]) -> Row:
    """Return a player's row as a row of the slate: with the columns that are known before the game."""
    return {name: row[name] for name in NIGHT} | {"is_home": int(row["game_id"].split("_")[-1] == row["team_abbr"])}


def raw_values(dataset: Dataset) -> dict[tuple[str, str], dict[str, float | None]]:
    """Return the features of each row before defaults are filled, by player and game; None is a missing value."""
    unfilled = dataset.X.astype(object).mask(dataset.is_missing, None)
    keys = zip(dataset.keys["player_lookup"], dataset.keys["game_id"], strict=True)
    return dict(zip(keys, unfilled.to_dict("records"), strict=True))  # type: ignore[arg-type]


def frame_of(dataset: Dataset) -> pd.DataFrame:
    """Return keys, flags of missing values and features in one table, to compare two datasets bit for bit."""
    return pd.concat([dataset.keys, dataset.is_missing.add_suffix(" is missing"), dataset.X], axis=1)


@dataclass
class History:
    """The rows of source tables, which its methods add; the first mention of a game adds the rows of both teams."""

    players: list[Row] = field(default_factory=list)
    teams: list[Row] = field(default_factory=list)
    reports: list[Row] = field(default_factory=list)
    schedule: list[Row] = field(default_factory=list)

    def game(
        self,
        number: int,
        team: str = "BOS",
        opponent: str = "NYK",
        *,
        is_home: bool = True,
        scored: int | None = 110,
        allowed: int | None = 105,
        possessions: int | None = 100,
        opponent_possessions: int | None = 100,
        minutes_total: int | None = 240,
        season_year: int = SEASON,
        season_type: str | None = "regular",
        suffix: str = "",
    ) -> str:
        """Add a game on the day `number`, unless it exists, and return its id.

        Two games of the same teams on one day differ in `suffix`.
        """
        away, home = (opponent, team) if is_home else (team, opponent)
        game_id = f"{day(number):%Y%m%d}{suffix}_{away}_{home}"
        if any(row["game_id"] == game_id for row in self.teams):
            return game_id
        both = [
            (team, opponent, scored, possessions),
            (opponent, team, allowed, opponent_possessions),
        ]
        for own, other, points, pace in both:
            self.teams.append(
                {
                    "game_id": game_id,
                    "game_date": day(number),
                    "team_abbr": own,
                    "opponent_team_abbr": other,
                    "season_year": season_year,
                    "season_type": season_type,
                    "points_scored": points,
                    "possessions": pace,
                    "minutes_total": minutes_total,
                }
            )
        return game_id

    def plays(
        self,
        number: int,
        points: int | None,
        *,
        player: str = "ann",
        minutes: float | None = 30.0,
        usage: float | None = 20.0,
        shots: int | None = 10,
        threes: int | None = 3,
        free_throws: int | None = 4,
        margin: int | None = 0,
        team: str = "BOS",
        opponent: str = "NYK",
        **game: Any,
    ) -> Row:
        """Add a player's row for the game on the day `number`, and return the row; `game` are arguments of `game`."""
        game_id = self.game(number, team, opponent, **game)
        row = {
            "player_lookup": player,
            "player_full_name": player.title(),
            "game_id": game_id,
            "game_date": day(number),
            "team_abbr": team,
            "opponent_team_abbr": opponent,
            "season_year": game.get("season_year", SEASON),
            "season_type": game.get("season_type", "regular"),
            "points": points,
            "minutes_played": minutes,
            "fg_attempts": shots,
            "usage_rate": usage,
            "three_pt_attempts": threes,
            "ft_attempts": free_throws,
            "plus_minus": margin,
        }
        self.players.append(row)
        return row

    def report(
        self, number: int, status: str, *, player: str = "ann", team: str = "BOS", at: str = "13:30", days_ago: int = 0
    ) -> None:
        """Add an injury report: a player's status for the day `number`.

        It was reported `days_ago` days before the game, at the time of day `at` in New York.
        """
        reported = datetime.combine(day(number - days_ago), time.fromisoformat(at), NEW_YORK).astimezone(UTC)
        self.reports.append(
            {
                "game_date": day(number),
                "team_abbr": team,
                "player_lookup": player,
                "player_full_name": player.title(),
                "status": status,
                "reason": None,
                "reported_at": reported,
            }
        )

    def tips_off(self, number: int, at: str, team: str = "BOS", opponent: str = "NYK") -> None:
        """Add a game of two teams to the schedule, with its tip-off at the time of day `at` in New York."""
        tip_off = datetime.combine(day(number), time.fromisoformat(at), NEW_YORK).astimezone(UTC)
        self.schedule.append(
            {
                "game_id": f"{day(number):%Y%m%d}_{opponent}_{team}",
                "game_date": day(number),
                "home_team_abbr": team,
                "away_team_abbr": opponent,
                "season_year": SEASON,
                "season_type": "regular",
                "tip_off": tip_off,
            }
        )

    def season(self, *points: int, every: int = 2, **each: Any) -> int:
        """Add a player's games with these points, one every `every` days; return the day of the next one."""
        for index, value in enumerate(points):
            self.plays(index * every, value, **each)
        return len(points) * every

    def open(self, slate: Iterable[Row] = (), own_columns: Iterable[str] = ()) -> DuckDBWarehouse:
        """Return a warehouse of the rows so far; `own_columns` name further integer columns of players' rows."""
        schema = pa.schema([*PLAYER_SCHEMA, *((name, pa.int64()) for name in own_columns)])
        return open_tables(self.players, self.teams, slate, schema, self.reports, self.schedule)

    def reference(self, config: BreakoutFeatureConfig) -> ReferenceHistory:
        """Return the independent implementation of the features for the rows so far."""
        return ReferenceHistory(
            self.players,
            self.teams,
            min_ppg=config.min_ppg,
            max_ppg=config.max_ppg,
            breakout_multiplier=config.breakout_multiplier,
            min_prior_games=config.min_prior_games,
            season_types=config.season_types,
            reports=self.reports,
            tip_offs={  # the earlier one, if a team has two games on one day
                (row["game_date"], row[side]): row["tip_off"]
                for row in sorted(self.schedule, key=itemgetter("tip_off"), reverse=True)
                for side in ("home_team_abbr", "away_team_abbr")
            },
            cutoff=(config.availability.cutoff, config.availability.timezone, config.availability.days_before),
        )

    def build(self, config: BreakoutFeatureConfig, registry: Mapping[str, Feature] = REGISTRY) -> Dataset:
        """Return the dataset of all kept rows."""
        warehouse = self.open()
        try:
            return build_dataset(warehouse, config, date(2020, 1, 1), date(2030, 1, 1), registry=registry)
        finally:
            warehouse.close()

    def tonight(
        self, number: int, *, names: Sequence[str] = ALL_FEATURES, min_prior_games: int = 1, **game: Any
    ) -> dict[str, float | None]:
        """Return a player's features before a game on the day `number`, after checking that two sources agree.

        The features of the listed game, before it is played, must equal those of the played game.
        """
        config = everyone(names, min_prior_games)
        row = self.plays(number, 10, **game)
        key = row["player_lookup"], row["game_id"]
        warehouse = self.open([as_listed(row)])
        try:
            days = row["game_date"], row["game_date"]
            listed = raw_values(build_dataset(warehouse, config, *days, row_source="listed"))[key]
            played = raw_values(build_dataset(warehouse, config, *days)).get(key, listed)
        finally:
            warehouse.close()
        assert played == listed
        return listed
