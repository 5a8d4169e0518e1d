"""The demonstration itself: a plan in, a small run folder with `incident.json` out."""

from __future__ import annotations

import logging
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from breakout.artifacts import save_json
from breakout.errors import ConfigurationError, DataError
from breakout.experiment.fitting import check_training_rows
from breakout.experiment.row_counts import check_evaluation_count
from breakout.incident.definitions import CONSISTENT, DEFINITIONS, NEEDED, Definition
from breakout.incident.guards import ask_guards
from breakout.incident.scores import Score, fit_seeds, score_path
from breakout.runs import open_run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from breakout.dataset import Dataset
    from breakout.experiment.plan import Plan
    from breakout.split import DateRange

logger = logging.getLogger("breakout")

FILE_NAME = "incident.json"
SCHEMA_VERSION = 1


def demonstrate_incident(plan: Plan) -> Path:
    """Score every path in a new run folder and return that folder. ConfigurationError if the plan does not suit."""
    evaluation = _evaluation_window(plan)
    with open_run(plan.run_parent, plan.config, "train", plan.contract.fingerprint) as run:
        record = {
            "schema_version": SCHEMA_VERSION,
            "window": {"train": str(plan.split.train), "evaluation": str(evaluation)},
            "confidence": plan.config.evaluation.confidence,
            "seeds": [plan.config.seed + number for number in range(plan.config.evaluation.seeds)],
            "paths": list(_score_all(plan, evaluation)),
        }
        save_json(record, run.folder / FILE_NAME)
    return run.folder


def _evaluation_window(plan: Plan) -> DateRange:
    absent = [name for name in NEEDED if name not in plan.features.names]
    if absent:
        raise ConfigurationError(
            f"demonstration=incident spoils {', '.join(absent)}, which features.names lacks; use features=production."
        )
    if plan.folds or plan.split.evaluation is None:
        raise ConfigurationError("demonstration=incident needs one evaluation window; use window=january.")
    return plan.split.evaluation


def _score_all(plan: Plan, evaluation: DateRange) -> Iterator[dict[str, Any]]:
    """The account of each path, the consistent one first; its models score all paths that training does not share."""
    train = _build(plan, CONSISTENT, plan.split.train)
    check_training_rows(train)
    models = fit_seeds(plan.config, train)
    reference: Score | None = None
    for definition in DEFINITIONS:
        own_train, own_models = train, models
        if definition.is_shared_by_training:
            own_train = _build(plan, definition, plan.split.train)
            own_models = fit_seeds(plan.config, own_train)
        rows = _build(plan, definition, evaluation)
        _check_rows(rows)
        score = score_path(plan.config, own_models, rows)
        reference = reference or score
        answers = ask_guards(plan, definition, own_train, rows, score)
        logger.info("scored the path %r on %d rows: AUC %.3f", definition.name, len(rows), score.mean)
        guards = {answer.guard: list(answer.words) for answer in answers}
        yield {**_account(definition, score, reference), "rows": len(rows), "guards": guards}


def _build(plan: Plan, definition: Definition, window: DateRange) -> Dataset:
    return definition.build(plan.warehouse, plan.features, window.start, window.end)


def _check_rows(rows: Dataset) -> None:
    check_evaluation_count(len(rows))
    if len(np.unique(rows.label)) == 1:
        raise DataError("the evaluation window holds one class only, so no AUC exists; lengthen it.")


def _account(definition: Definition, score: Score, reference: Score) -> dict[str, Any]:
    is_reference = score is reference
    return {
        "name": definition.name,
        "description": definition.description,
        "is_shared_by_training": definition.is_shared_by_training,
        "auc": {"mean": score.mean, "sd": score.sd, **asdict(score.interval), "by_seed": list(score.aucs)},
        "minus_consistent": None if is_reference else asdict(score.minus(reference)),
    }
