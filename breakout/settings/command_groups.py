"""The settings groups that only one or two commands have, with the types and bounds of their fields.

No field has a default here: every default is in `conf/`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal

from msgspec import Meta

from breakout.settings.groups import Count, DaysOrZero, FilePath, Seconds

Hours = Annotated[float, Meta(gt=0, le=10_000)]


@dataclass(frozen=True)
class RunConfig:
    """The optional output of a run: `write_report` is whether the run writes report.html."""

    write_report: bool


@dataclass(frozen=True)
class SweepConfig:
    """The execution of a sweep, which is a train command with many jobs. A command with one job reads only `resume`.

    `resume` is the folder of a sweep to continue. `fail_fast` ends the sweep after a job has failed. `workers` is the
    number of worker processes; None means the number of cores, divided by the number of threads of a job's model.
    `job_defaults` are overrides for every job that does not set the same keys.
    """

    resume: FilePath | None
    fail_fast: bool
    workers: Count | None
    job_defaults: tuple[str, ...]


@dataclass(frozen=True)
class AuditRowsConfig:
    """The sample of rows that an audit recomputes: their number, and the first and last date to draw them from.

    `start` None means the warehouse's first date, `end` None its last.
    """

    rows: Count
    start: date | None
    end: date | None


@dataclass(frozen=True)
class PromotionGateConfig:
    """The conditions under which a candidate may replace the model in production.

    `rule` None means `not_worse` for a retrain and `better` for any other candidate. A retrain has the settings and the
    contract of the model in production, but other dates. `reason` is kept in the history of the registry.

    With the evidence `ledger`, the predictions that the candidate made as a shadow must pass checks too. For the rule
    `better`, the e-value of these predictions against production must be at least `min_e_value`.
    """

    rule: Literal["better", "not_worse"] | None
    evidence: Literal["games", "ledger"]
    min_e_value: Annotated[float, Meta(gt=1, le=1e9)]
    min_dates: Count
    min_games: Count
    margin: Annotated[float, Meta(ge=-1, le=1)]
    tolerance: Annotated[float, Meta(ge=0, le=1)]
    max_age_days: DaysOrZero
    reason: str


@dataclass(frozen=True)
class GradeLimitsConfig:
    """The conditions under which `breakout grade` and `breakout daily` end with exit code 1.

    `fail_on` names the conditions. `calibration` means that the model in production is biased beyond chance, `stale`
    that results are overdue. A result is overdue `max_age_hours` hours after the end of its game date.
    """

    fail_on: tuple[Literal["calibration", "stale"], ...]
    max_age_hours: Hours


@dataclass(frozen=True)
class DailyLimitsConfig:
    """The limit of `breakout daily`, which predicts only if its data lags behind by at most `max_age_hours` hours.

    `ledger/freshness.py` measures the lag of games, schedule and injury reports.
    """

    max_age_hours: Hours


@dataclass(frozen=True)
class DownloadConfig:
    """The requests with which `breakout import` downloads a season.

    `url` is the address of a request with `{endpoint}` in place of the name of the league's endpoint.
    """

    url: Annotated[str, Meta(pattern=r"^https?://\S+\{endpoint\}\S*$", description="with {endpoint} in it")]
    pause_seconds: Annotated[float, Meta(ge=0, le=3600)]
    timeout_seconds: Seconds
    attempts: Annotated[int, Meta(ge=1, le=100)]
