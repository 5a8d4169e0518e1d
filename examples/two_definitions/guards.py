"""The findings of the guards (contract, audit, drift, verdict) in rows of a second definition."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd

from breakout.dataset import Dataset
from breakout.evaluation.verdict import decide_verdict
from breakout.experiment.plan import RunPlan
from breakout.features.distributions import validate_feature_distributions
from breakout.models.base import check_columns
from breakout.proof.auditing import audit_features
from breakout.proof.paths import installed_paths
from examples.two_definitions.definitions import Definition
from examples.two_definitions.scores import Score

AUDITED_ROWS = 20  # all of one date, because recomputing one row costs as much as recomputing all rows of its date


def ask_guards(
    plan: RunPlan, definition: Definition, train: Dataset, rows: Dataset, score: Score
) -> dict[str, tuple[str, ...]]:
    """Return the findings of each guard by its name; () for a guard that accepts the rows."""
    drift = validate_feature_distributions(train.X, rows.X, significance=plan.config.distributions.significance)
    return {
        "contract": ask_contract(definition, rows),
        "audit": ask_audit(plan, definition, busiest_date(rows)),
        "drift": drift.warnings,
        "verdict": ask_verdict(plan, rows, score),
    }


def ask_contract(definition: Definition, rows: Dataset) -> tuple[str, ...]:
    """Return the error of the check that every model makes before it predicts; () if the check accepts the columns.

    The columns of an array without names are named by their numbers.
    """
    handed_on = rows.X if definition.has_names else pd.DataFrame(rows.X.to_numpy())
    try:
        check_columns(handed_on, tuple(rows.X.columns))
    except ValueError as error:
        return (str(error),)
    return ()


def ask_audit(plan: RunPlan, definition: Definition, day: date) -> tuple[str, ...]:
    """Return the number of violations that an audit of one date finds, and the first counterexample; () without any.

    The audit takes the definition for the code path of evaluation, and also for that of training if training shares it.
    """
    paths = replace(installed_paths(), evaluation=definition.build)
    if definition.is_shared_by_training:
        paths = replace(paths, training=definition.build)
    report = audit_features(plan.warehouse, plan.features, AUDITED_ROWS, plan.config.seed, day, day, paths=paths)
    if report.is_clean:
        return ()
    found = f"{len(report.violations)} violations in {report.rows} rows"
    return (found, *(str(example) for example in report.counterexamples[:1]))


def ask_verdict(plan: RunPlan, rows: Dataset, score: Score) -> tuple[str, ...]:
    """Return the warnings of the verdict on the AUC of `score`."""
    dates = len(np.unique(rows.dates))
    confidence = plan.config.evaluation.confidence
    return decide_verdict(
        score.interval, None, top=None, bias=None, n_rows=len(rows), n_dates=dates, confidence=confidence
    ).warnings


def busiest_date(rows: Dataset) -> date:
    """Return the date with the most rows; the earliest if there are several."""
    days, counts = np.unique(rows.dates, return_counts=True)
    busiest: date = days[int(np.argmax(counts))].item()
    return busiest
