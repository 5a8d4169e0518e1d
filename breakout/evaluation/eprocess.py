"""A comparison of two models, a challenger and a reference, that stays valid however often it is read.

The method is the e-process of Choe and Ramdas (2023, "Comparing Sequential Forecasters", Operations Research 72). After
each game date it computes an e-value, a measure of evidence that is 1 at the start. If the challenger is not better on
average, the probability that the e-value ever reaches 20 is at most 5 % (Ville's inequality).

The e-value is computed from one quotient for each date, the gain divided by the greatest loss:

- The gain is the reference's mean log loss on the date minus the challenger's.
- The greatest loss is the lowest possible gain with its sign changed. The gain is lowest if every game of the date has
  the outcome, breakout or not, that is worse for the challenger.

So a quotient is at least -1. Probabilities are first limited to [0.01, 0.99] (`CLIPPED`), because log loss has no upper
bound.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from breakout.evaluation.metrics import row_log_losses
from breakout.evaluation.rows import FloatArray, check_dates, check_rows

CLIPPED = (0.01, 0.99)  # Probabilities are limited to this range, so the log loss of a game is at most 4.61 nats.
BETTER_FROM = 20.0  # If the challenger is not better, the e-value reaches 20 with a probability of at most 5 %.

# The test has the most power if the variance that `e_values` computes is near INTRINSIC_TIME. The package comparecast
# uses 10 by default. In simulated seasons with a true gain of 0.01 nats a game, the e-value reaches 20 after a median
# of 112 game dates. If INTRINSIC_TIME is 2, the median is 135 dates. If it is 20, the median is 118 dates.
INTRINSIC_TIME = 10.0
LEVEL = 0.05


@dataclass(frozen=True)
class DailyDifferences:
    """The gain in log loss of a challenger over a reference model on each date, in nats.

    - `dates` (d,): distinct and ascending.
    - `gain` (d,): the reference's mean log loss minus the challenger's.
    - `greatest_loss` (d,): the lowest possible gain with its sign changed. The gain is lowest if every game has the
      outcome that is worse for the challenger.

    Probabilities are first limited to [0.01, 0.99].
    """

    dates: np.ndarray
    gain: FloatArray
    greatest_loss: FloatArray

    @property
    def quotients(self) -> FloatArray:
        """For each date, the field `gain` divided by the field `greatest_loss`; 0 if `greatest_loss` is 0."""
        is_open = self.greatest_loss > 0.0
        return np.divide(self.gain, self.greatest_loss, out=np.zeros_like(self.gain), where=is_open)


def daily_differences(
    y: ArrayLike, p_challenger: ArrayLike, p_reference: ArrayLike, game_dates: ArrayLike
) -> DailyDifferences:
    """Compare the mean log losses of a challenger and a reference model on each date.

    All arguments have the shape (n,).
    """
    labels, ours = check_rows(y, np.clip(p_challenger, *CLIPPED))
    _, theirs = check_rows(y, np.clip(p_reference, *CLIPPED))
    dates, number = np.unique(check_dates(game_dates), return_inverse=True)
    counts = np.bincount(number, minlength=dates.size)
    gains = row_log_losses(labels, theirs) - row_log_losses(labels, ours)
    worst = np.maximum(np.log(theirs / ours), np.log((1.0 - theirs) / (1.0 - ours)))
    by_date = [np.bincount(number, values, dates.size) / counts for values in (gains, worst)]
    return DailyDifferences(dates, *by_date)


def e_values(quotients: ArrayLike) -> FloatArray:
    """Return the e-value (evidence that a challenger is better than a reference) after each of d dates, shape (..., d).

    `quotients` (..., d) contains the values of `DailyDifferences.quotients`. No quotient may be below -1. An e-value of
    20 or more is significant at the level 5 %.

    The formula is the gamma-exponential mixture of Howard et al. (2021, "Time-uniform, nonparametric, nonasymptotic
    confidence sequences", Proposition 9) with scale 1. The variance in the formula is the sum of (quotient - centre)^2
    over the dates. The centre of a date is the mean of the earlier quotients, but at most 0; the first centre is 0. So
    no quotient lies more than 1 below the centre.
    """
    x = np.asarray(quotients, dtype=np.float64)
    sums = np.cumsum(x, axis=-1)
    means = sums / np.arange(1, x.shape[-1] + 1)
    centres = np.zeros_like(x)
    centres[..., 1:] = np.minimum(means[..., :-1], 0.0)
    variances = np.cumsum((x - centres) ** 2, axis=-1)
    return np.exp(np.minimum(_log_mixture(sums, variances), 600.0))  # Limited because exp() overflows above 709.


def _log_mixture(sums: FloatArray, variances: FloatArray) -> FloatArray:
    """Return the logarithm of the one-sided gamma-exponential mixture with scale 1, in the shape of the arguments.

    Each date has a quotient: the challenger's gain divided by its greatest possible loss on that date. Up to each date,
    `sums` is the sum of the quotients, and `variances` is the sum of (quotient - centre)^2. `e_values` defines the
    centre.
    """
    from scipy.special import gammainc, gammaln  # Imported here because the import takes 0.2 s.

    log_odds = 2.0 * np.log(1.0 / (2.0 * LEVEL))
    rho = INTRINSIC_TIME / (log_odds + np.log1p(log_odds))
    shape, place = variances + rho, sums + variances + rho
    constant = rho * np.log(rho) - gammaln(rho) - np.log(gammainc(rho, rho))
    inside = np.maximum(place, 1e-8)
    with np.errstate(divide="ignore"):  # log(0) occurs where gammainc underflows; it is replaced below.
        tail = np.log(gammainc(shape, inside))
    regular = constant + gammaln(shape) + tail - shape * np.log(inside) + sums + variances
    # The formula has no value if `place` is 0 or negative, or if gammainc underflows. In both cases the limit of the
    # formula for place -> 0 is used: an e-value below 0.5.
    mixture: FloatArray = np.where((place > 0.0) & np.isfinite(tail), regular, constant - rho - np.log(shape))
    return mixture


@dataclass(frozen=True)
class SequentialComparison:
    """The comparison of a challenger with a reference model after each game date.

    - `e_values` (dates,): the evidence that the challenger is better, after each date.
    - `better_since`: the first date on which the e-value reached 20 (`BETTER_FROM`); None if it never did.
    """

    days: DailyDifferences
    e_values: FloatArray

    @property
    def e_value(self) -> float:
        """The e-value after the last date; 1 if there are no dates."""
        return float(self.e_values[-1]) if self.e_values.size else 1.0

    @property
    def better_since(self) -> np.datetime64 | None:
        reached = np.flatnonzero(self.e_values >= BETTER_FROM)
        return self.days.dates[reached[0]] if reached.size else None


def compare_sequentially(
    y: ArrayLike, p_challenger: ArrayLike, p_reference: ArrayLike, game_dates: ArrayLike
) -> SequentialComparison:
    """Compare a challenger with a reference model after each game date; all arguments have the shape (n,).

    n may be 0. Probabilities are first limited to [0.01, 0.99]. ValueError for labels other than 0 and 1, for a missing
    probability or date, or if the lengths differ.
    """
    days = daily_differences(y, p_challenger, p_reference, game_dates)
    return SequentialComparison(days, e_values(days.quotients))
