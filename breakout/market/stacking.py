"""The stack: the model's and the market's probability, averaged in log odds with a weight.

The log odds of the stack are (1 - w) * (log odds of the market) + w * (log odds of the model). With a weight w of 0,
the model adds nothing to the market. Stakes use weights that are fitted on earlier dates only.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from breakout.evaluation.market_metrics import StackWeight
from breakout.evaluation.resamples import EvaluationParameters, Interval
from breakout.evaluation.rows import DateArray, FloatArray, IntArray
from breakout.market.stakes import shrink
from breakout.models.base import logit

# The fewest dates and betting lines from which the model's weight for a month is fitted (`weight_before`), or from
# which a weight fitted on all lines gets an interval (`weight_of_all`). On fewer dates the interval would be too
# narrow.
MIN_DATES, MIN_LINES = 20, 300
_NEWTON_STEPS = 50


class Weights(NamedTuple):
    """The model's weight in the stack (0: market alone, 1: model alone), with its interval.

    - `stake`: the weight from which stakes are computed.
    - `low`, `high`: the ends of the weight's interval.

    Each field is a number in 0..1, or an array (n,) with a number for each betting line.
    """

    stake: float | FloatArray
    low: float | FloatArray
    high: float | FloatArray


def stake_weights(interval: Interval | None) -> Weights:
    """Return the model's weight from which stakes are computed, and the two ends of its interval.

    `interval` is a result of `fit_weight`, or None. Numbers above 1 become 1. All three are 0 if there is no interval,
    or if the lower end is not above 0: the model then does not improve on the market beyond chance.
    """
    if interval is None or interval.estimate is None or interval.low is None or interval.high is None:
        return Weights(0.0, 0.0, 0.0)
    if interval.low <= 0.0:
        return Weights(0.0, 0.0, 0.0)
    return Weights(*(min(end, 1.0) for end in (interval.estimate, interval.low, interval.high)))


def fit_weight(
    is_over: FloatArray, ours: FloatArray, market: FloatArray, dates: DateArray, parameters: EvaluationParameters
) -> Interval:
    """Return the model's weight w (0: market alone) that fits the outcomes of betting lines best, with an interval.

    The weight maximises the likelihood of `is_over` (n,): 1 if the player scored more points than the line, else 0. The
    log odds of `is_over` are `logit(market) + w * (logit(ours) - logit(market))`. `ours` (the model's) and `market` are
    probabilities (n,) of more points than the line, conditional on points other than the line.

    The interval comes from a bootstrap over game dates. The weight of each resample is one Newton step from the
    estimate. The estimate is None if `ours` equals `market` on every line.
    """
    offset, change = logit(market), logit(ours) - logit(market)
    weight = 0.0
    for _ in range(_NEWTON_STEPS):
        score, information = _derivatives(is_over, offset, change, weight)
        if not information.sum() > 0.0:
            return Interval(None, None, None, 0)
        step = float(np.clip(score.sum() / information.sum(), -2.0, 2.0))
        weight += step
        if abs(step) < 1e-12:
            break
    score, information = _derivatives(is_over, offset, change, weight)
    resamples = parameters.draw(dates)
    steps = resamples.sums(np.stack([score, information]))
    with np.errstate(invalid="ignore", divide="ignore"):
        return resamples.interval(weight, weight + steps[0] / steps[1])


def _derivatives(
    is_over: FloatArray, offset: FloatArray, change: FloatArray, weight: float
) -> tuple[FloatArray, FloatArray]:
    """Return the first and the negative second derivative of each line's log likelihood, both (n,).

    The derivatives are with respect to `weight`. The log odds of `is_over` are `offset` + `weight` * `change`.
    """
    probability = 1.0 / (1.0 + np.exp(-(offset + weight * change)))
    return change * (is_over - probability), change**2 * probability * (1.0 - probability)


def weight_of_all(
    is_over: FloatArray, ours: FloatArray, market: FloatArray, dates: DateArray, parameters: EvaluationParameters
) -> Interval:
    """Return the model's weight (0: market alone, 1: model alone) that fits all betting lines best.

    The weight has no interval if there are fewer than MIN_DATES dates or MIN_LINES lines. The estimate is None if
    `ours` equals `market` on every line.
    """
    found = fit_weight(is_over, ours, market, dates, parameters)
    is_enough = len(dates) >= MIN_LINES and len(np.unique(dates)) >= MIN_DATES
    return found if is_enough else Interval(found.estimate, None, None, 0)


def walk_weights(
    is_over: FloatArray, ours: FloatArray, market: FloatArray, dates: DateArray, parameters: EvaluationParameters
) -> tuple[StackWeight, ...]:
    """Return the model's weight (0: market alone) for each month with betting lines, fitted on all earlier months.

    The weight of a month is None if the earlier months have fewer than MIN_DATES dates or MIN_LINES lines.

    With the configured confidence, one of many monthly intervals may lie above 0 by chance. So each interval has the
    confidence 1 - (1 - confidence) / months (Bonferroni).
    """
    months = np.unique(dates.astype("datetime64[M]"))
    looks = replace(parameters, confidence=1.0 - (1.0 - parameters.confidence) / max(len(months), 1))
    return tuple(weight_before(month, is_over, ours, market, dates, looks) for month in months.astype("datetime64[D]"))


def weight_before(
    start: np.datetime64,
    is_over: FloatArray,
    ours: FloatArray,
    market: FloatArray,
    dates: DateArray,
    parameters: EvaluationParameters,
) -> StackWeight:
    """Return the model's weight (0: market alone, 1: model alone), fitted on the betting lines before the date `start`.

    The field `interval` of the result is None if there are fewer than MIN_DATES dates or MIN_LINES lines before
    `start`.
    """
    before = dates < start
    n_lines, n_dates = int(before.sum()), len(np.unique(dates[before]))
    interval = None
    if n_lines >= MIN_LINES and n_dates >= MIN_DATES:
        interval = fit_weight(is_over[before], ours[before], market[before], dates[before], parameters)
    return StackWeight(str(start), n_lines, n_dates, interval)


def weights_on(dates: DateArray, weights: tuple[StackWeight, ...]) -> Weights:
    """Return for each date the model's weight (0: market alone) that stakes use, and its interval; all are (n,).

    `weights` are sorted by start. Each date uses the latest weight that starts on or before the date. On dates without
    such a weight, or with a weight whose interval does not lie above 0, all fields are 0.
    """
    known = np.array([(0.0, 0.0, 0.0), *(stake_weights(weight.interval) for weight in weights)])
    return Weights(*known[_place(dates, weights)].T)


def _place(dates: DateArray, weights: tuple[StackWeight, ...]) -> IntArray:
    starts = np.array([weight.start for weight in weights], dtype="datetime64[D]")
    # the number of weights that start on or before each date, shape (n,)
    return np.asarray(np.searchsorted(starts, dates, side="right"))


def stack(ours: FloatArray, market: FloatArray, dates: DateArray, weights: tuple[StackWeight, ...]) -> FloatArray:
    """Return the stacked probability (n,) of each line: `ours` and `market`, averaged in log odds with a weight.

    Each line uses the latest weight that starts on or before the line's date, limited to 0..1. If there is no fitted
    weight, the result is the market's probability. `weights` are sorted by start.
    """
    blends = np.array([0.0, *(weight.blend for weight in weights)])
    return shrink(ours, market, blends[_place(dates, weights)])
