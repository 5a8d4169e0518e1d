"""Whether there are rows enough: counts in, DataError with the remedy out. Imports nothing heavy; sweeps plan by it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from breakout.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable

MIN_TRAINING_ROWS = 500


def check_training_count(rows: int, describe_history: Callable[[], str] | None = None) -> None:
    """Raise DataError below 500 training rows; without any, it says what `describe_history` returns."""
    if rows < MIN_TRAINING_ROWS:
        held = f" ({describe_history()})" if describe_history and not rows else ""
        raise DataError(
            f"the training window holds {rows} rows{held}, at least {MIN_TRAINING_ROWS} are needed; "
            "lengthen window.train_start..train_end or check that the warehouse holds those dates."
        )


def check_evaluation_count(rows: int, describe_history: Callable[[], str] | None = None) -> None:
    """Raise DataError if the evaluation window holds no rows; it says what `describe_history` returns."""
    if not rows:
        held = f" ({describe_history()})" if describe_history else ""
        raise DataError(
            f"the evaluation window holds no rows{held}; move it to dates with games, "
            "or set window.eval_start and window.eval_end to null to train only."
        )
