"""The evaluation of predicted distributions of points.

A distribution is a ladder: P(points >= k) for k = 1, ..., K. P(points > K) is 0. The metrics are

- the continuous ranked probability score (CRPS), which measures how far a distribution is from the scored points;
- the histogram of the probability integral transform (PIT), which is flat if the distributions are right;
- the coverage and the width of central intervals;
- the reliability of P(points > line). A line is a bookmaker's number of points.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from breakout.evaluation.reliability import ReliabilityBin, reliability_table
from breakout.evaluation.resamples import DateResamples, Interval
from breakout.evaluation.rows import EQUALITY_TOLERANCE, FloatArray
from breakout.threads import one_blas_thread

PIT_BINS = 10
CENTRAL = (0.5, 0.8, 0.95)  # probabilities of the central intervals whose coverage is reported
LINES = (9.5, 14.5, 19.5, 24.5)  # the numbers of points for which P(points > line) is evaluated
FAN_QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


@dataclass(frozen=True)
class PointsBaseline:
    """The CRPS (continuous ranked probability score) of a baseline, and the model's skill against the baseline.

    `crps` is in points; lower is better. `skill` is 1 - (the model's CRPS / the baseline's CRPS) on the same games. So
    `skill` is above 0 if the model is better.
    """

    crps: Interval
    skill: Interval


@dataclass(frozen=True)
class Coverage:
    """The fraction of games whose points lie in the predicted central interval, and the mean width of the intervals.

    - `probability`: the nominal probability of the intervals, such as 0.8.
    - `share`: the fraction of games. A game whose points lie at the edge of the interval counts in part.
    - `width`: the mean width in points.

    Points are whole numbers, so an interval contains more than its nominal probability. `share` corrects this. A game
    with y points covers a stretch of cumulative probability, from P(points < y) to P(points <= y). The game counts with
    the fraction of its stretch that lies between the tails. For 80 %, this means between 0.1 and 0.9.
    """

    probability: float
    share: Interval
    width: Interval


@dataclass(frozen=True)
class PitHistogram:
    """The histogram of the probability integral transform (PIT) of scored points, and a test of its flatness.

    The method is the non-randomised one of Czado, Gneiting and Held (2009) for counts. The PIT of a game with y points
    is spread evenly from P(points < y) to P(points <= y).

    - `shares`: the fraction of the games in each of 10 bins of equal width. If the distributions are right, every
      fraction has the expected value 1/10.
    - `statistic`: the Wald statistic of the test. The covariance of the fractions is estimated from sums by date, so
      games of one date may be dependent.
    - `p_value`: the p-value of `statistic` under the chi-square distribution with 9 degrees of freedom.

    `statistic` and `p_value` are None unless there are more than 10 dates.
    """

    shares: tuple[float, ...]
    statistic: float | None
    p_value: float | None


@dataclass(frozen=True)
class LineReliability:
    """The mean predicted probability of more points than `line`, and the fraction of games with more points.

    `reliability` contains both values for each bin of the predicted probabilities.
    """

    line: float
    mean_probability: float
    share: Interval
    reliability: tuple[ReliabilityBin, ...]


@dataclass(frozen=True)
class Fan:
    """The predicted and the scored points of one player in one game, for a chart.

    `quantiles` contains the 5, 25, 50, 75 and 95 % quantiles of the predicted points; `points` are the scored points.
    """

    player_lookup: str
    game_date: str
    season_average: float
    quantiles: tuple[int, ...]
    points: int


@dataclass(frozen=True)
class PointsMetrics:
    """The metrics of predicted distributions of points, with intervals from a bootstrap over whole game dates.

    - `crps`: the mean continuous ranked probability score in points; lower is better.
    - `baselines`: the results of the baselines, by name.
    - `pit`: a histogram that is flat if the distributions are right.
    - `median_error`: the mean absolute error of the predicted median, in points.
    - `season_average_error`: the mean absolute error of the season average, in points.
    - `median_minus_season_average`: `median_error` minus `season_average_error`.
    """

    n_rows: int
    crps: Interval
    baselines: Mapping[str, PointsBaseline]
    pit: PitHistogram
    coverage: tuple[Coverage, ...]
    median_error: Interval
    season_average_error: Interval
    median_minus_season_average: Interval
    lines: tuple[LineReliability, ...]
    fans: tuple[Fan, ...]


def score_crps(ladder: FloatArray, points: FloatArray) -> FloatArray:
    """Return the continuous ranked probability score (CRPS) of each row, shape (n,).

    The unit of the CRPS is points, and lower is better. `ladder` (n, K) contains P(points >= k) for k = 1, ..., K;
    beyond K the probability is 0. `points` (n,) are the scored points. The CRPS is the sum over k >= 1 of
    (P(points >= k) - [points >= k])^2. Here [...] is 1 if true and 0 if false.
    """
    steps = np.arange(1, ladder.shape[1] + 1)
    beyond = np.maximum(points - ladder.shape[1], 0)
    return np.asarray(((ladder - (points[:, None] >= steps)) ** 2).sum(axis=1) + beyond)


def quantiles_of(ladder: FloatArray, level: float) -> FloatArray:
    """Return the quantile of each row, shape (n,): the least whole number q with P(points <= q) >= `level`.

    `ladder` (n, K) contains P(points >= k) for k = 1, ..., K. `level` is between 0 and 1.
    """
    return np.asarray((ladder > 1.0 - level + EQUALITY_TOLERANCE).sum(axis=1), dtype="float64")


@one_blas_thread()
def evaluate_points(
    ladder: FloatArray,
    points: FloatArray,
    season_average: FloatArray,
    baselines: Mapping[str, FloatArray],
    resamples: DateResamples,
    *,
    bins: int,
    fans: tuple[Fan, ...] = (),
) -> PointsMetrics:
    """Evaluate n predicted distributions of points against the scored `points` (n,); n is at least 1.

    - `ladder` (n, K): P(points >= k) for k = 1, ..., K. K is at least 25.
    - `season_average` (n,): in points.
    - `baselines`: other ladders (n, K) of the same games, by name.
    - `resamples`: bootstrap draws of the dates of these rows.
    - `bins`: the number of bins in the reliability tables.
    - `fans`: games for a chart, copied to the result.

    ValueError for fewer than one bin, or for a probability outside [0, 1].
    """
    scores = score_crps(ladder, points)
    errors = np.abs(points - quantiles_of(ladder, 0.5)), np.abs(points - season_average)
    return PointsMetrics(
        n_rows=len(points),
        crps=resamples.mean_interval(scores),
        baselines={name: _compare(scores, score_crps(other, points), resamples) for name, other in baselines.items()},
        pit=build_pit(ladder, points, resamples.date_index),
        coverage=tuple(_cover(ladder, points, probability, resamples) for probability in CENTRAL),
        median_error=resamples.mean_interval(errors[0]),
        season_average_error=resamples.mean_interval(errors[1]),
        median_minus_season_average=resamples.mean_interval(errors[0] - errors[1]),
        lines=tuple(_evaluate_line(ladder, points, line, resamples, bins) for line in LINES),
        fans=fans,
    )


def build_pit(ladder: FloatArray, points: FloatArray, date_index: np.ndarray) -> PitHistogram:
    """Return the histogram of the probability integral transform (PIT) in 10 bins, and a test of its flatness.

    - `ladder` (n, K): P(points >= k) for k = 1, ..., K.
    - `points` (n,): the scored points.
    - `date_index` (n,): the number of each row's date, from 0.
    """
    edges = np.linspace(0, 1, PIT_BINS + 1)
    masses = np.diff(_pit_below(ladder, points, edges), axis=1)
    sums = np.stack([np.bincount(date_index, column) for column in (masses - 1 / PIT_BINS).T[:-1]], axis=1)
    statistic = p_value = None
    if len(sums) > PIT_BINS:
        from scipy.special import chdtrc

        covariance = sums.T @ sums  # The mean is not subtracted: it is 0 under the tested hypothesis.
        total = sums.sum(axis=0)
        statistic = float(total @ np.linalg.lstsq(covariance, total, rcond=None)[0])
        p_value = float(chdtrc(PIT_BINS - 1, statistic))
    return PitHistogram(tuple(masses.mean(axis=0).tolist()), statistic, p_value)


def _pit_below(ladder: FloatArray, points: FloatArray, levels: FloatArray) -> FloatArray:
    """Return the fraction of each row's stretch of probability that lies at or below each level, shape (n, levels).

    The stretch of a row with y scored points runs from P(points < y) to P(points <= y).
    """
    padded = np.concatenate([np.ones((len(ladder), 1)), ladder, np.zeros((len(ladder), 1))], axis=1)
    reached = np.minimum(points, ladder.shape[1]).astype(int)
    rows = np.arange(len(ladder))
    low, high = 1.0 - padded[rows, reached], 1.0 - padded[rows, reached + 1]
    width = np.maximum(high - low, 1e-12)
    return np.asarray(np.clip((levels[None, :] - low[:, None]) / width[:, None], 0.0, 1.0))


def _cover(ladder: FloatArray, points: FloatArray, probability: float, resamples: DateResamples) -> Coverage:
    tails = np.array([(1 - probability) / 2, (1 + probability) / 2])
    inside = np.diff(_pit_below(ladder, points, tails), axis=1)[:, 0]
    widths = quantiles_of(ladder, tails[1]) - quantiles_of(ladder, tails[0])
    return Coverage(probability, resamples.mean_interval(inside), resamples.mean_interval(widths))


def _compare(scores: FloatArray, others: FloatArray, resamples: DateResamples) -> PointsBaseline:
    skill = 1.0 - float(scores.mean() / others.mean())
    replicates = 1.0 - resamples.means(scores) / resamples.means(others)
    return PointsBaseline(resamples.mean_interval(others), resamples.interval(skill, replicates))


def _evaluate_line(
    ladder: FloatArray, points: FloatArray, line: float, resamples: DateResamples, bins: int
) -> LineReliability:
    probability, is_over = ladder[:, int(line)], (points > line).astype("float64")
    table = reliability_table(is_over, probability, resamples, bins)
    return LineReliability(line, float(probability.mean()), resamples.mean_interval(is_over), table)
