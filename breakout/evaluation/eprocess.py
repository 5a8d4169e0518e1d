"""The comparison of two models that stays valid although it is looked at every morning: an e-process.

The e-process of Choe and Ramdas (2023, "Comparing Sequential Forecasters", Operations Research 72) on daily mean
differences of log loss. If the challenger is not better on average, the probability that the e-value ever reaches 20 is
at most 5 %, whenever and however often somebody looks (Ville's inequality).

Log loss has no bound, so probabilities are clipped to `CLIPPED`. The largest loss that the challenger could have
suffered on a date is then known before its games: it is the mean, over the rows, of the worse of the two outcomes. The
day's difference is divided by it, so no quotient lies below -1, which is the bound that the e-process needs. So days
count by quotients: the tested hypothesis is that the mean of these weighted differences is not above 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from breakout.evaluation.metrics import row_log_losses
from breakout.evaluation.rows import FloatArray, check_dates, check_rows

CLIPPED = (0.01, 0.99)  # a log loss of at most 4.6 nats; published probabilities lie between 0.03 and 0.6
BETTER_FROM = 20.0  # an e-value that two equally good models reach in at most 5 % of all seasons
# The sum of squared quotients for which the mixture is the most powerful: 10, as comparecast's default. With a true
# gain of 0.01 the median season needs 112 mornings; with 2 and 20 it needs 135 and 118.
INTRINSIC_TIME = 10.0
LEVEL = 0.05


@dataclass(frozen=True)
class DailyDifferences:
    """The dates (d,) of paired games, ascending; on each the gain and the greatest loss of the challenger, in nats.

    The gain is the reference's mean log loss minus the challenger's, both of clipped probabilities. The greatest loss
    is positive, or 0 where both gave every row the same probability.
    """

    dates: np.ndarray
    gain: FloatArray
    greatest_loss: FloatArray

    @property
    def quotients(self) -> FloatArray:
        """The gain of each date divided by the greatest loss, at least -1; 0 where no loss was possible."""
        is_open = self.greatest_loss > 0.0
        return np.divide(self.gain, self.greatest_loss, out=np.zeros_like(self.gain), where=is_open)


def daily_differences(
    y: ArrayLike, p_challenger: ArrayLike, p_reference: ArrayLike, game_dates: ArrayLike
) -> DailyDifferences:
    """Return the differences by date of two models on the same rows; all arguments have the shape (n,)."""
    labels, ours = check_rows(y, np.clip(p_challenger, *CLIPPED))
    _, theirs = check_rows(y, np.clip(p_reference, *CLIPPED))
    dates, number = np.unique(check_dates(game_dates), return_inverse=True)
    counts = np.bincount(number, minlength=dates.size)
    gains = row_log_losses(labels, theirs) - row_log_losses(labels, ours)
    worst = np.maximum(np.log(theirs / ours), np.log((1.0 - theirs) / (1.0 - ours)))
    by_date = [np.bincount(number, values, dates.size) / counts for values in (gains, worst)]
    return DailyDifferences(dates, *by_date)


def e_values(quotients: ArrayLike) -> FloatArray:
    """Return the e-value after each date, shape (..., d), of quotients (..., d) that are at least -1.

    The gamma-exponential mixture of Howard et al. (2021, Proposition 9) with scale 1, over the empirical variance
    around predictable centres: the mean of the earlier quotients, or 0 if that is positive, so that no quotient lies
    more than 1 below its centre.
    """
    x = np.asarray(quotients, dtype=np.float64)
    sums = np.cumsum(x, axis=-1)
    means = sums / np.arange(1, x.shape[-1] + 1)
    centres = np.zeros_like(x)
    centres[..., 1:] = np.minimum(means[..., :-1], 0.0)
    variances = np.cumsum((x - centres) ** 2, axis=-1)
    return np.exp(np.minimum(_log_mixture(sums, variances), 600.0))  # exp overflows above 709


def _log_mixture(sums: FloatArray, variances: FloatArray) -> FloatArray:
    """Return the logarithm of the one-sided gamma-exponential mixture with scale 1."""
    from scipy.special import gammainc, gammaln  # imported late: it takes 0.2 seconds

    log_odds = 2.0 * np.log(1.0 / (2.0 * LEVEL))
    rho = INTRINSIC_TIME / (log_odds + np.log1p(log_odds))
    shape, place = variances + rho, sums + variances + rho
    constant = rho * np.log(rho) - gammaln(rho) - np.log(gammainc(rho, rho))
    inside = np.maximum(place, 1e-8)
    with np.errstate(divide="ignore"):  # an e-value of 0 has the logarithm -inf
        tail = np.log(gammainc(shape, inside))
    regular = constant + gammaln(shape) + tail - shape * np.log(inside) + sums + variances
    # For sums so low that the formula does not hold, use an upper bound of the mixture, which is below 0.5.
    mixture: FloatArray = np.where(place > 0.0, regular, constant - rho - np.log(shape))
    return mixture


@dataclass(frozen=True)
class SequentialComparison:
    """The e-value of a challenger against a reference after each date (d,), and what it says.

    `better_since` is the first date on which the e-value reached BETTER_FROM; None if it never did.
    """

    days: DailyDifferences
    e_values: FloatArray

    @property
    def e_value(self) -> float:
        """The e-value after the last date; 1 without dates."""
        return float(self.e_values[-1]) if self.e_values.size else 1.0

    @property
    def better_since(self) -> np.datetime64 | None:
        reached = np.flatnonzero(self.e_values >= BETTER_FROM)
        return self.days.dates[reached[0]] if reached.size else None


def compare_sequentially(
    y: ArrayLike, p_challenger: ArrayLike, p_reference: ArrayLike, game_dates: ArrayLike
) -> SequentialComparison:
    """Compare two models on the same rows, date by date; all arguments have the shape (n,), and n may be 0."""
    days = daily_differences(y, p_challenger, p_reference, game_dates)
    return SequentialComparison(days, e_values(days.quotients))
