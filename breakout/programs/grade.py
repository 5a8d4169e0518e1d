"""`breakout grade`: it grades the predictions in the ledger, prints the scoreboard and writes the ledger's page."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from breakout.errors import GateError
from breakout.ledger.review import review_ledger
from breakout.report.html.ledger_page import write_ledger_page
from breakout.report.terminal.bars import progress_line
from breakout.report.terminal.ledger import print_review
from breakout.warehouse.opening import open_for

if TYPE_CHECKING:
    from breakout.settings import GradeConfig


def run(config: GradeConfig) -> int:
    """Grade the ledger, print the scoreboard and write the page; return the exit code.

    GateError if a limit of `grade.fail_on` is exceeded; the grades and the page are written before it is raised.
    """
    return run_at(config, datetime.now(UTC))


def run_at(config: GradeConfig, now: datetime) -> int:
    """Run the command as if the present were `now`, and return the exit code."""
    with progress_line("grade"), open_for(config, "grade") as warehouse:
        review = review_ledger(warehouse, config, now, (config.start, config.end))
    page = write_ledger_page(review, config.paths.outputs)
    print_review(review, page)
    failures = review.failures(config.grade.fail_on)
    if failures:
        raise GateError(" ".join(failures))
    return 0
