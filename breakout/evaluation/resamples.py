"""The date bootstrap: whole game dates drawn with replacement, and percentile intervals of statistics.

Players of one date share opponents, pace and overtime. So the rows of a date are not independent, and the bootstrap
draws them together. A resample is one bootstrap draw.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from breakout.evaluation.rows import BoolArray, FloatArray, IntArray, check_dates


@dataclass(frozen=True)
class Interval:
    """A statistic with its percentile interval over resamples (bootstrap draws of game dates).

    - `estimate`: the value on all rows; None if it is undefined.
    - `low`, `high`: the ends of the interval. None if `estimate` is None, if the statistic is undefined in every
      resample, or if there are fewer than two game dates. None also where an interval would mislead, for example for
      the calibration error ECE.
    - `n_undefined`: the number of resamples in which the statistic is undefined, for example because all labels are
      equal. The interval leaves these resamples out.
    """

    estimate: float | None
    low: float | None
    high: float | None
    n_undefined: int

    def holds(self, value: float) -> bool:
        """Return whether `value` is within the interval; False if there is no interval."""
        return self.low is not None and self.high is not None and self.low <= value <= self.high


@dataclass(frozen=True)
class DateResamples:
    """Bootstrap draws (resamples) of game dates for n rows.

    - `date_index` (n,): the number of each row's date, from 0.
    - `weights` (resamples, dates): how often each resample drew each date, a whole number stored as a float.
    - `confidence`: the fraction of resamples within an interval, such as 0.95.
    """

    date_index: IntArray
    weights: FloatArray
    confidence: float

    @property
    def n_dates(self) -> int:
        return int(self.weights.shape[1])

    def subset(self, is_member: BoolArray) -> DateResamples:
        """Return these draws for the rows where `is_member` (n,) is true; dates without such rows are dropped."""
        kept = self.date_index[is_member]
        is_present = np.bincount(kept, minlength=self.n_dates) > 0
        if is_present.all():
            return DateResamples(kept, self.weights, self.confidence)
        return DateResamples((np.cumsum(is_present) - 1)[kept], self.weights[:, is_present], self.confidence)

    def sums(self, row_values: FloatArray) -> FloatArray:
        """Return the sum of `row_values` over the rows of each resample.

        `row_values` of shape (n,) give sums of shape (resamples,). The shape (k, n) gives (k, resamples).
        """
        by_date = [np.bincount(self.date_index, values, self.n_dates) for values in np.atleast_2d(row_values)]
        return np.asarray((by_date @ self.weights.T).reshape(*row_values.shape[:-1], -1))

    @cached_property
    def row_counts(self) -> FloatArray:
        """The number of rows in each resample, shape (resamples,)."""
        return self.sums(np.ones(self.date_index.size))

    def means(self, row_values: FloatArray) -> FloatArray:
        """Return the mean of `row_values` over the rows of each resample; NaN if a resample has no rows.

        `row_values` of shape (n,) give means of shape (resamples,). The shape (k, n) gives (k, resamples).
        """
        return divide(self.sums(row_values), self.row_counts)

    def interval(self, estimate: float | None, replicates: FloatArray) -> Interval:
        """Return `estimate` with the percentile interval (Efron 1979) of `replicates`.

        `replicates` (resamples,) contains the statistic's value in each resample. NaN means undefined and is left out.
        The ends of the interval are None if the estimate is None, if all replicates are NaN, or if the rows have fewer
        than two dates.
        """
        defined = replicates[~np.isnan(replicates)]
        n_undefined = replicates.size - defined.size
        if estimate is None or self.n_dates < 2 or not defined.size:
            return Interval(estimate, None, None, n_undefined)
        tail = (1.0 - self.confidence) / 2.0
        low, high = np.quantile(defined, (tail, 1.0 - tail)).tolist()
        return Interval(estimate, low, high, n_undefined)

    def mean_interval(self, row_values: FloatArray) -> Interval:
        """Return the mean of `row_values` (n,) with its interval; n must be at least 1."""
        return self.interval(float(row_values.mean()), self.means(row_values))


def divide(numerator: FloatArray, denominator: FloatArray) -> FloatArray:
    """Return the quotient element by element, NaN where the denominator is 0."""
    quotient: FloatArray = np.full(np.broadcast_shapes(numerator.shape, denominator.shape), np.nan)
    np.divide(numerator, denominator, out=quotient, where=denominator != 0.0)
    return quotient


def draw_date_resamples(
    game_dates: ArrayLike, *, bootstrap_resamples: int, seed: int, confidence: float
) -> DateResamples:
    """Return `bootstrap_resamples` resamples of the distinct dates in `game_dates` (n,).

    Each resample draws as many dates as there are distinct dates, with replacement. The draws depend only on the number
    of distinct dates, on `bootstrap_resamples` and on `seed`. So all models that predict the same rows are evaluated on
    the same resamples. `confidence` is the fraction of resamples within an interval.

    ValueError if there are no rows, if a date is missing, for fewer than one resample, or for a confidence outside
    (0, 1).
    """
    dates = check_dates(game_dates)
    if not dates.size or bootstrap_resamples < 1 or not 0.0 < confidence < 1.0:
        raise ValueError("a bootstrap needs rows, at least one resample and a confidence between 0 and 1")
    different, date_index = np.unique(dates, return_inverse=True)
    n_dates = different.size
    drawn = np.random.default_rng(seed).integers(n_dates, size=(bootstrap_resamples, n_dates))
    drawn += np.arange(bootstrap_resamples)[:, np.newaxis] * n_dates
    counts = np.bincount(drawn.ravel(), minlength=bootstrap_resamples * n_dates)
    weights = counts.reshape(bootstrap_resamples, n_dates).astype(np.float64)
    return DateResamples(date_index.astype(np.int64), weights, confidence)


@dataclass(frozen=True)
class EvaluationParameters:
    """The parameters of an evaluation.

    - `bootstrap_resamples`, `seed`: the number and the seed of the bootstrap draws of game dates.
    - `confidence`: the fraction of the draws within an interval.
    - `ece_bins`: the number of bins of the calibration error. The bins contain equal numbers of rows.
    - `thresholds`: a game is flagged if its probability is at or above a threshold. The report has a row for each.
    - `top_fractions`: the top fractions that the report shows, such as 0.1 for the tenth of the games with the highest
      probabilities.
    """

    bootstrap_resamples: int
    seed: int
    confidence: float
    ece_bins: int
    thresholds: tuple[float, ...]
    top_fractions: tuple[float, ...]

    def draw(self, game_dates: ArrayLike) -> DateResamples:
        """Return the bootstrap draws of the dates in `game_dates` (n,); ValueError as in `draw_date_resamples`."""
        return draw_date_resamples(
            game_dates,
            bootstrap_resamples=self.bootstrap_resamples,
            seed=self.seed,
            confidence=self.confidence,
        )
