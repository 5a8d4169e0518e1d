"""Reliability of probabilities: bins of equal numbers of rows, calibration error (ECE) and parts of the Brier score.

**The binning rule.** The bin of a row is floor(n_bins * m / n). Here n is the number of rows. m is the number of rows
with a lower probability plus half the number of rows with the same probability. It follows that

- rows of equal probability share a bin;
- if all probabilities differ, the sizes of bins differ by at most one;
- if some probabilities are equal, a bin may be larger, or empty and left out;
- the order of rows does not matter;
- a row repeated k times counts as k rows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from breakout.evaluation.resamples import DateResamples, Interval
from breakout.evaluation.rows import FloatArray, IntArray, check_rows, group_ties


@dataclass(frozen=True)
class ReliabilityBin:
    """One bin of probabilities: their range and mean, and the breakout rate and number of games in the bin."""

    lowest_probability: float
    highest_probability: float
    mean_probability: float
    breakout_rate: Interval
    count: int


@dataclass(frozen=True)
class BrierDecomposition:
    """The parts of the Brier score over bins of probabilities with equal numbers of rows.

    brier = reliability - resolution + uncertainty + within_bin_variance - within_bin_covariance

    - `reliability` (lower is better), `resolution` (higher is better), `uncertainty`: the parts of Murphy (1973).
    - `within_bin_variance`, `within_bin_covariance`: corrections for the differences between the rows of a bin
      (Stephenson, Coelho and Jolliffe 2008).
    """

    brier: float
    reliability: float
    resolution: float
    uncertainty: float
    within_bin_variance: float
    within_bin_covariance: float


def bin_numbers(p: FloatArray, n_bins: int) -> IntArray:
    """Return the bin, 0 to n_bins - 1, of each probability (n,), by the binning rule of this module.

    ValueError for fewer than one bin.
    """
    if n_bins < 1:
        raise ValueError(f"at least one bin is needed, not {n_bins}")
    ties = group_ties(p)
    # The middle position of a group of equal probabilities decides the group's bin. The doubled middle is a whole
    # number, so no rounding can put the group into the wrong bin.
    doubled_middle = ties.edges[:-1] + ties.edges[1:]
    group_bins = doubled_middle * n_bins // (2 * max(p.size, 1))
    numbers = np.empty(p.size, dtype=np.int64)
    numbers[ties.order] = np.repeat(group_bins, np.diff(ties.edges))
    return numbers


def expected_calibration_error(y: ArrayLike, p: ArrayLike, n_bins: int) -> float | None:
    """Return the mean of |mean probability - breakout rate| over bins; None if there are no rows.

    Each bin is weighted by its number of rows. The formula comes from Naeini, Cooper and Hauskrecht (2015), but here
    the bins have equal numbers of rows. On few rows the error is above 0 by chance. A perfectly calibrated model has
    an error of about 0.025 on 1,500 games in 10 bins, if the breakout rate is 0.18.

    ValueError for fewer than one bin, or if `check_rows` refuses `y` and `p`.
    """
    labels, probabilities = check_rows(y, p)
    if not labels.size:
        return None
    gaps = np.bincount(bin_numbers(probabilities, n_bins), weights=labels - probabilities)
    return float(np.abs(gaps).sum() / labels.size)


def reliability_table(y: ArrayLike, p: ArrayLike, resamples: DateResamples, n_bins: int) -> tuple[ReliabilityBin, ...]:
    """Return the non-empty bins of probabilities, ascending, with intervals of their breakout rates.

    Every resample uses the same bins. ValueError for fewer than one bin, or if `check_rows` refuses `y` and `p`.
    """
    labels, probabilities = check_rows(y, p)
    numbers = bin_numbers(probabilities, n_bins)
    bins = []
    for number in np.unique(numbers):
        is_member = numbers == number
        inside = probabilities[is_member]
        rates = resamples.subset(is_member).means(labels[is_member])
        rate = resamples.interval(float(labels[is_member].mean()), rates)
        bins.append(ReliabilityBin(float(inside.min()), float(inside.max()), float(inside.mean()), rate, inside.size))
    return tuple(bins)


def decompose_brier(y: ArrayLike, p: ArrayLike, n_bins: int) -> BrierDecomposition | None:
    """Return the parts of the Brier score over `n_bins` bins of probabilities; None if there are no rows."""
    labels, probabilities = check_rows(y, p)
    if not labels.size:
        return None
    numbers = bin_numbers(probabilities, n_bins)
    counts = np.maximum(np.bincount(numbers), 1)
    rate = (np.bincount(numbers, weights=labels) / counts)[numbers]
    mean = (np.bincount(numbers, weights=probabilities) / counts)[numbers]
    base_rate = float(labels.mean())
    return BrierDecomposition(
        brier=float(np.mean((probabilities - labels) ** 2)),
        reliability=float(np.mean((mean - rate) ** 2)),
        resolution=float(np.mean((rate - base_rate) ** 2)),
        uncertainty=base_rate * (1.0 - base_rate),
        within_bin_variance=float(np.mean((probabilities - mean) ** 2)),
        within_bin_covariance=float(2.0 * np.mean((labels - rate) * (probabilities - mean))),
    )
