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
    """The optional output of a run: the file report.html, which the run writes if `write_report` is true."""

    write_report: bool


@dataclass(frozen=True)
class SweepConfig:
    """The execution of a sweep, which is a train command with many jobs.

    `resume` is the folder of a sweep to continue; None starts a new sweep. `fail_fast` ends the sweep after a job has
    failed. `workers` is the number of worker processes; None means the number of cores, divided by the number of
    threads of a job's model. `job_defaults` are overrides for every job that does not set the same keys.

    A train command without several jobs reads only `resume`. If `resume` is set, that command continues the sweep.
    """

    resume: FilePath | None
    fail_fast: bool
    workers: Count | None
    job_defaults: tuple[str, ...]


@dataclass(frozen=True)
class AuditRowsConfig:
    """The rows whose features an audit computes again: rows of each kind of edge case first, then random rows.

    An audit checks that no feature depends on results of the row's own or later games. `rows` is the number of all
    these rows. Edge cases are, for example, games after a trade. The game dates are between `start` and `end`, both
    inclusive; None means the first or last date in the warehouse.

    With the setting `served`, `breakout audit` checks the ledger (the record of served predictions) instead. Then
    `rows` is not used, and `start` and `end` limit the game dates of the predictions; None means the first or last date
    in the ledger.
    """

    rows: Count
    start: date | None
    end: date | None


@dataclass(frozen=True)
class PromotionGateConfig:
    """The conditions under which a candidate may replace the model in production.

    `rule` limits the intervals of the differences of metrics, candidate minus production, on games after both
    trainings. Under `better`, the interval of the AUC must begin above `margin`. Log loss and Brier score must not
    increase, and their intervals must end below `tolerance`. `not_worse` limits only the interval of the log loss,
    which must end below `tolerance`. This rule is for a retrain (production's model with other dates). None means
    `not_worse` for a retrain, else `better`. If no model is in production, the candidate is compared with the base rate
    instead.

    The comparison needs at least `min_dates` game dates and `min_games` rows. A retrain on all games has no later
    games. Instead, the games of an earlier promotion of the same settings count. These games must end at most
    `max_age_days` days before the end of the retrain's training.

    If `evidence` is `ledger` (the record of served predictions), the candidate's predictions there as a shadow (a
    challenger scored beside production) are checked too. For the rule `better`, their e-value (evidence that the
    candidate is better; 1 means none) must be at least `min_e_value`. `reason` is a text for the history of promotions.
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

    `fail_on` names the conditions; if it is empty, there are none. `calibration` means that the probabilities which a
    model predicted in production are biased beyond chance. `stale` means that a result is overdue: the warehouse still
    lacks the result more than `max_age_hours` hours after the end of its game date.
    """

    fail_on: tuple[Literal["calibration", "stale"], ...]
    max_age_hours: Hours


@dataclass(frozen=True)
class DailyLimitsConfig:
    """The limit on the age of the data from which `breakout daily` predicts.

    The command predicts only if games, schedule and injury reports each lag behind by at most `max_age_hours` hours;
    otherwise it ends with an error. The lag of the games begins at the end of the first scheduled date after the newest
    game in the warehouse. The lag of the schedule begins at the end of the last date in the schedule. The lag of the
    injury reports begins at the end of the date of the newest report.
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
