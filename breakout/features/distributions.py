"""The comparison of each feature's distribution in two windows, with limits that depend on the number of rows.

Two measures are compared with limits of their own.

The first measure is the population stability index (PSI) over bins of equal mass. In two windows of n and m rows
without drift, PSI is distributed as (1/n + 1/m) * chi-square with bins - 1 degrees of freedom (Yurdakul, "Statistical
Properties of Population Stability Index", 2018). Small windows therefore exceed a fixed limit of 0.1 without any drift.
The second measure is the distance of the two-sample Kolmogorov-Smirnov (KS) test.

`significance` is the accepted probability that any feature is called drifted if none has drifted. Each measure is
tested at this level, divided by the number of features (Bonferroni) and by two for the two measures. With many rows
even the smallest difference is significant. So a feature is called drifted only if PSI also exceeds MATERIAL_PSI, or KS
also exceeds MATERIAL_KS (both 0.1).
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from breakout.artifacts import save_json
from breakout.errors import GateError
from breakout.features.registry import FEATURE_DEFAULTS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pandas as pd

    from breakout.settings import DistributionsConfig

logger = logging.getLogger("breakout")

DISTRIBUTIONS_FILE = "distributions.json"
SCHEMA_VERSION = 1
BINS = 10
QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
# Differences up to these values do not matter in practice, so they are never called drift. A PSI of 0.1 is customarily
# called a moderate shift.
MATERIAL_PSI = 0.1
MATERIAL_KS = 0.1


@dataclass(frozen=True)
class Sample:
    """The distribution of one feature in one window.

    `rows` is the number of values that are not missing. If it is 0, `quantiles` is empty and the other fields are None.
    `sd` is the sample standard deviation, None if there are fewer than two values. `quantiles` maps a level, such as
    "0.05", to the quantile. `default_share` is the share of values that equal the feature's default, which replaces
    missing values.
    """

    rows: int
    mean: float | None
    sd: float | None
    quantiles: dict[str, float]
    default_share: float | None


@dataclass(frozen=True)
class FeatureDistribution:
    """The comparison of one feature's distribution in two windows by two measures.

    The measures are `psi`, the population stability index, and `ks`, the distance of the Kolmogorov-Smirnov test. The
    feature has drifted if a measure exceeds its limit. Each limit is at least 0.1 (MATERIAL_PSI, MATERIAL_KS). It is
    larger if a measure often exceeds 0.1 in windows of these sizes without drift. With one value in each window, `ks`
    never shows drift. If a window has no values, `is_drifted` is False, and both measures, their limits and
    `ks_p_value` are None.
    """

    name: str
    reference: Sample
    current: Sample
    psi: float | None
    psi_limit: float | None
    ks: float | None
    ks_p_value: float | None
    ks_limit: float | None
    is_drifted: bool


@dataclass(frozen=True)
class DistributionReport:
    """The comparisons of each feature's distribution in two windows, in the order in which the features were given.

    `significance` is the accepted probability that any feature is called drifted if no feature has drifted.
    """

    significance: float
    features: tuple[FeatureDistribution, ...]

    @property
    def drifted(self) -> tuple[str, ...]:
        """Return the names of the features whose distribution differs between the two windows; empty if none does."""
        return tuple(feature.name for feature in self.features if feature.is_drifted)

    @property
    def warnings(self) -> tuple[str, ...]:
        """Return one sentence, with measures and limits, for each feature that drifted; empty if none did."""
        return tuple(
            f"{feature.name} drifted: PSI {feature.psi:.3f} (limit {feature.psi_limit:.3f}), KS {feature.ks:.3f} "
            f"(limit {feature.ks_limit:.3f}), mean {feature.reference.mean:.3g} became {feature.current.mean:.3g}."
            for feature in self.features
            if feature.is_drifted
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the report as JSON types: all fields, the names of the drifted features and a schema version."""
        return {"schema_version": SCHEMA_VERSION, "drifted": list(self.drifted), **msgspec.to_builtins(self)}


def validate_feature_distributions(
    reference: pd.DataFrame,
    current: pd.DataFrame,
    *,
    significance: float = 0.01,
    defaults: Mapping[str, float] = FEATURE_DEFAULTS,
) -> DistributionReport:
    """Compare the distribution of each feature in two windows, and return the comparisons.

    `reference` and `current` are the rows of the windows, with one column for each feature. Columns that only `current`
    has are ignored. NaN is left out of the comparison. `significance` is the accepted probability that any feature is
    called drifted if no feature has drifted. `defaults` maps a feature to the value that replaces missing values; the
    report shows how often it occurs. KeyError if a feature of `reference` is absent from `current` or `defaults`.
    """
    level = significance / (2 * max(1, len(reference.columns)))
    features = tuple(
        _compare(str(name), _values(reference[name]), _values(current[name]), defaults[str(name)], level)
        for name in reference.columns
    )
    return DistributionReport(significance, features)


def _values(column: pd.Series) -> np.ndarray:
    values = column.to_numpy(dtype="float64")
    return np.asarray(values[~np.isnan(values)])


def _compare(
    name: str, reference: np.ndarray, current: np.ndarray, default: float, level: float
) -> FeatureDistribution:
    both = _describe(reference, default), _describe(current, default)
    if not len(reference) or not len(current):
        return FeatureDistribution(name, *both, None, None, None, None, None, is_drifted=False)
    from scipy.stats import ks_2samp

    psi, psi_by_chance = _psi(reference, current, level)
    # With one row in each window, the asymptotic p-value is NaN. The exact p-value is 1, so the feature has not
    # drifted.
    test = ks_2samp(reference, current, method="asymp" if len(reference) + len(current) > 2 else "exact")
    psi_limit = max(psi_by_chance, MATERIAL_PSI)
    by_ks = bool(test.pvalue < level and test.statistic > MATERIAL_KS)
    return FeatureDistribution(
        name,
        *both,
        psi,
        psi_limit,
        float(test.statistic),
        float(test.pvalue),
        max(_ks_by_chance(len(reference), len(current), level), MATERIAL_KS),
        is_drifted=psi > psi_limit or by_ks,
    )


@cache
def _ks_by_chance(rows: int, others: int, level: float) -> float:
    """Return the distance of the Kolmogorov-Smirnov (KS) test that occurs by chance with probability `level`.

    Two samples of one distribution, with `rows` and `others` values, exceed the returned distance with this
    probability. The distance comes from the asymptotic distribution that scipy's `ks_2samp` uses.
    """
    from scipy.stats import kstwo

    return float(kstwo.isf(level, max(1, round(rows * others / (rows + others)))))


def _describe(values: np.ndarray, default: float) -> Sample:
    if not len(values):
        return Sample(0, None, None, {}, None)
    levels = {
        f"{level:g}": float(value) for level, value in zip(QUANTILES, np.quantile(values, QUANTILES), strict=True)
    }
    sd = float(values.std(ddof=1)) if len(values) > 1 else None
    return Sample(len(values), float(values.mean()), sd, levels, float((values == default).mean()))


def _psi(reference: np.ndarray, current: np.ndarray, level: float) -> tuple[float, float]:
    """Return the population stability index (PSI), and the limit that PSI exceeds with probability `level` by chance.

    By chance means that both windows have one distribution. The edges of the bins are the deciles of the values in both
    windows together. Equal deciles give one edge, so there may be fewer than ten bins. Half a row is added to each bin
    of each window, because an empty bin would make PSI infinite. Both windows must have values.
    """
    from scipy.stats import chi2

    both = np.concatenate([reference, current])
    edges = np.unique(np.quantile(both, np.linspace(0, 1, BINS + 1)[1:-1]))
    bins = len(edges) + 1
    counts = [
        np.bincount(np.searchsorted(edges, part, side="left"), minlength=bins) + 0.5 for part in (reference, current)
    ]
    share, other = (count / count.sum() for count in counts)
    psi = float(np.sum((other - share) * np.log(other / share)))
    freedom = max(1, int(np.count_nonzero(counts[0] + counts[1] > 1)) - 1)
    return psi, float((1 / len(reference) + 1 / len(current)) * chi2.ppf(1 - level, freedom))


def save_distributions(report: DistributionReport, folder: Path) -> None:
    """Write the report to distributions.json in `folder`, and log a warning for each feature that drifted.

    DataError if the file cannot be written.
    """
    save_json(report.to_dict(), folder / DISTRIBUTIONS_FILE)
    for warning in report.warnings:
        logger.warning(warning)


def check_drift(config: DistributionsConfig, report: DistributionReport | None, folder: Path) -> None:
    """Raise GateError if a feature drifted and the setting `distributions.fail_on_drift` is true.

    Nothing is raised if `report` is None, which means that no distributions were compared. `folder` has the report; the
    error names the file. Call this function after all files of the run are written, so that a run that fails keeps
    them.
    """
    if config.fail_on_drift and report is not None and report.drifted:
        raise GateError(
            f"{', '.join(report.drifted)} drifted between training and evaluation (distributions.fail_on_drift); "
            f"see {folder / DISTRIBUTIONS_FILE}."
        )
