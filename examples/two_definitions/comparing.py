"""The comparison: one model is evaluated on the same games with the features of every definition."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from breakout.dataset import Dataset
from breakout.errors import ConfigurationError, DataError
from breakout.evaluation.resamples import Interval
from breakout.experiment.fitting import check_training_rows
from breakout.experiment.plan import RunPlan, check_evaluation_count
from breakout.split import DateRange
from examples.two_definitions.definitions import CONSISTENT, DEFINITIONS, NEEDED, Definition
from examples.two_definitions.guards import ask_guards
from examples.two_definitions.scores import Score, fit_seeds, score_rows


@dataclass(frozen=True)
class Compared:
    """The results of one definition: its score, and the findings of each guard by the guard's name.

    `minus_consistent` is the mean AUC of the definition minus that of the consistent definition; None for the
    consistent definition itself.
    """

    definition: Definition
    score: Score
    minus_consistent: Interval | None
    guards: dict[str, tuple[str, ...]]


def evaluation_window(plan: RunPlan) -> DateRange:
    """Return the evaluation window of a plan.

    ConfigurationError if the plan lacks a feature in NEEDED, or has not exactly one evaluation window.
    """
    absent = [name for name in NEEDED if name not in plan.features.names]
    if absent:
        raise ConfigurationError(
            f"this example changes {', '.join(absent)}, which features.names lacks; use features=production."
        )
    if plan.folds or plan.split.evaluation is None:
        raise ConfigurationError("this example needs one evaluation window; use window=january.")
    return plan.split.evaluation


def compare_definitions(plan: RunPlan) -> Iterator[Compared]:
    """Yield the result of each definition, the consistent one first.

    Models are fitted on rows of the consistent definition and evaluated on rows of each definition. For a definition
    that training shares, they are fitted on rows of that definition instead.
    """
    evaluation = evaluation_window(plan)
    train = build_rows(plan, CONSISTENT, plan.split.train)
    check_training_rows(train)
    models = fit_seeds(plan.config, train)
    reference: Score | None = None
    for definition in DEFINITIONS:
        own_train, own_models = train, models
        if definition.is_shared_by_training:
            own_train = build_rows(plan, definition, plan.split.train)
            own_models = fit_seeds(plan.config, own_train)
        rows = build_rows(plan, definition, evaluation)
        check_evaluation_rows(rows)
        score = score_rows(plan.config, own_models, rows)
        difference = None if reference is None else score.minus(reference)
        reference = reference or score
        yield Compared(definition, score, difference, ask_guards(plan, definition, own_train, rows, score))


def build_rows(plan: RunPlan, definition: Definition, window: DateRange) -> Dataset:
    return definition.build(plan.warehouse, plan.features, window.start, window.end)


def check_evaluation_rows(rows: Dataset) -> None:
    """Raise DataError if there are too few rows, or rows of one class only."""
    check_evaluation_count(len(rows))
    if len(np.unique(rows.label)) == 1:
        raise DataError("the evaluation window holds one class only, so no AUC exists; lengthen it.")
