"""The scoring of a bundle (a saved model) on played games after its training.

The settings in the bundle define features, label and the players to score. A command can change only the cutoff, the
time up to which injury reports are used.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from breakout.dataset import SLICE_FEATURES, build_dataset
from breakout.errors import ConfigurationError, NoGamesError
from breakout.experiment.evaluating import ScoredRows, score_rows
from breakout.split import DateRange

if TYPE_CHECKING:
    from breakout.bundle.folder import Bundle
    from breakout.warehouse.base import Warehouse


def later_window(train_end: date, start: date | None, end: date | None, warehouse: Warehouse) -> DateRange:
    """Return the dates start..end, which must lie after `train_end`, the last date of the training window.

    None for `start` is the day after `train_end`. None for `end` is the date of the newest game.

    ConfigurationError if the dates overlap the training window or end before they start. NoGamesError if `end` is None
    and the warehouse has no game from `start` on. DataError if `end` is None and the warehouse has no games at all.
    """
    first = start or train_end + timedelta(days=1)
    if first <= train_end:
        raise ConfigurationError(
            f"start={first} lies in the training window, which ends on {train_end}: a model is never evaluated "
            f"on games it was trained on. Leave start out, or give {train_end + timedelta(days=1)} or later."
        )
    last = end or warehouse.latest_game_date()
    if last < first and end is None:
        raise NoGamesError(f"the warehouse has no games from {first} on: its newest is of {last}.")
    if last < first:
        raise ConfigurationError(
            f"end={last} is before {first}, the first day after the training window; give a later one or leave it out."
        )
    return DateRange(first, last)


def score_window(bundle: Bundle, warehouse: Warehouse, window: DateRange) -> ScoredRows:
    """Return one row for each role player and game of a window, with the probability that a saved model predicts.

    The rows also have the columns that an evaluation by slices (groups of games) needs. The model's contract (its
    definitions of features and label) is not checked. NoGamesError if the window holds no rows. DataError if the source
    tables are missing, damaged or hold impossible values. ConfigurationError if a feature needs injury reports and no
    table of them is configured.
    """
    rows = build_dataset(warehouse, bundle.features, window.start, window.end, slice_features=SLICE_FEATURES)
    if not len(rows):
        raise NoGamesError(f"there is no game to score in {window}; move start..end to dates with games.")
    return score_rows(bundle, rows, bundle.train_end)
