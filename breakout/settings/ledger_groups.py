"""The settings groups of the ledger, of `breakout grade` and of `breakout daily`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from msgspec import Meta

from breakout.settings.groups import Bytes, Seconds

Hours = Annotated[float, Meta(gt=0, le=10_000)]


@dataclass(frozen=True)
class FolderLedgerConfig:
    """A ledger in a folder below `paths.outputs`, and the rules for its entries.

    If `others` is true, the ledger also keeps predictions of models that are neither in production nor a shadow.
    `which` chooses the prediction that is graded: the first or the last one before the game's tip-off. A game that
    still has no source rows after `lost_after_days` days counts as lost. `timezone` is the time zone in which a game
    date ends. For a game whose tip-off the schedule lacks, that end counts as the tip-off.
    """

    kind: Literal["folder"]
    others: bool
    which: Literal["first", "last"]
    lost_after_days: Annotated[int, Meta(ge=1, le=400)]
    timezone: str


@dataclass(frozen=True)
class BigQueryLedgerConfig:
    """A ledger in two BigQuery tables, and the rules for its entries.

    `entries` and `grades` are the names of the tables. `project`, `location` and `api_endpoint` mean the same as in
    `BigQueryWarehouseConfig`, the rules the same as in `FolderLedgerConfig`.
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


@dataclass(frozen=True)
class GradeLimitsConfig:
    """The limits of `breakout grade`.

    `fail_on` names the conditions that give exit code 1: `calibration` if the model in production is biased beyond
    chance, `stale` if results are overdue. Results are overdue `max_age_hours` hours after the end of a game date.
    """

    fail_on: tuple[Literal["calibration", "stale"], ...]
    max_age_hours: Hours


@dataclass(frozen=True)
class DailyLimitsConfig:
    """The limits of `breakout daily`: it predicts only if no source lags behind by more than `max_age_hours` hours."""

    max_age_hours: Hours
