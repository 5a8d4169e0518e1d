"""The parameters, metrics and tags of a run in MLflow."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from breakout.settings.overrides import flatten
from breakout.tracking.experiments import experiment_row

if TYPE_CHECKING:
    from breakout.evaluation.summary import EvaluationResult
    from breakout.runs.record import RunRecord

LONGEST_PARAMETER = 6000  # MLflow refuses values with more characters than this.
NOT_A_PARAMETER = ("tracking.", "paths.")


def parameter_values(record: RunRecord) -> dict[str, str]:
    """Return the settings as text by dotted name, such as "model.depth", without the groups `tracking` and `paths`.

    A value that is not a string is written as JSON. Texts are cut to LONGEST_PARAMETER characters.
    """
    flat = flatten(record.settings)
    return {
        name: (value if isinstance(value, str) else json.dumps(value, default=str))[:LONGEST_PARAMETER]
        for name, value in flat.items()
        if not name.startswith(NOT_A_PARAMETER)
    }


def metric_values(record: RunRecord) -> dict[str, float]:
    """Return a run's metrics, counts and model figures, without undefined values; {} if the run has no metrics.json.

    The keys are names in MLflow, such as `auc`, `auc_low`, `auc_high` (the ends of the confidence interval),
    `validation_auc` and `model_trees`. DataError if metrics.json is damaged.
    """
    if not record.has_metrics:
        return {}
    metrics = record.metrics
    values: dict[str, float | None] = {}
    if metrics.evaluation is not None:
        values |= _evaluation_values(metrics.evaluation)
    if metrics.validation is not None:
        values |= {f"validation_{name}": value for name, value in metrics.validation.metrics.items()}
    model = metrics.model
    values |= {f"model_{name}": value for name, value in model.figures.items()}
    values |= {
        "model_threshold": model.threshold,
        "model_training_rows": model.training_rows,
        "model_fitted_rows": None if model.learned is None else model.learned.rows,
        "model_fit_seconds": model.fit_seconds,
    }
    return {name: float(value) for name, value in values.items() if value is not None}


def _evaluation_values(evaluation: EvaluationResult) -> dict[str, float | None]:
    values: dict[str, float | None] = {}
    for name, interval in evaluation.metrics.items():
        values |= {name: interval.estimate, f"{name}_low": interval.low, f"{name}_high": interval.high}
    rows = evaluation.rows
    values |= {"n_rows": rows.n_rows, "n_dates": rows.n_dates, "n_breakouts": rows.n_breakouts}
    return values | {f"hit_rate_top_{top.fraction:g}": top.hit_rate.estimate for top in evaluation.top_rows}


def tag_values(record: RunRecord) -> dict[str, str]:
    """Return the tags by name, such as breakout.verdict and breakout.git_commit; a tag without a value is left out.

    DataError if metrics.json or the manifest of the saved model is damaged.
    """
    manifest, row = record.manifest, experiment_row(record)
    evaluation = record.metrics.evaluation if record.has_metrics else None
    tags = {
        "mlflow.note.content": row.hypothesis,
        "breakout.folder": str(record.folder.resolve()),
        "breakout.tags": ",".join(row.tags),
        "breakout.verdict": evaluation.verdict.level if evaluation else None,
        "breakout.reason": evaluation.verdict.reason if evaluation else None,
        "breakout.git_commit": row.git_commit,
        "breakout.contract": manifest.contract_fingerprint if manifest else None,
        "breakout.data_fingerprint": manifest.data_fingerprint if manifest else None,
        "breakout.error": record.status.error,
    }
    return {name: str(value) for name, value in tags.items() if value}
