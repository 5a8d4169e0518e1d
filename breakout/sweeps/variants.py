"""The variants of a sweep over windows and seeds.

A variant is a choice of all settings except window, seed, name, hypothesis, tags and paths. The jobs of one variant
differ only in these six settings.
"""

from __future__ import annotations

import json
import statistics
from collections import defaultdict
from typing import TYPE_CHECKING

from breakout.evaluation.metrics import AUC, METRICS
from breakout.leaderboard_files import JobRow, JobTable, SeedRow, Spread, VariantRow, VariantTable
from breakout.sweeps.labels import repeated_overrides

if TYPE_CHECKING:
    from collections.abc import Sequence


def build_variant_tables(tables: Sequence[JobTable], metric: str) -> list[VariantTable]:
    """Return a table of variants for each pair of target and warehouse that two or more job tables share.

    The jobs of one variant differ only in window, seed and settings without effect on the model, such as the name.
    Variants that occur in more job tables come first, then variants with the better mean `metric`.
    """
    problems: dict[str, list[JobTable]] = defaultdict(list)
    for table in tables:
        problems[json.dumps([table.target, table.warehouse], sort_keys=True)].append(table)
    return [VariantTable(found[0].problem, _variants(found, metric)) for found in problems.values() if len(found) > 1]


def _variants(tables: Sequence[JobTable], metric: str) -> tuple[VariantRow, ...]:
    """Return mean metrics and ranks for each variant (jobs that differ only in settings such as window and seed)."""
    found: dict[str, list[tuple[str, JobRow]]] = defaultdict(list)
    for table in tables:
        for row in table.rows:
            found[row.variant].append((table.rows_fingerprint, row))
    variants = [_variant(variant, members, metric) for variant, members in found.items()]
    sign = -1.0 if METRICS[metric].higher_is_better else 1.0
    return tuple(sorted(variants, key=lambda one: (-one.tables, one.value is None, sign * (one.value or 0.0))))


def _variant(variant: str, members: Sequence[tuple[str, JobRow]], metric: str) -> VariantRow:
    rows = [row for _, row in members]
    return VariantRow(
        variant=variant,
        label=rows[0].variant_label,
        jobs=tuple(row.job for row in rows),
        tables=len({fingerprint for fingerprint, _ in members}),
        value=_mean([row.validation[metric] for row in rows]),
        mean_rank=_mean([row.rank for row in rows]),
        ties_with_best=sum(row.is_tied for row in rows),
        evaluation_auc=_mean(_aucs(rows)),
    )


def build_seed_rows(table: JobTable) -> list[SeedRow]:
    """Return the spread over seeds (mean, standard deviation, minimum, maximum) for each fit that several seeds repeat.

    A row has the spreads of two metrics: the optimized metric on the validation rows, and the AUC on the evaluation
    games. Jobs with equal window and variant repeat one fit.
    """
    found: dict[tuple[str, ...], list[JobRow]] = defaultdict(list)
    for row in table.rows:
        found[repeated_overrides(row.overrides)].append(row)
    return [
        SeedRow(
            variant=rows[0].variant,
            label=rows[0].variant_label,
            window=rows[0].window,
            seeds=tuple(row.seed for row in rows),
            value=_spread([row.value.estimate for row in rows]),
            evaluation_auc=_spread(_aucs(rows)),
        )
        for rows in found.values()
        if len({row.seed for row in rows}) > 1
    ]


def _aucs(rows: Sequence[JobRow]) -> list[float | None]:
    return [row.metrics[AUC].estimate for row in rows if row.metrics]


def _spread(values: Sequence[float | None]) -> Spread | None:
    known = tuple(value for value in values if value is not None)
    if len(known) < 2:
        return None
    return Spread(known, statistics.fmean(known), statistics.stdev(known), min(known), max(known))


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return statistics.fmean(known) if known else None
