"""The comparison of each feature's distribution in two windows, to find features that have drifted.

Each feature gets two measures, and each measure has a limit:

- PSI: the population stability index over bins of equal mass. For windows of n and m rows without drift, PSI is
  distributed as (1/n + 1/m) * chi-square with bins - 1 degrees of freedom (Yurdakul, "Statistical Properties of
  Population Stability Index", 2018).
- KS: the distance of the two-sample Kolmogorov-Smirnov test.

A measure shows drift if it is statistically significant and also exceeds 0.1 (MATERIAL_PSI, MATERIAL_KS). Small windows
exceed 0.1 by chance. In large windows, even differences that do not matter are significant.

`significance` is the accepted probability that any feature is called drifted if none has drifted. Each test uses this
level divided by the number of features (Bonferroni) and by two, for the two measures.
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
# Differences up to these limits do not matter in practice, so they never count as drift. By custom, a PSI above 0.1 is
# called a moderate shift.
MATERIAL_PSI = 0.1
MATERIAL_KS = 0.1


@dataclass(frozen=True)
class Sample:
    """The distribution of one feature in one window.

    - `rows`: the number of values that are not missing. If it is 0, `quantiles` is empty and the other fields are None.
    - `sd`: the sample standard deviation; None if there are fewer than two values.
    - `quantiles`: the quantile for each level, such as "0.05".
    - `default_share`: the fraction of values that equal the feature's default, which replaces missing values.
    """

    rows: int
    mean: float | None
    sd: float | None
    quantiles: dict[str, float]
    default_share: float | None


@dataclass(frozen=True)
class FeatureDistribution:
    """The comparison of one feature's distribution in two windows by two measures.

    The feature has drifted if a measure exceeds its limit. If a window has no values, `is_drifted` is False, and
    measures, limits and `ks_p_value` are None.

    - `psi`: the population stability index.
    - `ks`: the distance of the Kolmogorov-Smirnov test, with the p-value `ks_p_value`. With one value in each window,
      `ks` never shows drift.
    - `psi_limit`, `ks_limit`: at least 0.1. A limit is larger if windows of these sizes often exceed 0.1 without drift.
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
    """The comparisons of each feature's distribution in two windows.

    `significance` is the accepted probability that any feature is called drifted if no feature has drifted.
    """

    significance: float
    features: tuple[FeatureDistribution, ...]

    @property
    def drifted(self) -> tuple[str, ...]:
        return tuple(feature.name for feature in self.features if feature.is_drifted)

    @property
    def warnings(self) -> tuple[str, ...]:
        """Return one sentence, with measures and limits, for each feature that drifted."""
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

    - `reference`, `current`: the rows of the windows, with one column for each feature. NaN values are ignored, and so
      are columns that only `current` has.
    - `significance`: the accepted probability that any feature is called drifted if no feature has drifted.
    - `defaults`: for each feature, the value with which missing values were filled before. The report shows how often
      this value occurs.

    KeyError if a feature of `reference` is absent from `current` or `defaults`.
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
    # The asymptotic p-value is NaN if each window has one row. The exact p-value is then 1, which means no drift.
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
    """Return the KS distance that two samples of one distribution exceed with probability `level`.

    The samples have `rows` and `others` values. The distance comes from the asymptotic distribution that scipy's
    `ks_2samp` uses.
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
    """Return the population stability index (PSI) of two windows, and a limit for it.

    If both windows have the same distribution, PSI exceeds the limit with probability `level`. The edges of the bins
    are deciles, computed from both windows together. Equal deciles give one edge, so there may be fewer than ten bins.
    Half a row is added to each bin of each window, because an empty bin would make PSI infinite.
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

    `report` is None if no distributions were compared. The error names the report's file in `folder`. Call this
    function after all files of the run are written, so that a run that fails keeps them.
    """
    if config.fail_on_drift and report is not None and report.drifted:
        raise GateError(
            f"{', '.join(report.drifted)} drifted between training and evaluation (distributions.fail_on_drift); "
            f"see {folder / DISTRIBUTIONS_FILE}."
        )
