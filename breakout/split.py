"""Which dates train, validate and evaluate: a configured window in, plain date ranges and row masks out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np

from breakout import settings
from breakout.errors import ConfigurationError, DataError

if TYPE_CHECKING:
    from breakout.settings.groups import WindowConfig
    from breakout.warehouse.base import Warehouse


@dataclass(frozen=True)
class DateRange:
    """Whole days from start to end, both inclusive."""

    start: date
    end: date

    @property
    def days(self) -> int:
        """How many days."""
        return (self.end - self.start).days + 1

    def __str__(self) -> str:
        return f"{self.start}..{self.end}"


@dataclass(frozen=True)
class Split:
    """A training range and a later evaluation range; without evaluation the run only trains.

    ConfigurationError unless training ends strictly before evaluation starts.
    """

    train: DateRange
    evaluation: DateRange | None

    def __post_init__(self) -> None:
        if self.evaluation is not None and self.train.end >= self.evaluation.start:
            raise ConfigurationError(
                f"training {self.train} must end before evaluation {self.evaluation} starts: "
                "a model is never evaluated on games it was trained on."
            )


def resolve_window(window: WindowConfig, warehouse: Warehouse) -> Split:
    """The dates of a window; one that trails takes `as_of` from the warehouse's newest game where it is not given."""
    if isinstance(window, settings.DateWindow):
        evaluation = None
        if window.eval_start is not None and window.eval_end is not None:
            evaluation = DateRange(window.eval_start, window.eval_end)
        return Split(DateRange(window.train_start, window.train_end), evaluation)
    if isinstance(window, settings.TrailingWindow):
        as_of = window.as_of or warehouse.latest_game_date() + timedelta(days=1)
        return trailing_split(as_of, window.train_days, window.eval_days)
    raise ConfigurationError("window=walk_forward makes several folds; it is resolved fold by fold.")


def trailing_split(as_of: date, train_days: int, eval_days: int) -> Split:
    """The eval_days days right before as_of, and the train_days days right before those."""
    eval_start = as_of - timedelta(days=eval_days)
    train = DateRange(eval_start - timedelta(days=train_days), eval_start - timedelta(days=1))
    return Split(train, DateRange(eval_start, as_of - timedelta(days=1)) if eval_days else None)


def validation_mask(dates: np.ndarray, fraction: float) -> np.ndarray:
    """True for the smallest set of latest whole dates that holds at least `fraction` of the rows.

    `dates` has shape (n,); so has the mask. DataError if no date would be left to fit on.
    """
    distinct, counts = np.unique(dates, return_counts=True)
    held = np.cumsum(counts[::-1])
    # 1e-9 towards equality: exactly 15% is enough, whatever the product's last bit
    dates_needed = int(np.argmax(held >= fraction * len(dates) - 1e-9)) + 1 if len(dates) else 0
    if dates_needed >= len(distinct):
        raise DataError(
            f"the training window has rows on {len(distinct)} dates only, too few to keep some back for validation; "
            "lengthen the training window."
        )
    return np.asarray(dates >= distinct[len(distinct) - dates_needed])
