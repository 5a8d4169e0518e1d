"""The tables of a comparison of two models; this module computes no figures."""

from __future__ import annotations

from collections.abc import Sequence

from breakout.evaluation.comparison import Comparison
from breakout.evaluation.metrics import AUC, BRIER, LOG_LOSS, METRICS
from breakout.evaluation.slices import SliceDifference
from breakout.report.run_tables import bin_table
from breakout.report.tables import Table, interval, text

ROLES = ("candidate", "production")
SLICED_METRICS = (AUC, LOG_LOSS, BRIER)


def paired_table(comparison: Comparison) -> Table:
    """Return a table of the differences candidate minus production."""
    rows = []
    for key, paired in comparison.differences.items():
        has_interval = paired.difference.low is not None  # Games of a single date give no interval.
        better = f"{paired.share_better:.1%} of resamples" if has_interval and paired.share_better is not None else "-"
        direction = "higher is better" if paired.higher_is_better else "lower is better"
        rows.append([text(METRICS[key].title), interval(paired.difference, "+.4f"), text(better), text(direction)])
    confidence = f"{comparison.parameters.confidence:.0%}"
    caption = f"Candidate minus production ({confidence} intervals resample game dates, both models together)"
    return Table(caption, ["metric", "difference", "candidate better in", ""], rows)


def sides_table(comparison: Comparison) -> Table:
    """Return a table of the metrics of each of the two models."""
    sides = (comparison.candidate, comparison.production)
    rows = [[text(metric.title), *(interval(side.metrics[key]) for side in sides)] for key, metric in METRICS.items()]
    return Table("Each by itself", ["metric", *ROLES], rows)


def calibration_tables(comparison: Comparison) -> list[Table]:
    """Return the reliability table of each model."""
    tables = []
    for role, side in zip(ROLES, (comparison.candidate, comparison.production), strict=True):
        bins = bin_table(side.reliability)
        tables.append(Table(f"Calibration, {role}: bins of equal mass", bins.columns, bins.rows))
    return tables


def sliced_tables(comparison: Comparison) -> list[Table]:
    """Return a table of the differences in each kind of slice."""
    return [_slice_table(name.replace("_", " "), parts) for name, parts in comparison.slices.items()]


def _slice_table(name: str, parts: Sequence[SliceDifference]) -> Table:
    rows = []
    for part in parts:
        found = (interval(part.differences[key].difference, "+.4f") for key in SLICED_METRICS)
        rows.append([text(part.label), text(f"{part.n_rows:,}"), *found])
    return Table(f"Differences by {name}", [name, "games", *(METRICS[key].title for key in SLICED_METRICS)], rows)
