"""Whether there are rows enough: counts in, DataError with the remedy out. Imports nothing heavy; sweeps plan by it."""

from __future__ import annotations

from breakout.errors import DataError

MIN_TRAINING_ROWS = 500


def check_training_count(rows: int) -> None:
    """Raise DataError below 500 training rows."""
    if rows < MIN_TRAINING_ROWS:
        raise DataError(
            f"the training window holds {rows} rows, at least {MIN_TRAINING_ROWS} are needed; "
            "lengthen window.train_start..train_end or check that the warehouse holds those dates."
        )


def check_evaluation_count(rows: int) -> None:
    """Raise DataError if the evaluation window holds no rows."""
    if not rows:
        raise DataError(
            "the evaluation window holds no rows; move it to dates with games, "
            "or set window.eval_start and window.eval_end to null to train only."
        )
