"""The settings groups of the ledger and of the commands that grade it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from msgspec import Meta

Hours = Annotated[float, Meta(gt=0, le=10_000)]


@dataclass(frozen=True)
class FolderLedgerConfig:
    """A ledger in a folder below `paths.outputs`, and the rules by which its entries count.

    With `others` also predictions of models are kept that are neither in production nor a shadow.
    """

    kind: Literal["folder"]
    others: bool
    which: Literal["first", "last"]
    lost_after_days: Annotated[int, Meta(ge=1, le=400)]
    timezone: str


LedgerConfig = FolderLedgerConfig


@dataclass(frozen=True)
class GradeLimitsConfig:
    """The limits of `breakout grade`, and those that make it exit with 1."""

    fail_on: tuple[Literal["calibration", "stale"], ...]
    max_age_hours: Hours


@dataclass(frozen=True)
class DailyLimitsConfig:
    """The hours by which the sources may lag behind before `breakout daily` refuses to predict."""

    max_age_hours: Hours
