"""Labels of the slices (parts of the rows, such as a month) of an evaluation, one function for each kind of slice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from breakout.evaluation.rows import EQUALITY_TOLERANCE, BoolArray, FloatArray, check_dates

# The first week of each band of weeks since training. The first bands are narrow because a model gets worse fastest in
# the first weeks. The last band has no end.
STALENESS_WEEKS = (1, 2, 3, 4, 5, 9, 14, 27)


@dataclass(frozen=True)
class SliceLabels:
    """The label of the slice (such as a month) that each row belongs to.

    - `values` (n,): the label of each row.
    - `order`: the labels in the order in which a report shows them; may contain labels that no row has.
    """

    values: NDArray[np.str_]
    order: tuple[str, ...]

    @cached_property
    def members(self) -> tuple[tuple[str, BoolArray], ...]:
        """Each label that occurs, with the mask (n,) of the label's rows, in the order of `order`.

        ValueError for a label that is missing from `order`.
        """
        unnamed = set(np.unique(self.values).tolist()) - set(self.order)
        if unnamed:
            raise ValueError(f"slice labels missing from their order: {', '.join(sorted(unnamed))}")
        members = [(label, np.asarray(self.values == label)) for label in self.order]
        return tuple((label, is_member) for label, is_member in members if is_member.any())


def month_labels(game_dates: ArrayLike) -> SliceLabels:
    """Label rows by calendar month, such as "2026-01"; ValueError for a missing date."""
    months = check_dates(game_dates).astype("datetime64[M]").astype(np.str_)
    return SliceLabels(months, tuple(np.unique(months).tolist()))


def points_band_labels(season_average: ArrayLike, *, min_ppg: float, max_ppg: float, width: float = 2.0) -> SliceLabels:
    """Label rows by season average in points, in bands of `width` points from `min_ppg`, such as "8-10".

    A band includes its lower edge and excludes its upper edge. The last band ends at `max_ppg` and includes it.
    ValueError for an average below `min_ppg`, above `max_ppg` or missing.
    """
    averages = np.asarray(season_average, dtype=np.float64)
    if not ((averages >= min_ppg - EQUALITY_TOLERANCE) & (averages <= max_ppg + EQUALITY_TOLERANCE)).all():
        raise ValueError(f"a season average lies outside {min_ppg:g} to {max_ppg:g} points")
    n_bands = max(1, int(np.ceil((max_ppg - min_ppg) / width - EQUALITY_TOLERANCE)))
    starts: FloatArray = min_ppg + width * np.arange(n_bands, dtype=np.float64)
    ends = np.append(starts[1:], max_ppg)
    return _banded(averages, starts, [f"{low:g}-{high:g}" for low, high in zip(starts, ends, strict=True)])


def home_away_labels(home_away: ArrayLike) -> SliceLabels:
    """Label rows "home" (value 1), "away" (value 0) or "unknown" (any other value, or NaN)."""
    venue = np.asarray(home_away, dtype=np.float64)
    return _named(np.select([venue == 1.0, venue == 0.0], [0, 1], 2), ("home", "away", "unknown"))


def rest_labels(rest_days: ArrayLike) -> SliceLabels:
    """Label rows by days since the team's previous game: "1 day", "2 days", "3 days" or "4 days or more".

    NaN, for the team's first game of a season, gets the label "first game".
    """
    days = np.asarray(rest_days, dtype=np.float64)
    names = ("1 day", "2 days", "3 days", "4 days or more", "first game")
    return _named(np.select([np.isnan(days), days <= 1, days <= 2, days <= 3], [4, 0, 1, 2], 3), names)


def season_phase_labels(game_dates: ArrayLike) -> SliceLabels:
    """Label rows "early" (October to December), "middle" (January and February) or "late" (March to September).

    ValueError for a missing date.
    """
    dates = check_dates(game_dates)
    month = dates.astype("datetime64[M]").astype(np.int64) % 12 + 1
    return _named(np.select([month >= 10, month <= 2], [0, 1], 2), ("early", "middle", "late"))


def prior_season_labels(points_avg_prior_season: ArrayLike) -> SliceLabels:
    """Label rows "known" if the player played in the season before, otherwise "not known".

    Pass `points_avg_prior_season` (n,) before missing values are filled. NaN means no game in the season before.
    """
    is_missing = np.isnan(np.asarray(points_avg_prior_season, dtype=np.float64))
    return _named(np.where(is_missing, 1, 0), ("known", "not known"))


def staleness_labels(game_dates: ArrayLike, train_end: date | ArrayLike) -> SliceLabels:
    """Label rows by weeks since the last day of training; week 1 is the first seven days after that day.

    `train_end` is one day, or an array (n,) with a day for each row if several models scored the rows. ValueError for a
    missing date, or for a game on or before its `train_end`.
    """
    dates, ends = check_dates(game_dates), np.asarray(train_end, dtype="datetime64[D]")
    days = (dates - ends).astype(np.int64)
    if (days < 1).any():
        raise ValueError(f"a game of {dates[days < 1].min()} is not after the end of training")
    weeks = ((days - 1) // 7 + 1).astype(np.float64)
    starts = np.asarray(STALENESS_WEEKS, dtype=np.float64)
    names = [_week_name(*pair) for pair in zip(STALENESS_WEEKS, (*STALENESS_WEEKS[1:], None), strict=True)]
    return _banded(weeks, starts, names)


def _week_name(first: int, following: int | None) -> str:
    if following is None:
        return f"week {first} on"
    return f"week {first}" if following == first + 1 else f"weeks {first}-{following - 1}"


def _banded(values: FloatArray, starts: FloatArray, names: Sequence[str]) -> SliceLabels:
    number = np.searchsorted(starts, values + EQUALITY_TOLERANCE, "right") - 1
    return _named(number.clip(0), tuple(names))


def _named(number: ArrayLike, names: tuple[str, ...]) -> SliceLabels:
    return SliceLabels(np.asarray(names, dtype=np.str_)[np.asarray(number, dtype=np.int64)], names)
