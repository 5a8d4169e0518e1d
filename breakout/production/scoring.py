"""The scoring of a saved bundle on played games after its training.

Features, population and label are the bundle's own, not those of the present configuration.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from breakout.dataset import SLICE_FEATURES, build_dataset
from breakout.errors import ConfigurationError, DataError
from breakout.experiment.evaluating import ScoredRows, score_rows
from breakout.split import DateRange

if TYPE_CHECKING:
    from breakout.bundle import Bundle
    from breakout.warehouse.base import Warehouse


def later_window(train_end: date, start: date | None, end: date | None, warehouse: Warehouse) -> DateRange:
    """Return the first and last date of a window after training.

    `start` None is the day after `train_end`, `end` None is the date of the newest game. ConfigurationError if the
    window overlaps the training window, DataError if there is no game after it yet.
    """
    first = start or train_end + timedelta(days=1)
    if first <= train_end:
        raise ConfigurationError(
            f"start={first} lies in the training window, which ends on {train_end}: a model is never evaluated "
            f"on games it was trained on. Leave start out, or give {train_end + timedelta(days=1)} or later."
        )
    last = end or warehouse.latest_game_date()
    if last < first and end is None:
        raise DataError(f"the warehouse has no games from {first} on: its newest is of {last}.")
    if last < first:
        raise ConfigurationError(
            f"end={last} is before {first}, the first day after the training window; give a later one or leave it out."
        )
    return DateRange(first, last)


def score_window(bundle: Bundle, warehouse: Warehouse, window: DateRange) -> ScoredRows:
    """Score the rows of a window and add the columns that slices need; DataError if the window holds no rows."""
    rows = build_dataset(warehouse, bundle.features, window.start, window.end, slice_features=SLICE_FEATURES)
    if not len(rows):
        raise DataError(f"there is no game to score in {window}; move start..end to dates with games.")
    return score_rows(bundle, rows, bundle.train_end)
