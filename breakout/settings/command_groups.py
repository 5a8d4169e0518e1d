"""The settings groups that only one or two commands have.

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
    """The optional output of a run: if `write_report` is true, the run writes report.html."""

    write_report: bool


@dataclass(frozen=True)
class SweepConfig:
    """The execution of a sweep, which is a train command with many jobs.

    - `resume`: the folder of a sweep to continue; None starts a new sweep.
    - `fail_fast`: if true, the sweep ends after a job has failed.
    - `workers`: the number of worker processes; None means the number of cores divided by the threads of a job's model.
    - `job_defaults`: overrides for every job that does not set the same keys.

    A train command with a single job reads only `resume`.
    """

    resume: FilePath | None
    fail_fast: bool
    workers: Count | None
    job_defaults: tuple[str, ...]


@dataclass(frozen=True)
class AuditRowsConfig:
    """The rows whose features an audit computes again.

    - `rows`: the number of rows. Rows of each kind of edge case, such as games after a trade, come first; the others
      are random.
    - `start`, `end`: the game dates, both inclusive; None means the first or last date in the warehouse.

    With the setting `served`, `breakout audit` checks the ledger (what was predicted). Then `rows` is not used, and
    None as `start` or `end` means the first or last date in the ledger.
    """

    rows: Count
    start: date | None
    end: date | None


@dataclass(frozen=True)
class PromotionGateConfig:
    """The conditions under which a candidate may replace the model in production.

    The two models are compared on games after both training windows. If no model is in production, the candidate is
    compared with the base rate. A retrain is a candidate with production's settings but other dates.

    - `rule`: the condition on confidence intervals of metrics, candidate minus production. With `better`, the interval
      of the AUC must begin above `margin`. Log loss and Brier score must not increase, and both intervals must end
      below `tolerance`. With `not_worse`, only the interval of the log loss must end below `tolerance`. None means
      `not_worse` for a retrain, else `better`.
    - `min_dates`, `min_games`: the fewest game dates and rows for the comparison.
    - `max_age_days`: a retrain on all games cannot be compared on later games. The retrain relies on the latest
      comparison that led to the promotion of a model with the same settings. The dates of that comparison must end at
      most this many days before the retrain's training ends.
    - `evidence`: if `ledger`, the candidate's predictions as a shadow (scored in parallel with production) are checked
      too.
    - `min_e_value`: for the rule `better`, the smallest e-value that the shadow's predictions need. An e-value measures
      evidence that the candidate is better; 1 means none.
    - `reason`: a text for the history of promotions.
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

    - `fail_on`: the conditions. `calibration` means that the probabilities of a model in production are biased by more
      than chance explains. `stale` means that a result is overdue.
    - `max_age_hours`: a result is overdue if the warehouse lacks it more than this many hours after its game date ends.
    """

    fail_on: tuple[Literal["calibration", "stale"], ...]
    max_age_hours: Hours


@dataclass(frozen=True)
class DailyLimitsConfig:
    """The limit on the age of the data from which `breakout daily` predicts.

    The command ends with an error if games, schedule or injury reports lag behind by more than `max_age_hours` hours.
    On a day without games, only the schedule is checked. The lags begin at the end of these dates:

    - games: the first scheduled date after the newest game in the warehouse.
    - schedule: the last date in the schedule.
    - injury reports: the date of the newest report.
    """

    max_age_hours: Hours


@dataclass(frozen=True)
class DownloadConfig:
    """The requests with which `breakout import` downloads a season.

    `url` is the address of a request, with `{endpoint}` in place of the endpoint's name. `pause_seconds` is the time
    between two requests, `attempts` the number of tries for one request.
    """

    url: Annotated[str, Meta(pattern=r"^https?://\S+\{endpoint\}\S*$", description="with {endpoint} in it")]
    pause_seconds: Annotated[float, Meta(ge=0, le=3600)]
    timeout_seconds: Seconds
    attempts: Annotated[int, Meta(ge=1, le=100)]
