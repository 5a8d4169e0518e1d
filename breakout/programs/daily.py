"""`breakout daily`: the ledger graded, and one day predicted with the model in production and every shadow.

A second call on unchanged sources adds nothing. A killed call leaves whole files only, and the next call adds what is
missing.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from breakout.errors import DataError, GateError
from breakout.ledger.freshness import check_freshness, measure_freshness
from breakout.ledger.grading import read_scheduled
from breakout.ledger.recording import DaySlate, predict_day
from breakout.ledger.review import review_ledger
from breakout.production.slate_choice import resolve_day
from breakout.report.html.ledger_page import write_ledger_page
from breakout.report.terminal.bars import progress_line
from breakout.report.terminal.ledger import print_day, print_review
from breakout.warehouse.opening import open_for
from breakout.warehouse.tables import SCHEDULE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from breakout.settings import DailyConfig


def run(config: DailyConfig) -> int:
    """Predict, grade, print and write the page; return the exit code.

    DataError if a source is too old or no model is in production: then nothing is predicted, but the ledger is graded
    and its page written. GateError if a limit of `grade.fail_on` is crossed.
    """
    return run_at(config, datetime.now(UTC))


def run_at(config: DailyConfig, now: datetime) -> int:
    """Run the command as at the instant `now`."""
    day = resolve_day(config.date, now)
    slates: Sequence[DaySlate] = ()
    error: DataError | None = None
    with progress_line("daily"), open_for(config, "daily") as warehouse:
        sources = measure_freshness(warehouse, day, now, config.ledger.timezone)
        has_games = day in read_scheduled(warehouse, day, day).values()
        try:  # without games only the schedule matters: it may be too old to have them
            needed = [source for source in sources if has_games or source.source == SCHEDULE.name]
            check_freshness(needed, config.daily.max_age_hours)
            slates = predict_day(warehouse, day, config, now) if has_games else ()
        except DataError as refused:  # the games of earlier days are graded all the same
            error = refused
        review = review_ledger(warehouse, config, now)
    page = write_ledger_page(review, config.paths.outputs)
    print_day(day, sources, slates)
    print_review(review, page)
    if error is not None:
        raise error
    failures = review.failures(config.grade.fail_on)
    if failures:
        raise GateError(" ".join(failures))
    return 0
