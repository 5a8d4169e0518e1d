"""The command `breakout grade`, which grades the predictions in the ledger and prints the results of each model.

The ledger is the record of served predictions. A grade is the outcome of one prediction.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from breakout.errors import GateError
from breakout.evaluation.formatting import format_count
from breakout.ledger.grading import list_graded
from breakout.ledger.review import review_ledger
from breakout.production.slate_output import check_data_file, write_rows
from breakout.report.html.pages import write_ledger_page
from breakout.report.terminal.bars import progress_line
from breakout.report.terminal.ledger import print_review
from breakout.report.terminal.lines import print_line
from breakout.warehouse.opening import open_for

if TYPE_CHECKING:
    from breakout.settings import GradeConfig


def run(config: GradeConfig) -> int:
    """Grade the ledger (the record of served predictions), print the results of its models, and return the exit code.

    Write the HTML page of the ledger, and the graded rows to `out` if it is set.

    - ConfigurationError if `out` names no CSV, Parquet or JSON file.
    - DataError if the warehouse or the ledger cannot be read, or a file cannot be written.
    - GateError, after all files are written, if a condition of `grade.fail_on` is met, for example overdue results.
    """
    now = datetime.now(UTC)
    check_data_file(config.out)
    with progress_line("grade"), open_for(config, "grade") as warehouse:
        review = review_ledger(warehouse, config, now, (config.start, config.end))
    page = write_ledger_page(review, config.paths.outputs)
    print_review(review, page)
    if config.out is not None:
        rows = list_graded(review.graded)
        write_rows(rows, Path(config.out))
        print_line(f"{format_count(len(rows), 'graded prediction')} written: {config.out}")
    failures = review.failures(config.grade.fail_on)
    if failures:
        raise GateError(" ".join(failures))
    return 0
