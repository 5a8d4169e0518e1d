"""What the program's own guards say to a path: contract, audit, drift and verdict are asked, their words come out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from breakout.evaluation.verdict import judge
from breakout.features.distributions import validate_feature_distributions
from breakout.models.base import check_columns
from breakout.proof.auditing import audit_features
from breakout.proof.paths import installed_paths

if TYPE_CHECKING:
    from datetime import date

    from breakout.dataset import Dataset
    from breakout.experiment.plan import Plan
    from breakout.incident.definitions import Definition
    from breakout.incident.scores import Score

AUDITED_ROWS = 20  # of one date: a recomputation costs the same for one row as for all of a date


@dataclass(frozen=True)
class Answer:
    """What a guard said; no words if it let the path pass."""

    guard: str
    words: tuple[str, ...]


def ask_guards(plan: Plan, definition: Definition, train: Dataset, rows: Dataset, score: Score) -> tuple[Answer, ...]:
    """Every guard's answer to the path that gave these training and evaluation rows and this score."""
    drift = validate_feature_distributions(train.X, rows.X, significance=plan.config.distributions.significance)
    return (
        Answer("contract", ask_contract(definition, rows)),
        Answer("audit", ask_audit(plan, definition, busiest_date(rows))),
        Answer("drift", drift.warnings),
        Answer("verdict", ask_verdict(plan, rows, score)),
    )


def ask_contract(definition: Definition, rows: Dataset) -> tuple[str, ...]:
    """The check that every model makes before it predicts; a bare array has numbers where names should be."""
    handed_on = rows.X if definition.has_names else pd.DataFrame(rows.X.to_numpy())
    try:
        check_columns(handed_on, tuple(rows.X.columns))
    except ValueError as error:
        return (str(error),)
    return ()


def ask_audit(plan: Plan, definition: Definition, day: date) -> tuple[str, ...]:
    """The audit of a date's rows, with this path in place of the evaluation's (and the training's, if it shares it)."""
    paths = replace(installed_paths(), evaluation=definition.build)
    if definition.is_shared_by_training:
        paths = replace(paths, training=definition.build)
    report = audit_features(plan.warehouse, plan.features, AUDITED_ROWS, plan.config.seed, day, day, paths=paths)
    if report.is_clean:
        return ()
    found = f"{len(report.violations)} violations in {report.rows} rows"
    return (found, *(str(example) for example in report.counterexamples[:1]))


def ask_verdict(plan: Plan, rows: Dataset, score: Score) -> tuple[str, ...]:
    """What the verdict warns of, given this AUC."""
    dates = len(np.unique(rows.dates))
    confidence = plan.config.evaluation.confidence
    return judge(score.interval, None, n_rows=len(rows), n_dates=dates, confidence=confidence).warnings


def busiest_date(rows: Dataset) -> date:
    """The date with the most rows, the first of them."""
    days, counts = np.unique(rows.dates, return_counts=True)
    busiest: date = days[int(np.argmax(counts))].item()
    return busiest
