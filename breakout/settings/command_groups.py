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
    """The optional output of a run: it writes report.html if `write_report` is true."""

    write_report: bool


@dataclass(frozen=True)
class SweepConfig:
    """The execution of a sweep, which is a train command with many jobs.

    `resume` is the folder of a sweep to continue; None starts a new sweep. `fail_fast` ends the sweep after a job has
    failed. `workers` is the number of worker processes; None means the number of cores, divided by the number of
    threads of a job's model. `job_defaults` are overrides for every job that does not set the same keys.

    A train command with one job reads only `resume`. If it is set, the command continues that sweep instead.
    """

    resume: FilePath | None
    fail_fast: bool
    workers: Count | None
    job_defaults: tuple[str, ...]


@dataclass(frozen=True)
class AuditRowsConfig:
    """The rows that an audit recomputes: a few of each kind of edge case, and random others up to `rows` in total.

    Their game dates are between `start` and `end`, both inclusive. None means the first or last date in the warehouse.
    If the setting `served` makes `breakout audit` check the ledger instead, the dates limit the entries of the ledger,
    None means its first or last date, and `rows` is not used.
    """

    rows: Count
    start: date | None
    end: date | None


@dataclass(frozen=True)
class PromotionGateConfig:
    """The conditions under which a candidate may replace the model in production.

    `rule` chooses the conditions; None means `not_worse` for a retrain and `better` for any other candidate. A retrain
    has the settings and the contract of the model in production, but other dates. If no model is in production, `rule`
    is not used. `production/rules.py` explains the rules, and `conf/promote/default.yaml` their limits.

    With `evidence` set to `ledger`, the predictions that the candidate made as a shadow must pass checks too. For the
    rule `better`, the e-value of these predictions against production must be at least `min_e_value`. `reason` is a
    text that is kept in the history of the registry.
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

    `fail_on` names the conditions; if it is empty, there are none. `calibration` means that the probabilities of the
    model in production are biased beyond chance. `stale` means that a result is overdue: the warehouse still lacks it
    more than `max_age_hours` hours after the end of its game date.
    """

    fail_on: tuple[Literal["calibration", "stale"], ...]
    max_age_hours: Hours


@dataclass(frozen=True)
class DailyLimitsConfig:
    """The limit on the age of the data from which `breakout daily` predicts.

    The command predicts only if games, schedule and injury reports are each out of date by at most `max_age_hours`
    hours. `measure_freshness` in `ledger/freshness.py` computes these hours.
    """

    max_age_hours: Hours


@dataclass(frozen=True)
class DownloadConfig:
    """The requests with which `breakout import` downloads a season.

    `url` is the address of a request, with `{endpoint}` in place of the name of the service's endpoint. `pause_seconds`
    is the time between two requests, `timeout_seconds` the longest time for an answer. `attempts` is the number of
    tries for each request.
    """

    url: Annotated[str, Meta(pattern=r"^https?://\S+\{endpoint\}\S*$", description="with {endpoint} in it")]
    pause_seconds: Annotated[float, Meta(ge=0, le=3600)]
    timeout_seconds: Seconds
    attempts: Annotated[int, Meta(ge=1, le=100)]
