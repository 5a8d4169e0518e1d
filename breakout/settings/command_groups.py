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
    """The optional outputs of a run: if `write_report` is true, report.html is written."""

    write_report: bool


@dataclass(frozen=True)
class SweepConfig:
    """The execution of a sweep, which is a train command with many jobs; a single job reads only `resume`.

    `resume` is the folder of a sweep to continue. `fail_fast` ends the sweep after a job has failed. `workers` is the
    number of worker processes; None means the number of cores, divided by the threads of a job's model. `job_defaults`
    are overrides that each job gets unless it sets the key itself.
    """

    resume: FilePath | None
    fail_fast: bool
    workers: Count | None
    job_defaults: tuple[str, ...]


@dataclass(frozen=True)
class AuditRowsConfig:
    """The number of rows that an audit recomputes, and their dates; None is the warehouse's first or last date."""

    rows: Count
    start: date | None
    end: date | None


@dataclass(frozen=True)
class PromotionGateConfig:
    """The conditions under which a candidate may replace the model in production.

    `rule` None means `not_worse` for a retrain of the model in production (the same recipe, seed and contract on other
    dates), and `better` for any other candidate. `reason` is kept in the history of the registry. With the evidence
    `ledger`, the candidate's graded entries as a shadow must pass checks too; for the rule `better`, their e-value
    against production must be at least `min_e_value`.
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
    """The limits of the grades that `breakout grade` and `breakout daily` give.

    `fail_on` names the conditions that give exit code 1: `calibration` if the model in production is biased beyond
    chance, `stale` if results are overdue. Results are overdue `max_age_hours` hours after the end of a game date.
    """

    fail_on: tuple[Literal["calibration", "stale"], ...]
    max_age_hours: Hours


@dataclass(frozen=True)
class DailyLimitsConfig:
    """The limits of `breakout daily`: it predicts only if no source lags behind by more than `max_age_hours` hours."""

    max_age_hours: Hours


@dataclass(frozen=True)
class DownloadConfig:
    """The requests that download a season: `{endpoint}` in `url` is replaced by the name of each request."""

    url: Annotated[str, Meta(pattern=r"^https?://\S+\{endpoint\}\S*$", description="with {endpoint} in it")]
    pause_seconds: Annotated[float, Meta(ge=0, le=3600)]
    timeout_seconds: Seconds
    attempts: Annotated[int, Meta(ge=1, le=100)]
