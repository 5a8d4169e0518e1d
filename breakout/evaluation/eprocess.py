"""A comparison of two models, a challenger and a reference, that stays valid however often it is read.

The method is the e-process of Choe and Ramdas (2023, "Comparing Sequential Forecasters", Operations Research 72). It
computes an e-value (a measure of evidence, 1 at the start) after each game date. If the challenger is not better on
average, the probability that the e-value ever reaches 20 is at most 5 % (Ville's inequality).

The e-value is computed from one quotient a date, which must be at least -1:

- The gain of a date is the reference's mean log loss minus the challenger's.
- The greatest loss of a row is the largest possible excess of the challenger's log loss over the reference's. The
  excess has one value for a breakout and one for no breakout; the greatest loss is the larger value.
- The quotient is the gain of the date divided by the mean greatest loss of its rows.

Probabilities are first limited to [0.01, 0.99] (`CLIPPED`), because log loss has no upper bound.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from breakout.evaluation.metrics import row_log_losses
from breakout.evaluation.rows import FloatArray, check_dates, check_rows

CLIPPED = (0.01, 0.99)  # Probabilities are limited to this range, so the log loss of a game is at most 4.61 nats.
BETTER_FROM = 20.0  # If the challenger is not better, the e-value reaches 20 with a probability of at most 5 %.

# The test has the most power when the variance that `e_values` computes is near this number; 10 is the default of the
# package comparecast. In simulated seasons with a true gain of 0.01 nats a game, the e-value reaches 20 after a median
# of 112 game dates. The median is 135 dates with 2 instead of 10, and 118 dates with 20.
INTRINSIC_TIME = 10.0
LEVEL = 0.05


@dataclass(frozen=True)
class DailyDifferences:
    """The gain and the greatest possible loss of a challenger against a reference model on each date, in nats.

    All arrays have the shape (dates,); `dates` are distinct and ascending. `gain` is the reference's mean log loss
    minus the challenger's. The excess of a game is the challenger's log loss minus the reference's. It has one value
    for a breakout and one for no breakout; `greatest_loss` is the larger value, averaged over the games of the date.

    Probabilities are first limited to [0.01, 0.99]. `greatest_loss` is 0 on a date on which both models predicted equal
    limited probabilities for every game.
    """

    dates: np.ndarray
    gain: FloatArray
    greatest_loss: FloatArray

    @property
    def quotients(self) -> FloatArray:
        """The gain of each date divided by its greatest possible loss, at least -1; 0 where `greatest_loss` is 0."""
        is_open = self.greatest_loss > 0.0
        return np.divide(self.gain, self.greatest_loss, out=np.zeros_like(self.gain), where=is_open)


def daily_differences(
    y: ArrayLike, p_challenger: ArrayLike, p_reference: ArrayLike, game_dates: ArrayLike
) -> DailyDifferences:
    """Return the challenger's gain and its greatest possible loss on each date; all arguments have the shape (n,).

    The gain is the reference's mean log loss minus the challenger's, in nats. The greatest loss is the negative of the
    lowest possible gain of a game, averaged over the games of the date. Probabilities are first limited to [0.01,
    0.99]. The result has no dates if n is 0. ValueError for labels other than 0 and 1, for a missing probability or
    date, or if the lengths differ.
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

    An e-value of 20 or more is significant at the level 5 %. `quotients` (..., d) contains the challenger's gain on
    each date divided by its greatest possible loss. No quotient may be below -1.

    The formula is the gamma-exponential mixture of Howard et al. (2021, "Time-uniform, nonparametric, nonasymptotic
    confidence sequences", Proposition 9) with scale 1. The variance in it is the sum of the squared distances of
    the quotients from their centres. The centre of a quotient is the mean of the earlier quotients, but at most 0; the
    first centre is 0. So no quotient lies more than 1 below its centre.
    """
    x = np.asarray(quotients, dtype=np.float64)
    sums = np.cumsum(x, axis=-1)
    means = sums / np.arange(1, x.shape[-1] + 1)
    centres = np.zeros_like(x)
    centres[..., 1:] = np.minimum(means[..., :-1], 0.0)
    variances = np.cumsum((x - centres) ** 2, axis=-1)
    return np.exp(np.minimum(_log_mixture(sums, variances), 600.0))  # limited, because exp() overflows above 709


def _log_mixture(sums: FloatArray, variances: FloatArray) -> FloatArray:
    """Return the logarithm of the e-value (evidence for a challenger) after each date, in the shape of the arguments.

    The formula is the one-sided gamma-exponential mixture with scale 1. Each date has a quotient: the challenger's gain
    divided by its greatest possible loss. `sums` contains the sum of the quotients up to each date. `variances`
    contains the sum of the squared distances of these quotients from their centres. The centre of a quotient is the
    mean of the earlier quotients, but at most 0.
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
    # The formula has no value if `place` (sum + variance + rho) is not positive or if gammainc underflows. Take its
    # limit for place -> 0 then, which is an e-value below 0.5.
    mixture: FloatArray = np.where((place > 0.0) & np.isfinite(tail), regular, constant - rho - np.log(shape))
    return mixture


@dataclass(frozen=True)
class SequentialComparison:
    """The comparison of a challenger with a reference model after each game date.

    `e_values`, shape (dates,), contains the e-value (evidence that the challenger is better) after each date.
    `better_since` is the first date on which the e-value reached 20 (`BETTER_FROM`); None if it never did.
    """

    days: DailyDifferences
    e_values: FloatArray

    @property
    def e_value(self) -> float:
        """The e-value (evidence that the challenger is better) after the last date; 1 if there are no dates."""
        return float(self.e_values[-1]) if self.e_values.size else 1.0

    @property
    def better_since(self) -> np.datetime64 | None:
        reached = np.flatnonzero(self.e_values >= BETTER_FROM)
        return self.days.dates[reached[0]] if reached.size else None


def compare_sequentially(
    y: ArrayLike, p_challenger: ArrayLike, p_reference: ArrayLike, game_dates: ArrayLike
) -> SequentialComparison:
    """Compare a challenger with a reference model, date by date; all arguments have the shape (n,), and n may be 0.

    The result contains the e-value (evidence that the challenger is better) after each date. Probabilities are first
    limited to [0.01, 0.99]. ValueError for labels other than 0 and 1, for a missing probability or date, or if the
    lengths differ.
    """
    days = daily_differences(y, p_challenger, p_reference, game_dates)
    return SequentialComparison(days, e_values(days.quotients))
