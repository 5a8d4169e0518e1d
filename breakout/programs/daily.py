"""The command `breakout daily`, which grades past predictions and predicts the games of one day.

The predictions come from the model in production and from all shadows (challengers scored in parallel with production).
The ledger records these predictions. A second call on unchanged sources adds nothing to the ledger. If a call is
killed, the next call adds what is missing.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from breakout.errors import DataError, GateError
from breakout.ledger.day_output import write_day
from breakout.ledger.freshness import StaleSourcesError, check_freshness, measure_freshness
from breakout.ledger.grading import read_scheduled
from breakout.ledger.recording import DaySlate, predict_day
from breakout.ledger.review import review_ledger
from breakout.production.registry import Registry
from breakout.production.slate_choice import resolve_day
from breakout.production.slate_output import check_data_file
from breakout.report.html.pages import write_ledger_page
from breakout.report.terminal.bars import progress_line
from breakout.report.terminal.ledger import print_day, print_review, print_written
from breakout.warehouse.opening import open_for
from breakout.warehouse.tables import SCHEDULE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from breakout.settings import DailyConfig


def run(config: DailyConfig) -> int:
    """Predict the games of a day, grade the ledger (the record of served predictions), and return the exit code.

    Print both results, and write the HTML page of the ledger. If `out` is set, write the predictions there too.

    Two errors are raised only after the ledger is graded and its page is written:

    - DataError if a source table is too old, if no model is in production, or if the day cannot be predicted. The
      predictions are then not written to `out`.
    - GateError if a condition of `grade.fail_on` is met, for example overdue results.

    Other errors are raised before the ledger is graded:

    - DataError if there is no schedule with games near the day, or no game in the warehouse.
    - GateError if the production model's definitions of features or label differ from the installed ones.
    - ConfigurationError for invalid settings, or if the model cannot be used for the day.
    """
    return run_at(config, datetime.now(UTC))


def run_at(config: DailyConfig, now: datetime) -> int:
    """Do the same as `run`, with `now` as the present time.

    `now` has a time zone. The errors are described in `run`.
    """
    check_data_file(config.out)
    day = resolve_day(config.date, now)
    slates: Sequence[DaySlate] = ()
    error: DataError | None = None
    with progress_line("daily"), open_for(config, "daily") as warehouse:
        sources = measure_freshness(warehouse, day, now, config.ledger.timezone)
        has_games = day in read_scheduled(warehouse, day, day).values()
        # On a day without games, only the schedule must be fresh, because an old schedule may lack games.
        try:
            needed = [source for source in sources if has_games or source.source == SCHEDULE.name]
            check_freshness(needed, config.daily.max_age_hours)
            slates = predict_day(warehouse, day, config, now) if has_games else ()
        except DataError as refused:  # The error is raised below, after the ledger is graded.
            error = refused
        review = review_ledger(warehouse, config, now)
    page = write_ledger_page(review, config.paths.outputs)
    print_day(day, sources, slates, _why_idle(config, error), config.top)
    print_review(review, page)
    if config.out is not None and error is None:
        print_written(write_day(slates, config.out, config.top))
    if error is not None:
        raise error
    failures = review.failures(config.grade.fail_on)
    if failures:
        raise GateError(" ".join(failures))
    return 0


def _why_idle(config: DailyConfig, error: DataError | None) -> str:
    """Return the reason that is printed if no game of the day was predicted.

    `error` is the error that stopped the prediction; None if the schedule has no game on the day.
    """
    if error is None:
        return "no game of the schedule is on this date"
    if isinstance(error, StaleSourcesError):
        return "a source is too old"
    if Registry.of(config.paths.outputs).current() is None:
        return "no model is in production, and shadows are predicted only beside one"
    return "the error below says why"
