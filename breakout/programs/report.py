"""The command `breakout report RUN`, which writes the report of a run, sweep or backtest again from its folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from breakout.errors import ConfigurationError, DataError
from breakout.programs.arguments import find_run
from breakout.report.terminal.lines import print_line
from breakout.runs import STATUS_FILE, read_status, warn_without_digests
from breakout.runs.names import SWEEP_RECORD

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

BACKTEST = "backtest"


def main(arguments: Sequence[str]) -> int:
    """Write the report of one run, sweep or backtest again and return the exit code.

    ConfigurationError unless there is exactly one argument. DataError if the argument names neither a sweep
    nor a completed run or backtest, if a file is missing or damaged, or if the report cannot be written.
    """
    if len(arguments) != 1 or arguments[0].startswith("-"):
        raise ConfigurationError(
            "give one run or sweep: breakout report outputs/runs/NAME/RUN, outputs/sweeps/SWEEP, a NAME, or latest."
        )
    folder = find_run(arguments[0], is_sweep_allowed=True).resolve()
    if (folder / SWEEP_RECORD).is_file():
        return _rebuild_sweep(folder)
    if not (folder / STATUS_FILE).is_file():
        raise DataError(
            f"{arguments[0]} is neither a run nor a sweep: it holds no {STATUS_FILE} and no {SWEEP_RECORD}."
        )
    return _rebuild_run(folder)


def _rebuild_sweep(folder: Path) -> int:
    from breakout.report.terminal.leaderboard import print_board
    from breakout.sweeps.leaderboard import write_leaderboard

    print_board(write_leaderboard(folder))
    return 0


def _rebuild_run(folder: Path) -> int:
    status = read_status(folder)
    warn_without_digests(folder, [status])
    state = status.state
    if state != "completed":
        raise DataError(f"the run in {folder} is {state}, not completed: there is nothing to report; see its run.log.")
    if status.command == BACKTEST:
        from breakout.market.backtest import load_backtest
        from breakout.report.html.pages import write_backtest_page

        print_line(f"report: {write_backtest_page(load_backtest(folder), folder)}")
        return 0
    from breakout.report.html.pages import write_run_page

    print_line(f"report: {write_run_page(folder)}")
    return 0
